"""SQL: a query over files, answered by DuckDB.

Two runs of one query over the same files give the same bytes. DuckDB works on one thread for that: on several, sums of
floats and the order of groups change from run to run. Its memory is the same everywhere, since what is spilled comes
back in another order; what it needs beyond goes to scratch.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from benison.core.errors import DataError
from benison.core.spelling import nearest
from benison.sources.queries import GROUP_ROWS, QueriedTable, Value, keep

MEMORY = "1GiB"
VERSION: str = duckdb.__version__
_ADVICE = ("Possible", "The search space", "Potential Fixes", "LINE ", "Candidate")
# What is written otherwise, as 007 or 05/06/2024, stays text: see `numerals`.
_SPELT = {
    "BIGINT": "-?(0|[1-9][0-9]{0,17})",
    "DOUBLE": r"-?(0|[1-9][0-9]{0,14})(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?",
    "DATE": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "TIMESTAMP": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?",
    "TIMESTAMP WITH TIME ZONE": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]{5,15}(Z|[-+][0-9]{2}(:?[0-9]{2})?)",
}
_CSV = "header = true, skip = 0, delim = ',', quote = '\"', escape = '\"', comment = ''"
_READERS = {
    "csv": f"from read_csv($paths, {_CSV}, types = $types, hive_partitioning = $hive)",
    "parquet": "from read_parquet($paths, hive_partitioning = $hive)",
    "jsonl": "from read_json($paths, format = 'newline_delimited', sample_size = -1, hive_partitioning = $hive)",
}
_NO_FOLDERS = "hive_partitioning = false"
_GUESS = f"describe from read_csv($paths, {_CSV}, files_to_sniff = -1, union_by_name = true, {_NO_FOLDERS})"
_TEXTS = f"read_csv($paths, {_CSV}, all_varchar = true, {_NO_FOLDERS})"
_SAMPLE_ROWS = 20_480


@dataclass(frozen=True)
class Laid:
    """A table's files, on this machine.

    Attributes:
        table: What is recorded of it.
        format: ``csv``, ``parquet`` or ``jsonl``.
        paths: In the order of rows.
        hive: Whether folders named ``key=value`` are columns.
    """

    table: QueriedTable
    format: str
    paths: tuple[Path, ...]
    hive: bool = False


class Run(NamedTuple):
    """One run of a query.

    Attributes:
        parameters: A value for each of its parameters, by name; times are UTC.
        path: The Parquet file that is made.
    """

    parameters: Mapping[str, Value]
    path: Path


def answer(sql: str, where: str, runs: Iterable[Run], tables: tuple[Laid, ...], scratch: Path) -> list[int]:
    """Runs a query, once for each set of parameters, and keeps its rows as Parquet.

    Args:
        sql: One SELECT, as `statements.examine` lets through.
        where: The file that it stands in, for messages.
        runs: What to run it with, and where the rows go.
        tables: What it may read; nothing else is within its reach.
        scratch: A folder for what does not fit into memory.

    Returns:
        How many rows each run gave.

    Raises:
        DataError: A table cannot be read, or the query cannot be run.
    """
    with _connected(scratch) as connection:
        for table in tables:
            with _telling(f"table {table.table.name}", "files that DuckDB can read", tables):
                _lay(connection, table)
        with _telling(where, "a query that DuckDB can run", tables):
            _lock(connection, tables)
            return [_kept(connection, sql, where, run) for run in runs]


def _kept(connection: duckdb.DuckDBPyConnection, sql: str, where: str, run: Run) -> int:
    reader = connection.sql(sql, params=dict(run.parameters)).to_arrow_reader(GROUP_ROWS)
    return keep(reader, reader.schema, run.path, where)


@contextmanager
def _connected(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, Any] = {
        "memory_limit": MEMORY,
        "temp_directory": str(scratch / "spilled"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # Else a query could read the variables of this module by their names.
        "python_enable_replacements": False,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def _lay(connection: duckdb.DuckDBPyConnection, table: Laid) -> None:
    """Makes a view, so that the files are read as the query runs and never held."""
    given: dict[str, Any] = {"paths": [str(path) for path in table.paths], "hive": table.hive}
    if table.format == "csv":
        _same_columns(connection, table)
        given["types"] = _types(connection, given["paths"])
    connection.sql(_READERS[table.format], params=given).create_view(table.table.name)


def _same_columns(connection: duckdb.DuckDBPyConnection, table: Laid) -> None:
    """DuckDB would leave out what only some of the files have."""
    read = f"describe from {_TEXTS}"
    columns = [
        [name for name, *_ in connection.sql(read, params={"paths": [str(path)]}).fetchall()] for path in table.paths
    ]
    first = table.table.files[0].path
    for file, names in zip(table.table.files, columns, strict=True):
        if missing := sorted(set(columns[0]) - set(names)):
            expected, hint = f"a column {missing[0]!r}, as in {first}", nearest(missing[0], names)
            raise DataError(file.path, expected=expected, got="none", hint=hint)
        if more := sorted(set(names) - set(columns[0])):
            raise DataError(file.path, expected=f"the columns of {first}", got=f"{more[0]!r} as well")


def _types(connection: duckdb.DuckDBPyConnection, paths: list[str]) -> dict[str, str]:
    """Each column's type by all rows: what DuckDB takes the first ones for, where all are spelt as such, or text."""
    guessed = {name: kind for name, kind, *_ in connection.sql(_GUESS, params={"paths": paths}).fetchall()}
    begun = _filled(connection, list(guessed), paths)
    asked = [(name, kind) for name, guess in guessed.items() for kind in _candidates(guess, begun=name in begun)]
    if not asked:
        return dict.fromkeys(guessed, "VARCHAR")
    spelt = (f"bool_and(regexp_full_match({_quoted(name)}, $p{place}))" for place, (name, _) in enumerate(asked))
    given = {f"p{place}": _SPELT[kind] for place, (_, kind) in enumerate(asked)}
    (row,) = connection.sql(f"select {', '.join(spelt)} from {_TEXTS}", params={"paths": paths, **given}).fetchall()
    right = [each for each, is_spelt in zip(asked, row, strict=True) if is_spelt]
    return {name: next((kind for column, kind in right if column == name), "VARCHAR") for name in guessed}


