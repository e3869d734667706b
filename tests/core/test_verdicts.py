import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.verdicts import Check, Tier, Verdict, combine, within


def check(verdict: Verdict, tier: Tier = Tier.HARD) -> Check:
    return Check("rows", "split train", tier, verdict, "1", ">= 1", "rows 1 is >= 1", {"value": 1.0})


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([], Verdict.INCONCLUSIVE),
        ([Verdict.PASS], Verdict.PASS),
        ([Verdict.PASS, Verdict.INCONCLUSIVE], Verdict.INCONCLUSIVE),
        ([Verdict.INCONCLUSIVE, Verdict.FAIL], Verdict.FAIL),
        ([Verdict.FAIL, Verdict.ERROR, Verdict.PASS], Verdict.ERROR),
    ],
)
def test_error_then_fail_then_inconclusive_outrank_pass(verdicts: list[Verdict], expected: Verdict) -> None:
    assert {combine(map(check, order)) for order in itertools.permutations(verdicts)} == {expected}


@given(st.lists(st.sampled_from(Verdict)), st.lists(st.sampled_from(Verdict)))
def test_soft_checks_never_change_the_verdict(hard: list[Verdict], soft: list[Verdict]) -> None:
    judged = [check(verdict) for verdict in hard]
    assert combine(judged + [check(verdict, Tier.SOFT) for verdict in soft]) is combine(judged)


@given(st.lists(st.sampled_from(Verdict)))
def test_pass_means_that_every_hard_check_passed_and_there_was_one(verdicts: list[Verdict]) -> None:
    expected = bool(verdicts) and all(verdict is Verdict.PASS for verdict in verdicts)
    assert (combine(map(check, verdicts)) is Verdict.PASS) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.9, Verdict.FAIL), (1.0, Verdict.PASS), (2.0, Verdict.PASS), (2.1, Verdict.FAIL), (math.nan, Verdict.ERROR)],
)
def test_bounds_are_allowed_themselves_and_not_a_number_is_an_error(value: float, expected: Verdict) -> None:
    assert within("rows", "overall", value, at_least=1, at_most=2).verdict is expected


def test_the_reason_puts_observed_and_allowed_side_by_side() -> None:
    assert within("rows", "split eval", 0, at_least=1).reason == "rows 0 is not >= 1"


def test_a_check_survives_the_journey_through_json() -> None:
    assert Check.from_json(check(Verdict.FAIL).to_json()) == check(Verdict.FAIL)


def test_figures_that_are_not_finite_stay_out_of_json() -> None:
    made = Check("a", "b", Tier.SOFT, Verdict.ERROR, "x", "y", "z", {"nan": math.nan, "one": 1})
    assert made.to_json()["numbers"] == {"one": 1.0}
