"""How often the bounds of gaps hold, how often the gate errs about them, and how often harm is found that is none.

Groups differ in size and in how well they are served; challenger and champion answer the same rows. Every bound is
asked for with a confidence of 95%.

    python benchmarks/fairness.py --holdouts 2000
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.components.evaluator.compare import Answers, Measured, at_confidences, compare, parts_of
from benison.components.evaluator.gaps import Comparison, Gap, gaps
from benison.measures.holm import Bounds, surely_below
from benison.measures.intervals import Interval
from benison.measures.proportions import tango
from benison.metrics.measure import Rows
from benison.metrics.slice import Slice

CONFIDENCE = 0.95
COMPARISON = Comparison(("recall",), ("group",))
SIZES = (1000, 500, 250, 250, 120, 120)


@dataclass(frozen=True)
class Population:
    """Positives alone, of whom a share is answered positive; recall is that share.

    Attributes:
        name: For the table.
        shares: The champion's recall in each group.
        changes: What the challenger's is beyond it.
        overlap: How much of the luck is common to both models, from 0 to 1.
    """

    name: str
    shares: Sequence[float]
    changes: Sequence[float]
    overlap: float = 0.8

    def draw(self, random: np.random.Generator) -> tuple[Answers, list[Slice]]:
        """A holdout, and its groups."""
        sizes = SIZES[: len(self.shares)]
        group = np.repeat(np.arange(len(sizes)), sizes)
        champion = np.array(self.shares)[group]
        challenger = champion + np.array(self.changes)[group]
        common, own = random.random(len(group)), random.random(len(group))
        luck = np.where(random.random(len(group)) < self.overlap, common, own)
        answered = {"challenger": _scores(luck < challenger), "champion": _scores(common < champion)}
        cut = [Slice((("group", str(code)),), np.flatnonzero(group == code)) for code in range(len(sizes))]
        return Answers(Rows.of(np.ones(len(group), dtype=np.bool_)), answered, {}), cut

    @property
    def gap(self) -> float:
        """The challenger's largest difference."""
        shares = np.add(self.shares, self.changes)
        return float(shares.max() - shares.min())

    @property
    def ratio(self) -> float:
        """The challenger's smallest ratio."""
        shares = np.add(self.shares, self.changes)
        return float(shares.min() / shares.max())

    @property
    def gain(self) -> float:
        """By how much the champion's largest difference is wider."""
        return max(self.shares) - min(self.shares) - self.gap


