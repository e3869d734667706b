"""Queries and objects as a run reads them: by `open_dataset`, over files, an S3 server and a BigQuery server."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.config.data import Data, Query, Splits, Table
from benison.core import digests
from benison.core.errors import DataError
from benison.sources.bigquery import EMULATOR
from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_dataset
from tests.sources.bigquery_server import BigQuery, bigquery_server
from tests.sources.s3_server import Bucket
from tests.sources.test_read_tfrecord import example, framed

NONE = Columns()
BY_HASH = Splits("hash", (), "", (0.6, 0.2, 0.2))
PLAIN = Data("", None, "parquet", 1, "", "", BY_HASH, "schema.pbtxt", (), None)


def asking(sql: str, folder: Path, tables: Iterable[Table] = (), window: int = 1, **parameters: Any) -> Data:
    (folder / "query.sql").write_text(sql)
    query = Query("query.sql", "duckdb", tuple(tables), parameters, "", "")
    return replace(PLAIN, query=query, window=window)


def reading(path: str, kind: str = "csv", window: int = 1) -> Data:
    return replace(PLAIN, path=path, format=kind, window=window)


@contextmanager
def opened(data: Data, root: str, folder: Path, span: int = 0) -> Iterator[Dataset]:
    with open_dataset(data, root, span, NONE, folder, folder / "scratch") as dataset:
        yield dataset


def rows(dataset: Dataset, span: int | None = None) -> list[dict[str, Any]]:
    parts = [part for part in dataset.parts if span in (None, part.span)]
    return [row for part in parts for batch in dataset.batches(part) for row in batch.to_pylist()]


@pytest.fixture
def rides(tmp_path: Path) -> Table:
    """Ten rides a day from 1 January to 9 April 2024, each longer than the one before."""
    begin = datetime(2024, 1, 1)
    lines = [
        f"{begin + timedelta(hours=2.4 * number)},{number},{'Ulm' if number % 2 else ''}" for number in range(1000)
    ]
    (tmp_path / "rides.csv").write_text("\n".join(["start,km,city", *lines, ""]))
    return Table("rides", "rides.csv", "csv")


FEBRUARY, MARCH, APRIL = 650, 651, 652


def test_a_query_is_asked_once_for_each_span_with_the_bounds_of_its_period(tmp_path: Path, rides: Table) -> None:
    sql = "select km, start from rides where start >= $start and start < $end order by km"
    data = replace(asking(sql, tmp_path, [rides], window=2), every="month", time="start")
    with opened(data, str(tmp_path), tmp_path, span=MARCH) as dataset:
        assert [(source.span, source.path, source.rows) for source in dataset.sources] == [
            (FEBRUARY, "query.sql", 290),
            (MARCH, "query.sql", 310),
        ]
        assert [row["km"] for row in rows(dataset)] == list(range(310, 910))
        assert rows(dataset)[0]["start"] == "2024-02-01T00:00:00.000000"
        said = [source.query.parameters for source in dataset.sources]
    assert said == [
        {"end": "2024-03-01T00:00:00Z", "start": "2024-02-01T00:00:00Z"},
        {"end": "2024-04-01T00:00:00Z", "start": "2024-03-01T00:00:00Z"},
    ]


def test_the_source_says_all_that_is_needed_to_ask_again(tmp_path: Path, rides: Table) -> None:
    sql = "-- long rides\nselect km from rides where km >= $least and km % 10 = $span order by km\n"
    with opened(asking(sql, tmp_path, [rides], least=500), str(tmp_path), tmp_path, span=7) as dataset:
        (source,) = dataset.sources
        assert [row["km"] for row in rows(dataset)] == list(range(507, 1000, 10))
    kept = tmp_path / "scratch" / "span-7.parquet"
    assert (source.span, source.rows, source.version) == (7, 50, "")
    assert (source.digest, source.size) == (digests.of_file(kept), kept.stat().st_size)
    record = json.loads(json.dumps(asdict(source.query)))
    assert record.pop("engine_version")
    assert record == {
        "engine": "duckdb",
        "sql": sql,
        "parameters": {"least": 500, "span": 7},
        "tables": [
            {
                "name": "rides",
                "version": "",
                "files": [
                    {
                        "path": "rides.csv",
                        "size": (tmp_path / "rides.csv").stat().st_size,
                        "digest": digests.of_file(tmp_path / "rides.csv"),
                        "version": "",
                    }
                ],
            }
        ],
        "location": "",
        "bytes_read": None,
    }


def test_a_query_without_spans_is_one_span(tmp_path: Path, rides: Table) -> None:
    with opened(asking("from rides order by km", tmp_path, [rides]), str(tmp_path), tmp_path) as dataset:
        assert [source.span for source in dataset.sources] == [1]
        assert str(dataset.schema).splitlines() == ["city: string", "km: int64", "start: string"]
        assert len(rows(dataset)) == 1000


def test_a_query_without_spans_is_cut_into_periods_by_its_time(tmp_path: Path, rides: Table) -> None:
    data = asking("from rides order by km", tmp_path, [rides], window=2)
    with opened(replace(data, every="month", time="start"), str(tmp_path), tmp_path) as dataset:
        assert [(source.span, source.rows) for source in dataset.sources] == [(MARCH, 310), (APRIL, 90)]
        assert [row["km"] for row in rows(dataset, APRIL)] == list(range(910, 1000))


def test_spans_before_the_first_that_has_rows_are_left_out(tmp_path: Path, rides: Table) -> None:
    sql = "select km from rides where km >= ($span - 5) * 100 and km < ($span - 4) * 100 order by km"
    with opened(asking(sql, tmp_path, [rides], window=6), str(tmp_path), tmp_path, span=7) as dataset:
        assert [(source.span, source.rows) for source in dataset.sources] == [(5, 100), (6, 100), (7, 100)]


def test_a_newest_span_without_rows_is_told(tmp_path: Path, rides: Table) -> None:
    data = asking("select km from rides where km < 0 and km = $span", tmp_path, [rides])
    with (
        pytest.raises(DataError, match=r"^query.sql, span 9: expected at least one row"),
        opened(data, str(tmp_path), tmp_path, span=9),
    ):
        pass


@pytest.mark.parametrize("span", [0, -1])
def test_the_newest_span_of_a_query_has_to_be_named(tmp_path: Path, rides: Table, span: int) -> None:
    data = asking("select km from rides where km = $span", tmp_path, [rides])
    hint = "hint: a query cannot tell which span is its newest; name it: --span 1"
    with pytest.raises(DataError, match=hint), opened(data, str(tmp_path), tmp_path, span=span):
        pass


def test_a_number_for_a_query_that_has_no_span_is_refused(tmp_path: Path, rides: Table) -> None:
    with (
        pytest.raises(DataError, match=r"expected span 1, or 0, where a query has no span, got span 3"),
        opened(asking("from rides", tmp_path, [rides]), str(tmp_path), tmp_path, span=3),
    ):
        pass


@pytest.mark.parametrize(
    ("sql", "given", "said"),
    [
        ("select 1 where $leest > 0", {"least": 1}, "data.query.parameters.least to be used, got a query without it"),
        ("select $spann", {}, "expected parameters that have a value, got 'spann'\n\nhint: did you mean span?"),
        ("select ?", {}, "expected parameters that have a value, got '1'"),
        ("select $start", {}, "expected data.every, for start and end, got none"),
        ("copy rides to 'x'", {}, "expected one SELECT that DuckDB understands, got COPY"),
    ],
)
def test_a_query_that_does_not_fit_its_configuration_is_told(
    tmp_path: Path, sql: str, given: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataError) as caught, opened(asking(sql, tmp_path, **given), str(tmp_path), tmp_path, span=1):
        pass
    assert said in str(caught.value)


def test_a_query_that_is_not_there_is_told(tmp_path: Path) -> None:
    data = asking("select 1", tmp_path)
    (tmp_path / "query.sql").rename(tmp_path / "querry.sql")
    with pytest.raises(DataError) as caught, opened(data, str(tmp_path), tmp_path):
        pass
    said = "data.query.file query.sql: expected a file of the project, got none\n\nhint: did you mean querry.sql?"
    assert str(caught.value) == said


def test_columns_of_the_configuration_are_looked_for_in_the_result(tmp_path: Path, rides: Table) -> None:
    data = asking("select km from rides", tmp_path, [rides])
    with (
        pytest.raises(DataError, match="expected a column 'kilometres', got none"),
        open_dataset(data, str(tmp_path), 0, Columns(("kilometres",), ()), tmp_path, tmp_path / "scratch"),
    ):
        pass


def test_two_columns_of_one_name_are_refused(tmp_path: Path, rides: Table) -> None:
    data = asking("select km, km from rides", tmp_path, [rides])
    with pytest.raises(DataError, match="each column once"), opened(data, str(tmp_path), tmp_path):
        pass


def test_tables_of_tfrecords_and_partitions_can_be_joined(tmp_path: Path) -> None:
    records = framed(*(example(zone=[zone.encode()], tax=[tax]) for zone, tax in (("a", 0.5), ("b", 0.25))))
    (tmp_path / "taxes.tfrecord.gz").write_bytes(gzip.compress(records))
    for month, zone in (("01", "a"), ("02", "b/c d"), ("__HIVE_DEFAULT_PARTITION__", "b")):
        folder = tmp_path / "run=7" / "rides" / f"month={month}" / f"kind={zone.replace('/', '%2F')}"
        folder.mkdir(parents=True)
        (folder / "part [1].csv").write_text(f"zone,km\n{zone[0]},{len(month)}\n")
    tables = [
        Table("taxes", "taxes.tfrecord.gz", "tfrecord"),
        Table("rides", "run=7/rides/", "csv"),
    ]
    sql = "select month, kind, zone, km * tax as paid from rides join taxes using (zone) order by zone, month"
    with opened(asking(sql, tmp_path, tables), str(tmp_path), tmp_path) as dataset:
        assert rows(dataset) == [
            {"kind": "a", "month": "01", "paid": 1.0, "zone": "a"},
            {"kind": "b/c d", "month": "02", "paid": 0.5, "zone": "b"},
            {"kind": "b", "month": None, "paid": 6.5, "zone": "b"},
        ]
        taxes, rides = dataset.sources[0].query.tables
    assert [file.path for file in taxes.files] == ["taxes.tfrecord.gz"]
    assert [file.path.rpartition("month=")[2] for file in rides.files] == [
        "01/kind=a/part [1].csv",
        "02/kind=b%2Fc d/part [1].csv",
        "__HIVE_DEFAULT_PARTITION__/kind=b/part [1].csv",
    ]


def test_tables_may_be_objects(tmp_path: Path, bucket: Bucket) -> None:
    packed = [gzip.compress(b"km\n1\n2\n"), gzip.compress(b"km\n3\n")]
    bucket.put("rides/day=1/a.csv.gz", packed[0])
    bucket.put("rides/day=2/b.csv.gz", packed[1])
    table = Table("rides", "rides/", "csv")
    with opened(asking("from rides order by km", tmp_path, [table]), bucket.uri(), tmp_path) as dataset:
        assert [row["km"] for row in rows(dataset)] == [1, 2, 3]
        (found,) = dataset.sources[0].query.tables
    assert [(file.path, file.version) for file in found.files] == [
        (bucket.uri(f"rides/{key}"), bucket.tag(f"rides/{key}")) for key in ("day=1/a.csv.gz", "day=2/b.csv.gz")
    ]
    assert [(file.digest, file.size) for file in found.files] == [(digests.of_bytes(raw), len(raw)) for raw in packed]


def test_spans_of_objects_are_found_by_their_names(tmp_path: Path, bucket: Bucket) -> None:
    for span in (1, 2, 3):
        bucket.put(f"week-{span:03d}.csv.gz", gzip.compress(f"n\n{span}\n".encode()))
    bucket.put("week-x.csv.gz", b"something else")
    with opened(reading("week-{span:03d}.csv.gz", window=2), bucket.uri(), tmp_path) as dataset:
        assert rows(dataset) == [{"n": 2}, {"n": 3}]
        assert [(one.span, one.path, one.version) for one in dataset.sources] == [
            (span, bucket.uri(f"week-{span:03d}.csv.gz"), bucket.tag(f"week-{span:03d}.csv.gz")) for span in (2, 3)
        ]


def test_objects_of_months_and_partitions(tmp_path: Path, bucket: Bucket) -> None:
    for month in ("2024-02", "2024-03"):
        for zone in ("a", "b"):
            sink = pa.BufferOutputStream()
            pq.write_table(pa.table({"km": [int(month[-1])]}), sink)
            bucket.put(f"rides/{month}/zone={zone}/part.parquet", bytes(sink.getvalue()))
    with opened(reading("rides/{YYYY}-{MM}/", "parquet"), bucket.uri(), tmp_path) as dataset:
        assert {one.span for one in dataset.sources} == {MARCH}
        assert rows(dataset) == [{"km": 3, "zone": "a"}, {"km": 3, "zone": "b"}]


def test_a_glob_over_objects(tmp_path: Path, bucket: Bucket) -> None:
    for name in ("a1.csv", "a2.csv", "b1.csv", "sub/a3.csv"):
        bucket.put(name, f"name\n{name}\n".encode())
    with opened(reading(bucket.uri("a?.csv")), str(tmp_path), tmp_path) as dataset:
        assert [row["name"] for row in rows(dataset)] == ["a1.csv", "a2.csv"]


def test_no_object_is_told(tmp_path: Path, bucket: Bucket) -> None:
    said = r"nothing.csv: expected an object, got none\n\nhint: look for a misspelt name"
    with pytest.raises(DataError, match=said), opened(reading("nothing.csv"), bucket.uri(), tmp_path):
        pass


def test_bigquery_is_asked_once_for_each_span(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = BigQuery({"city.taxi.rides": "select i as km, i % 3 as span from range(30) r(i)"})
    (tmp_path / "query.sql").write_text("select km from `city.taxi.rides` where span = @span order by km")
    query = Query("query.sql", "bigquery", (), {}, "payer", "EU")
    with bigquery_server(service) as address:
        monkeypatch.setenv(EMULATOR, address)
        with opened(replace(PLAIN, query=query, window=2), str(tmp_path), tmp_path, span=2) as dataset:
            assert [row["km"] for row in rows(dataset)] == [*range(1, 30, 3), *range(2, 30, 3)]
            newest = dataset.sources[1]
    assert (newest.span, newest.path, newest.rows) == (2, "query.sql", 10)
    assert newest.version == "2024-02-19T00:00:00.123000Z"
    assert newest.query is not None
    assert (newest.query.engine, newest.query.location, newest.query.bytes_read) == ("bigquery", "EU", 123_456)
    assert newest.query.parameters == {"span": 2}
