"""The oracle is the definition in keys.py, written out row by row with Python's own whole numbers."""

import re
import struct
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.sources.keys import complete_keys, content_keys, row_keys

ALL = 2**64 - 1


def mix(bits: int) -> int:
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & ALL
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & ALL
    return bits ^ bits >> 31


def digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def value_key(value: Any) -> int:
    if isinstance(value, str):
        if re.fullmatch(r"-?[0-9]{1,18}", value):
            return value_key(int(value))
        if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?", value):
            return value_key(float(value))
        return digest(value)
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 2**63):
        return mix(int.from_bytes(struct.pack("<d", value), "little"))
    return mix(int(value) & ALL)


def row_key(row: dict[str, Any]) -> int:
    values = ((name, value) for name, value in row.items() if value is not None)
    return mix(sum(mix(digest(name) + value_key(value) & ALL) for name, value in values) & ALL)


NUMERALS = st.sampled_from(
    ["1", "1.0", "01", "-0", "0.5", "5e-1", "1e3", "1e999", "12345678901234567890", "1 ", "", "a"]
)
WHOLE = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))
BROKEN = st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-5, 5).map(float))
TEXT = st.one_of(st.none(), NUMERALS, st.text(st.characters(exclude_categories=["Cs"])))
ROWS = st.lists(st.fixed_dictionaries({"whole": WHOLE, "broken": BROKEN, "text": TEXT}), min_size=1)
SCHEMA = pa.schema([("whole", pa.int64()), ("broken", pa.float64()), ("text", pa.string())])


@given(ROWS)
def test_keys_are_those_of_the_definition(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    assert row_keys(table, SCHEMA.names).tolist() == [row_key(row) for row in rows]


@given(ROWS, st.permutations(SCHEMA.names), st.data())
def test_a_key_depends_on_its_row_alone(rows: list[dict[str, Any]], names: list[str], data: st.DataObject) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    keys = row_keys(table, SCHEMA.names)
    order = np.array(data.draw(st.permutations(range(len(rows)))))
    cut = data.draw(st.integers(0, len(rows)))
    assert (row_keys(table.take(pa.array(order)), names) == keys[order]).all()
    assert (row_keys(pa.concat_tables([table[cut:], table[:cut]]), names) == np.roll(keys, -cut)).all()


def key(column: pa.Array) -> int:
    return int(row_keys(pa.table({"id": column}), ["id"])[0])


def test_a_value_has_one_key_whatever_its_type() -> None:
    spellings = [pa.array([7]), pa.array([7.0]), pa.array(["7"]), pa.array(["7.0"]), pa.array(["007"])]
    assert len({key(column) for column in spellings}) == 1


def test_a_column_without_a_value_is_as_if_it_were_not_there() -> None:
    table = pa.table({"id": [1, 2], "new": pa.nulls(2, pa.string())})
    assert (row_keys(table, ["id", "new"]) == row_keys(table, ["id"])).all()


def test_values_in_each_other_s_columns_make_another_key() -> None:
    table = pa.table({"a": ["x", "y"], "b": ["y", "x"]})
    assert len(set(row_keys(table, ["a", "b"]).tolist())) == 2


@pytest.mark.parametrize(
    ("column", "known"),
    [
        (pa.array(["customer-1"]), 0xBFF28147C51B90B5),
        (pa.array([1]), 0x4C2AE155752BC421),
        (pa.array([0.1]), 0x32852FFAF981143E),
    ],
)
def test_keys_never_change(column: pa.Array, known: int) -> None:
    # A change of the definition would move rows that a champion was trained on into the holdout.
    assert key(column) == known


@given(st.integers(1, 10**6))
def test_neighbouring_numbers_are_spread_evenly(start: int) -> None:
    keys = row_keys(pa.table({"id": np.arange(start, start + 4000)}), ["id"])
    counts = np.bincount((keys >> np.uint64(60)).astype(int), minlength=16)
    # Chi-square with 15 degrees of freedom: 0.9999999 quantile is 62.
    assert ((counts - 250.0) ** 2 / 250).sum() < 62


@given(ROWS)
def test_content_keys_are_equal_just_where_row_keys_are(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    by_row, by_content = row_keys(table, SCHEMA.names), content_keys(table, SCHEMA.names)
    assert ((by_row[:, None] == by_row) == (by_content[:, None] == by_content)).all()


@pytest.mark.slow
@given(ROWS, st.permutations(SCHEMA.names))
def test_content_keys_depend_neither_on_the_order_of_columns_nor_on_how_rows_are_cut(
    rows: list[dict[str, Any]], names: list[str]
) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    keys = content_keys(table, SCHEMA.names)
    assert (content_keys(table, names) == keys).all()
    assert (np.concatenate([content_keys(table[at : at + 1], names) for at in range(len(rows))]) == keys).all()


def test_rows_that_lack_a_value_have_no_complete_key() -> None:
    table = pa.table({"user": ["ann", None, "bob", "ann"], "day": [1, 1, None, 1]})
    assert (complete_keys(table, ["user"]) == content_keys(table, ["user"])[[0, 2, 3]]).all()
    assert (complete_keys(table, ["user", "day"]) == content_keys(table, ["user", "day"])[[0, 3]]).all()
