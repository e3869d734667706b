"""Statements: what a query for DuckDB asks, read off DuckDB's own parse of it, and whether it may.

A query reads the tables that benison.yaml names and nothing else, writes nothing, and gives the same rows tomorrow.
What is allowed is listed; what is not known is refused. A SELECT alone would not do: DuckDB takes COPY and INSERT in
its WITH, and ``query('...')`` runs any text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from benison.core.errors import DataError
from benison.core.spelling import nearest

Tree = dict[str, Any]

_QUERIES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_PLACES = {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EMPTY", "EXPRESSION_LIST", "PIVOT", "CTE"}
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest", "json_each", "json_tree"}
# Keywords, which the parse has as if they were columns.
_CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
_TOMORROW = "a query that gives the same rows tomorrow"
_BOUND = "give it a parameter instead, such as $start or $end"


@dataclass(frozen=True)
class Asked:
    """What one query asks for.

    Attributes:
        tables: The names of the tables that it reads.
        own: The names that its WITH gives.
        parameters: The names of its parameters, without ``$``.
    """

    tables: frozenset[str]
    own: frozenset[str]
    parameters: frozenset[str]


def examine(sql: str, where: str) -> Asked:
    """Reads a query without running it.

    Args:
        sql: The text.
        where: The file that it stands in, for messages.

    Raises:
        DataError: It is not one SELECT, it writes, reads files by itself, or depends on the clock or on chance.
    """
    with duckdb.connect(":memory:") as connection:
        root = _parsed(connection, sql, where)
        unsteady = _unsteady(connection)
    nodes = list(_nodes(root))
    for node in nodes:
        _check_query(node, where)
        _check_place(node, where)
        _check_steady(node, unsteady, where)
    return Asked(
        tables=frozenset(node["table_name"] for node in nodes if node.get("type") == "BASE_TABLE"),
        own=frozenset(entry["key"] for node in nodes if "cte_map" in node for entry in node["cte_map"]["map"]),
        parameters=frozenset(node["identifier"] for node in nodes if node.get("type") == "VALUE_PARAMETER"),
    )


def _parsed(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> Tree:
    ((text,),) = connection.sql("select json_serialize_sql($sql)", params={"sql": sql}).fetchall()
    parsed: Tree = json.loads(text)
    if parsed.get("error"):
        raise DataError(where, expected="one SELECT that DuckDB understands", got=_fault(connection, sql))
    if len(parsed["statements"]) != 1:
        count = len(parsed["statements"]) or "no"
        raise DataError(where, expected="one SELECT", got=f"{count} statements")
    tree: Tree = parsed["statements"][0]
    return tree


def _fault(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What is wrong with a text that is no SELECT."""
    try:
        kinds = [statement.type.name for statement in connection.extract_statements(sql)]
    except duckdb.Error as error:
        return str(error).splitlines()[0].removeprefix("Parser Error: ")
    return ", ".join(kinds)


def _unsteady(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The functions whose value is another at another time."""
    rows = connection.sql("select function_name from duckdb_functions() where stability <> 'CONSISTENT'")
    return {name for (name,) in rows.fetchall()}


def _nodes(tree: Any) -> Iterator[Tree]:
    if isinstance(tree, dict):
        yield tree
    for branch in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(branch)


def _check_query(node: Tree, where: str) -> None:
    if "cte_map" in node and node["type"] not in _QUERIES:
        kind = node["type"].removesuffix("_QUERY_NODE").removesuffix("_NODE")
        raise DataError(where, expected="a query that only reads", got=kind)


def _check_place(node: Tree, where: str) -> None:
    """What stands after FROM."""
    if "sample" not in node or "cte_map" in node:
        return
    if node["type"] not in _PLACES:
        raise DataError(where, expected="a SELECT over tables", got=str(node.get("show_type") or node["type"]))
    if node["type"] == "TABLE_FUNCTION" and (name := node["function"]["function_name"]) not in _TABLE_FUNCTIONS:
        hint = "name the files under data.query.tables in benison.yaml, and read the table by its name"
        raise DataError(where, expected="a query that reads its tables alone", got=f"{name}()", hint=hint)


def _check_steady(node: Tree, unsteady: set[str], where: str) -> None:
    name = str(node.get("function_name"))
    if name.casefold() in unsteady:
        raise DataError(where, expected=_TOMORROW, got=f"{name}()", hint=_BOUND)
    column = str(node["column_names"][-1]) if node.get("class") == "COLUMN_REF" else ""
    if column.casefold() in _CLOCKS:
        raise DataError(where, expected=_TOMORROW, got=column, hint=_BOUND)
    if isinstance(sample := node.get("sample"), dict) and sample.get("seed") in (None, -1):
        hint = "write TABLESAMPLE reservoir(10%) REPEATABLE (1), or choose rows by the hash of a column"
        raise DataError(where, expected=_TOMORROW, got="a sample without a seed", hint=hint)


def check_tables(asked: Asked, given: tuple[str, ...], where: str) -> None:
    """Makes sure that the query reads the tables that there are, and that each of them is read.

    Raises:
        DataError: It reads one that there is not, or leaves one out.
    """
    known = {name.casefold() for name in (*given, *asked.own)}
    for name in sorted(asked.tables):
        if name.casefold() not in known:
            hint = nearest(name, given) or "name its files under data.query.tables in benison.yaml"
            raise DataError(where, expected="tables of data.query.tables", got=repr(name), hint=hint)
    for name in given:
        if name.casefold() not in {table.casefold() for table in asked.tables}:
            expected, hint = f"the table {name!r} of data.query.tables to be read", "take it out of benison.yaml"
            raise DataError(where, expected=expected, got="a query without it", hint=hint)
