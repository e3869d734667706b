"""What a query may ask of DuckDB; the oracle is what DuckDB itself does with the text."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from benison.core.errors import DataError
from benison.sources.statements import Asked, check_tables, examine

READS_ONLY = [
    "select a, b from rides",
    "from rides",
    "with long as (select * from rides where km > $km) select * from long join zones using (zone)",
    "with recursive n as (select 1 x union all select x + 1 from n where x < 5) select * from n",
    "select * from rides order by a limit 3",
    "select zone, sum(km) over (partition by zone order by t) from rides",
    "(select 1) union all (select 2) order by 1 -- the end",
    "select * from rides asof join zones using (zone, t)",
    "select * from rides where exists (select 1 from zones where zones.zone = rides.zone)",
    "select * from (values (1), (2)) v(x), range(3), unnest([1, 2])",
    "pivot rides on kind in ('x', 'y') using sum(km)",
    "select * from rides tablesample reservoir(10%) repeatable (1)",
    "select list_transform([1], lambda x: x + 1);",
]
OTHERS = {
    "": "no statements",
    "-- nothing": "no statements",
    "select 1; select 2": "2 statements",
    "copy rides to 'out.csv'": "COPY",
    "attach 'other.db'": "ATTACH",
    "install httpfs": "LOAD",
    "set threads = 4": "SET",
    "pragma version": "PRAGMA",
    "insert into rides values (1)": "INSERT",
    "create table x as select 1": "CREATE",
    "explain select 1": "EXPLAIN",
    "set threads = 4; select 1": "SET, SELECT",
    "selec 1": 'syntax error at or near "selec"',
    "with q as (copy (select 1) to 'out.csv') select * from q": "COPY",
    "with q as (insert into rides values (1) returning 1) select * from q": "INSERT",
    "select * from rides, (with q as (delete from rides returning 1) select * from q)": "DELETE",
    "describe rides": "DESCRIBE",
    "select * from (summarize rides)": "SUMMARY",
    "select * from read_csv('/etc/passwd')": "read_csv()",
    "select (select count(*) from glob('*'))": "glob()",
    "select * from query('select 1')": "query()",
    "select * from duckdb_settings()": "duckdb_settings()",
}
UNSTEADY = {
    "select now()": "now()",
    "select random() from rides": "random()",
    "select NOW()": "now()",
    "select * from rides order by random()": "random()",
    "select * from rides where t > current_date - 30": "current_date",
    "select CURRENT_TIMESTAMP": "CURRENT_TIMESTAMP",
    "select uuid()": "uuid()",
    "select list_transform([1], lambda x: random())": "random()",
    "select current_setting('threads')": "current_setting()",
    "select * from rides tablesample 10%": "a sample without a seed",
}


@pytest.mark.parametrize("sql", READS_ONLY)
def test_a_query_that_only_reads_may(sql: str) -> None:
    examine(sql, "query.sql")


@pytest.mark.parametrize(("sql", "got"), OTHERS.items())
def test_anything_else_is_refused(sql: str, got: str) -> None:
    with pytest.raises(DataError, match=r"^query\.sql: expected ") as caught:
        examine(sql, "query.sql")
    assert caught.value.got == got


@pytest.mark.parametrize(("sql", "got"), UNSTEADY.items())
def test_a_query_that_the_clock_or_chance_decides_is_refused(sql: str, got: str) -> None:
    with pytest.raises(DataError, match="expected a query that gives the same rows tomorrow") as caught:
        examine(sql, "query.sql")
    assert caught.value.got == got


def test_duckdb_would_write_a_file_from_a_select(tmp_path: Path) -> None:
    """Why a statement of kind SELECT is not enough."""
    sql = f"with q as (copy (select 1) to '{tmp_path}/out.csv') select * from q"
    with duckdb.connect() as connection:
        assert connection.extract_statements(sql)[0].type == duckdb.StatementType.SELECT
        connection.execute(sql).fetchall()
    assert (tmp_path / "out.csv").exists()


def test_names_tables_and_parameters() -> None:
    sql = "with long as (select * from Rides where km > $km) from long, zones where day >= $start and day <= $start"
    asked = Asked(frozenset({"Rides", "long", "zones"}), frozenset({"long"}), frozenset({"km", "start"}))
    assert examine(sql, "query.sql") == asked


def test_positional_parameters_have_numbers_for_names() -> None:
    assert examine("select ? + ?", "query.sql").parameters == {"1", "2"}


def test_a_table_that_is_not_given_is_named_with_the_nearest() -> None:
    with pytest.raises(DataError) as caught:
        check_tables(examine("select * from riides", "query.sql"), ("rides",), "query.sql")
    assert str(caught.value) == (
        "query.sql: expected tables of data.query.tables, got 'riides'\n\nhint: did you mean rides?"
    )


def test_a_file_in_place_of_a_table_is_refused() -> None:
    with pytest.raises(DataError, match=r"got '/etc/passwd'"):
        check_tables(examine("select * from '/etc/passwd'", "query.sql"), ("rides",), "query.sql")


def test_a_table_that_nothing_reads_is_told() -> None:
    with pytest.raises(
        DataError, match=r"expected the table 'zones' of data.query.tables to be read, got a query without"
    ):
        check_tables(examine("select * from rides", "query.sql"), ("rides", "zones"), "query.sql")


def test_a_name_of_its_own_may_hide_a_table() -> None:
    check_tables(examine("with rides as (from Rides where km > 1) from rides", "query.sql"), ("rides",), "query.sql")
