"""The service: looks again and again, and at once when somebody knocks who may."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

from aiohttp import web

from benison.core.errors import BenisonError
from benison.core.secrets import redacted
from benison.triggers import budget
from benison.triggers.doors import Deliveries, Door, Refused
from benison.triggers.look import Look
from benison.triggers.state import State

_log = logging.getLogger(__name__)
MAX_BYTES = 1 << 20
_BODY_S, _STOP_S = 10.0, 30.0
# A look may take as long as a fetch of a repository; after so many intervals without one something is wrong.
_STALE = 10
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service:
    """The manager as a service.

    Args:
        look: Looks once.
        state: Tells what the ledger came to at the last look; called in the thread that looks.
        doors: Who may wake it.
        every_s: Seconds between two looks.
    """

    def __init__(
        self, look: Callable[[], Look], state: Callable[[], State], doors: Sequence[Door], *, every_s: float
    ) -> None:
        self._look, self._state, self._doors, self._every_s = look, state, doors, every_s
        self._deliveries, self._counts = Deliveries(), Counter[str]()
        self._looked_at, self._known, self._trouble = time.monotonic(), State(), ""
        # The ledger has one reader: looks never overlap, however often somebody knocks.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="look")
        self._wake, self._stop = asyncio.Event(), asyncio.Event()

    def serve(self, host: str, port: int, listening: Callable[[str], object]) -> None:
        """Serves until SIGTERM or SIGINT; runs that are under way go on.

        Args:
            host: Where notices are heard.
            port: 0: any that is free.
            listening: Is told the address.
        """
        asyncio.run(self._serve(host, port, listening))

    async def _serve(self, host: str, port: int, listening: Callable[[str], object]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=_STOP_S)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
            listening(f"http://{host}:{runner.addresses[0][1]}")
            await self._go_on()
        finally:
            await runner.cleanup()
            self._thread.shutdown()

    def application(self) -> web.Application:
        """What answers over HTTP."""
        app = web.Application(client_max_size=MAX_BYTES)
        app.add_routes([web.get("/health", self._health), web.get("/metrics", self._metrics)])
        app.add_routes([web.post(door.path, self._handler(door)) for door in self._doors])
        return app

    async def _go_on(self) -> None:
        """Looks at every interval, and when woken, until told to stop."""
        while not self._stop.is_set():
            self._wake.clear()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._once)
            waits = [asyncio.ensure_future(event.wait()) for event in (self._wake, self._stop)]
            await asyncio.wait(waits, timeout=self._every_s, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
                with suppress(asyncio.CancelledError):
                    await one

    def _once(self) -> None:
        """One look; what goes wrong in it is told, and the next is tried all the same."""
        self._counts["looks"] += 1
        try:
            found = self._look()
            self._known, self._trouble = self._state(), ""
            self._counts["troubles"] += len(found.troubles)
            self._looked_at = time.monotonic()
        except BenisonError as error:
            self._counts["failed_looks"] += 1
            self._trouble = redacted(str(error))
            _log.error("a look failed: %s", self._trouble)

    def _handler(self, door: Door) -> _Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                await self._let_in(door, request)
            except Refused as refused:
                self._counts[f"refused {refused.why}"] += 1
                _log.warning("%s: refused: %s", door.path, refused.why)
                return web.json_response({"error": refused.why}, status=refused.status)
            self._counts["notices"] += 1
            self._wake.set()
            return web.json_response({"noticed": True}, status=202)

        return handle

    async def _let_in(self, door: Door, request: web.Request) -> None:
        try:
            async with asyncio.timeout(_BODY_S):
                body = await request.read()
        except TimeoutError:
            raise Refused(408, "too slow") from None
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, "too large") from None
        # Certificates may have to be fetched, for which nobody else should wait.
        name = await asyncio.to_thread(door.check, request.headers, body)
        self._deliveries.take(f"{door.path} {name}" if name else "")

    async def _health(self, _: web.Request) -> web.StreamResponse:
        """Whether looks succeed; 503 where none has for long."""
        age = time.monotonic() - self._looked_at
        well = age < max(_STALE * self._every_s, 60.0)
        said = {"looked_seconds_ago": round(age, 1), "trouble": self._trouble}
        return web.json_response({"well": well, **said}, status=200 if well else 503)

    async def _metrics(self, _: web.Request) -> web.StreamResponse:
        text = exposition(self._known, self._counts, time.monotonic() - self._looked_at, datetime.now(UTC))
        return web.Response(text=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


def exposition(state: State, counts: Mapping[str, int], age: float, now: datetime) -> str:
    """Figures as Prometheus reads them.

    Args:
        state: What the ledger says.
        counts: ``looks``, ``failed_looks``, ``troubles``, ``notices``, and ``refused WHY``.
        age: Seconds since the last look that succeeded.
        now: The moment.
    """
    lines = [
        *_figure("pending_causes", "gauge", "Causes that wait for a decision.", len(state.pending)),
        *_figure("active_runs", "gauge", "Runs that are not over.", len(state.active)),
        *_figure("failures_in_a_row", "gauge", "Runs that failed since one did not.", state.failures),
        *_figure("breaker_open", "gauge", "1: nothing is started until a person closes it.", int(bool(state.breaker))),
        *_figure("device_hours", "gauge", "Used in this month.", round(budget.used(state, now), 6)),
        *_figure("look_age_seconds", "gauge", "Since the last look that succeeded.", round(age, 3)),
        *_figure("looks_total", "counter", "Looks.", counts.get("looks", 0)),
        *_figure(
            "failed_looks_total", "counter", "Looks that the ledger did not allow.", counts.get("failed_looks", 0)
        ),
        *_figure("troubles_total", "counter", "What could not be looked at or started.", counts.get("troubles", 0)),
        *_figure("notices_total", "counter", "Notices that were let in.", counts.get("notices", 0)),
        "# HELP benison_trigger_refused_total Notices that were not let in.",
        "# TYPE benison_trigger_refused_total counter",
    ]
    refused = {name.removeprefix("refused "): count for name, count in counts.items() if name.startswith("refused ")}
    lines += [f'benison_trigger_refused_total{{why="{why}"}} {count}' for why, count in sorted(refused.items())]
    return "\n".join(lines) + "\n"


def _figure(name: str, kind: str, said: str, value: float) -> list[str]:
    full = f"benison_trigger_{name}"
    return [f"# HELP {full} {said}", f"# TYPE {full} {kind}", f"{full} {value}"]
