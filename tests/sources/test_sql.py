"""SQL over files, against DuckDB's own reading, pandas and plain counting."""

from __future__ import annotations

import gzip
import os
import random
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.core import digests
from benison.core.errors import DataError
from benison.sources.queries import QueriedFile, QueriedTable, Value, keep
from benison.sources.sql import Laid, Run, answer


def laid(name: str, *paths: Path, hive: bool = False) -> Laid:
    files = tuple(QueriedFile(path.name, path.stat().st_size, digests.of_file(path)) for path in paths)
    kind = next(kind for kind in ("csv", "parquet", "jsonl") if f".{kind}" in paths[0].name)
    return Laid(QueriedTable(name, files=files), kind, paths, hive)


def ask(sql: str, tmp_path: Path, *tables: Laid, **parameters: Value) -> pa.Table:
    path = tmp_path / "answer.parquet"
    (rows,) = answer(sql, "query.sql", [Run(parameters, path)], tables, tmp_path)
    table = pq.read_table(path)
    assert table.num_rows == rows
    return table


@pytest.fixture
def rides(tmp_path: Path) -> Path:
    path = tmp_path / "rides.csv"
    path.write_text("zip,km,day\n007,1.5,2024-02-01\n12,2,2024-02-29\n,,2024-03-01\n")
    return path


def test_joins_tables_of_several_formats(tmp_path: Path, rides: Path) -> None:
    pq.write_table(pa.table({"zip": ["007", "12"], "city": ["Bonn", "Ulm"]}), tmp_path / "cities.parquet")
    (tmp_path / "taxes.jsonl").write_text('{"city": "Bonn", "tax": 0.5}\n{"city": "Ulm"}\n')
    sql = "select zip, city, km, tax from rides join cities using (zip) join taxes using (city) order by zip"
    tables = (
        laid("rides", rides),
        laid("cities", tmp_path / "cities.parquet"),
        laid("taxes", tmp_path / "taxes.jsonl"),
    )
    assert ask(sql, tmp_path, *tables).to_pylist() == [
        {"zip": "007", "city": "Bonn", "km": 1.5, "tax": 0.5},
        {"zip": "12", "city": "Ulm", "km": 2.0, "tax": None},
    ]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "", "-20"], pa.int64()),
        (["1", "2.5", "1e-3"], pa.float64()),
        (["1", "007"], pa.string()),
        (["+1", "2"], pa.string()),
        (["12345678901234567890", "1"], pa.string()),
        (["0.1234567890123456789", "1e400"], pa.string()),
        (["nan", "1.5"], pa.string()),
        (["true", "false"], pa.string()),
        (["2024-02-29", "2024-03-01"], pa.date32()),
        (["2024-02-29 10:00:00", "2024-03-01T11:30:00.5"], pa.timestamp("us")),
        (["2024-02-29T10:00:00Z", "2024-03-01T11:30:00+02:00"], pa.timestamp("us", "UTC")),
        (["01/02/2024", "13/02/2024"], pa.string()),
        (["10:00:00", "11:00:00"], pa.string()),
        (["#1", "2"], pa.string()),
        (["", ""], pa.string()),
    ],
)
def test_a_column_of_a_csv_is_what_all_its_values_are(tmp_path: Path, values: list[str], kind: pa.DataType) -> None:
    (tmp_path / "t.csv").write_text("row,value\n" + "".join(f"a,{value}\n" for value in values))
    found = ask("select value from t", tmp_path, laid("t", tmp_path / "t.csv"))["value"]
    assert found.type == kind
    if kind == pa.string():
        assert found.to_pylist() == [value or None for value in values]


@pytest.mark.parametrize(
    ("first", "last", "kind"),
    [
        ("1", "2.5", pa.float64()),
        ("1", "007", pa.string()),
        ("", "7", pa.int64()),
        ("", "7.5", pa.float64()),
        ("", "2024-02-29", pa.date32()),
        ("", "2024-02-29 10:00:00", pa.timestamp("us")),
        ("", "x", pa.string()),
        ("2024-02-29", "2024-02-30x", pa.string()),
        ("x", "1", pa.string()),
    ],
)
def test_a_value_far_behind_decides_too(tmp_path: Path, first: str, last: str, kind: pa.DataType) -> None:
    (tmp_path / "t.csv").write_text("row,value\n" + f"a,{first}\n" * 50_000 + f"a,{last}\n")
    found = ask("select value from t", tmp_path, laid("t", tmp_path / "t.csv"))["value"]
    assert found.type == kind


