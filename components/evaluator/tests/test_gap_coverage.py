"""Whether the bounds of gaps hold as often as they say, in simulated populations whose truth is known."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from benison.components.evaluator.compare import Answers, Measured, at_confidences, compare, parts_of
from benison.components.evaluator.gaps import Comparison, Gap, gaps
from benison.measures.intervals import Interval
from benison.metrics.measure import Rows
from benison.metrics.slice import Slice

CONFIDENCE = 0.95
HOLDOUTS = 1000
LEAST = 0.93  # 1,000 holdouts leave an error of 0.7% on a coverage of 95%
SIZES = (400, 200, 120)
RECALL = Comparison(("recall",), ("group",))


def draw(
    random: np.random.Generator, champion: Sequence[float], challenger: Sequence[float]
) -> tuple[Answers, list[Slice]]:
    """Positives of several groups; four fifths of the luck is common to both models."""
    group = np.repeat(np.arange(len(champion)), SIZES[: len(champion)])
    common, own = random.random(len(group)), random.random(len(group))
    luck = np.where(random.random(len(group)) < 0.8, common, own)
    right = {"challenger": luck < np.take(challenger, group), "champion": common < np.take(champion, group)}
    answered = {role: np.where(one, 0.9, 0.1) for role, one in right.items()}
    slices = [Slice((("group", str(code)),), np.flatnonzero(group == code)) for code in range(len(champion))]
    return Answers(Rows.of(np.ones(len(group), dtype=np.bool_)), answered, {}), slices


def compared(of: Answers, slices: Sequence[Slice]) -> Gap:
    def again(names: Sequence[str], metrics: Sequence[str], levels: Sequence[float]) -> dict[float, list[Measured]]:
        return at_confidences(parts_of(of, slices), names, metrics, levels)

    [found] = gaps([RECALL], compare(of, slices, RECALL.metrics, CONFIDENCE), {}, CONFIDENCE, again)
    return found


def holds(interval: Interval, true: float) -> dict[str, int]:
    # Truths are exact in decimals, floats are not.
    return {"lower": int(interval.lower <= true + 1e-12), "upper": int(interval.upper >= true - 1e-12)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("champion", "challenger"),
    [
        ((0.8, 0.8), (0.8, 0.8)),
        ((0.8, 0.7), (0.82, 0.68)),
        ((0.85, 0.7), (0.8, 0.75)),
        ((0.8, 0.76), (0.77, 0.79)),
        ((0.9, 0.9, 0.75), (0.9, 0.88, 0.72)),
        ((0.85, 0.85, 0.85), (0.85, 0.85, 0.85)),
    ],
)
def test_each_bound_of_gap_ratio_and_gain_holds(champion: Sequence[float], challenger: Sequence[float]) -> None:
    gap = max(challenger) - min(challenger)
    true = {"gap": gap, "ratio": min(challenger) / max(challenger), "gain": max(champion) - min(champion) - gap}
    random, held = np.random.default_rng(1), {name: Counter[str]() for name in true}
    for _ in range(HOLDOUTS):
        found = compared(*draw(random, champion, challenger))
        held["gap"].update(holds(found.difference["challenger"].estimate.interval, true["gap"]))
        held["ratio"].update(holds(found.ratio["challenger"].estimate.interval, true["ratio"]))
        held["gain"].update(holds(found.gains["champion"].interval, true["gain"]))
    shares = {(name, side): count / HOLDOUTS for name, sides in held.items() for side, count in sides.items()}
    assert len(shares) == 6
    assert {bound: share for bound, share in shares.items() if share < LEAST} == {}
