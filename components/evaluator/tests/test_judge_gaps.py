import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from benison.components.evaluator.compare import Measured, Metric
from benison.components.evaluator.decide import Baselines
from benison.components.evaluator.gaps import Comparison, Farthest, Gap
from benison.components.evaluator.judge import judge
from benison.components.evaluator.judge_gaps import check_across
from benison.config import FairnessCheck, Gate
from benison.core.errors import ConfigError
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.eval_config import Slicing
from benison.measures.intervals import UNKNOWN, Interval
from benison.metrics.bound import Estimate

PASS, FAIL, OPEN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
CHAMPION = Baselines(("champion",))
RECALL = Comparison(("recall",), ("sex",))


def line(name: str = "recall", across: tuple[str, ...] = ("sex",), **asked: object) -> FairnessCheck:
    nothing = FairnessCheck(name, ("recall",), across, Tier.HARD, math.inf, -math.inf, math.nan, ("champion",))
    return replace(nothing, **asked)  # type: ignore[arg-type]


def estimate(value: float, lower: float, upper: float) -> Estimate:
    return Estimate(value, Interval(lower, upper))


def group(name: str, recall: float) -> Measured:
    found = Metric({"challenger": estimate(recall, recall - 0.1, recall + 0.1)}, {}, "Wilson", "")
    return Measured((("sex", name),), f"sex={name}", 500, 100, {"recall": found})


def gap(
    difference: Estimate | None = None,
    ratio: Estimate | None = None,
    gain: Estimate | None = None,
    groups: Sequence[Measured] = (group("Male", 0.8), group("Female", 0.7)),
    left_out: Mapping[str, str] | None = None,
    unknown: Mapping[str, str] | None = None,
) -> Gap:
    def farthest(found: Estimate | None) -> dict[str, Farthest]:
        return {"challenger": Farthest(found, "recall", "sex=Male", "sex=Female")} if found else {}

    gains = {"champion": gain} if gain else {}
    return Gap(RECALL, tuple(groups), left_out or {}, unknown or {}, farthest(difference), farthest(ratio), gains)


def asked(of: Gap, one: FairnessCheck, baselines: Baselines = CHAMPION, unsound: str = "") -> Check:
    judgement = judge(Gate(0.95, 200, 20, (), (one,)), [], baselines, unsound, gaps=[of])
    [found] = judgement.checks
    return found


@pytest.mark.parametrize(
    ("lower", "value", "upper", "verdict"),
    [
        (0.00, 0.03, 0.10, PASS),
        (0.00, 0.03, 0.11, OPEN),
        (0.09, 0.15, 0.21, OPEN),
        (0.11, 0.15, 0.21, FAIL),
    ],
)
def test_the_upper_bound_of_a_gap_decides(lower: float, value: float, upper: float, verdict: Verdict) -> None:
    check = asked(gap(estimate(value, lower, upper)), line(at_most=0.1))
    assert (check.name, check.subject, check.verdict) == ("recall_gap", "across sex", verdict)


@pytest.mark.parametrize(
    ("lower", "value", "upper", "verdict"),
    [(0.80, 0.9, 1.0, PASS), (0.79, 0.9, 1.0, OPEN), (0.5, 0.6, 0.79, FAIL), (0.5, 0.6, 0.81, OPEN)],
)
def test_the_lower_bound_of_a_ratio_decides(lower: float, value: float, upper: float, verdict: Verdict) -> None:
    check = asked(gap(ratio=estimate(value, lower, upper)), line("equal_opportunity", at_least=0.8))
    assert (check.name, check.verdict, check.allowed) == ("equal_opportunity_ratio", verdict, ">= 0.8000")


@pytest.mark.parametrize(
    ("lower", "value", "upper", "verdict"),
    [(-0.02, 0.0, 0.02, PASS), (-0.021, 0.0, 0.02, OPEN), (-0.09, -0.05, -0.021, FAIL)],
)
def test_the_gap_may_grow_by_the_tolerance(lower: float, value: float, upper: float, verdict: Verdict) -> None:
    check = asked(gap(gain=estimate(value, lower, upper), difference=estimate(0.1, 0, 0.2)), line(tolerance=0.02))
    assert (check.name, check.verdict) == ("recall_gap_gain_over_champion", verdict)
    assert check.allowed == ">= -0.0200"


