"""Requests without a pause, from some callers at once."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from serving.tests.made import ROW
from serving.tests.running import JSON, MODEL

ROWS = [{**ROW, "x": x} for x in (0.0, 0.25, 0.5, 1.0)]
_BODY = json.dumps({"instances": ROWS}).encode()


@dataclass
class Load:
    """What callers saw.

    Attributes:
        answered: By package and level how many requests had all their rows answered by that level.
        failed: What else came back.
        refused: Connections that were not taken, or closed before an answer began.
    """

    answered: dict[tuple[str, float], int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    refused: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        return sum(self.answered.values())

    def reaches(self, enough: int) -> bool:
        return self.total >= enough

    def take(self, status: int, package: str, content: bytes) -> None:
        scores = json.loads(content).get("predictions", [0])
        pairs = zip(scores, ROWS, strict=status == 200)
        whole = status == 200 and all(abs(score - scores[-1] * row["x"]) < 1e-6 for score, row in pairs)
        with self.lock:
            if whole:
                key = (package, round(scores[-1], 4))
                self.answered[key] = self.answered.get(key, 0) + 1
            else:
                self.failed.append(f"{status}: {content[:200]!r}")

    def ask(self, port: int) -> None:
        """One caller, until it is stopped."""
        while not self.stopped.is_set():
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                try:
                    self._keep_asking(connection)
                except (ConnectionError, http.client.RemoteDisconnected):
                    with self.lock:
                        self.refused += 1
                    # Callers that knock without a pause keep a server from stopping on a machine with few cores.
                    self.stopped.wait(0.05)

    def _keep_asking(self, connection: http.client.HTTPConnection) -> None:
        while not self.stopped.is_set():
            connection.request("POST", f"/v1/models/{MODEL}:predict", _BODY, JSON)
            response = connection.getresponse()
            content = response.read()
            self.take(response.status, response.headers.get("x-package", ""), content)
            if response.headers.get("connection") == "close":
                return


@contextlib.contextmanager
def load(port: int, callers: int = 4) -> Iterator[Load]:
    """Callers that ask as long as the block lasts."""
    seen = Load()
    threads = [threading.Thread(target=seen.ask, args=(port,)) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        seen.stopped.set()
        for thread in threads:
            thread.join()
