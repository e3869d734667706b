"""desk: one request from its rows to its answer: whose turn it is, who steps in, what is written down."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import pyarrow as pa

from benison.config.serving import Serving
from benison.core import digests
from benison.core.errors import BenisonError, DataError
from benison.delivery.traffic import STAGING_HEADER, Role
from benison.serving.exchange import OK, Exchange
from benison.serving.lanes import Closed, Full
from benison.serving.package import Floats
from benison.serving.request_logger import Sink
from benison.serving.requests import probabilities
from benison.serving.versions import Live, Version, Versions
from benison.serving.wire import Asked, text_of

BAD, ELSE, BUSY, BROKEN, STARTING, LATE = 400, 409, 429, 500, 503, 504
# A challenger may take so much of a request's time; the rest is the champion's, who steps in.
_CHALLENGERS_PART = 0.5
_LOG = logging.getLogger(__name__)


class Refused(Exception):
    """A request that is not answered.

    Args:
        status: As HTTP has it.
        why: For the caller.
        request_id: Of the request; empty: none was read.
    """

    def __init__(self, status: int, why: str, request_id: str = "") -> None:
        super().__init__(why)
        self.status, self.why, self.request_id = status, why, request_id


class Meter(Protocol):
    """What counts."""

    def answered(self, role: Role, version: str, status: int, seconds: float, scores: Sequence[float] = ()) -> None:
        """One package was done with one request."""

    def refused(self, status: int) -> None:
        """A request reached no package."""

    def shadow_dropped(self) -> None:
        """A copy found no room."""


@dataclass(frozen=True)
class Answered:
    """What goes back to the caller.

    Attributes:
        scores: One for each row.
        role: As what the package answered.
        package: Its digest.
        number: The log entry that made it champion; None: it is not.
        request_id: Of the request.
    """

    scores: Sequence[float]
    role: Role
    package: str
    number: int | None
    request_id: str


@dataclass(frozen=True)
class _Request:
    """A request that is held to the champion, or to the package that it names, at one moment of the traffic."""

    asked: Asked
    live: Live
    unit: str
    rows: pa.Table
    begun: float
    time_us: int

    def exchange(
        self, version: Version, role: Role, rows: pa.Table, scores: Sequence[float] | None, status: int, why: str
    ) -> Exchange:
        """What is written down of a package's part in it."""
        number = self.live.traffic.champion.number if role is Role.CHAMPION else None
        took_ms = 1e3 * (time.monotonic() - self.begun)
        told = (self.asked.request_id, self.unit, self.time_us, role, version.digest, number)
        return Exchange(*told, rows, scores, status, why, took_ms)