def test_a_value_in_the_last_file_decides_too(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"{number:02d}.csv").write_text("a,b\n1,2\n" * 1 + "3,4\n" * 50)
    (tmp_path / "99.csv").write_text("b,a\n5,x6\n")
    table = laid("t", *sorted(tmp_path.glob("*.csv")))
    assert ask("select a, b from t where b = 5", tmp_path, table).to_pylist() == [{"a": "x6", "b": 5}]


def test_folders_of_partitions_are_columns(tmp_path: Path) -> None:
    for month in (1, 2):
        folder = tmp_path / f"month={month}"
        folder.mkdir()
        (folder / "rides.csv.gz").write_bytes(gzip.compress(f"km\n{month}0\n".encode()))
    table = laid("rides", *sorted(tmp_path.glob("*/*.gz")), hive=True)
    assert ask("select month, km from rides where month >= 2", tmp_path, table).to_pylist() == [{"month": 2, "km": 20}]


def test_parameters_are_bound_and_never_pasted(tmp_path: Path, rides: Path) -> None:
    table, evil = laid("rides", rides), "007' or '1' = '1"
    assert ask("select km from rides where zip = $zip", tmp_path, table, zip="007")["km"].to_pylist() == [1.5]
    assert ask("select km from rides where zip = $zip", tmp_path, table, zip=evil).num_rows == 0
    between = "select day from rides where day >= $start and day < $end"
    found = ask(between, tmp_path, table, start=datetime(2024, 2, 1), end=datetime(2024, 3, 1))
    assert [str(day) for day in found["day"].to_pylist()] == ["2024-02-01", "2024-02-29"]


def test_times_are_of_utc_wherever_the_machine_is(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("moment\n2024-02-29T23:30:00-02:00\n")
    code = (
        "import sys; from pathlib import Path\n"
        "from benison.sources.queries import *; from benison.sources.sql import *\n"
        "folder = Path(sys.argv[1])\n"
        "table = Laid(QueriedTable('t', files=(QueriedFile('t.csv', 0, ''),)), 'csv', (folder / 't.csv',))\n"
        "answer('select moment::date::varchar d from t', 'q', [Run({}, folder / 'answer.parquet')], (table,), folder)\n"
    )
    environment = {**os.environ, "TZ": "America/Los_Angeles"}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, env=environment)
    assert pq.read_table(tmp_path / "answer.parquet").to_pydict() == {"d": ["2024-03-01"]}


REACHING = [
    "select * from read_text('{secret}')",
    "select * from '{secret}'",
    "select * from read_csv('http://127.0.0.1:9/x.csv')",
    "with q as (copy (select 1) to '{folder}/made.csv') select * from q",
    "select * from query('select * from read_text(''{secret}'')')",
    "select * from glob('{folder}/*')",
]


@pytest.mark.parametrize("sql", REACHING)
def test_a_query_that_was_let_through_still_reaches_nothing_else(tmp_path: Path, rides: Path, sql: str) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match="file system operations are disabled by configuration"):
        ask(sql.format(secret=tmp_path / "secret.csv", folder=tmp_path), tmp_path, laid("rides", rides))
    assert not (tmp_path / "made.csv").exists()


def test_a_query_sees_none_of_the_programs_variables(tmp_path: Path, rides: Path) -> None:
    with pytest.raises(DataError, match="Table with name tables does not exist"):
        ask("select * from tables", tmp_path, laid("rides", rides))


def test_a_column_that_is_none_is_told(tmp_path: Path, rides: Path) -> None:
    with pytest.raises(DataError) as caught:
        ask("select kn from rides", tmp_path, laid("rides", rides))
    assert caught.value.where == "query.sql"
    assert caught.value.got.startswith('Binder Error: Referenced column "kn" not found in FROM clause!')


