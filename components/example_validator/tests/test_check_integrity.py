"""The oracle is what a person counts in a handful of rows, and a naive count of a few thousand."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benison.components.example_validator.integrity import integrity, questions
from benison.components.example_validator.keyed import Keyed
from benison.components.example_validator.keys import Question
from benison.components.example_validator.runs import KEPT_KEYS, Found
from benison.config.validation import Combination, ForeignKey, Key, Validation, validation_of
from benison.core.sections import Section
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.row_keys import of_column, of_rows
from components.example_validator.tests.splitting import rows

Checks = Callable[..., list[Check]]


def rules(**own: Any) -> Validation:
    return replace(validation_of(Section("benison.yaml", {}, {})), **own)


@pytest.fixture
def judged(tmp_path: Path) -> Checks:
    def judge(spans: list[pa.Table], tables: dict[str, pa.Table] | None = None, **own: Any) -> list[Check]:
        asked, known = rules(**own), {name: rows(table) for name, table in (tables or {}).items()}
        (tmp_path / "rows").mkdir()
        keyed = Keyed.of(rows(*spans), questions(asked, rows(*spans), known), tmp_path / "rows")
        return list(integrity(keyed, known, asked, tmp_path))

    return judge


CATS = pa.table({"chip": [1, 2, 3, 4], "owner": ["a", "b", "c", None], "city": [10, 20, 30, 40]})


def test_a_key_that_is_unique_passes(judged: Checks) -> None:
    [check] = judged([CATS], keys=(Key(("chip",), Tier.HARD),))
    assert (check.name, check.subject, check.tier, check.verdict) == (
        "unique",
        "column chip",
        Tier.HARD,
        Verdict.PASS,
    )


@pytest.mark.parametrize("tier", list(Tier))
def test_a_key_that_repeats_across_splits_fails_and_shows_its_values(judged: Checks, tier: Tier) -> None:
    table = pa.table({"chip": [7, 8, 9, 7, 7, None], "name": ["x"] * 6})
    [check] = judged([table], keys=(Key(("chip", "name"), tier),))
    assert (check.tier, check.verdict) == (tier, Verdict.FAIL)
    assert check.reason == (
        "columns chip, name: 1 keys in 3 of 6 rows of span 1 stand more than once, such as 7, x (3 times); "
        "allowed each once; 1 rows without a value were left out; "
        "drop the copies, or a key of more columns is needed"
    )
    assert check.numbers == {"repeated_rows": 3, "repeated_keys": 1, "rows": 6, "left_out": 1, "repeated_share": 0.5}


def test_a_key_without_a_single_value_was_not_checked(judged: Checks) -> None:
    [check] = judged([pa.table({"chip": pa.nulls(3, pa.int64())})], keys=(Key(("chip",), Tier.HARD),))
    assert (check.tier, check.verdict) == (Tier.HARD, Verdict.INCONCLUSIVE)


def test_a_key_of_an_older_span_names_that_span(judged: Checks) -> None:
    spans = [pa.table({"chip": chips}) for chips in ([1, 2], [3, 4, 4], [5, 4, 3])]
    within, between = judged(spans, keys=(Key(("chip",), Tier.HARD),))
    assert (within.subject, within.verdict) == ("column chip", Verdict.PASS)
    assert (between.name, between.subject, between.verdict) == ("unique_between_spans", "column chip", Verdict.FAIL)
    assert between.numbers == {"repeated_rows": 2, "repeated_keys": 2, "rows": 3, "repeated_share": 2 / 3}
    assert between.reason.startswith(
        "column chip: of 3 rows of span 3 stand again 2 keys of 2 rows in span 2, such as "
    )


def test_keys_of_different_spans_pass(judged: Checks) -> None:
    spans = [pa.table({"chip": chips}) for chips in ([1, 2], [3, 4])]
    assert [check.verdict for check in judged(spans, keys=(Key(("chip",), Tier.HARD),))] == [Verdict.PASS] * 2


def test_a_key_that_no_value_repeats_is_no_duplicate_whatever_its_hash(tmp_path: Path) -> None:
    spans = [pa.table({"chip": chips}) for chips in ([1, 2], [3, 4])]
    question = Question(("chip",))
    keyed = Keyed.of(rows(*spans), [question], tmp_path)
    three = int(of_rows([of_column(pa.array([3]))])[0])
    for both in (("span 2", "span 2"), ("span 2", "span 1")):
        assert keyed.confirmed(question, Found(2, 1, (three,)), both) == (Found(0, 0, (three,)), [])


OWNERS = ForeignKey(("owner",), "owners", ("id",), 0.0, Tier.HARD)


def test_every_row_refers_to_a_row_of_its_table(judged: Checks) -> None:
    [check] = judged([CATS], {"owners": pa.table({"id": ["a", "b", "c", "d"]})}, foreign_keys=(OWNERS,))
    assert check.verdict is Verdict.PASS
    assert check.numbers == {"outside_share": 0, "outside_rows": 0, "outside_values": 0, "rows": 3, "left_out": 1}


@pytest.mark.parametrize(("tolerance", "verdict"), [(0.0, "FAIL"), (0.33, "FAIL"), (0.34, "PASS")])
def test_rows_that_refer_to_nothing_fail_beyond_the_tolerance(judged: Checks, tolerance: float, verdict: str) -> None:
    key = ForeignKey(("owner",), "owners", ("id",), tolerance, Tier.SOFT)
    [check] = judged([CATS], {"owners": pa.table({"id": ["a", "b"]})}, foreign_keys=(key,))
    assert (check.name, check.tier, check.verdict) == ("foreign_key", Tier.SOFT, verdict)
    assert check.numbers["outside_share"] == pytest.approx(1 / 3)
    assert check.reason.startswith(
        "column owner: 1 of 3 rows of span 1 (33.33%), with 1 different values, are not in column id of owners, "
        f"such as c; allowed at most {tolerance:.2%} not in column id of owners; 1 rows without a value were left out"
    )


def test_numbers_here_are_found_as_texts_there(judged: Checks) -> None:
    key = ForeignKey(("city",), "cities", ("code",), 0.0, Tier.HARD)
    [check] = judged([CATS], {"cities": pa.table({"code": ["10", "20", "30", "x"]})}, foreign_keys=(key,))
    assert (check.verdict, check.numbers["outside_rows"]) == (Verdict.FAIL, 1)
    assert "such as 40;" in check.reason


def test_numbers_are_found_whether_they_are_whole_or_not_by_type(judged: Checks, tmp_path: Path) -> None:
    key = ForeignKey(("city",), "cities", ("code",), 0.0, Tier.HARD)
    [check] = judged([CATS], {"cities": pa.table({"code": [10.0, 20.0, 30.0, 40.0, 0.5]})}, foreign_keys=(key,))
    assert check.verdict is Verdict.PASS


def test_a_pair_must_stand_in_one_row_of_the_table(judged: Checks) -> None:
    key = ForeignKey(("owner", "city"), "homes", ("who", "where"), 0.0, Tier.HARD)
    homes = pa.table({"who": ["a", "b", "c"], "where": [10, 30, 20]})
    [check] = judged([CATS], {"homes": homes}, foreign_keys=(key,))
    assert check.numbers["outside_rows"] == 2


def test_an_empty_table_has_nothing_to_refer_to(judged: Checks) -> None:
    [check] = judged([CATS], {"owners": pa.table({"id": pa.array([], pa.string())})}, foreign_keys=(OWNERS,))
    assert (check.verdict, check.numbers["outside_share"]) == (Verdict.FAIL, 1.0)


def test_columns_and_tables_that_are_gone_leave_it_unchecked(judged: Checks) -> None:
    tables = {"owners": pa.table({"number": ["a"]})}
    other = ForeignKey(("owner",), "people", ("id",), 0.0, Tier.HARD)
    gone = Combination(("colour",), (("red",),), 0.0, Tier.HARD)
    found = judged([CATS], tables, keys=(Key(("tag",), Tier.HARD),), foreign_keys=(OWNERS, other), combinations=(gone,))
    assert {(check.tier, check.verdict) for check in found} == {(Tier.HARD, Verdict.INCONCLUSIVE)}
    assert [check.reason.split(": ")[1].split(",")[0] for check in found] == [
        "column tag not in the data",
        "column id not in the data of table owners",
        "there is no table people",
        "column colour not in the data",
    ]


def test_combinations_that_are_not_allowed_fail(judged: Checks) -> None:
    table = pa.table({"kind": ["cat", "cat", "dog", None], "legs": [4, 3, 4, 4], "weight": [1.0, 2.5, 1.0, 1.0]})
    allowed = Combination(("kind", "legs"), (("cat", "4"), ("dog", "4.0"), ("", "4")), 0.0, Tier.HARD)
    [check] = judged([table], combinations=(allowed,))
    assert (check.name, check.verdict) == ("combination", Verdict.FAIL)
    assert (
        "1 of 4 rows of span 1 (25.00%), with 1 different values, are outside of what is allowed, such as cat, 3;"
        in check.reason
    )
    assert check.allowed == "at most 0.00% outside of 3 allowed combinations"


def test_allowed_texts_that_are_no_numbers_fit_no_number(judged: Checks) -> None:
    allowed = Combination(("chip",), (("one",), ("2",), ("3",), ("4",)), 0.0, Tier.HARD)
    [check] = judged([CATS], combinations=(allowed,))
    assert check.numbers["outside_rows"] == 1


def test_without_an_allowed_combination_every_row_is_outside(judged: Checks) -> None:
    [check] = judged([CATS], combinations=(Combination(("chip",), (), 0.5, Tier.HARD),))
    assert check.numbers["outside_share"] == 1


def test_more_keys_than_are_looked_up_are_counted_all_the_same(judged: Checks) -> None:
    chips = np.random.default_rng(3).integers(0, 5000, 5000).tolist()
    [check] = judged([pa.table({"chip": chips})], keys=(Key(("chip",), Tier.HARD),))
    twice = [times for times in Counter(chips).values() if times > 1]
    assert len(twice) > KEPT_KEYS
    assert (check.numbers["repeated_rows"], check.numbers["repeated_keys"]) == (sum(twice), len(twice))


def test_zero_repeats_whatever_its_sign(judged: Checks) -> None:
    [check] = judged([pa.table({"chip": [0.0, -0.0, 1.5]})], keys=(Key(("chip",), Tier.HARD),))
    assert check.verdict is Verdict.FAIL
    assert "such as 0 (2 times)" in check.reason
