"""BigQuery through Google's own client, against a server on loopback that runs the SQL by DuckDB."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.core.errors import DataError
from benison.sources.bigquery import EMULATOR, Asked, answer, parameters_in
from benison.sources.queries import QueriedTable, Value
from tests.sources.bigquery_server import BigQuery, bigquery_server

RIDES = """
select * from (values
  ('Ulm', 1, 1.5::double, true, timestamptz '2024-02-01 00:00:00Z', date '2024-02-01'),
  ('Bonn', 2, null, false, timestamptz '2024-02-29 23:59:59.25Z', date '2024-02-29'),
  (null, 3, 2.5, true, timestamptz '2024-03-01 00:00:00Z', date '2024-03-01')
) rides(city, id, km, paid, start_time, day)
"""
MANY = "select i, i / 2 as half from range(3500) r(i)"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[BigQuery]:
    found = BigQuery({"city.taxi.rides": RIDES, "city.taxi.many": MANY})
    with bigquery_server(found) as address:
        monkeypatch.setenv(EMULATOR, address)
        yield found


def ask(sql: str, tmp_path: Path, **parameters: Value) -> tuple[Asked, pa.Table]:
    asked = answer(sql, "query.sql", parameters, "payer", "", tmp_path / "answer.parquet")
    table = pq.read_table(tmp_path / "answer.parquet")
    assert table.num_rows == asked.rows
    return asked, table


def test_keeps_values_and_types(service: BigQuery, tmp_path: Path) -> None:
    _, found = ask("select * from `city.taxi.rides` order by id", tmp_path)
    assert found.to_pydict() == {
        "city": ["Ulm", "Bonn", None],
        "id": [1, 2, 3],
        "km": [1.5, None, 2.5],
        "paid": [True, False, True],
        "start_time": [
            datetime(2024, 2, 1, tzinfo=UTC),
            datetime(2024, 2, 29, 23, 59, 59, 250_000, tzinfo=UTC),
            datetime(2024, 3, 1, tzinfo=UTC),
        ],
        "day": [date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1)],
    }


def test_says_what_was_read_where_and_as_of_when(service: BigQuery, tmp_path: Path) -> None:
    asked, _ = ask("select * from `city.taxi.rides` order by id", tmp_path)
    assert asked.tables == (QueriedTable("city.taxi.rides", version="2024-02-19T00:00:00.123000Z"),)
    assert (asked.rows, asked.location, asked.bytes_read) == (3, "EU", 123_456)


def test_asks_what_a_query_would_read_before_it_runs(service: BigQuery, tmp_path: Path) -> None:
    ask("select * from `city.taxi.rides` order by id", tmp_path)
    assert [configuration.get("dryRun", False) for configuration in service.configurations] == [True, False]
    assert service.asked[:3] == [
        "POST /bigquery/v2/projects/payer/jobs",
        "GET /bigquery/v2/projects/city/datasets/taxi/tables/rides",
        "POST /bigquery/v2/projects/payer/jobs",
    ]


def test_parameters_are_sent_beside_the_text(service: BigQuery, tmp_path: Path) -> None:
    sql = (
        "select id from `city.taxi.rides` where start_time >= @start and start_time < @end "
        "and id < @most and km < @far and paid = @paid and city = @city order by id"
    )
    parameters = {
        "start": datetime(2024, 2, 1),
        "end": datetime(2024, 3, 1),
        "most": 3,
        "far": 9.5,
        "paid": True,
        "city": "Ulm",
    }
    _, found = ask(sql, tmp_path, **parameters)
    assert found["id"].to_pylist() == [1]
    assert all(configuration["query"]["query"] == sql for configuration in service.configurations)
    sent = service.configurations[1]["query"]["queryParameters"]
    assert {entry["name"]: entry["parameterType"]["type"] for entry in sent} == {
        "start": "TIMESTAMP",
        "end": "TIMESTAMP",
        "most": "INT64",
        "far": "FLOAT64",
        "paid": "BOOL",
        "city": "STRING",
    }
    assert sent[0]["parameterValue"]["value"].startswith("2024-02-01 00:00:00+00:00")


def test_reads_page_after_page(service: BigQuery, tmp_path: Path) -> None:
    _, found = ask("select * from `city.taxi.many` order by i", tmp_path)
    assert found.to_pydict() == {"i": list(range(3500)), "half": [number / 2 for number in range(3500)]}
    assert sum("/queries/" in path for path in service.asked) >= 4


def test_no_rows_are_an_answer(service: BigQuery, tmp_path: Path) -> None:
    _, found = ask("select id, city from `city.taxi.rides` where id > 100 order by id", tmp_path)
    assert found.num_rows == 0
    assert found.schema.field("id").type == pa.int64() and found.schema.field("city").type == pa.string()


def test_what_is_no_select_is_refused_before_it_runs(service: BigQuery, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^query.sql: expected one SELECT, got DELETE$"):
        ask("delete from `city.taxi.rides` where true", tmp_path)
    assert [configuration["dryRun"] for configuration in service.configurations] == [True]


def test_what_bigquery_says_of_a_wrong_query_is_told(service: BigQuery, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^query.sql: expected a query that BigQuery can run, got .*kn") as caught:
        ask("select kn from `city.taxi.rides`", tmp_path)
    assert "http" not in str(caught.value)


def test_access_denied_is_told_with_the_roles_that_are_needed(service: BigQuery, tmp_path: Path) -> None:
    service.refuse = 403, "Access Denied: Project payer: User does not have bigquery.jobs.create permission"
    with pytest.raises(DataError, match=r"bigquery\.jobs\.create permission\n\nhint: BigQuery Job User on the project"):
        ask("select 1", tmp_path)


def test_a_network_that_leads_nowhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EMULATOR, "http://127.0.0.1:9")
    monkeypatch.setattr("benison.sources.bigquery._ANSWER_WITHIN", 1.0)
    with pytest.raises(DataError, match=r"got no answer\n\nhint: look whether the network leads to BigQuery"):
        ask("select 1", tmp_path)


def test_nobody_signed_in_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EMULATOR, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "no-such.json"))
    with pytest.raises(DataError, match=r"got no credentials\n\nhint: sign in: gcloud auth application-default login"):
        ask("select 1", tmp_path)


def test_a_query_that_orders_nothing_is_warned_of(
    service: BigQuery, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        ask("select id from `city.taxi.rides` -- order by id", tmp_path)
    assert "query.sql: without ORDER BY, its rows may come in another order next time" in caplog.messages
    assert "query.sql: reads 123,456 bytes of city.taxi.rides" in caplog.messages


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select @a, @b + @a", {"a", "b"}),
        ("select '@a', \"@b\", `@c`, '''@d ' @e''', r'\\@f' -- @g", set()),
        ("select 'it\\'s @a', @b # @c\n /* @d \n */ , @e", {"b", "e"}),
        ("select @@error.message, a@b.c", set()),
    ],
)
def test_parameters_are_those_outside_of_texts_and_comments(sql: str, names: set[str]) -> None:
    assert parameters_in(sql) == names


def test_a_missing_client_names_the_extra(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; sys.modules['google.cloud.bigquery'] = None\n"
        "from benison.sources.bigquery import answer\n"
        "answer('select 1', 'query.sql', {}, '', '', Path('answer.parquet'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert "expected Google's client for BigQuery, got none" in done.stderr
    assert "hint: install it: pip install 'benison[bigquery]'" in done.stderr
