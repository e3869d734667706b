import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from benison.components.evaluator.compare import Answers, Measured, at_confidences, compare, parts_of
from benison.components.evaluator.gaps import NOTHING_ANSWERED, Comparison, Gap, comparisons_of, gaps
from benison.config import FairnessCheck, Gate
from benison.core.verdicts import Tier
from benison.eval_config import EvalConfig, Slicing
from benison.measures.intervals import Interval, mover
from benison.measures.proportions import proportion, tango, wilson
from benison.metrics.measure import Rows
from benison.metrics.slice import Slice

CONFIDENCE = 0.95
METRICS = ("recall", "false_positive_rate", "precision", "auc", "mean_prediction")
SEX = ("sex",)


def answers(rows: int = 3000, *, same: bool = False, seed: int = 4) -> tuple[Answers, list[Slice]]:
    """Two models on three groups; the challenger serves the last one worse."""
    random = np.random.default_rng(seed)
    group, labels = random.integers(0, 3, rows), random.random(rows) < 0.4
    noise = random.normal(size=rows)
    models = {
        role: 1 / (1 + np.exp(-(noise + 2.2 * labels - 1 - drop * labels * (group == 2))))
        for role, drop in (("challenger", 0.9), ("champion", 0.3))
    }
    found = Answers(Rows.of(labels), models, {"champion": "challenger"} if same else {})
    return found, [Slice((("sex", name),), np.flatnonzero(group == code)) for code, name in enumerate("abc")]


def with_challenger(of: Answers, predictions: npt.NDArray[np.float64]) -> Answers:
    return Answers(of.rows, {**of.predictions, "challenger": predictions}, {})


def compared(
    of: Answers, slices: Sequence[Slice], *metrics: str, left_out: dict[str, str] | None = None
) -> tuple[Gap, list[Measured]]:
    def again(names: Sequence[str], asked: Sequence[str], levels: Sequence[float]) -> dict[float, list[Measured]]:
        return at_confidences(parts_of(of, slices), names, asked, levels)

    measured = compare(of, slices, [*METRICS, *metrics], CONFIDENCE)
    [found] = gaps([Comparison(metrics, SEX)], measured, left_out or {}, CONFIDENCE, again)
    return found, measured


def counts(of: Answers, rows: npt.NDArray[np.int64], role: str) -> tuple[int, int]:
    """Hits and positives."""
    positive = of.rows.labels[rows] == 1
    return int(np.count_nonzero(positive & (of.predictions[role][rows] > 0.5))), int(np.count_nonzero(positive))


def apart(one: tuple[int, int], two: tuple[int, int], level: float) -> Interval:
    """Newcombe's interval of the difference of two shares."""
    return mover(one[0] / one[1], proportion(*one, level), two[0] / two[1], proportion(*two, level), 0.0)


def paired(of: Answers, rows: npt.NDArray[np.int64], level: float) -> tuple[float, Interval]:
    """Challenger's recall minus champion's, with Tango's interval."""
    positive = of.rows.labels[rows] == 1
    one, two = ((of.predictions[role][rows] > 0.5)[positive] for role in ("challenger", "champion"))
    first, second, pairs = int(np.sum(one & ~two)), int(np.sum(two & ~one)), int(positive.sum())
    return (first - second) / pairs, tango(first, second, pairs, level)


def test_the_gap_of_a_share_is_newcombe_s_over_all_pairs() -> None:
    of, slices = answers()
    found, _ = compared(of, slices, "recall")
    table = [counts(of, one.rows, "challenger") for one in slices]
    pairs = list(itertools.permutations(table, 2))
    gap = found.difference["challenger"]
    assert gap.estimate.value == pytest.approx(max(one[0] / one[1] - two[0] / two[1] for one, two in pairs))
    assert gap.estimate.interval.upper == pytest.approx(max(apart(one, two, 0.95).upper for one, two in pairs))
    strict = 1 - 0.05 / 6
    assert gap.estimate.interval.lower == pytest.approx(max(apart(one, two, strict).lower for one, two in pairs))
    assert (gap.metric, gap.low) == ("recall", "sex=c")
    assert found.difference["champion"].estimate.value < gap.estimate.value


