"""How fast a training is, and what it waits for."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

SECONDS_PER_CALL = 0.25
_FIRST_CALL = 4
_GROWTH = 8


@dataclass(frozen=True)
class Speed:
    """Figures of an epoch, or of all.

    Attributes:
        seconds: Of steps, evaluation and what is kept of them.
        train_seconds: Of the steps alone, with the waiting.
        steps: How many there were.
        examples: Rows that they took.
        wait_seconds: Time in which the steps waited for their rows.
        host_peak_mb: The process's largest memory so far, in MB.
        device_peak_mb: The device's, in MB; None: it has none of its own.
    """

    seconds: float
    train_seconds: float
    steps: int
    examples: int
    wait_seconds: float
    host_peak_mb: float
    device_peak_mb: float | None

    def to_json(self) -> dict[str, Any]:
        """The figures as they stand in training.json."""
        busy = max(self.train_seconds, 1e-9)
        return {
            "seconds": round(self.seconds, 4),
            "examples_per_second": round(self.examples / busy, 1),
            "step_ms": round(1000 * busy / max(self.steps, 1), 4),
            "input_wait": round(min(1.0, self.wait_seconds / busy), 4),
            "host_peak_mb": round(self.host_peak_mb, 1),
            "device_peak_mb": None if self.device_peak_mb is None else round(self.device_peak_mb, 1),
        }

    def kept(self) -> dict[str, Any]:
        """All of it, as a checkpoint keeps it."""
        return asdict(self)


def whole(epochs: Sequence[Speed]) -> Speed:
    """The figures of all epochs together; at least one."""
    device = [epoch.device_peak_mb for epoch in epochs if epoch.device_peak_mb is not None]
    return Speed(
        sum(epoch.seconds for epoch in epochs),
        sum(epoch.train_seconds for epoch in epochs),
        sum(epoch.steps for epoch in epochs),
        sum(epoch.examples for epoch in epochs),
        sum(epoch.wait_seconds for epoch in epochs),
        max(epoch.host_peak_mb for epoch in epochs),
        max(device) if device else None,
    )


class Clock:
    """Measures an epoch, and says how many steps fit into a call that is well under a second.

    A call cannot be interrupted: a signal is heeded, and a checkpoint written, between two of them.
    """

    def __init__(self) -> None:
        self.steps_per_call = _FIRST_CALL
        self._untimed = True
        self.begin()

    def begin(self) -> None:
        """Starts an epoch."""
        self._began, self._busy, self._waited = time.perf_counter(), 0.0, 0.0
        self._steps = self._examples = 0

    def compiles(self) -> None:
        """The next call is not like those after it."""
        self._untimed = True

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Time in which there is nothing to work on."""
        start = time.perf_counter()
        yield
        self._waited += time.perf_counter() - start

    def called(self, seconds: float, steps: int, examples: int) -> None:
        """Notes a call; the first one, which builds the graph, says nothing of the next."""
        self._busy += seconds
        self._steps += steps
        self._examples += examples
        if not self._untimed:
            wanted = int(SECONDS_PER_CALL * steps / max(seconds, 1e-9))
            self.steps_per_call = max(1, min(wanted, _GROWTH * steps))
        self._untimed = False

    def end(self, device_peak_mb: float | None) -> Speed:
        """The epoch's figures."""
        return Speed(
            time.perf_counter() - self._began,
            self._busy + self._waited,
            self._steps,
            self._examples,
            self._waited,
            host_peak_mb(),
            device_peak_mb,
        )


def host_peak_mb() -> float:
    """The process's largest memory so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