@pytest.mark.parametrize(
    ("name", "content", "got"),
    [
        ("t.csv", b"a,b\n1,2\n3\n", "t.csv"),
        ("t.csv", b"a,b\n\xff,1\n", "Invalid unicode"),
        ("t.parquet", b"PAR1 and no more of it", "t.parquet"),
        ("t.jsonl", b'{"a": 1}\n{"a":\n', "Malformed JSON in file"),
    ],
)
def test_a_broken_table_is_named_without_the_machines_folders(
    tmp_path: Path, name: str, content: bytes, got: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=r"^table t: expected files that DuckDB can read, got ") as caught:
        ask("select * from t", tmp_path, laid("t", tmp_path / name))
    assert got in caught.value.got
    assert str(tmp_path) not in caught.value.got


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("zip,miles,day", "more.csv: expected a column 'km', as in rides.csv, got none"),
        ("zip,km,day,tip", "more.csv: expected the columns of rides.csv, got 'tip' as well"),
    ],
)
def test_files_of_one_table_with_other_columns_are_refused(tmp_path: Path, rides: Path, header: str, said: str) -> None:
    (tmp_path / "more.csv").write_text(f"{header}\n1,2,2024-01-01{',3' * header.count('tip')}\n")
    with pytest.raises(DataError, match=f"^{re.escape(said)}"):
        ask("select * from rides", tmp_path, laid("rides", rides, tmp_path / "more.csv"))


def test_a_result_that_is_no_table_of_values_is_refused(tmp_path: Path, rides: Path) -> None:
    with pytest.raises(DataError, match=r"hint: cast it to a number, a text or a time in the query"):
        ask("select interval 3 days as length from rides", tmp_path, laid("rides", rides))


def test_no_rows_are_an_answer(tmp_path: Path, rides: Path) -> None:
    found = ask("select km, zip from rides where km > 100", tmp_path, laid("rides", rides))
    assert (found.num_rows, found.column_names) == (0, ["km", "zip"])


def many(tmp_path: Path, rows: int = 400_000) -> Laid:
    rng = random.Random(7)
    values: dict[str, Any] = {
        "zone": [rng.randrange(5_000) for _ in range(rows)],
        "km": [rng.random() for _ in range(rows)],
    }
    pq.write_table(pa.table(values), tmp_path / "many.parquet", row_group_size=10_000)
    return laid("many", tmp_path / "many.parquet")


def test_one_query_over_the_same_files_gives_the_same_bytes_though_nothing_orders_it(tmp_path: Path) -> None:
    table = many(tmp_path)
    sql = "select zone, sum(km) total, avg(km) mean, count(*) n from many group by zone"
    found = set()
    for number in range(5):
        path = tmp_path / f"{number}.parquet"
        answer(sql, "query.sql", [Run({}, path)], (table,), tmp_path)
        found.add(digests.of_file(path))
    assert len(found) == 1


def test_the_bytes_do_not_depend_on_the_batches_they_came_in(tmp_path: Path) -> None:
    texts = pa.array([f"text {n % 999}" for n in range(200_000)])
    whole = pa.record_batch([pa.array(range(200_000)), texts], names=["a", "b"])
    found = set()
    for size in (200_000, 65_536, 4_096, 999):
        pieces = [whole.slice(first, size) for first in range(0, len(whole), size)]
        keep(pieces, whole.schema, tmp_path / "kept.parquet", "here")
        found.add(digests.of_file(tmp_path / "kept.parquet"))
        file = pq.ParquetFile(tmp_path / "kept.parquet")
        assert [file.metadata.row_group(n).num_rows for n in range(4)] == [65_536, 65_536, 65_536, 3_392]
    assert len(found) == 1


def test_what_does_not_fit_into_memory_goes_to_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benison.sources.sql.MEMORY", "64MiB")
    sql = "select i, hash(i) h, 'a text of some length ' || i t from range(1500000) r(i) order by h"
    found = ask(sql, tmp_path)
    expected = duckdb.sql("select hash(i) h from range(1500000) r(i) order by h").to_arrow_table()
    assert np.array_equal(found["h"].to_numpy(), expected["h"].to_numpy())
