"""The oracle is what a person counts, and, for random rows, a naive comparison of each row with all others."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.example_validator.examine import Rows
from benison.components.example_validator.row_checks import row_checks
from benison.config.validation import NEVER, Bounds, Leakage, validation_of
from benison.core.sections import Section
from benison.core.verdicts import Check, Tier, Verdict
from components.example_validator.tests.splitting import cell, in_splits, rows

Checks = Callable[..., dict[str, Check]]
USUAL = validation_of(Section("benison.yaml", {}, {}))


@pytest.fixture
def judged(tmp_path_factory: pytest.TempPathFactory) -> Checks:
    def judge(some: Rows, **own: Any) -> dict[str, Check]:
        rules = replace(USUAL, leakage=replace(USUAL.leakage, **own))
        return {check.name: check for check in row_checks(some, {}, rules, tmp_path_factory.mktemp("scratch"))}

    return judge


def numbered(*numbers: int) -> pa.Table:
    return pa.table({"number": list(numbers), "letter": [f"letter {number % 3}" for number in numbers]})


def test_no_row_in_both_passes(judged: Checks) -> None:
    check = judged(in_splits({"train": numbered(1, 2, 3), "holdout": numbered(4, 5)}))["leakage"]
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.PASS)
    assert check.reason == (
        "0 of 2 rows (0.00%) of holdout are identical to a row of train; allowed at most 0.00% (more than 1.00% blocks)"
    )


@pytest.mark.parametrize(("shared", "tier"), [(1, Tier.SOFT), (3, Tier.SOFT), (4, Tier.HARD)])
def test_any_row_in_both_warns_and_more_than_one_in_a_hundred_block(judged: Checks, shared: int, tier: Tier) -> None:
    splits = {"train": numbered(*range(300)), "holdout": numbered(*range(300 - shared, 600 - shared))}
    check = judged(in_splits(splits))["leakage"]
    assert (check.tier, check.verdict) == (tier, Verdict.FAIL)
    assert check.numbers == {"shared": shared, "share": shared / 300, "rows": 300}


def test_bounds_of_shared_rows_are_configured(judged: Checks) -> None:
    splits = {"train": numbered(1, 2, 3, 4), "holdout": numbered(4, 5)}
    check = judged(in_splits(splits), rows=Bounds(0.6, NEVER))["leakage"]
    assert (check.tier, check.verdict) == (Tier.SOFT, Verdict.PASS)


def test_missing_values_are_alike_in_a_whole_row(judged: Checks) -> None:
    lone = pa.table({"number": pa.array([None], pa.int64()), "letter": ["a"]})
    assert judged(in_splits({"train": lone, "holdout": lone}))["leakage"].numbers["shared"] == 1


@pytest.mark.parametrize("empty", ["train", "holdout"])
def test_an_empty_split_leaves_leakage_unchecked(judged: Checks, empty: str) -> None:
    splits = {"train": numbered(1, 2), "holdout": numbered(3, 4)}
    check = judged(in_splits({**splits, empty: numbered().cast(splits["train"].schema)}))["leakage"]
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)


def test_rows_that_were_not_split_are_not_asked(judged: Checks) -> None:
    some = Rows(numbered(1).schema, (cell(("rows", "span 1"), numbered(1, 1)),))
    assert list(judged(some)) == ["duplicate_rows"]


def test_an_entity_in_both_blocks(judged: Checks) -> None:
    train = pa.table({"who": ["ann", "bob", None], "age": [1, 2, 3]})
    holdout = pa.table({"who": ["bob", "bob", "cid", None], "age": [4, 5, 6, 7]})
    check = judged(in_splits({"train": train, "holdout": holdout}), entity=("who",))["entity"]
    assert (check.tier, check.verdict, check.subject) == (Tier.HARD, Verdict.FAIL, "column who")
    assert check.reason == (
        "column who: 1 entities of 2 of 4 holdout rows stand in train too, such as bob; "
        "allowed none; 1 rows without a value were left out; split by them: data.splits: {key: [who]}"
    )
    others = pa.table({"who": ["cid"], "age": [9]})
    other = judged(in_splits({"train": train, "holdout": others}), entity=("who",))["entity"]
    assert (other.verdict, other.numbers) == (
        Verdict.PASS,
        {"shared": 0, "entities": 0, "rows": 1, "left_out": 0},
    )


@pytest.mark.parametrize("column", [["ann", None], [None, None]])
def test_entities_that_cannot_be_told_apart_leave_it_unchecked(judged: Checks, column: list[str | None]) -> None:
    train = pa.table({"who": pa.array([None, None], pa.string())})
    holdout = pa.table({"who": pa.array(column, pa.string())})
    check = judged(in_splits({"train": train, "holdout": holdout}), entity=("who",))["entity"]
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)


def test_an_entity_column_that_is_gone_leaves_it_unchecked(judged: Checks) -> None:
    check = judged(in_splits({"train": numbered(1), "holdout": numbered(2)}), entity=("who",))["entity"]
    assert (check.tier, check.verdict, check.observed) == (Tier.HARD, Verdict.INCONCLUSIVE, "not checked")


TIMES = {"feature_time": "seen", "label_time": "bought"}


@pytest.mark.parametrize(
    ("seen", "bought", "early"),
    [
        (["2026-01-01", "2026-01-03"], ["2026-01-02", "2026-01-03"], 0),
        (["2026-01-01", "2026-01-03T00:00:01"], ["2026-01-02", "2026-01-03"], 1),
        (["2026-01-01T02:00:00+01:00", None], ["2026-01-01T01:30:00Z", "1970-01-01"], 0),
        ([5, 7], [5, 6], 1),
        ([5.5, None], [5.25, 6.0], 1),
    ],
)
def test_labels_from_before_their_features_block(judged: Checks, seen: Any, bought: Any, early: int) -> None:
    check = judged(rows(pa.table({"seen": seen, "bought": bought})), **TIMES)["label_time"]
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.FAIL if early else Verdict.PASS)
    assert (check.numbers["early"], check.numbers["rows"]) == (early, 2)


def test_says_which_features_came_after_their_label(judged: Checks) -> None:
    table = pa.table({"seen": ["2026-01-05", "2026-01-01"], "bought": ["2026-01-02", "2026-01-03"]})
    assert judged(rows(table), **TIMES)["label_time"].reason == (
        "columns seen, bought: 1 of 2 rows have a seen after bought, such as 2026-01-05 after 2026-01-02; "
        "allowed none; compute features as of a moment before the label"
    )


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ({"seen": ["2026-01-05", "soon"], "bought": ["2026-01-02"] * 2}, "'soon' is no time"),
        ({"seen": [1, 2], "bought": ["2026-01-02"] * 2}, "one is text and the other numbers"),
        ({"seen": ["2026-01-05"]}, "column bought not in the data"),
        ({"seen": pa.nulls(2, pa.string()), "bought": ["2026-01-02"] * 2}, "no row has both times"),
    ],
)
def test_times_that_cannot_be_compared_leave_it_unchecked(judged: Checks, table: Any, why: str) -> None:
    check = judged(rows(pa.table(table)), **TIMES)["label_time"]
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)
    assert check.reason == (f"columns seen, bought: {why}, so it was not checked whether labels come after features")


def test_a_partition_that_was_written_twice_stands_out_against_the_span_before(judged: Checks) -> None:
    check = judged(rows(numbered(*range(100), 0), numbered(*range(100, 180), *range(100, 120))))["duplicate_rows"]
    assert (check.subject, check.tier, check.verdict) == ("span 2", Tier.SOFT, Verdict.FAIL)
    assert check.numbers == pytest.approx({"share": 0.4, "bound": 2 * 2 / 101, "rows": 100})


def test_rows_that_repeat_by_nature_pass(judged: Checks) -> None:
    rng = np.random.default_rng(1)
    spans = [numbered(*rng.integers(0, 50, 500).tolist()) for _ in range(2)]
    found = judged(rows(*spans))
    assert {name: found[name].verdict for name in ("duplicate_rows", "redelivered_rows")} == {
        "duplicate_rows": Verdict.PASS,
        "redelivered_rows": Verdict.PASS,
    }


def test_a_span_that_was_delivered_again_stands_out(judged: Checks) -> None:
    check = judged(rows(numbered(*range(100)), numbered(*range(80, 180))))["redelivered_rows"]
    assert (check.subject, check.tier, check.verdict) == ("span 2", Tier.SOFT, Verdict.FAIL)
    assert check.numbers == {"share": 0.2, "bound": 0.1, "rows": 100}


def test_duplicates_without_a_span_before_are_said(judged: Checks) -> None:
    check = judged(rows(numbered(1, 2, 3, 1)))["duplicate_rows"]
    assert (check.tier, check.verdict, check.numbers["share"]) == (Tier.SOFT, Verdict.INCONCLUSIVE, 0.5)


def test_random_rows_are_counted_as_by_comparing_each_with_all(judged: Checks) -> None:
    rng = np.random.default_rng(7)
    tables = {
        split: pa.table({"a": rng.integers(0, 40, 700), "b": rng.choice(np.array(["x", "y", None], object), 700)})
        for split in ("train", "holdout")
    }
    found = judged(in_splits(tables))
    plain = {split: list(zip(*table.to_pydict().values(), strict=True)) for split, table in tables.items()}
    known = set(plain["train"])
    times = Counter(plain["train"] + plain["holdout"])
    assert found["leakage"].numbers["shared"] == sum(row in known for row in plain["holdout"])
    assert found["duplicate_rows"].numbers["share"] == sum(n for n in times.values() if n > 1) / 1400


def test_a_leakage_section_left_out_has_its_defaults() -> None:
    assert USUAL.leakage == Leakage(Bounds(0.0, 0.01), (), Bounds(0.95, 0.995), "", "")
