"""How often each bound holds, over populations of several kinds: the worst of them for every metric.

A bound that is asked for with a confidence of 95% should lie on its side of the truth on 95% of holdouts.

    python benchmarks/coverage.py --holdouts 1000
    python benchmarks/coverage.py --holdouts 1000 --rows weighted
    python benchmarks/coverage.py --holdouts 1000 --rows units
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from benison.core import metrics
from benison.metrics.bound import Estimate, estimate, gain
from benison.metrics.measure import Rows, Sample

CONFIDENCE = 0.95
SIZES = ((250, 0.12), (500, 0.5), (2000, 0.02), (2000, 0.25))
LIFTS = ((1.2, 1.0), (2.5, 2.8))
KINDS = ("normal", "uneven", "rounded")
ROWS = ("independent", "weighted", "units")
ROWS_OF_A_UNIT = 4
METRICS = tuple(
    name
    for name, kind in metrics.KINDS.items()
    if not kind.needs and not name.endswith(("example_count", "_positives", "_negatives"))
)
Figures = dict[str, Estimate]


@dataclass(frozen=True)
class Population:
    """Two models whose scores have most of their noise in common; their predictions are calibrated where normal.

    Attributes:
        kind: ``normal`` scores; ``uneven``, positives spread wider; ``rounded`` to twentieths, with many ties.
        rows: Of a holdout.
        share: Of positives.
        lifts: How far positives lie above negatives, by challenger and by champion.
        of_rows: ``independent``; ``weighted``, by weights that go with the scores; ``units``, of
            four rows each on average, which have much of their luck, and their chance to be positive, in common.
    """

    kind: str
    rows: int
    share: float
    lifts: tuple[float, float]
    of_rows: str = "independent"

    def draw(self, random: np.random.Generator, rows: int) -> tuple[Sample, Sample]:
        """Challenger and champion on the same rows."""
        labels, common = random.random(rows) < self.share, random.normal(size=rows)
        weights = units = None
        if self.of_rows == "weighted":
            weights = np.exp(0.4 * common + 0.6 * random.normal(size=rows))
        if self.of_rows == "units":
            units = random.integers(0, max(rows // ROWS_OF_A_UNIT, 1), rows)
            of_units = random.normal(size=rows)[units]
            log_odds = np.log(self.share / (1 - self.share)) + 0.7 * of_units
            labels, common = random.random(rows) < special.expit(log_odds), 0.7 * of_units + 0.714 * common
        of = Rows.of(labels, weights=weights, units=units)
        one, two = (Sample(of, self._answers(labels, common, random, lift)) for lift in self.lifts)
        return one, two

    def _answers(
        self, labels: npt.NDArray[np.bool_], common: npt.NDArray[np.float64], random: np.random.Generator, lift: float
    ) -> npt.NDArray[np.float64]:
        noise = (0.8 * common + 0.6 * random.normal(size=len(labels))) * np.where(
            labels & (self.kind == "uneven"), 1.8, 1.0
        )
        log_odds = np.log(self.share / (1 - self.share))
        answers = special.expit(lift * (noise + lift * labels) - lift**2 / 2 + log_odds)
        return np.asarray(np.round(answers * 20) / 20 if self.kind == "rounded" else answers, dtype=np.float64)


def figures(one: Sample, two: Sample) -> Figures:
    """Every metric of the challenger and every gain over the champion."""
    values = {metric: estimate(metric, one, CONFIDENCE) for metric in METRICS}
    directed = [metric for metric in METRICS if metrics.better(metric)]
    return values | {f"{metric}_gain": gain(metric, one, two, CONFIDENCE) for metric in directed}


def truth(population: Population) -> dict[str, float]:
    """From 1.6 million rows."""
    random = np.random.default_rng(99)
    found = [figures(*population.draw(random, 400_000)) for _ in range(4)]
    return {name: float(np.mean([one[name].value for one in found])) for name in found[0]}


def coverage(population: Population, holdouts: int) -> dict[str, tuple[float, float]]:
    """How often the lower and the upper bound hold; only for figures that have them on a quarter of the holdouts."""
    random, true = np.random.default_rng(1), truth(population)
    held: dict[str, Counter[str]] = defaultdict(Counter)
    for _ in range(holdouts):
        for name, found in figures(*population.draw(random, population.rows)).items():
            if found.interval.known:
                lower, upper = found.interval.lower <= true[name], found.interval.upper >= true[name]
                held[name].update(all=1, lower=int(lower), upper=int(upper))
    enough = {name: one for name, one in held.items() if one["all"] > holdouts / 4}
    return {name: (one["lower"] / one["all"], one["upper"] / one["all"]) for name, one in enough.items()}


def table(holdouts: int, of_rows: str) -> Iterator[str]:
    """The table, line by line."""
    cells = [
        coverage(Population(kind, *size, lifts, of_rows), holdouts)
        for kind, size, lifts in itertools.product(KINDS, SIZES, LIFTS)
    ]
    yield "| figure | lower bound: worst, mean | upper bound: worst, mean |"
    yield "|---|---|---|"
    for name in sorted({name for cell in cells for name in cell}):
        sides = zip(*(cell[name] for cell in cells if name in cell), strict=True)
        shown = [f"{min(side):.1%}, {np.mean(side):.1%}" for side in sides]
        yield f"| {name} | {' | '.join(shown)} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--holdouts", type=int, default=1000, help="how many are drawn from each population")
    parser.add_argument("--rows", choices=ROWS, default="independent", help="what rows are to one another")
    asked = parser.parse_args()
    holdouts = asked.holdouts
    started = time.monotonic()
    for line in table(holdouts, asked.rows):
        print(line, flush=True)
    print(f"\n{holdouts:,} holdouts from each of {len(KINDS) * len(SIZES) * len(LIFTS)} populations, ", end="")
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
