"""Requests at a steady rate, and what the units of one side saw of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from benison.delivery.probe import OK, Reply, Server, steadily
from serving.tests.made import ROW
from serving.tests.running import MODEL


@dataclass(frozen=True)
class Seen:
    """What became of requests, each with the seconds from when it was due."""

    replies: tuple[Reply, ...]

    @property
    def requests(self) -> int:
        return len(self.replies)

    @property
    def failed(self) -> int:
        return sum(reply.status != OK for reply in self.replies)

    def quantile(self, level: float) -> float:
        """In milliseconds."""
        return float(np.quantile([1000 * reply.seconds for reply in self.replies], level))


def asked(port: int, city: str, seconds: float, per_second: float, counts: Callable[[str], bool]) -> Seen:
    """Asks for some time; tells what the units saw that count.

    Args:
        port: The server's, on this machine.
        city: What rows say, which a package may fail on.
        seconds: For how long.
        per_second: Requests.
        counts: Whether a unit's requests are counted.
    """
    units = [f"unit {number}" for number in range(int(seconds * per_second))]
    bodies = [json.dumps({"instances": [{**ROW, "city": city}], "unit_id": unit}).encode() for unit in units]
    with closing(Server(f"http://127.0.0.1:{port}", MODEL, timeout_seconds=30.0)) as server:
        replies = steadily(server.ask, bodies, per_second, enough=lambda reply: False)
    return Seen(tuple(reply for unit, reply in zip(units, replies, strict=True) if counts(unit)))
