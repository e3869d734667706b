"""The tasks that were handed to workers, and the time that they are given."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benison.engines.binding import Places
from benison.engines.ir import Task
from benison.engines.pool import Started
from benison.engines.processes import kill_group

# For a stack dump, between the end of a task's time and its own end.
_LAST_WORDS_S = 0.5


@dataclass
class Flight:
    """A task that was handed to a worker.

    Attributes:
        task: The task.
        kind: The warm process it was handed to.
        message: Its executor input.
        places: Where it reads and writes.
        pid: Its process, once there is one; 0 before.
        began: When, on the monotonic clock.
        overdue: Its time is up, and it was asked where it stands.
    """

    task: Task
    kind: str
    message: Mapping[str, Any]
    places: Places
    pid: int = 0
    began: float = 0.0
    overdue: bool = False

    @property
    def seconds(self) -> float | None:
        """How long it has run; None where it has not."""
        return round(time.monotonic() - self.began, 3) if self.pid else None


class Flights:
    """The tasks on their way.

    Args:
        limit_s: How long each may take; None: as long as it likes.
        room: How many may run in one warm process at a time.
    """

    def __init__(self, limit_s: float | None, room: int) -> None:
        self._limit_s, self._room = limit_s, room
        self._by_id: dict[int, Flight] = {}

    def __bool__(self) -> bool:
        return bool(self._by_id)

    def has(self, task: Task) -> bool:
        """Whether a task is on its way."""
        return any(flight.task.name == task.name for flight in self._by_id.values())

    def has_room(self, kind: str) -> bool:
        """Whether a warm process may take another task."""
        return sum(flight.kind == kind for flight in self._by_id.values()) < self._room

    def add(self, id: int, flight: Flight) -> None:
        """A task was handed over under the id that its events carry."""
        self._by_id[id] = flight

    def start(self, event: Started) -> Flight:
        """A task has got its process, and its time begins."""
        flight = self._by_id[event.id]
        flight.pid, flight.began = event.pid, time.monotonic()
        return flight

    def land(self, id: int) -> Flight:
        """A task's process is gone."""
        return self._by_id.pop(id)

    def running(self) -> list[Flight]:
        """The tasks that have a process."""
        return [flight for flight in self._by_id.values() if flight.pid]

    def patience(self) -> float | None:
        """Seconds until a task's time is up; None: no task's ever is."""
        if self._limit_s is None:
            return None
        ends = [flight.began + self._limit_s + _LAST_WORDS_S * flight.overdue for flight in self.running()]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def enforce(self) -> None:
        """Asks tasks whose time is up where they stand, and ends them a moment later."""
        for flight in self.running() if self._limit_s is not None else []:
            late = time.monotonic() - flight.began - (self._limit_s or 0.0)
            if late >= _LAST_WORDS_S:
                kill_group(flight.pid)
            elif late >= 0 and not flight.overdue:
                flight.overdue = True
                with suppress(ProcessLookupError):
                    os.kill(flight.pid, signal.SIGUSR1)