def _scores(positive: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return np.where(positive, 0.9, 0.1)


POPULATIONS = (
    Population("2 groups alike", (0.8, 0.8), (0.0, 0.0)),
    Population("2 groups, 0.1 apart", (0.8, 0.7), (0.02, -0.02)),
    Population("2 groups, gap closes", (0.85, 0.7), (-0.05, 0.05)),
    Population("2 groups, lead changes", (0.8, 0.76), (-0.03, 0.03)),
    Population("4 groups alike", (0.8,) * 4, (0.0,) * 4),
    Population("4 groups, one behind", (0.8, 0.8, 0.8, 0.65), (0.0, 0.0, 0.0, -0.03)),
    Population("6 groups alike", (0.9,) * 6, (0.0,) * 6),
    Population("6 groups in steps", (0.95, 0.9, 0.85, 0.8, 0.75, 0.7), (0.0, 0.0, 0.0, 0.02, 0.0, 0.02)),
    Population("3 groups near 1", (0.97, 0.96, 0.9), (0.01, 0.0, -0.02)),
)


def compared(answers: Answers, cut: Sequence[Slice]) -> tuple[Gap, list[Measured]]:
    """The gap of a holdout."""

    def again(names: Sequence[str], metrics: Sequence[str], levels: Sequence[float]) -> dict[float, list[Measured]]:
        return at_confidences(parts_of(answers, cut), names, metrics, levels)

    measured = compare(answers, cut, COMPARISON.metrics, CONFIDENCE)
    [found] = gaps([COMPARISON], measured, {}, CONFIDENCE, again)
    return found, measured


def held(population: Population, holdouts: int) -> dict[str, tuple[float, float]]:
    """How often the lower and the upper bound of gap, ratio and gain hold."""
    random, counts = np.random.default_rng(1), Counter[str]()
    true = {"gap": population.gap, "ratio": population.ratio, "gain": population.gain}
    for _ in range(holdouts):
        found, _ = compared(*population.draw(random))
        intervals = {"gap": found.difference["challenger"].estimate.interval}
        intervals["ratio"] = found.ratio["challenger"].estimate.interval
        intervals["gain"] = found.gains["champion"].interval
        for name, interval in intervals.items():
            counts.update(_sides(name, interval, true[name]))
    return {name: (counts[f"{name} lower"] / holdouts, counts[f"{name} upper"] / holdouts) for name in true}


def _sides(name: str, interval: Interval, true: float) -> Iterator[str]:
    # Populations are exact in decimals, floats are not.
    if interval.lower <= true + 1e-12:
        yield f"{name} lower"
    if interval.upper >= true - 1e-12:
        yield f"{name} upper"


def table(holdouts: int) -> Iterator[str]:
    """The table, line by line."""
    yield "| groups | gap: lower, upper | ratio: lower, upper | gain over the champion's gap: lower, upper |"
    yield "|---|---|---|---|"
    for population in POPULATIONS:
        found = held(population, holdouts)
        shown = (f"{lower:.1%}, {upper:.1%}" for lower, upper in found.values())
        yield f"| {population.name} | {' | '.join(shown)} |"


def _gain(now: npt.NDArray[np.bool_], before: npt.NDArray[np.bool_]) -> tuple[float, Bounds]:
    """Gain of recall, and its interval."""
    only_now, only_before = int(np.sum(now & ~before)), int(np.sum(before & ~now))
    found = tango(only_now, only_before, len(now), CONFIDENCE)
    return (only_now - only_before) / len(now), (found.lower, found.upper)


def harm(slices: int, holdouts: int, harmed: int = 0) -> tuple[float, float, float, float]:
    """How often any slice that is no worse is called worse, and how many of those that are: alone, and by Holm.

    Slices of 300 positives; recall 0.8 before, and 0.1 less on those that are harmed.
    """
    random, wrong, right = np.random.default_rng(2), np.zeros(2), np.zeros(2)
    for _ in range(holdouts):
        recall = np.where(np.arange(slices) < harmed, 0.7, 0.8)
        common, own = random.random((slices, 300)), random.random((slices, 300))
        luck = np.where(random.random((slices, 300)) < 0.8, common, own)
        before, now = common < 0.8, luck < recall[:, np.newaxis]
        bounds = [_gain(one, two) for one, two in zip(now, before, strict=True)]
        alone = np.array([upper < 0 for _, (_, upper) in bounds])
        for place, found in enumerate((alone, np.array(surely_below(bounds, CONFIDENCE)))):
            wrong[place] += found[harmed:].any()
            right[place] += found[:harmed].mean() if harmed else 0.0
    return (*(wrong / holdouts), *(right / holdouts))


def harm_table(holdouts: int) -> Iterator[str]:
    """The table of Holm, line by line."""
    yield "| slices, of which harmed | any other called worse: alone, Holm | harmed ones found: alone, Holm |"
    yield "|---|---|---|"
    for slices, harmed in ((5, 0), (20, 0), (60, 0), (20, 3)):
        found = [f"{share:.1%}" for share in harm(slices, holdouts, harmed)]
        yield f"| {slices}, {harmed} | {', '.join(found[:2])} | {', '.join(found[2:]) if harmed else ''} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--holdouts", type=int, default=2000, help="how many are drawn from each population")
    holdouts = parser.parse_args().holdouts
    started = time.monotonic()
    for line in (*harm_table(holdouts), "", *table(holdouts)):
        print(line, flush=True)
    print(f"\n{holdouts:,} holdouts from each population, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