@dataclass
class Desk:
    """Answers requests.

    Attributes:
        versions: Who answers.
        settings: The limits.
        log: Where exchanges go.
        meter: What counts.
    """

    versions: Versions
    settings: Serving
    log: Sink
    meter: Meter
    _said: str = field(default="", init=False)

    async def answer(self, asked: Asked, begun: float) -> Answered:
        """Answers a request.

        Args:
            asked: The request.
            begun: When it came, by the monotonic clock.

        Raises:
            Refused: It is not one, there is no champion so far, no room, no time, or no sound answer; or the package
                that it names is not on trial.
        """
        while True:
            live = self.versions.live
            if live is None:
                raise self._refused(STARTING, "no champion serves so far", asked.request_id)
            try:
                return await (self._staged if asked.staged else self._answer)(self._held(asked, live, begun))
            except Closed:
                continue  # the version went at this moment, so there is another one
            except DataError as error:
                raise self._refused(BAD, str(error), asked.request_id) from error

    def _held(self, asked: Asked, live: Live, begun: float) -> _Request:
        column = self.settings.unit
        also = live.known | {column} if column else live.known
        version = self._named(asked, live) if asked.staged else live.champion
        rows = asked.table(version.package.columns, also)
        unit = asked.unit or (text_of(asked.first(column), f"field {column!r}") if column else "")
        time_us = int(1e6 * (time.time() - (time.monotonic() - begun)))
        return _Request(asked, live, unit or asked.request_id, rows, begun, time_us)

    def _named(self, asked: Asked, live: Live) -> Version:
        """The package that a request names, of the two that a rollout compares before either has a part of traffic."""
        wanted = {live.traffic.champion.package: live.champion, live.traffic.challenger: live.challenger}
        if not live.traffic.is_staging or asked.staged not in wanted:
            why = f"{STAGING_HEADER}: no rollout tries this package here before it has live traffic"
            raise self._refused(ELSE, why, asked.request_id)
        version = wanted[asked.staged]
        if version is None:
            raise self._refused(STARTING, "the challenger is not loaded so far", asked.request_id)
        return version

    async def _staged(self, request: _Request) -> Answered:
        """The answer of the package that a request names, whatever it is: nobody steps in."""
        version = self._named(request.asked, request.live)
        return await self._by(request, version, Role.STAGING, request.rows, 1.0)

    async def _answer(self, request: _Request) -> Answered:
        live = request.live
        role, challenger = live.traffic.role(request.unit), live.challenger
        if challenger is not None and role is Role.CHALLENGER:
            answered = await self._by_challenger(request, challenger)
            if answered is not None:
                return answered
        elif challenger is not None and live.traffic.is_shadowed(request.unit):
            self._copy(request, challenger)
        return await self._by(request, live.champion, Role.CHAMPION, request.rows, 1.0)

    async def _by_challenger(self, request: _Request, challenger: Version) -> Answered | None:
        """The challenger's answer; None where it has none that counts, which is its error and not the caller's."""
        try:
            rows = self._rows_of(request, challenger)
        except DataError as error:
            self._done(request, challenger, Role.CHALLENGER, request.rows, None, BAD, str(error))
            return None
        try:
            return await self._by(request, challenger, Role.CHALLENGER, rows, _CHALLENGERS_PART)
        except (Refused, Closed):
            return None

    def _rows_of(self, request: _Request, version: Version) -> pa.Table:
        """The rows as another version than the champion reads them."""
        columns = version.package.columns
        if columns == request.live.champion.package.columns:
            return request.rows
        also = request.live.known | {self.settings.unit}
        return request.asked.table(columns, also)

    async def _by(self, request: _Request, version: Version, role: Role, rows: pa.Table, part: float) -> Answered:
        status, why, scores = OK, "", None
        left = part * self.settings.timeout_ms / 1e3 - (time.monotonic() - request.begun)
        try:
            found = await asyncio.wait_for(asyncio.wrap_future(version.live.ask(rows)), left)
            scores = probabilities(found, version.package.name)
        except Full:
            status, why = BUSY, "too many rows wait; try again later"
        except TimeoutError:
            status, why = LATE, f"no answer within {self.settings.timeout_ms:g} ms"
        except Closed:
            raise
        except Exception as error:
            status, why = BROKEN, self._fault(version, error)
        self._done(request, version, role, rows, scores, status, why)
        if scores is None:
            raise Refused(status, why, request.asked.request_id)
        number = request.live.traffic.champion.number if role is Role.CHAMPION else None
        return Answered(scores, role, version.digest, number, request.asked.request_id)

    def _copy(self, request: _Request, challenger: Version) -> None:
        """Hands a copy to the challenger, if it has room."""
        try:
            rows = self._rows_of(request, challenger)
            answer = challenger.shadow.ask(rows)
        except DataError as error:
            self._done(request, challenger, Role.SHADOW, request.rows, None, BAD, str(error))
        except (Full, Closed):
            self.meter.shadow_dropped()
        else:
            answer.add_done_callback(partial(self._copied, request, challenger, rows))

    def _copied(self, request: _Request, challenger: Version, rows: pa.Table, answer: Future[Floats]) -> None:
        """Writes a copy's answer down, in the thread that answered it."""
        try:
            scores = probabilities(answer.result(), challenger.package.name)
        except Exception as error:
            self._done(request, challenger, Role.SHADOW, rows, None, BROKEN, self._fault(challenger, error))
        else:
            self._done(request, challenger, Role.SHADOW, rows, scores, OK, "")

    def _done(
        self,
        request: _Request,
        version: Version,
        role: Role,
        rows: pa.Table,
        scores: Sequence[float] | None,
        status: int,
        why: str,
    ) -> None:
        exchange = request.exchange(version, role, rows, scores, status, why)
        seconds = exchange.latency_ms / 1e3
        self.meter.answered(role, digests.short(version.digest), status, seconds, scores or ())
        self.log.put(exchange)

    def _fault(self, version: Version, error: Exception) -> str:
        """A failure in one line; the log has it once, as often as it comes in a row."""
        lines = str(error).strip().splitlines() or [type(error).__name__]
        why = lines[0] if isinstance(error, BenisonError) else f"{version.package.name} failed: {lines[0]}"
        if why != self._said:
            self._said = why
            _LOG.error("%s", why)
        return why[:500]

    def _refused(self, status: int, why: str, request_id: str) -> Refused:
        self.meter.refused(status)
        return Refused(status, why, request_id)
