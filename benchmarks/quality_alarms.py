"""Alarms of live quality in simulated years of labels: a model that is as it was, and one that lost.

``python benchmarks/quality_alarms.py`` counts what a year of days comes to: two metrics, overall and on five slices,
with labels that are noisy and that some requests never get, asked by the monitor's own code. ``--loss 0.2`` draws a
fifth of the labels without regard to the score from half of the time on, and tells after how many days that is told;
``--at-limit`` lets the model have been better at its blessing by just the limit, the worst case of a false alarm.
No file is read or written.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.config.limits import Limits
from benison.config.quality import Quality, QualityCheck
from benison.core.metrics import better
from benison.core.verdicts import Verdict
from benison.measures.intervals import Interval
from benison.metrics.bound import estimate
from benison.metrics.measure import Rows, Sample
from benison.metrics.slice import Slice
from benison.monitoring.judge import concluded
from benison.monitoring.quality import Blessed, Labelled, measured

DAYS = 365
# As an hour has, of a month with one false alarm.
ALPHA = 1 / 720
METRICS = ("auc", "brier_score")
SHARES = (0.4, 0.3, 0.15, 0.1, 0.05)
HOLDOUT = 10_000
LIMITS = Limits(0.02, 0.1)
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class People:
    """Requests whose score is true but for noise: a share of labels is the other one."""

    def __init__(self, seed: int, noise: float) -> None:
        self.random, self.noise = np.random.default_rng(seed), noise

    def drawn(self, rows: int, loss: float) -> tuple[Bools, Floats, list[Slice]]:
        """Labels, scores and slices; a share `loss` of the labels is drawn without regard to the score."""
        scores = self.random.beta(2, 5, rows)
        blind = self.random.random(rows) < loss
        labels = self.random.random(rows) < np.where(blind, 2 / 7, scores)
        labels ^= self.random.random(rows) < self.noise
        group = self.random.choice(len(SHARES), rows, p=SHARES)
        parts = [Slice((("group", str(one)),), np.flatnonzero(group == one)) for one in range(len(SHARES))]
        return labels, scores, [Slice((), np.arange(rows)), *parts]


def blessing(people: People, better_by: float) -> dict[tuple[str, str], Blessed]:
    """What an evaluation on a holdout says of a model that was better by so much."""
    labels, scores, slices = people.drawn(HOLDOUT, 0.0)
    whole = Sample(Rows.of(labels), scores)
    samples = {one.name: whole.part(one.rows, whole.rows.part(one.rows)) for one in slices}
    found = {(metric, name): estimate(metric, of, 0.95) for metric in METRICS for name, of in samples.items()}
    signs = {key: better_by * better(key[0]) for key in found}
    return {
        key: Blessed(one.value + by, Interval(one.interval.lower + by, one.interval.upper + by), 0.95)
        for (key, one), by in zip(found.items(), signs.values(), strict=True)
    }


@dataclass(frozen=True)
class Found:
    """What a simulation came to.

    Attributes:
        false_days: Days with an alarm while nothing was lost.
        verdicts: Answers of those days.
        days_until_told: From the loss on; None: there was none, or it was not told.
        seconds: How long it took.
    """

    false_days: int
    verdicts: dict[str, int]
    days_until_told: int | None
    seconds: float


def simulate(days: int, seed: int, rows: int, noise: float, loss: float, better_by: float = 0.0) -> Found:
    """What is found of so many days; a loss begins in the middle."""
    people, began = People(seed, noise), time.perf_counter()
    before, counts, told = blessing(people, better_by), Counter[str](), None
    quality = Quality(checks=tuple(QualityCheck(metric, LIMITS) for metric in METRICS))
    false_days = 0
    for day in range(days):
        lost = loss if day >= days // 2 else 0.0
        labels, scores, slices = people.drawn(int(people.random.poisson(rows)), lost)
        one = Labelled(labels, scores, None, slices, round(1.25 * len(labels)))
        found = concluded(measured(one, before, quality, ALPHA)[1], ALPHA)
        failed = any(each.verdict is Verdict.FAIL for each in found)
        counts.update(str(each.verdict) for each in found if not lost)
        false_days += failed and not lost
        if failed and lost and told is None:
            told = day - days // 2 + 1
    seconds = round(time.perf_counter() - began, 1)
    return Found(false_days, dict(counts), told, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--labels", type=int, default=2000)
    parser.add_argument("--noise", type=float, default=0.05)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--at-limit", action="store_true")
    asked = parser.parse_args()
    for seed in asked.seeds:
        found = simulate(asked.days, seed, asked.labels, asked.noise, asked.loss, LIMITS.limit * asked.at_limit)
        print(json.dumps({**vars(asked), "seeds": seed, **vars(found)}), flush=True)


if __name__ == "__main__":
    main()
