"""Drift of whole tables: seeded simulation says how often it cries wolf, and what it finds."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.example_validator.compare import binned, drift, nothing_to_compare_with
from benison.components.example_validator.profile import categorical, numeric, profile
from benison.core.verdicts import Check, Tier, Verdict

Cats = Callable[[int, int], pa.Table]

KINDS = {"weight": "numeric", "age": "numeric", "breed": "categorical", "adopted": "categorical"}


def drifted(before: pa.Table, after: pa.Table, kinds: dict[str, str] = KINDS) -> dict[str, Check]:
    checks = drift(profile(before, kinds), profile(after, kinds), after, kinds)
    return {check.subject.removeprefix("column "): check for check in checks}


def replaced(table: pa.Table, name: str, column: object) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(column))


def test_the_same_distribution_passes_column_by_column_and_softly(cats: Cats) -> None:
    found = drifted(cats(800, 1), cats(600, 2))
    assert list(found) == list(KINDS)
    assert {(check.tier, check.verdict) for check in found.values()} == {(Tier.SOFT, Verdict.PASS)}


def test_without_drift_at_most_one_span_in_a_hundred_raises_an_alarm() -> None:
    rng = np.random.default_rng(30)
    columns = {f"c{n}": "numeric" for n in range(10)}
    alarms = 0
    for _ in range(150):
        before, after = ({name: rng.normal(size=size) for name in columns} for size in (60, 40))
        found = drifted(pa.table(before), pa.table(after), columns)
        alarms += any(check.verdict is Verdict.FAIL for check in found.values())
    assert alarms <= 5  # binomial(150, 0.01) is above it once in 500 seeds


def test_a_shift_by_one_deviation_in_a_thousand_rows_is_found_beside_an_outlier() -> None:
    rng = np.random.default_rng(31)
    before, after = rng.normal(size=1000), rng.normal(size=1000) + 1
    after[0] = 1e12
    found = drifted(pa.table({"weight": before}), pa.table({"weight": after}), {"weight": "numeric"})["weight"]
    assert found.verdict is Verdict.FAIL and found.numbers["psi"] > 0.5
    assert found.reason.startswith("column weight: PSI 0.8")
    assert found.reason.endswith("<= 0.01 at 1,000 against 1,000 rows")


def test_a_column_that_went_missing_is_drift(cats: Cats) -> None:
    before, after = cats(800, 1), cats(600, 2)
    weights = [None if row % 20 else weight for row, weight in enumerate(after["weight"].to_pylist())]
    found = drifted(before, replaced(after, "weight", weights))
    assert {name for name, check in found.items() if check.verdict is Verdict.FAIL} == {"weight"}


def test_a_column_shifted_by_a_million_is_drift(cats: Cats) -> None:
    before, after = cats(800, 1), cats(600, 2)
    found = drifted(before, replaced(after, "age", [age - 1_000_000 for age in after["age"].to_pylist()]))
    assert {name for name, check in found.items() if check.verdict is Verdict.FAIL} == {"age"}


def test_a_new_category_that_many_rows_have_is_drift(cats: Cats) -> None:
    before, after = cats(800, 1), cats(600, 2)
    breeds = ["Sphynx" if row % 3 == 0 else breed for row, breed in enumerate(after["breed"].to_pylist())]
    found = drifted(before, replaced(after, "breed", breeds))
    assert {name for name, check in found.items() if check.verdict is Verdict.FAIL} == {"breed"}


def test_a_large_index_of_few_rows_is_no_more_than_chance() -> None:
    rng = np.random.default_rng(33)
    before, after = (pa.table({"age": rng.normal(size=size)}) for size in (60, 40))
    found = drifted(before, after, {"age": "numeric"})["age"]
    assert found.verdict is Verdict.PASS and found.numbers["psi"] > 0.1
    assert "> 0.1 and p " in found.reason and "> 0.01 at 60 against 40 rows" in found.reason


def test_too_few_rows_are_inconclusive() -> None:
    before, after = pa.table({"age": list(range(10))}), pa.table({"age": list(range(10))})
    found = drifted(before, after, {"age": "numeric"})["age"]
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "column age: 10 against 10 are too few rows to compare"


def test_a_small_shift_of_many_rows_is_too_small_to_matter() -> None:
    rng = np.random.default_rng(32)
    before, after = rng.normal(size=50_000), rng.normal(size=50_000) + 0.05
    found = drifted(pa.table({"age": before}), pa.table({"age": after}), {"age": "numeric"})["age"]
    assert found.verdict is Verdict.PASS and found.numbers["p_value"] < 1e-4
    assert found.reason == f"column age: PSI {found.numbers['psi']:.3f} <= 0.1"


def test_significance_is_corrected_for_the_number_of_columns(cats: Cats) -> None:
    found = drifted(cats(800, 1), cats(600, 2))
    smallest = min(found.values(), key=lambda check: check.numbers["p_value"])
    assert smallest.numbers["p_value_adjusted"] <= 4 * smallest.numbers["p_value"]
    assert all(check.numbers["p_value_adjusted"] >= check.numbers["p_value"] for check in found.values())


def test_categories_are_counted_by_the_values_of_the_reference() -> None:
    reference = categorical(pa.chunked_array([["a", "b", "b", None]]))
    before, after = binned(reference, pa.chunked_array([["b", "new", None, None], ["a", "newer"]]))
    assert dict(zip([*reference["counts"], "other", "missing"], before.tolist(), strict=True)) == {
        "b": 2, "a": 1, "other": 0, "missing": 1,
    }  # fmt: skip
    assert after.tolist() == [1, 1, 2, 2]


def test_numbers_are_counted_in_the_bins_of_the_reference() -> None:
    reference = numeric(pa.chunked_array([[1.0, 2.0, 3.0, 4.0, None]]))
    before, after = binned(reference, pa.chunked_array([[0.0, 2.0, 9.0, None, float("nan")]]))
    assert before.tolist() == [1, 1, 1, 1, 1]
    assert after.tolist() == [1, 1, 0, 1, 2]
    assert Counter(reference["edges"]) == {1.0: 1, 2.0: 1, 3.0: 1}


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ({"other": [1]}, {"age": [1]}, "the champion's profile has no column age"),
        ({"age": [1]}, {"other": [1]}, "column age has no profile in this snapshot"),
        ({"age": [1]}, {"age": ["old"]}, "column age was numeric for the champion and is categorical now"),
        ({"age": pa.array([], pa.int64())}, {"age": [1]}, "column age has no rows on one side"),
        ({"age": [1]}, {"age": pa.array([], pa.int64())}, "column age has no rows on one side"),
    ],
)
def test_what_cannot_be_compared_is_inconclusive_and_says_why(
    before: dict[str, Any], after: dict[str, Any], reason: str
) -> None:
    found = drifted(pa.table(before), pa.table(after), {"age": "numeric"})["age"]
    assert (found.tier, found.verdict, found.reason) == (Tier.SOFT, Verdict.INCONCLUSIVE, reason)


def test_without_a_champion_one_check_stands_for_all_columns() -> None:
    found = nothing_to_compare_with("no champion to compare with")
    assert (found.name, found.tier, found.verdict) == ("drift", Tier.SOFT, Verdict.INCONCLUSIVE)
    assert (found.subject, found.reason) == ("all columns", "no champion to compare with")
