"""Drift of whole tables: what is found, what blocks, and what is said of what cannot be compared."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.example_validator.drift import (
    CHAMPION,
    PREVIOUS,
    SERVING,
    Reference,
    drift,
    nothing_to_compare_with,
)
from benison.config.bounds import NEVER, Bounds
from benison.config.drift import DriftRules
from benison.core import documents
from benison.core.digests import of_bytes
from benison.core.profiles import RowsProfile
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.tallies import NEITHER, ColumnTally

Columns = Mapping[str, Any]
RULES = DriftRules(
    measure="psi",
    level=0.01,
    previous=Bounds(0.1, 1.0),
    label=Bounds(0.1, 0.5),
    champion=Bounds(0.1, NEVER),
    serving=Bounds(0.1, NEVER),
    columns={PREVIOUS: {}, CHAMPION: {}, SERVING: {}},
)
HARD, SOFT = Tier.HARD, Tier.SOFT


def tallied(columns: Columns) -> dict[str, ColumnTally]:
    found = {}
    for name, values in columns.items():
        array = values if isinstance(values, pa.Array) else pa.array(values)
        found[name] = ColumnTally.of(array.type)
        found[name].add(array, np.full(len(array), NEITHER, np.int8))
    return found


def reference(columns: Columns, against: str = PREVIOUS, name: str = "span 3") -> Reference:
    profiles = {name: tally.profile() for name, tally in tallied(columns).items()}
    rows = max((one.rows for one in profiles.values()), default=0)
    return Reference(against, name, RowsProfile(rows, None, None, 0, 0, profiles))


def compared(
    before: Columns,
    now: Columns,
    *,
    model: Collection[str] | None = None,
    rules: DriftRules = RULES,
    **reference_of: str,
) -> tuple[dict[str, Check], list[dict[str, Any]]]:
    asked = before.keys() | now.keys() if model is None else model
    checks, comparisons = drift(reference(before, **reference_of), tallied(now), rules, asked)
    return {check.subject.removeprefix("column "): check for check in checks}, comparisons


def answers(checks: Mapping[str, Check]) -> dict[str, tuple[Tier, Verdict]]:
    return {name: (check.tier, check.verdict) for name, check in checks.items()}


def pets(rows: int, seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        "age": random.integers(0, 20, rows),
        "breed": random.choice(["Manx", "Persian", "Siamese"], rows, p=[0.5, 0.3, 0.2]),
        "weight": pa.array(random.gamma(9, 0.5, rows), mask=random.random(rows) < 0.1),
    }


def test_the_same_distribution_passes_and_could_have_blocked() -> None:
    checks, comparisons = compared(pets(800, 1), pets(600, 2))
    assert answers(checks) == dict.fromkeys(("age", "breed", "weight"), (HARD, Verdict.PASS))
    assert [one["column"] for one in comparisons] == ["age", "breed", "weight"]


DAMAGE: dict[str, Any] = {
    "age, in days": {"age": pets(600, 2)["age"] * 365},
    "age, a million more": {"age": pets(600, 2)["age"] + 1_000_000},
    "weight, all missing": {"weight": pa.nulls(600)},
    "weight, constant": {"weight": np.full(600, 4.5)},
    "weight, swapped with age": {"weight": pets(600, 2)["age"].astype(float) * 2},
    "breed, in small letters": {"breed": np.char.lower(pets(600, 2)["breed"])},
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_column_blocks_and_no_other_is_blamed(damage: str) -> None:
    checks, _ = compared(pets(800, 1), {**pets(600, 2), **DAMAGE[damage]})
    broken = damage.split(",")[0]
    assert {name for name, check in checks.items() if check.verdict is Verdict.FAIL} == {broken}
    assert checks[broken].tier is HARD


def test_a_moderate_shift_warns_and_says_what_was_observed_what_is_allowed_and_what_to_do() -> None:
    random = np.random.default_rng(31)
    before, now = random.normal(size=2000), random.normal(size=2000) + 0.6
    checks, comparisons = compared({"x": before}, {"x": now})
    assert answers(checks) == {"x": (SOFT, Verdict.FAIL)}
    effect = checks["x"].numbers["psi"]
    assert next(iter(checks["x"].numbers)) == "psi"
    assert checks["x"].allowed == "PSI <= 0.1 (1 blocks), or no more than chance (p > 0.01)"
    assert checks["x"].reason.startswith(f"column x: PSI {effect:.3f} beyond the 0.01 that chance adds > 0.1 and p ")
    assert checks["x"].reason.endswith(
        "<= 0.01, 2,000 rows against the 2,000 of span 3; if the change is right, benison data accept says so"
    )
    assert (
        comparisons[0]["effect"] == effect and comparisons[0]["verdict"] == "FAIL" and comparisons[0]["tier"] == "soft"
    )


def test_a_small_shift_of_many_rows_is_too_small_to_matter() -> None:
    random = np.random.default_rng(32)
    checks, _ = compared({"x": random.normal(size=50_000)}, {"x": random.normal(size=50_000) + 0.05})
    assert answers(checks) == {"x": (HARD, Verdict.PASS)}
    assert checks["x"].numbers["p_value"] < 1e-4
    assert "<= 0.1, 50,000 rows against the 50,000 of span 3" in checks["x"].reason


def test_a_large_effect_of_few_rows_may_be_no_more_than_chance() -> None:
    random = np.random.default_rng(3)
    checks, _ = compared({"x": random.normal(size=60)}, {"x": random.normal(size=50) + 0.5})
    assert checks["x"].verdict is Verdict.PASS and checks["x"].numbers["psi"] > 0.1
    assert checks["x"].reason.endswith("; no more than chance")


def test_too_few_rows_are_inconclusive_and_soft() -> None:
    checks, comparisons = compared({"x": list(range(10))}, {"x": list(range(10))})
    assert answers(checks) == {"x": (SOFT, Verdict.INCONCLUSIVE)}
    assert (
        checks["x"].reason == "column x: 10 rows against the 10 of span 3 are too few to compare; more rows would tell"
    )
    assert comparisons[0]["verdict"] == "INCONCLUSIVE"


def test_columns_that_the_model_does_not_see_only_warn() -> None:
    before, now = pets(800, 1), pets(600, 2)
    checks, comparisons = compared(before, {**now, "age": now["age"] + 1000}, model={"weight", "breed"})
    assert answers(checks)["age"] == (SOFT, Verdict.FAIL)
    assert comparisons[0]["block"] is None and comparisons[1]["block"] == 1


def test_against_the_champion_a_shift_only_warns_by_default() -> None:
    checks, comparisons = compared(
        {"x": np.arange(1000.0)},
        {"x": np.arange(1000.0) + 5000},
        against=CHAMPION,
        name="champion 4, trained on span 3",
    )
    assert answers(checks) == {"x": (SOFT, Verdict.FAIL)} and checks["x"].name == "drift_from_champion"
    assert comparisons[0]["reference"] == "champion 4, trained on span 3"


def test_a_column_has_its_own_bounds() -> None:
    own = {**RULES.columns, PREVIOUS: {"x": Bounds(5.0, NEVER)}}
    rules = replace(RULES, columns=own)
    before, now = np.arange(1000.0), np.arange(1000.0) + 300
    assert answers(compared({"x": before, "y": before}, {"x": now, "y": now}, rules=rules)[0]) == {
        "x": (SOFT, Verdict.PASS),
        "y": (HARD, Verdict.FAIL),
    }


@pytest.mark.parametrize(
    ("measure", "bounds"), [("jensen_shannon", Bounds(0.1, 0.5)), ("l_infinity", Bounds(0.1, 0.5))]
)
def test_other_measures_find_the_same(measure: str, bounds: Bounds) -> None:
    rules = replace(RULES, measure=measure, previous=bounds)
    before, now = pets(800, 1), pets(600, 2)
    checks, comparisons = compared(before, {**now, "age": now["age"] + 1000}, rules=rules)
    assert answers(checks) == {
        "age": (HARD, Verdict.FAIL),
        "breed": (HARD, Verdict.PASS),
        "weight": (HARD, Verdict.PASS),
    }
    assert {one["measure"] for one in comparisons} == {measure}
    assert next(iter(checks["age"].numbers)) == measure


def test_a_column_whose_kind_changed_has_drifted() -> None:
    before, now = {"x": [1.5, 2.5] * 100, "y": [1, 2] * 100}, {"x": ["1,5", "2,5"] * 100, "y": ["1", "2"] * 100}
    checks, comparisons = compared(before, now, model={"x"})
    assert answers(checks) == {"x": (HARD, Verdict.FAIL), "y": (SOFT, Verdict.FAIL)}
    assert checks["x"].reason == (
        "column x: categorical, allowed numeric, as in span 3; its values are written otherwise now"
    )
    assert comparisons == []


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        ({"z": [1]}, {"x": [1]}, "column x: not in span 3"),
        ({"x": [1]}, {"z": [1]}, "column x: in span 3, but not here"),
        ({"x": pa.array([], pa.int64())}, {"x": [1]}, "column x: no rows to compare with span 3"),
        ({"x": [1]}, {"x": pa.array([], pa.int64())}, "column x: no rows to compare with span 3"),
    ],
)
def test_what_is_not_on_both_sides_is_inconclusive(before: Columns, now: Columns, reason: str) -> None:
    found = compared(before, now)[0]["x"]
    assert (found.tier, found.verdict, found.reason) == (SOFT, Verdict.INCONCLUSIVE, reason)


def test_serving_examples_need_not_have_more_than_the_models_columns() -> None:
    before = {**pets(800, 1), "adopted": ["yes", "no"] * 400}
    now = pets(600, 2)
    del now["age"]
    checks, _ = compared(before, now, model={"weight", "age"}, against=SERVING, name="train")
    assert set(checks) == {"age", "breed", "weight"}
    assert {check.name for check in checks.values()} == {"skew"}
    assert checks["age"].reason == "column age: in train, but not here"


def test_times_and_numbers_of_rows_move_on_and_only_their_absence_counts() -> None:
    days = [f"2026-01-{day:02d}" for day in range(1, 29)] * 20
    later = [f"2026-02-{day:02d}" for day in range(1, 29)] * 20
    before = {"at": days, "order": list(range(560)), "gone": days}
    now = {"at": later, "order": list(range(560, 1120)), "gone": [None] * 280 + later[:280]}
    checks, comparisons = compared(before, now, model=())
    assert {name: check.verdict for name, check in checks.items()} == {
        "at": Verdict.PASS,
        "order": Verdict.PASS,
        "gone": Verdict.FAIL,
    }
    assert comparisons[2]["edges"] == [] and comparisons[2]["now"] == [560, 0]


def test_a_feature_that_numbers_rows_is_compared_all_the_same() -> None:
    checks, _ = compared({"x": list(range(560))}, {"x": list(range(560, 1120))})
    assert answers(checks) == {"x": (HARD, Verdict.FAIL)}


def test_comparisons_are_what_their_schema_says() -> None:
    _, comparisons = compared(pets(800, 1), {**pets(600, 2), "weight": pa.nulls(600)})
    content = {"kind": "comparisons", "format": 1, "snapshot": of_bytes(b""), "comparisons": comparisons}
    assert documents.problems("comparisons", content) == []
    age, breed, weight = comparisons
    assert len(age["edges"]) + 2 == len(age["before"]) == len(age["now"])
    assert breed["values"] == ["Manx", "Persian", "Siamese"] and breed["now"][-2:] == [0, 0]
    assert weight["now"] == [0] * 10 + [600]


def test_significance_is_corrected_over_the_models_columns_alone() -> None:
    random = np.random.default_rng(34)
    before = {f"x{n}": random.normal(size=300) for n in range(10)}
    now = {name: random.normal(size=300) for name in before}
    alone, _ = compared(before, now)
    counters = {f"z{n}": np.arange(300.0) + 0.5 for n in range(40)}
    moved = {name: values + 1000 for name, values in counters.items()}
    beside, _ = compared({**before, **counters}, {**now, **moved}, model=set(before))
    assert {name: beside[name].numbers for name in before} == {name: alone[name].numbers for name in before}


def test_without_a_reference_one_check_stands_for_all_columns() -> None:
    found = nothing_to_compare_with(CHAMPION, "no champion to compare with")
    assert (found.name, found.tier, found.verdict) == ("drift_from_champion", SOFT, Verdict.INCONCLUSIVE)
    assert (found.subject, found.reason) == ("all columns", "no champion to compare with")


def test_no_p_value_is_called_0() -> None:
    checks, _ = compared({"x": np.arange(20_000.0)}, {"x": np.arange(20_000.0) + 20_000})
    assert checks["x"].numbers["p_value"] == 0
    assert "p below 1e-300" in checks["x"].observed
    assert "and p below 1e-300 <= 0.01" in checks["x"].reason
