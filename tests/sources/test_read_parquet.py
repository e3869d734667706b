import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.core.errors import DataError
from benison.sources.columns import Columns
from tests.sources.reading import opened, rows
from tests.sources.reading import table as every

COLUMNS = Columns(numeric=("age",), text=("city", "label"))


def written(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def table(content: bytes) -> dict[str, list[Any]]:
    return rows(content, "a.parquet", COLUMNS, "parquet")


def test_types_of_other_tools_become_numbers_and_text() -> None:
    raw = pa.table(
        {
            "age": pa.array([39.0, float("nan")]),
            "city": pa.array(["Bern", "Köln"]).dictionary_encode(),
            "label": pa.array([True, False]),
        }
    )
    assert table(written(raw)) == {"age": [39.0, None], "city": ["Bern", "Köln"], "label": ["true", "false"]}


def test_rows_are_counted_across_batches_and_row_groups() -> None:
    ages = pa.array([1.0] * 70_000 + [float("inf")])
    raw = pa.table({"age": ages, "city": ["a"] * 70_001, "label": ["x"] * 70_001})
    with pytest.raises(DataError, match=r"a\.parquet, row 70001, column 'age': expected a finite number, got inf"):
        table(written(raw, row_group_size=1000))


GOOD = written(pa.table({"age": [1, 2], "city": ["a", "b"], "label": ["x", "y"]}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.parquet: expected rows, got an empty file"),
        (GOOD[:-30], "a.parquet: expected a whole Parquet file, got Parquet magic bytes not found in footer"),
        (GOOD[:6], "a.parquet: expected a whole Parquet file, got "),
        (b"age,city,label\n1,a,x\n" * 9, "a.parquet: expected a whole Parquet file, got Parquet magic bytes"),
        (GOOD[:4] + bytes(len(GOOD) - 600) + GOOD[-596:], "a.parquet: expected a whole Parquet file, got "),
        (
            written(pa.table({"age": pa.array([], pa.int64()), "city": pa.array([], pa.string()), "label": []})),
            "a.parquet: expected at least one row, got column names alone",
        ),
        (
            written(pa.table({"age": [1], "citi": ["a"], "label": ["x"]})),
            "a.parquet: expected a column 'city', got none\n\nhint: did you mean citi?",
        ),
        (
            written(pa.table([[1], [2], ["a"], ["x"]], names=["age", "age", "city", "label"])),
            "a.parquet: expected each column once, got 'age' 2 times\n\nhint: rename one",
        ),
        (
            written(pa.table({"age": [1], "city": [["a", "b"]], "label": ["x"]})),
            "a.parquet, column 'city': expected one value to a row, got list<",
        ),
    ],
)
def test_a_broken_file_is_an_error_that_names_the_place(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        table(content)
    assert str(error.value).startswith(message)


def test_text_in_another_encoding_is_named_though_parquet_calls_it_text() -> None:
    latin = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.array([0, 1, 5], pa.int32()).buffers()[1], pa.py_buffer(b"aK\xf6ln")]
    )
    raw = pa.table({"age": [1, 2], "city": latin, "label": ["x", "y"]})
    with pytest.raises(DataError, match=r"a\.parquet, row 2, column 'city': expected UTF-8 text, got b'K\\xf6ln'"):
        table(written(raw))


@pytest.mark.parametrize("texts", [["abc"], ["2.5"], ["7"]])
@pytest.mark.parametrize("first", ["number", "text"])
def test_files_that_disagree_whether_a_column_is_numbers_make_it_text(texts: list[str], first: str) -> None:
    number, text = written(pa.table({"x": [1.5, 2.5]})), written(pa.table({"x": texts}))
    files = {"0.parquet": number, "1.parquet": text} if first == "number" else {"0.parquet": text, "1.parquet": number}
    with opened(files, path="*.parquet", format="parquet") as dataset:
        assert sorted(every(dataset)["x"].to_pylist()) == sorted(["1.5", "2.5", *texts])