def test_the_ratio_is_that_of_the_smallest_to_the_largest() -> None:
    of, slices = answers()
    ratio = compared(of, slices, "recall")[0].ratio["challenger"]
    shares = {one.name: np.divide(*counts(of, one.rows, "challenger")) for one in slices}
    assert ratio.estimate.value == pytest.approx(min(shares.values()) / max(shares.values()))
    assert shares[ratio.low] == min(shares.values())
    assert shares[ratio.high] == max(shares.values())
    assert 0 < ratio.estimate.interval.lower < ratio.estimate.value < ratio.estimate.interval.upper <= 1


def test_of_two_groups_the_gap_s_gain_is_mover_on_both_paired_gains() -> None:
    of, slices = answers(4000)
    found, _ = compared(of, [slices[0], slices[2]], "recall")
    gain = found.gains["champion"]
    gap = {role: one.estimate.value for role, one in found.difference.items()}
    assert gain.value == pytest.approx(gap["champion"] - gap["challenger"])
    level = 1 - 0.9 * 0.05
    (first, one), (second, two) = (paired(of, slices[place].rows, level) for place in (0, 2))
    wider = first - second  # sex=a is ahead for certain, so its lead grows by just this
    below = math.hypot(first - one.lower, two.upper - second)
    above = math.hypot(one.upper - first, second - two.lower)
    assert (-gain.interval.upper, -gain.interval.lower) == pytest.approx((wider - below, wider + above))


def test_a_gain_of_a_metric_of_which_less_is_better_goes_the_same_way() -> None:
    of, slices = answers()
    found, _ = compared(of, slices, "false_positive_rate")
    gap = {role: one.estimate.value for role, one in found.difference.items()}
    gain = found.gains["champion"]
    assert gain.value == pytest.approx(gap["champion"] - gap["challenger"])
    assert gain.interval.lower <= gain.value <= gain.interval.upper


def test_of_several_metrics_the_worst_counts_and_all_are_corrected_for() -> None:
    of, slices = answers()
    both, _ = compared(of, slices, "recall", "false_positive_rate")
    alone, _ = compared(of, slices, "recall")
    worst, single = both.difference["challenger"], alone.difference["challenger"]
    assert (worst.metric, worst.estimate.value) == ("recall", single.estimate.value)
    assert worst.estimate.interval.upper == single.estimate.interval.upper
    assert worst.estimate.interval.lower < single.estimate.interval.lower
    assert both.against == ()


def test_any_metric_with_an_interval_has_gaps_and_those_without_direction_no_gain() -> None:
    of, slices = answers()
    for metric in METRICS:
        found, _ = compared(of, slices, metric)
        assert found.difference["challenger"].estimate.interval.known
        assert set(found.gains) == (set() if metric == "mean_prediction" else {"champion"})


def test_the_champion_again_has_the_same_gap_for_certain() -> None:
    of, slices = answers(same=True)
    gain = compared(of, slices, "recall")[0].gains["champion"]
    assert (gain.value, gain.interval.lower, gain.interval.upper) == (0.0, 0.0, 0.0)


def test_each_group_is_held_against_the_largest_one() -> None:
    of, slices = answers()
    found, _ = compared(of, slices, "recall")
    largest = max(slices, key=lambda one: len(one.rows))
    assert found.largest == largest.name
    reference = counts(of, largest.rows, "challenger")
    for one in found.against:
        table = counts(of, next(each.rows for each in slices if each.name == one.group), "challenger")
        assert one.difference.value == pytest.approx(table[0] / table[1] - reference[0] / reference[1])
        assert one.difference.interval.lower == pytest.approx(apart(table, reference, 0.95).lower)
        assert one.ratio.value == pytest.approx(table[0] / table[1] / (reference[0] / reference[1]))


def test_groups_that_are_too_small_are_listed_and_not_compared() -> None:
    of, slices = answers()
    found, _ = compared(of, slices, "recall", left_out={"sex=c": "33 rows", "overall": "never a group"})
    assert [one.name for one in found.groups] == ["sex=a", "sex=b"]
    assert found.left_out == {"sex=c": "33 rows"}
    two, _ = compared(of, slices[:2], "recall")
    assert found.difference == two.difference
    alone, _ = compared(of, slices, "recall", left_out={"sex=c": "33 rows", "sex=b": "3 rows"})
    assert ([one.name for one in alone.groups], alone.difference) == (["sex=a"], {})