def _filled(connection: duckdb.DuckDBPyConnection, names: list[str], paths: list[str]) -> set[str]:
    """The columns that have a value among the first rows."""
    counts = ", ".join(f"count({_quoted(name)})" for name in names)
    sample = f"select {counts} from (from {_TEXTS} limit {_SAMPLE_ROWS})"
    (row,) = connection.sql(sample, params={"paths": paths}).fetchall()
    return {name for name, count in zip(names, row, strict=True) if count}


def _candidates(guess: str, *, begun: bool) -> tuple[str, ...]:
    """What a column can still be, once its first rows are known."""
    if not begun:
        return tuple(_SPELT)
    return ("BIGINT", "DOUBLE") if guess == "BIGINT" else (guess,) if guess in _SPELT else ()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _lock(connection: duckdb.DuckDBPyConnection, tables: tuple[Laid, ...]) -> None:
    """From here on: one thread, these files and no others, no network, no settings."""
    paths = [str(path) for table in tables for path in table.paths]
    connection.execute("set threads = 1")
    connection.execute(f"set allowed_paths = [{', '.join(map(_literal, paths))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _literal(text: str) -> str:
    """A text in SQL; settings take no parameters."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _telling(where: str, expected: str, tables: tuple[Laid, ...]) -> Iterator[None]:
    """Turns what DuckDB raises into what a person can act on."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        hint = "sort or join less at once, or make the tables smaller before"
        raise DataError(
            where, expected=f"a query that gets by with {MEMORY} and the disk", got=_said(error, tables), hint=hint
        ) from error
    except duckdb.Error as error:
        raise DataError(where, expected=expected, got=_said(error, tables)) from error


def _said(error: Exception, tables: tuple[Laid, ...]) -> str:
    """What DuckDB says, up to its advice, which is for those who choose its settings; files as the user calls them."""
    text = str(error)
    for table in tables:
        # A table of TFRecords is one Parquet file by now, made of any number of files.
        for path, file in zip(table.paths, table.table.files, strict=False):
            text = text.replace(str(path), file.path)
    lines = itertools.takewhile(lambda line: line and not line.startswith(_ADVICE), text.splitlines())
    return " ".join(line.strip() for line in lines)
