import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benison.components.evaluator.compare import Measured, Metric
from benison.components.evaluator.decide import Baselines
from benison.components.evaluator.judge import Judgement, broken, check_predictions, judge
from benison.config import Gate, GateCheck
from benison.core.errors import ConfigError
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.measures.intervals import UNKNOWN, Interval
from benison.metrics.bound import Estimate

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
BOTH = Baselines(("champion", "reference"))
NONE = Baselines()


def line(metric: str = "auc", **asked: object) -> GateCheck:
    nothing = GateCheck(metric, ("overall",), Tier.HARD, -math.inf, math.inf, math.nan, ("champion", "reference"))
    return replace(nothing, **asked)  # type: ignore[arg-type]


def gate(*lines: GateCheck, min_rows: int = 200, min_positives: int = 20) -> Gate:
    return Gate(0.95, min_rows, min_positives, lines)


def estimate(value: float, lower: float, upper: float) -> Estimate:
    return Estimate(value, Interval(lower, upper))


GOOD = estimate(0.9, 0.88, 0.92)


def slice_of(
    name: str = "overall",
    *,
    value: Estimate = GOOD,
    gains: Mapping[str, Estimate] | None = None,
    rows: int = 1000,
    positives: int = 300,
    metric: str = "auc",
) -> Measured:
    models = {"challenger": value, "champion": estimate(0.5, 0.4, 0.6)}
    found = Metric(models, gains or {}, "DeLong", "")
    keys = tuple(tuple(part.split("=")) for part in name.split(", ")) if name != "overall" else ()
    return Measured(keys, name, rows, positives, {metric: found})  # type: ignore[arg-type]


def one(judgement: Judgement) -> Check:
    assert len(judgement.checks) == 1
    return judgement.checks[0]


@pytest.mark.parametrize(
    ("lower", "value", "upper", "limits", "verdict"),
    [
        # at_least 0.8: the lower bound passes, the upper one fails, between them nothing is decided.
        (0.81, 0.85, 0.89, {"at_least": 0.8}, PASS),
        (0.80, 0.85, 0.89, {"at_least": 0.8}, PASS),
        (0.79, 0.85, 0.89, {"at_least": 0.8}, OPEN),
        (0.70, 0.75, 0.80, {"at_least": 0.8}, OPEN),
        (0.70, 0.75, 0.79, {"at_least": 0.8}, FAIL),
        # at_most 0.2, mirrored.
        (0.11, 0.15, 0.19, {"at_most": 0.2}, PASS),
        (0.11, 0.15, 0.20, {"at_most": 0.2}, PASS),
        (0.11, 0.15, 0.21, {"at_most": 0.2}, OPEN),
        (0.20, 0.25, 0.30, {"at_most": 0.2}, OPEN),
        (0.21, 0.25, 0.30, {"at_most": 0.2}, FAIL),
        # Both: one that fails outranks one that is open, and that one outranks one that passes.
        (0.85, 1.00, 1.20, {"at_least": 0.8, "at_most": 1.25}, PASS),
        (0.75, 1.00, 1.20, {"at_least": 0.8, "at_most": 1.25}, OPEN),
        (0.85, 1.00, 1.30, {"at_least": 0.8, "at_most": 1.25}, OPEN),
        (0.60, 0.70, 0.79, {"at_least": 0.8, "at_most": 1.25}, FAIL),
        (1.26, 1.40, 1.50, {"at_least": 0.8, "at_most": 1.25}, FAIL),
    ],
)
def test_the_bound_decides_on_a_value(
    lower: float, value: float, upper: float, limits: dict[str, Any], verdict: Verdict
) -> None:
    found = slice_of(value=estimate(value, lower, upper))
    assert one(judge(gate(line(**limits)), [found], NONE)).verdict is verdict


@pytest.mark.parametrize(
    ("lower", "value", "upper", "verdict"),
    [
        (-0.0050, 0.0011, 0.0072, PASS),
        (0.0010, 0.0100, 0.0200, PASS),
        (-0.0051, 0.0011, 0.0072, OPEN),
        (-0.0200, -0.0100, -0.0050, OPEN),
        (-0.0200, -0.0100, -0.0051, FAIL),
    ],
)
def test_the_lower_bound_of_the_gain_decides_on_non_inferiority(
    lower: float, value: float, upper: float, verdict: Verdict
) -> None:
    gains = {"champion": estimate(value, lower, upper)}
    check = one(judge(gate(line(tolerance=0.005)), [slice_of(gains=gains)], Baselines(("champion",), same=True)))
    assert (check.name, check.subject, check.verdict) == ("auc_gain_over_champion", "overall", verdict)


