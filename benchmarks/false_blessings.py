"""How often a challenger is blessed that must not be: simulated holdouts, our bound beside a comparison of points.

The challenger's true gain over the champion is set: 0 (it should be blessed), minus the tolerance (the worst that the
policy allows to slip through, at most one time in twenty), minus twice the tolerance (a regression). Every holdout goes
through the code that judges in the pipeline. The comparison of points is TFMA's change threshold with the same limit.

    python benchmarks/false_blessings.py --holdouts 4000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, special

from benison.metrics.bound import gain
from benison.metrics.measure import Rows, Sample

CONFIDENCE = 0.95
Draw = Callable[[np.random.Generator, float], tuple[Sample, Sample]]


@dataclass(frozen=True)
class Case:
    """A population that holdouts are drawn from.

    Attributes:
        name: For the table.
        metric: What the policy asks about.
        tolerance: How much worse the policy allows.
        draw: Challenger and champion on a holdout, given the challenger's true gain.
    """

    name: str
    metric: str
    tolerance: float
    draw: Draw


def accuracy_case(rows: int, tolerance: float, *, champion: float = 0.85, discordant: float = 0.06) -> Case:
    """Two models that disagree on a share of the rows."""

    def draw(random: np.random.Generator, true_gain: float) -> tuple[Sample, Sample]:
        labels = random.random(rows) < 0.25
        only_one, only_two = (discordant + true_gain) / 2, (discordant - true_gain) / 2
        both = champion - only_two
        outcome = random.choice(4, rows, p=[both, only_one, only_two, 1 - both - only_one - only_two])
        right = (outcome == 0) | (outcome == 1), (outcome == 0) | (outcome == 2)
        one, two = (Sample(Rows.of(labels), np.where(labels == answer, 0.9, 0.1)) for answer in right)
        return one, two

    return Case(f"accuracy {champion:.2f}, {rows:,} rows", "binary_accuracy", tolerance, draw)


def auc_case(rows: int, tolerance: float, *, champion: float, share: float) -> Case:
    """Two normal scores, lifted for positives so that each model has the AUC that it should."""
    name = f"AUC {champion:.2f}, {rows * share:,.0f} of {rows:,} rows positive"
    return Case(name, "auc", tolerance, normal_scores(rows, share, champion, lift))


def curve_case(rows: int, tolerance: float, *, champion: float, share: float) -> Case:
    """The same by their area under the precision-recall curve."""

    def lift_for(area: float) -> float:
        return float(optimize.brentq(lambda lifted: area_under_curve(lifted, share) - area, 0.01, 8.0))

    name = f"PR-AUC {champion:.2f}, {rows * share:,.0f} of {rows:,} rows positive"
    return Case(name, "auc_precision_recall", tolerance, normal_scores(rows, share, champion, lift_for))


def normal_scores(
    rows: int, share: float, champion: float, lift_for: Callable[[float], float], correlation: float = 0.8
) -> Draw:
    """Scores that have much of their noise in common, lifted by as much as a figure takes."""

    def draw(random: np.random.Generator, true_gain: float) -> tuple[Sample, Sample]:
        labels = random.random(rows) < share
        common, own = np.sqrt(correlation), np.sqrt(1 - correlation)
        noise = random.normal(size=rows)
        one, two = (
            Sample(
                Rows.of(labels),
                special.expit(lift_for(figure) * (labels - 0.5) + common * noise + own * random.normal(size=rows)),
            )
            for figure in (champion + true_gain, champion)
        )
        return one, two

    return draw


def lift(auc: float) -> float:
    """The distance of two unit normals at which one exceeds the other with this probability: ndtr(lift / sqrt(2))."""
    return float(np.sqrt(2) * special.ndtri(auc))


@cache
def area_under_curve(lifted: float, share: float) -> float:
    """Of unit normals at this distance: the mean precision over all recalls, by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    recalls = (nodes + 1) / 2
    alarms = special.ndtr(special.ndtri(recalls) - lifted)
    precisions = share * recalls / (share * recalls + (1 - share) * alarms)
    return float(weights @ precisions / 2)


CASES = (
    accuracy_case(1_000, 0.01),
    accuracy_case(5_000, 0.01),
    accuracy_case(20_000, 0.01),
    auc_case(2_000, 0.01, champion=0.97, share=0.02),
    auc_case(1_000, 0.01, champion=0.85, share=0.25),
    auc_case(6_000, 0.01, champion=0.85, share=0.25),
    auc_case(6_000, 0.005, champion=0.90, share=0.25),
    auc_case(6_000, 0.005, champion=0.97, share=0.10),
    curve_case(2_000, 0.02, champion=0.70, share=0.25),
    curve_case(6_000, 0.02, champion=0.60, share=0.05),
    curve_case(20_000, 0.01, champion=0.70, share=0.10),
)


@dataclass(frozen=True)
class Blessed:
    """Shares of holdouts on which the challenger was blessed.

    Attributes:
        by_bound: The lower bound of its gain cleared minus the tolerance.
        by_point: The gain itself did.
    """

    by_bound: float
    by_point: float


def simulate(case: Case, true_gain: float, holdouts: int, seed: list[int]) -> Blessed:
    """Draws holdouts and judges each."""
    random = np.random.default_rng(seed)
    found = [gain(case.metric, *case.draw(random, true_gain), CONFIDENCE) for _ in range(holdouts)]
    by_bound = np.mean([one.interval.lower >= -case.tolerance for one in found])
    by_point = np.mean([one.value >= -case.tolerance for one in found])
    return Blessed(float(by_bound), float(by_point))


def table(holdouts: int) -> Iterator[str]:
    """The table, line by line."""
    yield "| population | tolerance t | gain 0 | gain -t | gain -2t | points: gain 0 | gain -t | gain -2t |"
    yield "|---|---|---|---|---|---|---|---|"
    for number, case in enumerate(CASES):
        found = [simulate(case, -times * case.tolerance, holdouts, seed=[number, times]) for times in (0, 1, 2)]
        bounds, points = [f"{one.by_bound:.1%}" for one in found], [f"{one.by_point:.1%}" for one in found]
        yield f"| {case.name} | {case.tolerance:g} | {' | '.join([*bounds, *points])} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--holdouts", type=int, default=4000, help="how many are drawn for each figure")
    holdouts = parser.parse_args().holdouts
    started = time.monotonic()
    for line in table(holdouts):
        print(line, flush=True)
    print(f"\n{holdouts:,} holdouts for each figure, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
