from typing import Any

import pyarrow as pa
import pytest

from benison.core.errors import DataError
from benison.sources.columns import Columns
from benison.sources.settle import same_columns, settle

COLUMNS = Columns(numeric=("number",), text=("text",))


def settled(name: str, *spans: list[Any], infer: bool = False) -> tuple[str, list[list[Any]]]:
    sources = [[pa.table({name: pa.array(block)}) for block in blocks] for blocks in spans]
    tables = settle(sources, COLUMNS, infer=infer)
    assert len({str(table.schema) for table in tables}) == 1
    return str(tables[0].schema.field(name).type), [table[name].to_pylist() for table in tables]


@pytest.mark.parametrize(
    ("spans", "found"),
    [
        ([[[1, 2], [3]], [[4]]], ("int64", [[1, 2, 3], [4]])),
        ([[[1, 2], [0.5]], [[4]]], ("double", [[1.0, 2.0, 0.5], [4.0]])),
        ([[[1.0, -0.0, None]], [[3]]], ("int64", [[1, 0, None], [3]])),
        ([[[1e300]], [[3]]], ("double", [[1e300], [3.0]])),
        ([[[None]], [[3]]], ("int64", [[None], [3]])),
        ([[[None]], [[None]]], ("double", [[None], [None]])),
    ],
)
def test_a_numeric_feature_is_int64_where_all_values_are_whole(spans: list[Any], found: Any) -> None:
    assert settled("number", *spans) == found


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["1", "-20", "0", None], ("int64", [1, -20, 0, None])),
        (["1", "2.0", "1e3"], ("int64", [1, 2, 1000])),
        (["1", "2.5", "-1.5e-3"], ("double", [1.0, 2.5, -0.0015])),
        (["123456789012345678"], ("int64", [123456789012345678])),
        (["1", "01234"], ("string", ["1", "01234"])),
        (["1", "+2"], ("string", ["1", "+2"])),
        (["1", "nan"], ("string", ["1", "nan"])),
        (["1", " 2"], ("string", ["1", " 2"])),
        (["1234567890123456789"], ("string", ["1234567890123456789"])),
        (["a", None], ("string", ["a", None])),
        (["1\n"], ("string", ["1\n"])),
    ],
)
def test_other_text_of_a_csv_is_a_number_where_all_of_it_is_written_as_numbers_are(
    texts: list[str], found: Any
) -> None:
    kind, (values,) = settled("other", [texts], infer=True)
    assert (kind, values) == found
    assert settled("other", [texts], infer=False) == ("string", [texts])


def test_one_name_among_numbers_in_another_span_keeps_the_column_text() -> None:
    assert settled("other", [["007", "1.50"]], [["a"]], infer=True) == ("string", [["007", "1.50"], ["a"]])


def test_a_label_stays_text_though_all_of_it_is_numbers() -> None:
    assert settled("text", [["1", "0"]], infer=True) == ("string", [["1", "0"]])


def test_a_number_in_one_span_and_text_in_another_are_text() -> None:
    assert settled("other", [[1, 2]], [["a"]], [[0.5, None]]) == ("string", [["1", "2"], ["a"], ["0.5", None]])


def test_columns_are_sorted_and_one_that_a_span_lacks_is_missing_there() -> None:
    first, second = settle([[pa.table({"b": [1], "a": ["x"]})], [pa.table({"b": [2]})]], COLUMNS, infer=False)
    assert first.column_names == second.column_names == ["a", "b"]
    assert second.to_pydict() == {"a": [None], "b": [2]}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["aeg", "sex"], "b.csv: expected a column 'age', as in a.csv, got none\n\nhint: did you mean aeg?"),
        (
            ["sex", "age", "new"],
            "b.csv: expected the columns of a.csv, got 'new' as well\n\n"
            "hint: a window needs the same columns in every span; use a smaller window or a file without it",
        ),
    ],
)
def test_spans_of_a_window_with_other_columns_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(DataError) as error:
        same_columns(
            {"a.csv": [pa.table({"age": [1], "sex": [1]})], "b.csv": [pa.table({name: [1] for name in names})]}
        )
    assert str(error.value) == message


def test_the_order_of_columns_may_differ_between_spans() -> None:
    same_columns({"a.csv": [pa.table({"a": [1], "b": [1]})], "b.csv": [pa.table({"b": [1], "a": [1]})]})