@pytest.mark.parametrize(
    ("gain", "reason"),
    [
        (estimate(0.0011, -0.0031, 0.0052), "auc_gain over champion +0.0011 [-0.0031, +0.0052] >= -0.0050"),
        (
            estimate(-0.02, -0.03, -0.01),
            "auc_gain over champion -0.0200 [-0.0300, -0.0100] is not >= -0.0050: all of the interval misses it",
        ),
        (
            # The bound is 2 tolerances away where one is allowed, so 4 times the rows.
            estimate(0.0, -0.01, 0.01),
            "auc_gain over champion +0.0000 [-0.0100, +0.0100] may or may not be >= -0.0050: "
            "about 4,000 rows would decide where there are 1,000",
        ),
        (
            estimate(-0.0075, -0.0125, -0.0025),
            "auc_gain over champion -0.0075 [-0.0125, -0.0025] may or may not be >= -0.0050: "
            "about 4,000 rows would decide where there are 1,000",
        ),
        (
            estimate(-0.005, -0.0125, 0.0025),
            "auc_gain over champion -0.0050 [-0.0125, +0.0025] may or may not be >= -0.0050: "
            "the estimate lies on the limit, and more rows than these 1,000 would hardly decide",
        ),
        (
            Estimate(0.02, UNKNOWN, "12 positives where an interval needs 20"),
            "auc_gain over champion +0.0200 [no interval]: 12 positives where an interval needs 20",
        ),
        (
            Estimate(math.nan, UNKNOWN, "0 positives where an interval needs 20"),
            "auc_gain over champion undefined [no interval]: 0 positives where an interval needs 20",
        ),
        (estimate(0.0, 0.0, 0.0), "auc_gain over champion +0.0000 >= -0.0050"),
    ],
)
def test_the_reason_puts_observed_and_allowed_side_by_side(gain: Estimate, reason: str) -> None:
    check = one(
        judge(gate(line(tolerance=0.005)), [slice_of(gains={"champion": gain})], Baselines(("champion",), same=True))
    )
    assert check.reason == reason
    assert check.allowed == ">= -0.0050"
    assert (check.verdict is PASS) == (">=" in reason and "not" not in reason and "no interval" not in reason)


def test_figures_have_as_many_digits_as_their_limit_needs() -> None:
    gains = {"champion": estimate(-0.00021, -0.00042, 0.00001)}
    check = one(judge(gate(line(tolerance=0.0005)), [slice_of(gains=gains)], Baselines(("champion",), same=True)))
    assert check.reason == "auc_gain over champion -0.00021 [-0.00042, +0.00001] >= -0.00050"


def test_large_counts_are_written_as_counts() -> None:
    found = slice_of(value=estimate(6012, 6012, 6012), metric="example_count")
    check = one(judge(gate(line("example_count", at_least=5000)), [found], NONE))
    assert (check.verdict, check.reason) == (PASS, "example_count 6,012 >= 5,000")


def test_rows_needed_are_those_at_which_the_bound_would_reach_the_limit() -> None:
    gains = {"champion": estimate(0.002, -0.012, 0.016)}
    check = one(judge(gate(line(tolerance=0.005)), [slice_of(gains=gains)], Baselines(("champion",), same=True)))
    needed = check.numbers["rows_needed"]
    assert needed == pytest.approx(4000)
    assert 0.002 - 0.014 * math.sqrt(1000 / needed) == pytest.approx(-0.005)


def test_a_line_may_ask_of_value_and_of_both_baselines_at_once() -> None:
    gains = {"champion": estimate(0.0, -0.001, 0.001), "reference": estimate(-0.1, -0.11, -0.09)}
    judgement = judge(gate(line(at_least=0.8, tolerance=0.01)), [slice_of(gains=gains)], BOTH)
    assert [(check.name, check.verdict) for check in judgement.checks] == [
        ("auc", PASS),
        ("auc_gain_over_champion", PASS),
        ("auc_gain_over_reference", FAIL),
    ]
    assert combine(judgement.checks) is FAIL


