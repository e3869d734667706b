"""Served values beside those of the data, against plain loops; the tail of a binomial variable, against SciPy."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from scipy import stats

from benison.config.limits import Limits
from benison.core.verdicts import Verdict
from benison.measures.surprise import binomial_tail, reach_of_share
from benison.monitoring.joined import Differing, Joined
from benison.monitoring.judge import concluded
from benison.monitoring.row_skew import asked_of, differing

LIMITS = Limits(0.01, 0.1)


def compared(served: list[Any], data: pa.Array, tolerance: float = 1e-6) -> Differing:
    ids = pa.array([f"r{number}" for number in range(len(served))])
    return differing("age", pa.array(served), data, ids, tolerance)


def test_numbers_differ_beyond_the_tolerance_and_where_one_side_has_none() -> None:
    served = [1.0, 2.0, None, None, 5.0, 1e9, float("nan"), math.inf, 0.0]
    data = pa.array([1.0, 2.1, None, 4.0, None, 1e9 + 1, 3.0, math.inf, 0.0])
    assert compared(served, data) == Differing("age", 4, 2, 1, ("r1", "r3", "r4", "r6"))


def test_what_was_sent_as_text_is_the_number_that_it_spells() -> None:
    assert compared(["1", "2.5", "many", "true"], pa.array([1, 2, 3, 1])) == Differing("age", 2, 1, 0, ("r1", "r2"))


def test_texts_are_compared_as_texts() -> None:
    assert compared(["at", "de", None, "7"], pa.array(["at", "ch", None, "7"])).rows == 1
    assert compared([7.0, 8.5], pa.array(["7", "8.5"])).rows == 0, "a number is its shortest spelling"
    assert compared(["true", "false"], pa.array([True, True])).rows == 1


def test_a_few_examples_are_ids() -> None:
    assert compared([1.0] * 50, pa.array([2.0] * 50)).examples == ("r0", "r1", "r2", "r3", "r4")


@pytest.mark.parametrize(("hits", "rows", "share"), [(3, 100, 0.01), (12, 500, 0.01), (1, 20, 0.01), (900, 1000, 0.5)])
def test_the_tail_of_a_binomial_variable_is_scipys(hits: int, rows: int, share: float) -> None:
    assert binomial_tail(hits, rows, share) == pytest.approx(stats.binom.sf(hits - 1, rows, share), rel=1e-9)
    assert binomial_tail(100_000, 100_000, 0.5) == 0.0


def test_the_reach_is_the_first_share_that_is_rare_enough() -> None:
    found = round(reach_of_share(1000, 0.01, 1e-4, binomial_tail) * 1000)
    assert binomial_tail(found, 1000, 0.01) <= 1e-4 < binomial_tail(found - 1, 1000, 0.01)


@pytest.mark.parametrize(
    ("differ", "rows", "verdict", "severe", "missing"),
    [
        (0, 1000, Verdict.PASS, False, ""),
        (40, 1000, Verdict.FAIL, False, ""),
        (400, 1000, Verdict.FAIL, True, ""),
        (14, 1000, Verdict.INCONCLUSIVE, False, "used to differ by as much"),
        (5, 99, Verdict.INCONCLUSIVE, False, "100 rows with the same id, got 99"),
    ],
)
def test_a_column_fails_beyond_the_limit_and_chance(
    differ: int, rows: int, verdict: Verdict, severe: bool, missing: str
) -> None:
    joined = Joined(0, 1440, rows, rows, (Differing("age", differ, 0, 0),))
    (found,) = concluded(asked_of(joined, LIMITS, 100), 1 / 720)
    assert (found.verdict, found.severe) == (verdict, severe)
    assert missing in found.missing
