"""Alerts in simulated traffic: hourly windows with a weekly season, 20 columns, more variation than drawing by lot has.

``python benchmarks/monitor_alarms.py --hours 8760`` counts false ones; ``--shift 0.3`` tells how long a shift of so
many standard deviations in one column takes to be told. No file is read or written.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benison.config.monitor import Alerting, Monitor
from benison.core.verdicts import Verdict
from benison.monitoring.grid import Bins, Grid
from benison.monitoring.judge import concluded, judge
from benison.monitoring.memory import Memory
from benison.monitoring.sketch import Sketch
from benison.monitoring.together import together
from benison.monitoring.vectors import Key
from benison.monitoring.windows import Finding, Window

COLUMNS, BINS = 20, 10
MONDAY_S, HOUR_S = 4 * 86_400, 3600
# How far columns wander from hour to hour, in their standard deviations: a quarter of them each.
WANDERING = (0.0, 0.02, 0.05, 0.1)
Floats = npt.NDArray[np.float64]


class Traffic:
    """Rows of columns that are logistic, whose middle follows hour and weekday and wanders about that."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.edges = np.linspace(-3, 3, BINS - 1)
        self.daily, self.weekly = self.random.normal(0, 0.25, COLUMNS), self.random.normal(0, 0.2, COLUMNS)
        self.wander = np.zeros(COLUMNS)
        reference = tuple((self._shares(np.zeros(1))[0] * 50_000).astype(int).tolist())
        bins = Bins("numeric", tuple(self.edges.tolist()), (), (*reference, 0))
        self.grid = Grid("sha256:" + "0" * 64, {f"column_{n:02}": bins for n in range(COLUMNS)})

    def _shares(self, middles: Floats) -> Floats:
        below = 1 / (1 + np.exp(middles[:, None] - self.edges))
        return np.diff(below, axis=1, prepend=0.0, append=1.0)

    def hour(self, number: int, shift: float) -> Sketch:
        """An hour's counts; the first column is shifted by so many standard deviations."""
        day, weekend = 2 * np.pi * number / 24, number % 168 >= 120
        self.wander = 0.6 * self.wander + 0.8 * self.random.normal(size=COLUMNS)
        # The standard deviation of a logistic variable is pi / sqrt(3).
        apart = np.repeat(WANDERING, COLUMNS // 4) * self.wander + np.eye(COLUMNS)[0] * shift
        middles = self.daily * np.sin(day) + self.weekly * weekend + apart * np.pi / np.sqrt(3)
        rows = int(self.random.poisson(2000 * (1.3 + np.sin(day)) * np.exp(0.1 * self.random.normal())))
        sketch = Sketch.empty(self.grid)
        for name, shares in zip(self.grid.columns, self._shares(middles), strict=True):
            sketch.columns[name] = np.append(self.random.multinomial(rows, shares), 0)
        sketch.rows = sketch.answered = rows
        sketch.scores = self.random.multinomial(rows, np.full(len(sketch.scores), 1 / len(sketch.scores)))
        return sketch


def findings(memory: Memory, sketch: Sketch, start: int, monitor: Monitor) -> tuple[Finding, ...]:
    """Judges an hour and takes it in."""
    memory.prepare("champion", "grid")
    known = memory.known(sketch, start)
    asked = [*judge(memory, sketch, start, known, monitor), *together(memory, sketch, start, monitor)]
    found = concluded(asked, monitor.alpha)
    window = Window(
        start=start, minutes=60, champion="champion", snapshot="", grid="grid", counts={}, trained_on="", own=None,
        known=known, findings=found,
    )  # fmt: skip
    memory.take(window, sketch)
    return found


class Alerts:
    """Alerts of one monitor: raised by failures in a row, over after windows that pass in a row, or together."""

    def __init__(self, alerting: Alerting) -> None:
        self.alerting, self.failed = alerting, Counter[Key]()
        self.failures, self.passes = Counter[Key](), Counter[Key]()
        self.opened: dict[Key, int] = {}
        self.raised: list[Key] = []
        self.hours: list[int] = []

    def take(self, number: int, findings: Sequence[Finding]) -> list[Key]:
        """Those that the findings of an hour raise."""
        before = len(self.raised)
        for one in findings:
            self._take(number, one, (one.kind, one.subject))
        return self.raised[before:]

    def _take(self, number: int, one: Finding, key: Key) -> None:
        fails, passes = one.verdict is Verdict.FAIL, one.verdict is Verdict.PASS
        self.failed["together" if one.windows > 1 else "alone", str(one.verdict)] += 1
        self.failures[key] = self.failures[key] + one.windows if fails else 0
        self.passes[key] = self.passes[key] + one.windows if passes else 0
        if key not in self.opened and fails and (one.severe or self.failures[key] >= self.alerting.raise_after):
            self.opened[key] = number
            self.raised.append(key)
        elif key in self.opened and self.passes[key] >= self.alerting.recover_after:
            self.hours.append(number - self.opened.pop(key))


def simulate(hours: int, seed: int, shift: float) -> dict[str, object]:
    """Alerts of so many hours; with a shift, it comes with the last week and ends the simulation when it is told."""
    monitor, traffic = Monitor(), Traffic(seed)
    memory, alerts, began = Memory(monitor.season), Alerts(monitor.alerting), time.perf_counter()
    for number in range(hours):
        shifted = shift if number >= hours - 168 else 0.0
        found = findings(memory, traffic.hour(number, shifted), MONDAY_S + HOUR_S * number, monitor)
        if ("drift", "column_00") in alerts.take(number, found) and shifted:
            return {"seed": seed, "shift": shift, "hours_until_told": number - (hours - 168) + 1}
    told = {
        "seed": seed,
        "hours": hours,
        "windows_that_failed": alerts.failed["alone", "FAIL"],
        "failed_together": alerts.failed["together", "FAIL"],
        "alerts": len(alerts.raised),
        "hours_open": alerts.hours,
        "open_at_the_end": sorted(alerts.opened),
        "seconds": round(time.perf_counter() - began),
    }
    return {**told, "shift": shift, "hours_until_told": None} if shift else told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=8760)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--shift", type=float, default=0.0)
    asked = parser.parse_args()
    for seed in asked.seeds:
        print(json.dumps(simulate(asked.hours, seed, asked.shift)), flush=True)


if __name__ == "__main__":
    main()