def test_a_reference_that_is_the_champion_is_asked_about_once() -> None:
    gains = {"champion": estimate(0.0, -0.001, 0.001), "reference": estimate(0.0, -0.001, 0.001)}
    same = Baselines(("champion", "reference"), same=True)
    assert one(judge(gate(line(tolerance=0.01)), [slice_of(gains=gains)], same)).name == "auc_gain_over_champion"
    alone = gate(line(tolerance=0.01, no_worse_than=("reference",)))
    assert one(judge(alone, [slice_of(gains=gains)], same)).name == "auc_gain_over_reference"


def test_before_there_is_a_champion_absolute_checks_decide_and_the_others_are_listed() -> None:
    judgement = judge(gate(line(at_least=0.8), line(tolerance=0.01, slices=("all",))), [slice_of()], NONE)
    assert (one(judgement).name, one(judgement).verdict) == ("auc", PASS)
    assert [(one.name, one.subject, one.reason) for one in judgement.not_applicable] == [
        ("auc_gain_over_champion", "all", "no champion yet"),
        ("auc_gain_over_reference", "all", "no reference yet"),
    ]


@pytest.mark.parametrize("tier", [Tier.HARD, Tier.SOFT])
def test_a_policy_of_which_no_hard_line_applies_proves_nothing(tier: Tier) -> None:
    lines = [line(tolerance=0.01)] + [line(at_least=0.1, tier=tier)] * (tier is Tier.SOFT)
    judgement = judge(gate(*lines), [slice_of()], NONE)
    assert judgement.checks[-1].name == "policy"
    assert "before there is a champion" in judgement.checks[-1].reason
    assert combine(judgement.checks) is OPEN


ALL = ("all",)
LARGE, SMALL = slice_of("sex=Male"), slice_of("sex=Female", rows=33, positives=30)


@pytest.mark.parametrize(
    ("names", "slices", "expected"),
    [
        (ALL, [slice_of(), LARGE, SMALL], [("overall", PASS), ("sex=Male", PASS)]),
        (ALL, [SMALL], [("all", OPEN)]),
        (("all", "sex=Female"), [slice_of(), SMALL], [("overall", PASS), ("sex=Female", OPEN)]),
        (("sex=Female",), [LARGE, SMALL], [("sex=Female", OPEN)]),
        (("sex=Female", "sex=Male"), [LARGE, SMALL], [("sex=Male", PASS), ("sex=Female", OPEN)]),
    ],
)
def test_small_slices_are_left_out_unless_they_are_named_or_none_is_left(
    names: tuple[str, ...], slices: Sequence[Measured], expected: list[tuple[str, Verdict]]
) -> None:
    judgement = judge(gate(line(at_least=0.8, slices=names)), slices, NONE)
    assert [(check.subject, check.verdict) for check in judgement.checks] == expected
    if SMALL in slices:
        assert "33 rows where the policy wants 200" in judgement.why_not["sex=Female"]


@pytest.mark.parametrize(
    ("rows", "positives", "why"),
    [
        (199, 100, "199 rows where the policy wants 200"),
        (200, 19, "19 positives where the policy wants 20"),
        (200, 181, "19 negatives where the policy wants 20"),
        (30, 5, "30 rows where the policy wants 200, 5 positives where the policy wants 20"),
        (200, 1, "1 positive where the policy wants 20"),
        (200, 20, None),
    ],
)
def test_rows_and_both_classes_count(rows: int, positives: int, why: str | None) -> None:
    judgement = judge(gate(line(at_least=0.1)), [slice_of(rows=rows, positives=positives)], NONE)
    assert judgement.why_not.get("overall") == why
    assert one(judgement).verdict is (PASS if why is None else OPEN)
    assert why is None or one(judgement).reason == f"auc is not judged on overall: {why}"


def test_crossed_slices_may_be_written_in_any_order() -> None:
    found = slice_of("race=Other, sex=Female")
    judgement = judge(gate(line(at_least=0.8, slices=("sex=Female, race=Other",))), [found], NONE)
    assert one(judgement).subject == "race=Other, sex=Female"


def test_a_slice_that_there_is_not_is_an_error_that_names_the_nearest() -> None:
    said = (
        "benison.yaml (gate.checks.1.slices): expected a slice of the evaluation, got 'sex=Femal'\n\n"
        "hint: did you mean sex=Female?"
    )
    for names in (("sex=Femal",), ("all", "sex=Femal")):
        with pytest.raises(ConfigError, match=re.escape(said)):
            judge(gate(line(at_least=0.8), line(at_least=0.8, slices=names)), [slice_of(), SMALL], NONE)