def test_the_reason_names_the_groups_and_how_many_rows_would_decide() -> None:
    left_out = {"sex=Other": "33 rows where the policy wants 200"}
    check = asked(gap(estimate(0.05, 0.0, 0.15), left_out=left_out), line(at_most=0.1))
    assert check.reason == (
        "recall_gap 0.0500 [0.0000, 0.1500] may or may not be <= 0.1000: about 4,000 rows would decide where there are "
        "1,000; farthest apart in recall are sex=Male 0.8000 and sex=Female 0.7000; "
        "not compared: sex=Other, 33 rows where the policy wants 200"
    )
    assert check.numbers["rows"] == 1000
    assert check.numbers["rows_needed"] == pytest.approx(4000)


def test_fewer_than_two_groups_are_nothing_to_compare() -> None:
    left_out = {"sex=Female": "33 rows where the policy wants 200"}
    check = asked(gap(groups=[group("Male", 0.8)], left_out=left_out), line(at_most=0.1))
    assert (check.verdict, check.reason) == (
        OPEN,
        "recall_gap is not judged on across sex: fewer than two groups are large enough: sex=Female, 33 rows where the "
        "policy wants 200",
    )
    assert asked(gap(groups=[]), line(at_most=0.1)).reason.endswith("fewer than two groups are large enough")


def test_a_large_group_without_an_interval_forbids_an_answer() -> None:
    unknown = {"sex=Other": "12 rows answered positive where an interval needs 20"}
    check = asked(gap(estimate(0.0, 0.0, 0.01), unknown=unknown), line(at_most=0.1))
    assert check.verdict is OPEN
    assert check.reason.endswith("sex=Other, 12 rows answered positive where an interval needs 20")


def test_undefined_is_open_and_says_why() -> None:
    found = gap(ratio=Estimate(math.nan, UNKNOWN, "it is 0 in every group"))
    assert asked(found, line(at_least=0.8)).reason.startswith(
        "recall_ratio undefined [no interval]: it is 0 in every group"
    )


def test_nothing_is_judged_by_predictions_that_are_unsound() -> None:
    check = asked(gap(estimate(0.0, 0.0, 0.01)), line(at_most=0.1), unsound="3 NaN")
    assert (check.verdict, check.reason) == (OPEN, "recall_gap is not judged on across sex: 3 NaN")


def test_without_a_champion_its_gap_is_no_question() -> None:
    lines = (line(at_most=0.1, tolerance=0.02),)
    judgement = judge(Gate(0.95, 1, 1, (), lines), [], Baselines(), gaps=[gap(estimate(0.0, 0.0, 0.01))])
    assert [check.name for check in judgement.checks] == ["recall_gap"]
    assert combine(judgement.checks) is PASS
    [without] = judgement.not_applicable
    assert (without.name, without.subject, without.reason) == (
        "recall_gap_gain_over_champion",
        "across sex",
        "no champion yet",
    )


def test_a_column_that_nothing_is_sliced_by_is_named() -> None:
    slicings = (Slicing(), Slicing(("sex",)), Slicing(("race",), (("sex", "Female"),)), Slicing(("race", "city")))
    check_across(line(across=("city", "race")), slicings, 0, "gate.yaml")
    said = "gate.yaml (gate.fairness.2.across): expected columns that the evaluation config slices by, got 'sexx'"
    with pytest.raises(ConfigError, match=re.escape(said) + r"\n\nhint: is sex meant for it\?"):
        check_across(line(across=("sexx",)), slicings, 2, "gate.yaml")
    with pytest.raises(ConfigError, match=r"got 'race'\n\nhint: .*feature_keys \['race'\]"):
        check_across(line(across=("race",)), slicings[:3], 0, "gate.yaml")