def test_a_group_where_the_metric_is_undefined_is_no_group_with_0() -> None:
    of, slices = answers()
    nobody = slices[1].rows[~of.rows.labels[slices[1].rows]]
    found, _ = compared(of, [slices[0], Slice(slices[1].keys, nobody), slices[2]], "recall")
    assert found.unknown == {"sex=b": "0 positives where an interval needs 20"}
    assert [one.name for one in found.groups] == ["sex=a", "sex=c"]


def test_a_baseline_without_an_interval_in_some_group_has_a_gap_without_one() -> None:
    of, slices = answers()
    never = of.predictions["champion"].copy()
    never[slices[1].rows] = 0.1
    found, _ = compared(Answers(of.rows, {**of.predictions, "champion": never}, {}), slices, "precision")
    assert found.difference["challenger"].estimate.interval.known
    assert not found.difference["champion"].estimate.interval.known
    assert found.gains["champion"].note == "0 rows answered positive where an interval needs 20"


def test_where_no_group_has_any_there_is_no_ratio() -> None:
    of, slices = answers()
    right = np.where(of.rows.labels, of.predictions["challenger"], 0.1)
    found, _ = compared(Answers(of.rows, {"challenger": right}, {}), slices, "false_positive_rate")
    assert found.ratio["challenger"].estimate.note == "it is 0 in every group"
    gap = found.difference["challenger"].estimate
    negatives = [int(np.count_nonzero(~of.rows.labels[one.rows])) for one in slices]
    assert (gap.value, gap.interval.lower) == (0.0, 0.0)
    assert gap.interval.upper == pytest.approx(wilson(0, min(negatives), 0.95).upper)


def test_every_metric_is_compared_across_every_column_and_what_the_policy_asks_besides() -> None:
    slicings = (Slicing(), Slicing(("sex",)), Slicing(("sex",), (("city", "Bonn"),)), Slicing(("sex", "city")))
    config = EvalConfig("y", slicings, ("auc", "recall", "false_positive_rate", "example_count"))
    single = [Comparison((metric,), SEX) for metric in ("auc", "recall", "false_positive_rate")]
    odds = Comparison(("recall", "false_positive_rate"), SEX)
    assert comparisons_of(config, None) == [*single, odds]
    line = FairnessCheck("recall", ("recall",), ("city", "sex"), Tier.HARD, 0.1, -math.inf, math.nan, ())
    gate = Gate(0.95, 1, 1, (), (line,))
    assert comparisons_of(config, gate) == [*single, odds, Comparison(("recall",), ("city", "sex"))]


def test_groups_in_which_nothing_is_answered_positive_have_no_gap_and_no_ratio() -> None:
    of, slices = answers()
    of = with_challenger(of, of.predictions["challenger"] * 0.4)
    for metrics in (("recall",), ("predicted_positive_rate",), ("recall", "false_positive_rate")):
        found, _ = compared(of, slices, *metrics)
        difference, ratio = found.difference["challenger"].estimate, found.ratio["challenger"].estimate
        assert math.isnan(difference.value) and math.isnan(ratio.value)
        assert difference.note == ratio.note == NOTHING_ANSWERED
        assert (found.difference["champion"].estimate.value > 0, found.against) == (True, ())
        gains = found.gains.values()
        assert all(not one.interval.known and one.note == NOTHING_ANSWERED for one in gains)


def test_a_group_in_which_nothing_is_answered_positive_lies_apart_from_one_in_which_something_is() -> None:
    of, slices = answers()
    factors = np.ones(len(of.rows.labels))
    factors[slices[0].rows] = 0.4
    of = with_challenger(of, of.predictions["challenger"] * factors)
    found, measured = compared(of, slices, "recall")
    highest = max(one.metrics["recall"].models["challenger"].value for one in measured)
    assert found.difference["challenger"].estimate.value == pytest.approx(highest)


def test_what_a_model_says_at_another_threshold_does_not_count() -> None:
    of, slices = answers()
    of = with_challenger(of, of.predictions["challenger"] * 0.4)
    found, _ = compared(of, slices, "recall@0.2")
    assert found.difference["challenger"].estimate.interval.known
