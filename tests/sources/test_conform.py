from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.sources.columns import Columns
from benison.sources.conform import Place, conform

COLUMNS = Columns(numeric=("number",), text=("text",))
PLACE = Place("a.parquet", first=11)


def conformed(name: str, array: pa.Array) -> tuple[str, list[Any]]:
    column = conform({name: array}, COLUMNS, PLACE)[name]
    return str(column.type), column.to_pylist()


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (pa.array([1, None], pa.int8()), ("int64", [1, None])),
        (pa.array([1, None], pa.uint64()), ("int64", [1, None])),
        (pa.array([2**63, 1], pa.uint64()), ("double", [2.0**63, 1.0])),
        (pa.array([1.5, None, float("nan")], pa.float32()), ("double", [1.5, None, None])),
        (pa.array([Decimal("1.50"), None]), ("double", [1.5, None])),
        (pa.array([True, False, None]), ("int64", [1, 0, None])),
        (pa.array(["1", None, ""]), ("int64", [1, None, None])),
        (pa.array(["1e3", "-.5", " 2 ", " "]), ("double", [1000.0, -0.5, 2.0, None])),
        (pa.array(["9223372036854775808"]), ("double", [2.0**63])),
        (pa.array([1, 2, 1]).dictionary_encode(), ("int64", [1, 2, 1])),
        (pa.nulls(2), ("double", [None, None])),
        (pa.array([], pa.string()), ("int64", [])),
    ],
)
def test_a_numeric_feature_is_a_whole_or_a_broken_number(array: pa.Array, found: tuple[str, list[Any]]) -> None:
    assert conformed("number", array) == found


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (pa.array(["a", "", None]), ["a", None, None]),
        (pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", None]),
        (pa.array(["a", None], pa.large_string()), ["a", None]),
        (pa.array([b"K\xc3\xb6ln", b"", None], pa.binary()), ["Köln", None, None]),
        (pa.array([b"ab", None], pa.binary(2)), ["ab", None]),
        (pa.array([1, -2, None], pa.int16()), ["1", "-2", None]),
        (pa.array([1.0, 1.5, 1e300, -0.0, None]), ["1", "1.5", "1e+300", "0", None]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array([Decimal("1.50"), Decimal("100.00"), None]), ["1.5", "100", None]),
        (pa.array([date(2026, 11, 20), None]), ["2026-11-20", None]),
        (pa.array([date(2026, 11, 20), None], pa.date64()), ["2026-11-20", None]),
        (pa.array([datetime(2026, 11, 20, 14), None], pa.timestamp("s")), ["2026-11-20T14:00:00", None]),
        (pa.array([1], pa.timestamp("ns")), ["1970-01-01T00:00:00.000000001"]),
        (pa.array([datetime(1, 1, 1, tzinfo=UTC)], pa.timestamp("ms", "Europe/Zurich")), ["0001-01-01T00:00:00.000Z"]),
        (pa.array([time(14, 30), None]), ["14:30:00", None]),
        (pa.nulls(2), [None, None]),
        (pa.array([], pa.float64()), []),
    ],
)
def test_a_categorical_feature_is_the_text_that_stands_in_a_csv(array: pa.Array, found: list[Any]) -> None:
    assert conformed("text", array) == ("string", found)


@pytest.mark.parametrize(
    ("array", "found"),
    [
        (pa.array([1, None], pa.int8()), ("int64", [1, None])),
        (pa.array([1.5, float("inf"), float("nan")]), ("double", [1.5, float("inf"), None])),
        (pa.array(["1", "a"]), ("string", ["1", "a"])),
        (pa.array([True]), ("string", ["true"])),
        (pa.array([datetime(2026, 11, 20)], pa.timestamp("us")), ("string", ["2026-11-20T00:00:00.000000"])),
    ],
)
def test_other_columns_keep_their_nature(array: pa.Array, found: tuple[str, list[Any]]) -> None:
    assert conformed("other", array) == found


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))))
def test_a_float_as_text_is_that_float_again(values: list[float | None]) -> None:
    texts = as_text(pa.array(values, pa.float64())).to_pylist()
    assert [None if text is None else float(text) for text in texts] == values


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (
            "number",
            pa.array([1.0, float("-inf")]),
            "a.parquet, row 12, column 'number': expected a finite number, got -inf\n\n"
            "hint: a model cannot learn from it; leave the value empty, or mend it before",
        ),
        (
            "number",
            pa.array([datetime(2026, 11, 20)], pa.timestamp("us")),
            "a.parquet, column 'number': expected numbers, got timestamp[us]\n\n"
            "hint: make it categorical, or a number before",
        ),
        (
            "number",
            pa.array(["1", None, "2", "many", "3"]),
            "a.parquet, row 14, column 'number': expected a number, got 'many'\n\n"
            "hint: leave the field empty where the value is missing, or make number categorical in benison.yaml",
        ),
        (
            "text",
            pa.array([b"a", None, b"K\xf6ln"]),
            r"a.parquet, row 13, column 'text': expected UTF-8 text, got b'K\xf6ln'",
        ),
        (
            "other",
            pa.array([[1, 2]]),
            "a.parquet, column 'other': expected one value to a row, got list<item: int64>\n\n"
            "hint: write the file without this column, or with one value to a row",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(name: str, array: pa.Array, message: str) -> None:
    with pytest.raises(DataError) as error:
        conformed(name, array)
    assert str(error.value) == message


@pytest.mark.parametrize("bad", range(17))
def test_the_first_text_that_is_no_number_is_found_wherever_it_is(bad: int) -> None:
    texts = [str(value) for value in range(bad)] + ["x"] * (17 - bad)
    with pytest.raises(DataError, match=f"row {11 + bad}, column 'number': expected a number, got 'x'"):
        conformed("number", pa.array(texts))
