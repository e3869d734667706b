from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benison.components.evaluator.keep import kept, shared
from benison.core.verdicts import Check, Verdict

NUMERIC = {"log": False, "clip": [None, None], "normalise": "standard"}
VOCABULARY = {"min_count": 1, "max_size": 0, "hash": 0}


def feature(kind: str, declared: dict[str, Any], version: int = 1, **fitted: Any) -> dict[str, Any]:
    return {"name": "x", "input": "x", "kind": kind, "version": version, "declared": declared, "fitted": fitted}


def number(**declared: Any) -> dict[str, Any]:
    return feature("numeric", {**NUMERIC, **declared}, offset=0.0, scale=1.0, fill=0.0)


def word(*vocabulary: str) -> dict[str, Any]:
    return feature("categorical", VOCABULARY, vocabulary=list(vocabulary))


def check(old: dict[str, Any], new: dict[str, Any], before: Any, now: Any) -> Check:
    arrays = [values.reshape(-1, 1) if values.ndim == 1 else values for values in (np.array(before), np.array(now))]
    (found,) = kept(shared([old], [new]), {"x": arrays[0]}, {"x": arrays[1]})
    return found


AGES = np.random.default_rng(1).uniform(18, 58, 1000)
SCALED = (AGES - 38) / 11.5


def test_a_column_that_is_normalised_where_it_was_not_is_caught() -> None:
    found = check(number(normalise="none"), number(), AGES, SCALED)
    assert found.verdict is Verdict.FAIL
    assert found.reason == (
        "feature x version 1: 0.0% of 1,000 rows where at least 99% of rows as the champion has them were allowed; "
        "normalise was none and is standard; a wanted change raises its version"
    )
    assert found.numbers == {"share": 0.0, "rows": 1000.0}


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ((AGES - 39) / 11, Verdict.PASS),  # fitted to another week
        ((AGES - 45) / 11.5, Verdict.FAIL),  # another population: more than half a deviation
        (np.log1p(np.abs(AGES)), Verdict.FAIL),
        (np.where(np.arange(1000) < 10, 9.0, SCALED), Verdict.PASS),  # 1% of the rows
        (np.where(np.arange(1000) < 11, 9.0, SCALED), Verdict.FAIL),
        (np.full(1000, np.nan), Verdict.FAIL),
    ],
)
def test_a_number_may_move_by_fitting_and_no_further(now: Any, verdict: Verdict) -> None:
    assert check(number(), number(), SCALED, now).verdict is verdict


def test_a_change_that_no_declaration_explains_is_named_as_such() -> None:
    said = check(number(), number(), SCALED, SCALED + 1).reason
    assert "it is declared as it was, and was fitted to other data" in said


def test_without_normalisation_only_what_stands_for_missing_values_may_move() -> None:
    plain, gone = number(normalise="none"), np.arange(1000) % 4 == 0
    found = check(plain, plain, np.where(gone, 38.0, AGES), np.where(gone, 39.0, AGES))
    assert found.verdict is Verdict.PASS
    assert check(plain, plain, AGES, 2 * AGES).verdict is Verdict.FAIL
    assert check(plain, plain, np.full(1000, 3.0), np.full(1000, 3.0)).verdict is Verdict.PASS


def test_places_that_are_dealt_anew_mean_the_same_words() -> None:
    assert check(word("Ulm", "Bonn"), word("Bonn", "Ulm", "Köln"), [2, 3, 1, 0], [3, 2, 4, 0]).verdict is Verdict.PASS
    assert check(word("Ulm", "Bonn"), word("Bonn", "Ulm"), [2, 3, 0, 2], [2, 3, 0, 2]).verdict is Verdict.FAIL
    assert check(word("Ulm"), word("Ulm"), [2, 0], [2, 2]).verdict is Verdict.FAIL


def test_a_hash_is_kept_exactly() -> None:
    few, many = ({**VOCABULARY, "hash": buckets} for buckets in (9, 10))
    assert check(feature("categorical", few), feature("categorical", few), [3, 4], [3, 4]).verdict is Verdict.PASS
    found = check(feature("categorical", few), feature("categorical", many), [3, 4], [3, 5])
    assert (found.verdict, "hash was 9 and is 10" in found.reason) == (Verdict.FAIL, True)


def test_a_bucket_may_move_by_one_where_boundaries_are_fitted() -> None:
    cut = feature("buckets", {"buckets": 4}, boundaries=[1.0, 2.0, 3.0])
    assert check(cut, cut, [1, 2, 3, 4], [2, 2, 4, 3]).verdict is Verdict.PASS
    assert check(cut, cut, [1, 2, 3, 4], [3, 2, 3, 4]).verdict is Verdict.FAIL


def test_a_cross_of_fitted_buckets_may_move_in_one_row_of_five() -> None:
    cross = feature("cross", {"of": ["a", "b"], "hash": 50}, boundaries={"a": [1.0]})
    before = np.arange(100) % 50 + 1
    assert check(cross, cross, before, np.where(np.arange(100) < 20, 1 + before, before)).verdict is Verdict.PASS
    assert check(cross, cross, before, np.where(np.arange(100) < 21, 1 + before, before)).verdict is Verdict.FAIL
    fixed = feature("cross", {"of": ["a", "b"], "hash": 50}, boundaries={})
    assert check(fixed, fixed, before, np.where(np.arange(100) < 2, 1 + before, before)).verdict is Verdict.FAIL


def test_the_parts_of_a_date_are_kept_exactly_and_the_day_as_it_is_fitted() -> None:
    date = feature("date", {"parts": ["days", "hour"]}, mean=0.0, std=1.0)
    before = np.random.default_rng(2).normal(size=(100, 3))
    assert check(date, date, before, before + np.array([0.4, 0, 0])).verdict is Verdict.PASS
    assert check(date, date, before, before + np.array([0.6, 0, 0])).verdict is Verdict.FAIL
    assert check(date, date, before, before + np.array([0, 1e-3, 0])).verdict is Verdict.FAIL
    fewer = feature("date", {"parts": ["hour"]}, mean=0.0, std=1.0)
    assert check(date, fewer, before, before[:, 1:]).observed == "2 numbers, not 3"


def test_another_kind_is_another_feature() -> None:
    found = check(number(), word("a"), [1.0, 2.0], [2, 2])
    assert (found.verdict, "kind was numeric and is categorical" in found.reason) == (Verdict.FAIL, True)


def test_a_raised_version_or_another_name_is_not_compared() -> None:
    new = {**number(), "version": 2}
    assert shared([number()], [new]) == []
    assert shared([number()], [{**number(), "name": "y"}]) == []


def test_no_rows_are_no_proof() -> None:
    assert check(number(), number(), np.zeros((0, 1)), np.zeros((0, 1))).verdict is Verdict.FAIL
