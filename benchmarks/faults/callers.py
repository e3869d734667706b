"""Requests at a steady rate, whatever the server does: each has its own time and does not wait for the one before."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from serving.tests.made import ROW
from serving.tests.running import JSON, MODEL

# So many at once at most; one that finds none free is late, which counts.
_CALLERS = 32


@dataclass
class Seen:
    """What callers saw.

    Attributes:
        milliseconds: From when each request was due to its answer.
        failed: How many had no answer of status 200.
    """

    milliseconds: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def requests(self) -> int:
        return len(self.milliseconds)

    def quantile(self, level: float) -> float:
        """In milliseconds."""
        return float(np.quantile(self.milliseconds, level))


def asked(port: int, city: str, seconds: float, per_second: float, counts: Callable[[str], bool]) -> Seen:
    """Asks for some time; tells what the units saw that count.

    Args:
        port: The server's, on this machine.
        city: What rows say, which a package may fail on.
        seconds: For how long.
        per_second: Requests.
        counts: Whether a unit's requests are counted.
    """
    seen, lock, next_one = Seen(), threading.Lock(), iter(range(int(seconds * per_second)))
    begin = time.monotonic()

    def call() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while True:
            with lock:
                number = next(next_one, None)
            if number is None:
                return connection.close()
            due, unit = begin + number / per_second, f"unit {number}"
            time.sleep(max(due - time.monotonic(), 0))
            status = _status(connection, city, unit)
            if counts(unit):
                with lock:
                    seen.milliseconds.append(1000 * (time.monotonic() - due))
                    seen.failed += status != 200

    callers = [threading.Thread(target=call) for _ in range(_CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    return seen


def _status(connection: http.client.HTTPConnection, city: str, unit: str) -> int:
    body = json.dumps({"instances": [{**ROW, "city": city}]})
    try:
        connection.request("POST", f"/v1/models/{MODEL}:predict", body, {**JSON, "x-unit-id": unit})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status
