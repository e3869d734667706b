"""What is asked of a process, against what it did: truth tables."""

import math

import numpy as np
import pytest

from benison.components.infra_validator import judge
from benison.components.infra_validator.judge import Measured
from benison.config import Infra, InfraCheck
from benison.core.verdicts import Tier, Verdict
from benison.measures.service import Figure, contract

ALIVE = Measured({"challenger": {"size_mb": [3.0], "load_seconds": [0.5]}}, {})


def at_most(limit: float, metric: str = "p99_ms") -> InfraCheck:
    return InfraCheck(metric, Tier.HARD, limit, math.nan)


BOTH = ": its bounds lie on both sides; more rounds may decide"
ROUNDS = [48.0, 44.0, 53.0, 47.0, 49.0]


@pytest.mark.parametrize(
    ("limit", "values", "verdict", "reason"),
    [
        (53.0, ROUNDS, "PASS", "p99_ms is 48 [44, 53] where <= 53 is allowed"),
        (52.9, ROUNDS, "INCONCLUSIVE", "p99_ms is 48 [44, 53] where <= 52.9 is allowed" + BOTH),
        (44.0, ROUNDS, "INCONCLUSIVE", "p99_ms is 48 [44, 53] where <= 44 is allowed" + BOTH),
        (43.9, ROUNDS, "FAIL", "p99_ms is 48 [44, 53] where <= 43.9 is allowed"),
        (99.0, ROUNDS[:4], "INCONCLUSIVE", "p99_ms is 47.5, and 4 rounds give it no bounds: raise infra.load.rounds"),
    ],
)  # fmt: skip
def test_a_limit_is_held_against_the_bounds_of_the_rounds(
    limit: float, values: list[float], verdict: str, reason: str
) -> None:
    found = judge.limited(at_most(limit), ALIVE, Figure.of("p99_ms", values, 0.95))
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(("limit", "verdict"), [(44.0, "PASS"), (44.1, "INCONCLUSIVE"), (53.1, "FAIL")])
def test_of_throughput_more_is_better(limit: float, verdict: str) -> None:
    found = judge.limited(at_most(limit, "requests_per_second"), ALIVE, Figure.of("requests_per_second", ROUNDS, 0.95))
    assert (found.verdict, found.allowed[:2]) == (verdict, ">=")


@pytest.mark.parametrize(("limit", "verdict"), [(3.0, "PASS"), (2.9, "FAIL")])
def test_what_is_exact_has_no_margin(limit: float, verdict: str) -> None:
    found = judge.limited(at_most(limit, "size_mb"), ALIVE, Figure.of("size_mb", [3.0], 0.95))
    assert (found.verdict, found.observed) == (verdict, "3")


def test_what_was_not_measured_is_an_error_that_says_why() -> None:
    lost = Measured({"challenger": {}}, {"challenger": "it hung"})
    found = judge.limited(at_most(50), lost, None)
    assert (found.verdict, found.reason) == (Verdict.ERROR, "p99_ms was not measured: it hung")


def test_a_ratio_is_that_of_each_round() -> None:
    ours, theirs = [10.0, 20.0, 30.0, 40.0, 50.0], [10.0, 10.0, 10.0, 10.0, 10.0]
    measured = Measured({"challenger": {"p50_ms": ours}, "champion": {"p50_ms": theirs}}, {})
    found = judge.ratios(measured, 0.95)["p50_ms"]
    assert (found.value, found.interval.lower, found.interval.upper) == (3.0, 1.0, 5.0)
    line = InfraCheck("p50_ms", Tier.SOFT, math.nan, 5.0)
    check = judge.compared(line, measured, found)
    assert (check.name, check.tier, check.verdict) == ("p50_ms_over_champion", "soft", "PASS")


def test_rounds_of_which_one_model_lacks_some_are_not_compared() -> None:
    measured = Measured({"challenger": {"p50_ms": [1.0] * 5}, "champion": {"p50_ms": [1.0] * 4}}, {"champion": "gone"})
    assert judge.ratios(measured, 0.95) == {}
    found = judge.compared(InfraCheck("p50_ms", Tier.HARD, math.nan, 5.0), measured, None)
    assert found.reason == "p50_ms_over_champion was not measured: gone"


@pytest.mark.parametrize(
    ("answers", "verdict", "observed"),
    [
        ([(2, [0.0, 1.0]), (1, [0.5])], "PASS", "3 answers"),
        ([(2, [0.1, 0.2, 0.3]), (1, [0.5])], "FAIL", "0 not finite, 0 outside, 1 requests answered unevenly"),
        ([(2, [0.1, math.nan]), (1, [math.inf])], "FAIL", "2 not finite, 1 outside, 0 requests answered unevenly"),
        ([(2, [-0.1, 1.1]), (1, [0.5])], "FAIL", "0 not finite, 2 outside, 0 requests answered unevenly"),
        ([(2, [0.1, 0.2])], "ERROR", "2 of 3 rows answered"),
        ([], "ERROR", "0 of 3 rows answered"),
    ],
)
def test_the_contract_is_one_probability_a_row(
    answers: list[tuple[int, list[float]]], verdict: str, observed: str
) -> None:
    found = contract([(rows, np.array(values)) for rows, values in answers], 3, "challenger")
    assert (found.verdict, found.observed) == (verdict, observed)


@pytest.mark.parametrize(
    ("served", "evaluated", "verdict"),
    [
        ([0.1, 0.2], [0.1, 0.2 + 9e-7], "PASS"),
        ([0.1, 0.2], [0.1, 0.2 + 2e-6], "FAIL"),
        ([0.1, math.nan], [0.1, 0.2], "FAIL"),
        ([0.1, math.nan], [0.1, math.nan], "PASS"),
        ([0.1], [0.1, 0.2], "ERROR"),
        ([], [], "ERROR"),
    ],
)
def test_what_serves_answers_as_what_was_evaluated(served: list[float], evaluated: list[float], verdict: str) -> None:
    assert judge.same_answers(np.array(served), np.array(evaluated)).verdict == verdict


def test_a_package_larger_than_its_memory_fails_unless_another_limit_is_asked() -> None:
    assert [check.verdict for check in judge.fits(ALIVE, Infra(memory_mb=2))] == ["FAIL"]
    assert [check.verdict for check in judge.fits(ALIVE, Infra(memory_mb=3))] == ["PASS"]
    assert list(judge.fits(ALIVE, Infra(checks=(at_most(1, "size_mb"),)))) == []


def test_a_process_that_was_given_up_says_what_it_died_of() -> None:
    assert judge.lives(ALIVE).reason == "it loads in 0.5 s, and answers"
    found = judge.lives(Measured({"challenger": {}}, {"challenger": "its end by signal 11 (SIGSEGV)"}))
    assert (found.verdict, found.reason) == ("FAIL", "its end by signal 11 (SIGSEGV)")
