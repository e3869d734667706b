"""Datasets: parts, types over all files, spans by time."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benison.config.data import Data, Splits
from benison.core import digests
from benison.core.errors import DataError
from benison.core.forks import map_forked
from benison.sources import cuts, intake, read_csv, spill
from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_dataset
from tests.sources.reading import NOTHING, opened, table

SPLITS = Splits("hash", (), "", (0.6, 0.2, 0.2))


def as_csv(*rows: dict[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(*rows: dict[str, Any], group: int = 1000) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), sink, row_group_size=group)
    return sink.getvalue()


@contextmanager
def over_time(
    folder: Path, files: dict[str, bytes], every: str, span: int = 0, window: int = 1, format: str = "csv"
) -> Iterator[Dataset]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    data = Data(f"*.{format}", None, format, window, "at", every, SPLITS, "schema.pbtxt", (), None)
    columns = Columns((), (), ("at",))
    with open_dataset(data, str(folder), span, columns, folder, folder / "scratch") as dataset:
        yield dataset


def small(monkeypatch: pytest.MonkeyPatch, part: int = 200, block: int = 64) -> None:
    monkeypatch.setattr(cuts, "PART_BYTES", part)
    monkeypatch.setattr(read_csv, "BLOCK_BYTES", block)
    # As a large file is read: by forked workers.
    monkeypatch.setattr(intake, "FORKED_BYTES", 0)


def test_a_file_in_many_parts_is_the_file_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"n": n, "x": n / 8, "text": f'a "{n}",\nb', "zip": f"{n:05d}"} for n in range(500)]
    with opened({"a.csv": as_csv(*rows)}) as dataset:
        assert len(dataset.parts) == 1
        whole = table(dataset)
    small(monkeypatch)
    with opened({"a.csv": as_csv(*rows)}) as dataset:
        assert len(dataset.parts) > 30
        assert table(dataset).equals(whole)
        assert [part.first for part in dataset.parts] == [
            1 + sum(part.rows for part in dataset.parts[:number]) for number in range(len(dataset.parts))
        ]


def test_parts_can_be_read_in_any_order_in_forked_workers_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    with opened({"a.csv": as_csv(*({"n": n} for n in range(500)))}) as dataset:
        read = lambda part: [value for batch in dataset.batches(part) for value in batch["n"].to_pylist()]  # noqa: E731
        once = list(map_forked(read, dataset.parts, workers=2))
        assert [value for part in once for value in part] == list(range(500))
        assert list(map_forked(read, dataset.parts[::-1], workers=2)) == once[::-1]


def test_text_at_the_very_end_keeps_the_spelling_of_numbers_at_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"price": f"{n}.50", "zip": f"{n + 10000}"} for n in range(300)]
    last = {"price": "none", "zip": "01234"}
    small(monkeypatch)
    with opened({"a.csv": as_csv(*rows, last), "b.csv": as_csv(last)}, path="*.csv") as dataset:
        assert table(dataset).to_pylist() == [*rows, last, last]


def test_a_block_without_a_value_has_the_type_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"n": n, "x": ""} for n in range(50)] + [{"n": "", "x": n / 2} for n in range(50)]
    small(monkeypatch)
    with opened({"a.csv": as_csv(*rows)}) as dataset:
        assert [str(field.type) for field in dataset.schema] == ["int64", "double"]
        assert table(dataset).to_pydict() == {
            "n": [*range(50), *[None] * 50],
            "x": [*[None] * 50, *(n / 2 for n in range(50))],
        }


def test_a_fault_in_a_later_part_is_told_with_its_row_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    rows = [{"n": n} for n in range(500)]
    wrong = as_csv(*rows[:400], {"n": "many"}, *rows, {"n": "too many"})
    with pytest.raises(DataError, match=r"^b\.csv, row 401, column 'n': expected a number, got 'many'"):  # noqa: SIM117
        with opened({"a.csv": as_csv(*rows), "b.csv": wrong}, Columns(("n",), ()), path="*.csv"):
            pass


def test_a_source_says_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.compress(as_csv(*({"n": n} for n in range(5000))))
    small(monkeypatch, part=1000, block=1000)
    with opened({"a.csv.gz": content}) as dataset:
        (source,) = dataset.sources
        assert (source.span, source.path, source.rows, source.version) == (1, "a.csv.gz", 5000, "")
        assert (source.size, source.digest) == (len(content), digests.of_bytes(content))
        assert len(dataset.parts) > 5
        assert table(dataset)["n"].to_pylist() == list(range(5000))


CELLS = st.sampled_from(["", "0", "7", "-0", "007", "1.5", "2.0", "1e3", "a", "12345678901234567"])


@pytest.mark.slow
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cells=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20), part=st.integers(4, 60))
def test_types_and_values_do_not_depend_on_where_a_file_is_cut(
    monkeypatch: pytest.MonkeyPatch, cells: list[tuple[str, str]], part: int
) -> None:
    content = as_csv(*({"a": one, "b": other, "c": "x"} for one, other in cells))
    with opened({"a.csv": content}) as dataset:
        whole = table(dataset)
    with monkeypatch.context() as changed:
        small(changed, part=part, block=40)
        with opened({"a.csv": content}) as dataset:
            assert table(dataset).equals(whole)


NUMBERS = st.none() | st.integers(-5, 5) | st.sampled_from([0.5, 2.0, -1.25])


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NUMBERS, st.none() | st.sampled_from("ab")), min_size=1, max_size=12), st.integers(1, 4))
def test_a_parquet_file_is_what_the_same_csv_is(cells: list[tuple[Any, Any]], group: int) -> None:
    rows = [{"n": None if n is None else float(n), "t": t, "k": "x"} for n, t in cells]
    with opened({"a.csv": as_csv(*rows)}) as dataset:
        from_csv = table(dataset)
    schema = pa.schema([("n", pa.float64()), ("t", pa.string()), ("k", pa.string())])
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), sink, row_group_size=group)
    with opened({"a.parquet": sink.getvalue()}, format="parquet") as dataset:
        assert len(dataset.parts) == -(-len(rows) // group)
        assert table(dataset).equals(from_csv)


def test_parquet_files_with_other_types_agree_on_one() -> None:
    files = {
        "a.parquet": as_parquet({"n": 1, "m": 1, "t": 1}, {"n": 2, "m": None, "t": 2}),
        "b.parquet": as_parquet({"n": 1.5, "m": 2.0, "t": "a"}),
        "c.parquet": as_parquet({"n": 3, "m": 3, "t": None}),
    }
    with opened(files, path="*.parquet", format="parquet") as dataset:
        assert table(dataset).to_pydict() == {
            "m": [1, None, 2, 3],
            "n": [1.0, 2.0, 1.5, 3.0],
            "t": ["1", "2", "a", None],
        }


def columns(dataset: Dataset, *names: str) -> dict[str, list[Any]]:
    batches = [batch for part in dataset.parts for batch in dataset.columns(part, names)]
    assert all(batch.schema.names == list(names) for batch in batches)
    return {name: [value for batch in batches for value in batch[name].to_pylist()] for name in names}


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_some_columns_are_those_of_the_batches(format: str) -> None:
    rows = [{"n": number / 2, "t": "abc"[number % 3] or None, "k": number, "u": ""} for number in range(7)]
    rows[3] |= {"n": None, "t": None, "u": "x"}
    jsonl = "".join(json.dumps(row) + "\n" for row in rows).encode()
    content = {"csv": as_csv(*rows), "jsonl": jsonl, "parquet": as_parquet(*rows, group=3)}[format]
    with opened({f"a.{format}": content}, format=format) as dataset:
        whole = table(dataset).to_pydict()
        assert columns(dataset, "u", "t", "n") == {name: whole[name] for name in ("u", "t", "n")}
        texts = [batch["t"] for part in dataset.parts for batch in dataset.columns(part, ["t"])]
        assert all(pa.types.is_dictionary(array.type) == (format == "parquet") for array in texts)


def test_a_text_that_is_none_is_told_with_its_row_from_a_dictionary_too() -> None:
    sink = io.BytesIO()
    texts = pa.array([b"a", b"b", b"a", b"K\xf6ln"]).cast(pa.string(), safe=False)
    pq.write_table(pa.table({"n": [1.5, 2.5, 3.5, 4.5], "t": texts}), sink, row_group_size=3)
    with (
        opened({"a.parquet": sink.getvalue()}, format="parquet") as dataset,
        pytest.raises(DataError, match=r"a.parquet, row 4, column 't': expected UTF-8 text, got b'K\\xf6ln'"),
    ):
        columns(dataset, "t")


def test_batches_are_small_however_short_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened({"a.csv": b"n\n" + b"1\n" * 200_000}) as dataset:
        assert len(table(dataset)) == 200_000
        assert max(batch.num_rows for part in dataset.parts for batch in dataset.batches(part)) <= spill.BATCH_ROWS


@pytest.mark.parametrize(
    ("every", "first"), [("day", 19_754), ("week", 2823), ("month", 649), ("quarter", 217), ("year", 55)]
)
def test_a_time_tells_the_span(tmp_path: Path, every: str, first: int) -> None:
    # 2024-01-31 was the 19,754th day since 1970-01-01 as the first one, counted by Python's own calendar.
    assert (datetime(2024, 1, 31) - datetime(1969, 12, 31)).days == 19_754
    content = as_csv({"at": "2024-01-31T23:59:59Z", "n": 1}, {"at": "2024-01-31", "n": 2}) if every != "week" else b""
    content = content.replace(b"2024-01-31\n", b"2024-01-31T00:00:00Z\n") or as_csv({"at": "2024-02-04", "n": 1})
    content = content.replace(b"2024-01-31,", b"2024-01-31T00:00:00Z,")
    with over_time(tmp_path, {"a.csv": content}, every) as dataset:
        assert {source.span for source in dataset.sources} == {first}


MOMENT = datetime(2024, 1, 31, 12, tzinfo=UTC)
HOURS = [{"at": int(MOMENT.timestamp()) + 1800 * n, "n": n} for n in range(48)]


@pytest.mark.parametrize("spelt", ["seconds", "iso", "parquet"])
def test_spans_by_time_are_cut_out_of_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelt: str) -> None:
    rows = HOURS
    if spelt == "iso":
        rows = [{**row, "at": datetime.fromtimestamp(row["at"], UTC).isoformat()} for row in HOURS]
    write, format = (as_parquet, "parquet") if spelt == "parquet" else (as_csv, "csv")
    files = {f"b.{format}": write(*rows[::2]), f"a.{format}": write(*rows[1::2])}
    small(monkeypatch, part=300)
    with over_time(tmp_path, files, "hour", window=3, format=format) as dataset:
        newest = int(MOMENT.timestamp()) // 3600 + 1 + 23
        assert [(source.span, source.path[0], source.rows) for source in dataset.sources] == [
            (newest - 2 + number // 2, "ab"[number % 2], 1) for number in range(6)
        ]
        assert table(dataset)["n"].to_pylist() == [43, 42, 45, 44, 47, 46]
        assert [part.span for part in dataset.parts] == sorted(part.span for part in dataset.parts)
    with over_time(tmp_path, files, "day", format=format) as dataset:
        assert sorted(table(dataset)["n"].to_pylist()) == list(range(24, 48))
        assert columns(dataset, "n") == {"n": table(dataset)["n"].to_pylist()}
    with over_time(tmp_path, files, "day", span=19_754, format=format) as dataset:
        assert sorted(table(dataset)["n"].to_pylist()) == list(range(24))


@pytest.mark.parametrize(
    ("times", "span", "window", "message"),
    [
        (
            ["2024-01-01", "2024-03-01"],
            0,
            2,
            "*.csv, column 'at': expected span 650, got none\n\nhint: there are spans 649, 651",
        ),
        (["2024-01-01", "2024-03-01"], 652, 1, "*.csv, column 'at': expected span 652, got none\n\nhint: there are"),
        (["2024-01-01", ""], 0, 1, "a.csv, row 2, column 'at': expected a time, got nothing"),
        (["2024-01-01", "soon"], 0, 1, "a.csv, row 2, column 'at': expected an ISO 8601 time such as 2026-11-20"),
        (["1700000000000"], 0, 1, "a.csv, row 1, column 'at': expected seconds since 1970, got 1700000000000"),
        (["2024-01-01", "1969-01-01"], 0, 1, "a.csv, row 2, column 'at': expected a time from 1970 on, got 1969-01-01"),
    ],
)
def test_times_that_tell_no_span_are_named(
    tmp_path: Path, times: list[str], span: int, window: int, message: str
) -> None:
    content = as_csv(*({"at": time, "n": number} for number, time in enumerate(times)))
    with pytest.raises(DataError) as error, over_time(tmp_path, {"a.csv": content}, "month", span, window):
        pass
    assert str(error.value).startswith(message)


def test_what_the_configuration_calls_text_or_numeric_is_that() -> None:
    columns = Columns(numeric=("n", "none"), text=("label",))
    content = as_csv({"n": "007", "label": "1", "none": ""}, {"n": "2.50", "label": "0", "none": ""})
    with opened({"a.csv": content}, columns) as dataset:
        assert [str(field.type) for field in dataset.schema] == ["string", "double", "double"]
        assert table(dataset).to_pydict() == {"label": ["1", "0"], "n": [7.0, 2.5], "none": [None, None]}


def test_a_name_that_one_file_of_json_lines_lacks_is_missing_there() -> None:
    files = {"a.jsonl": b'{"a": 1, "b": "x"}\n', "b.jsonl": b'{"a": 2}\n'}
    with opened(files, path="*.jsonl", format="jsonl") as dataset:
        assert table(dataset).to_pydict() == {"a": [1, 2], "b": ["x", None]}


def test_nothing_is_said_of_columns_that_nobody_names() -> None:
    with opened({"a.csv": b"a,b\n1,x\n"}, NOTHING) as dataset:
        assert [(field.name, str(field.type)) for field in dataset.schema] == [("a", "int64"), ("b", "string")]