@pytest.mark.parametrize(
    ("predictions", "verdict", "reason"),
    [
        ([0.0, 0.5, 1.0], PASS, "all 3 predictions of the challenger lie from 0 to 1"),
        (
            [math.nan, 1.5, -0.1, 0.5],
            FAIL,
            "among 4 predictions of the challenger are 1 NaN and 2 outside of 0 to 1",
        ),
        ([math.inf], FAIL, "among 1 predictions of the challenger are 0 NaN and 1 outside of 0 to 1"),
    ],
)
def test_predictions_have_to_be_probabilities(predictions: list[float], verdict: Verdict, reason: str) -> None:
    check = check_predictions("challenger", np.array(predictions))
    assert (check.verdict, check.tier, check.reason) == (verdict, Tier.HARD, reason)


def test_with_predictions_that_are_none_nothing_is_judged() -> None:
    sound = [check_predictions("challenger", np.array([0.2])), check_predictions("champion", np.array([math.nan]))]
    judgement = judge(gate(line(at_least=0.1, slices=ALL)), [slice_of(), LARGE], NONE, broken(sound))
    assert set(judgement.why_not) == {"overall", "sex=Male"}
    assert combine([*sound, *judgement.checks]) is FAIL
    assert one(judgement).verdict is OPEN


@pytest.mark.parametrize(
    ("lower", "value", "upper", "verdict"),
    [(0.0051, 0.01, 0.02, PASS), (0.005, 0.01, 0.02, OPEN), (-0.01, 0.0, 0.005, FAIL), (-0.02, -0.01, -0.001, FAIL)],
)
def test_superiority_wants_the_lower_bound_of_the_gain_above_the_margin(
    lower: float, value: float, upper: float, verdict: Verdict
) -> None:
    gains = {"champion": estimate(value, lower, upper)}
    check = one(judge(gate(line(better_by=0.005)), [slice_of(gains=gains)], Baselines(("champion",))))
    assert (check.name, check.allowed, check.verdict) == ("auc_gain_over_champion", "> +0.0050", verdict)


def test_a_model_is_not_better_than_itself() -> None:
    same = slice_of(gains={"champion": estimate(0.0, 0.0, 0.0)})
    check = one(judge(gate(line(better_by=0.0)), [same], Baselines(("champion",))))
    assert check.verdict is FAIL
    assert check.reason == "auc_gain over champion +0.0000 is not > +0.0000: all of the interval misses it"


def test_superiority_is_over_the_champion_unless_the_policy_says_otherwise() -> None:
    gains = {"champion": GOOD, "reference": GOOD}
    names = [check.name for check in judge(gate(line(better_by=0.0)), [slice_of(gains=gains)], BOTH).checks]
    assert names == ["auc_gain_over_champion"]
    both = line(better_by=0.0, better_than=("reference", "champion"))
    names = [check.name for check in judge(gate(both), [slice_of(gains=gains)], BOTH).checks]
    assert names == ["auc_gain_over_reference", "auc_gain_over_champion"]
    first = judge(gate(line(better_by=0.0), line(at_least=0.1)), [slice_of()], NONE)
    assert [(one.name, one.reason) for one in first.not_applicable] == [("auc_gain_over_champion", "no champion yet")]


@pytest.mark.parametrize(
    ("value", "verdict", "reason"),
    [
        (estimate(0.81, 0.7, 0.9), PASS, "auc 0.8100 [0.7000, 0.9000] >= 0.8000, judged on the point"),
        (estimate(0.79, 0.7, 0.9), FAIL, "auc 0.7900 [0.7000, 0.9000] is not >= 0.8000, judged on the point"),
        (Estimate(0.81, UNKNOWN, "too few"), PASS, "auc 0.8100 [no interval] >= 0.8000, judged on the point"),
        (Estimate(math.nan, UNKNOWN, "too few"), OPEN, "auc undefined [no interval]: too few"),
    ],
)
def test_the_point_decides_only_where_the_policy_says_so(value: Estimate, verdict: Verdict, reason: str) -> None:
    check = one(judge(gate(line(at_least=0.8, judge="point")), [slice_of(value=value)], NONE))
    assert (check.verdict, check.reason) == (verdict, reason)
