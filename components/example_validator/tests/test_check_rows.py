from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.components.example_validator import check
from benison.config import Label
from benison.core.verdicts import Tier, Verdict

Cats = Callable[[int, int], pa.Table]

LABEL = Label("adopted", "yes", "no")
CELLS = st.sampled_from([1, 2, None])
ROWS = st.lists(st.tuples(CELLS, st.sampled_from(["a", "b", None])), max_size=12)


def test_a_split_with_rows_passes_and_one_without_fails() -> None:
    assert check.rows("train", 1200).reason == "split train has 1,200 rows"
    empty = check.rows("eval", 0)
    assert (empty.tier, empty.verdict) == (Tier.HARD, Verdict.FAIL)
    assert empty.reason == "split eval has 0 rows, at least 1 is needed"


@pytest.mark.parametrize(
    ("labels", "verdict"),
    [([0, 0, 1, 1], "PASS"), ([0, 0, 0, 1], "FAIL"), ([1, 1, 1, 0], "FAIL"), ([0, 0], "FAIL"), ([1, 1], "FAIL")],
)
def test_each_class_needs_two_rows(labels: list[int], verdict: str) -> None:
    found = check.label_classes("train", np.array(labels, np.int8), LABEL)
    assert (found.tier, found.verdict) == (Tier.HARD, verdict)


def test_names_the_rows_of_both_classes() -> None:
    found = check.label_classes("eval", np.array([0, 0, 1], np.int8), LABEL)
    assert found.reason == "split eval has rows of adopted no: 2, yes: 1; allowed >= 2 rows of each class"


def test_a_feature_that_is_not_in_the_data_blocks() -> None:
    found = check.columns(["age", "breed"], pa.table({"age": [1]}))
    assert [(one.tier, one.verdict, one.reason) for one in found] == [
        (Tier.HARD, Verdict.FAIL, "column breed: a feature of benison.yaml that is not in the data")
    ]


def test_features_that_are_all_there_pass() -> None:
    [found] = check.columns(["age"], pa.table({"age": [1], "breed": ["a"]}))
    assert (found.tier, found.verdict, found.reason) == (
        Tier.HARD,
        Verdict.PASS,
        "every feature of benison.yaml is in the data",
    )


def test_a_timestamp_is_said_to_go_unchecked() -> None:
    [found] = check.unprofiled({"when": "timestamp[us]"})
    assert (found.tier, found.verdict) == (Tier.SOFT, Verdict.INCONCLUSIVE)
    assert found.reason == "column when is not profiled: timestamp[us]"


@pytest.mark.parametrize(("rows", "verdict"), [(499, "FAIL"), (500, "PASS"), (2000, "PASS"), (2001, "FAIL")])
def test_rows_may_halve_and_double(rows: int, verdict: str) -> None:
    found = check.history_rows(rows, 1000)
    assert (found.tier, found.verdict) == (Tier.SOFT, verdict)


def test_says_how_many_rows_the_champion_had() -> None:
    expected = "split train has 120 rows, the champion's had 1,200: 0.1 times; allowed 0.5 to 2"
    assert check.history_rows(120, 1200).reason == expected


def test_a_champion_without_rows_is_no_measure() -> None:
    assert check.history_rows(120, 0).verdict is Verdict.INCONCLUSIVE


def as_table(rows: list[tuple[int | None, str | None]]) -> pa.Table:
    return pa.table(
        {
            "number": pa.array([row[0] for row in rows], pa.int64()),
            "text": pa.array([row[1] for row in rows], pa.string()),
            "nothing": pa.nulls(len(rows)),
        }
    )


@settings(max_examples=200, deadline=None)
@given(ROWS, ROWS)
def test_shared_rows_are_those_of_a_naive_loop(train: list[Any], holdout: list[Any]) -> None:
    assert check.shared_rows(as_table(train), as_table(holdout)) == sum(row in train for row in holdout)


def test_rows_are_shared_across_many_columns_of_every_type(cats: Cats) -> None:
    train, holdout = cats(2000, 1), cats(500, 2)
    when = pa.array(range(2000)).cast(pa.timestamp("s"))
    train = train.append_column("when", when).append_column("text", train["breed"].dictionary_encode())
    holdout = holdout.append_column("when", when.slice(0, 500)).append_column(
        "text", holdout["breed"].dictionary_encode()
    )
    assert check.shared_rows(train, holdout) == 0
    assert check.shared_rows(train, pa.concat_tables([holdout, train.slice(7, 3)])) == 3


@pytest.mark.parametrize(
    ("shared", "tier", "verdict"),
    [(0, "hard", "PASS"), (1, "soft", "FAIL"), (9, "soft", "FAIL"), (10, "hard", "FAIL"), (1000, "hard", "FAIL")],
)
def test_leaked_rows_warn_and_from_one_in_a_hundred_on_block(shared: int, tier: str, verdict: str) -> None:
    found = check.leakage(shared, 1000)
    assert (found.tier, found.verdict) == (tier, verdict)


def test_says_how_many_rows_leaked() -> None:
    assert check.leakage(20, 1000).reason == "20 of 1,000 rows (2.00%) of holdout are identical to a row of train"


def test_leakage_into_no_rows_is_inconclusive() -> None:
    found = check.leakage(0, 0)
    assert (found.tier, found.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)
    assert found.reason == "holdout has no rows, so leakage from train could not be looked for"
