"""The oracle is equality of the values themselves."""

import math
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.measures.row_keys import MISSING, of_column, of_rows

VALUES = st.none() | st.integers(-(2**63), 2**63 - 1)
FLOATS = st.none() | st.floats(allow_nan=False)
TEXTS = st.none() | st.text(max_size=4)


@pytest.mark.parametrize("values", [VALUES, FLOATS, TEXTS.map(lambda text: text or None)])
@given(data=st.data())
def test_rows_have_the_same_key_just_where_their_values_are_equal(values, data) -> None:  # type: ignore[no-untyped-def]
    rows = data.draw(st.lists(st.tuples(values, values), min_size=1, max_size=20))
    kinds = {VALUES: pa.int64(), FLOATS: pa.float64()}
    columns = [pa.array(column, kinds.get(values, pa.string())) for column in zip(*rows, strict=True)]
    keys = of_rows([of_column(column) for column in columns]).tolist()
    for (one, key), (other, other_key) in combinations(zip(rows, keys, strict=True), 2):
        assert (one == other) == (key == other_key)


@given(st.lists(st.none() | st.integers(-(2**53), 2**53), min_size=1))
def test_whole_numbers_have_the_same_hash_whatever_their_type(numbers: list[int | None]) -> None:
    whole, real = pa.array(numbers, pa.int64()), pa.array(numbers, pa.float64())
    assert np.array_equal(of_column(whole), of_column(real))
    texts = pa.array([None if number is None else str(number) for number in numbers], pa.string())
    assert np.array_equal(of_column(whole, as_text=True), of_column(texts))
    assert np.array_equal(of_column(real, as_text=True), of_column(texts))


def test_numbers_and_their_texts_differ_unless_asked_otherwise() -> None:
    assert of_column(pa.array([7]))[0] != of_column(pa.array(["7"]))[0]
    assert of_column(pa.array([0.5]), as_text=True)[0] == of_column(pa.array(["0.5"]))[0]


def test_missing_values_are_alike_in_columns_of_every_type() -> None:
    for kind in (pa.null(), pa.int64(), pa.float64(), pa.string()):
        assert of_column(pa.array([None, None], kind)).tolist() == [MISSING, MISSING]


def test_zeros_are_alike_and_infinities_are_not() -> None:
    zeros = of_column(pa.array([0.0, -0.0]))
    assert zeros[0] == zeros[1]
    assert len(set(of_column(pa.array([math.inf, -math.inf, 2.0**63, -(2.0**63), 1e300])).tolist())) == 5


def test_a_part_of_a_column_has_the_hashes_of_that_part() -> None:
    for column in (pa.array(["a", None, "b", "c"]), pa.array([1, None, 2, 3]), pa.array([1.5, 2.5, 3.5, None])):
        assert np.array_equal(of_column(column)[1:3], of_column(column.slice(1, 2)))
