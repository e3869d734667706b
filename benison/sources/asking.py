"""Asking: a query of benison.yaml becomes files that are read like any others.

A query that uses span, start or end is asked once for each span of the window. One that uses none is asked once alone;
its rows are cut into periods where ``data.every`` says so, else they are one span.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from urllib.parse import quote

from benison.config.data import Data, Query, Table
from benison.core import digests
from benison.sources import bigquery, queries, sql, statements
from benison.sources.columns import Columns
from benison.sources.dataset import open_table
from benison.sources.files import Files
from benison.sources.find import File, find, is_remote, pattern_of, store_of
from benison.sources.inputs import Input, parquet_input, same_columns
from benison.sources.pieces import Piece
from benison.sources.queries import QueriedFile, QueriedTable, QueryRecord, Value

_Runs = Mapping[int, Mapping[str, Value]]
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Question:
    """A query's text, and the parameters in it."""

    query: Query
    sql: str
    used: frozenset[str]

    @property
    def spanned(self) -> bool:
        """Whether it is asked for one span at a time."""
        return bool(self.used & set(queries.OF_SPANS))


@dataclass(frozen=True)
class _Answer:
    span: int
    path: Path
    rows: int
    record: QueryRecord


def question_of(query: Query, project: Path) -> Question:
    """Reads a query without running it.

    Args:
        query: The configuration's section.
        project: The folder of the configuration.

    Raises:
        DataError: There is no such file, or it is no query that may be run.
    """
    text = queries.text_of(query, project)
    if query.engine == "bigquery":
        return Question(query, text, bigquery.parameters_in(text))
    asked = statements.examine(text, query.file)
    statements.check_tables(asked, tuple(table.name for table in query.tables), query.file)
    return Question(query, text, asked.parameters)


def ask(
    data: Data, question: Question, data_root: str, newest: int, columns: Columns, scratch: Path
) -> tuple[Input, ...]:
    """Runs a query for each span of the window.

    Args:
        data: The configuration's section.
        question: What `question_of` made of it.
        data_root: The folder or URI that relative paths of tables start at.
        newest: The newest span; 0 where the query uses none of span, start and end.
        columns: What the configuration says of the columns.
        scratch: Where rows are kept.

    Raises:
        DataError: It cannot be run, or the newest span has no rows, or another but the oldest of the window.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    runs = {
        span: queries.parameters_of(data, question.used, span)
        for span in queries.spans_asked(data, question.used, newest)
    }
    if question.query.engine == "bigquery":
        answers = _by_bigquery(question, runs, scratch)
    else:
        answers = _by_duckdb(question, runs, data_root, scratch)
    inputs = tuple(_input(number, one, question, columns) for number, one in enumerate(_from_first(answers)))
    same_columns([(f"{one.name}, span {one.span}", one.names) for one in inputs])
    return inputs


def _by_duckdb(question: Question, runs: _Runs, data_root: str, scratch: Path) -> list[_Answer]:
    query, text = question.query, question.sql
    tables = tuple(_laid(table, data_root, scratch / "tables" / table.name) for table in query.tables)
    asked = [sql.Run(parameters, scratch / f"span-{span}.parquet") for span, parameters in runs.items()]
    rows = sql.answer(text, query.file, asked, tables, scratch)
    record = QueryRecord("duckdb", sql.VERSION, text, {}, tuple(table.table for table in tables))
    return [
        _Answer(span, run.path, count, replace(record, parameters=queries.recorded(run.parameters)))
        for span, run, count in zip(runs, asked, rows, strict=True)
    ]


def _by_bigquery(question: Question, runs: _Runs, scratch: Path) -> list[_Answer]:
    return [_by_bigquery_once(question, span, parameters, scratch) for span, parameters in runs.items()]


def _by_bigquery_once(question: Question, span: int, parameters: Mapping[str, Value], scratch: Path) -> _Answer:
    query, text, path = question.query, question.sql, scratch / f"span-{span}.parquet"
    asked = bigquery.answer(text, query.file, parameters, query.project, query.location, path)
    said = queries.recorded(parameters)
    record = QueryRecord("bigquery", asked.version, text, said, asked.tables, asked.location, asked.bytes_read)
    return _Answer(span, path, asked.rows, record)


def _from_first(answers: list[_Answer]) -> list[_Answer]:
    """Without spans before the first that has rows, as a window of files begins with the first file; never none."""
    begin = next((place for place, one in enumerate(answers) if one.rows), len(answers) - 1)
    return answers[begin:]


def _input(number: int, one: _Answer, question: Question, columns: Columns) -> Input:
    file = question.query.file
    name = f"{file}, span {one.span}" if question.spanned else file
    version = max((table.version for table in one.record.tables), default="")
    whole = Piece(number, one.path, name, "parquet")
    return replace(parquet_input(whole, one.span, columns, version, one.record), name=file)


def _laid(table: Table, data_root: str, folder: Path) -> sql.Laid:
    """A table's files, where DuckDB can read them."""
    folder.mkdir(parents=True)
    if table.format == "tfrecord":
        return _as_parquet(table, data_root, folder)
    pattern = pattern_of(table.path, data_root)
    store = store_of(pattern)
    files = find(pattern, table.format, 0, 1, store)
    laid = [_place(file, number, store, folder) for number, file in enumerate(files)]
    found = QueriedTable(table.name, files=tuple(file for _, file in laid))
    hive = any(file.partitions for file in files)
    return sql.Laid(found, table.format, tuple(path for path, _ in laid), hive)


def _place(file: File, number: int, store: Files, folder: Path) -> tuple[Path, QueriedFile]:
    """A file under a name without wildcards, below the folders that its partitions ask for."""
    for name, value in file.partitions:
        folder /= f"{quote(name)}={_HIVE_NULL if value is None else quote(value, safe='')}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:06d}{''.join(Path(file.name).suffixes[-1:])}"
    if is_remote(file.found.path):
        digest = store.fetch(file.found.path, path)
    else:
        path.symlink_to(file.found.path)
        digest = digests.of_file(path)
    return path, QueriedFile(file.name, path.stat().st_size, digest, file.found.version)


def _as_parquet(table: Table, data_root: str, folder: Path) -> sql.Laid:
    """DuckDB reads no TFRecords."""
    path = folder / "rows.parquet"
    with open_table(table, data_root, Columns(), folder / "read") as dataset:
        batches = chain.from_iterable(dataset.batches(part) for part in dataset.parts)
        queries.keep(batches, dataset.schema, path, f"table {table.name}")
        files = tuple(QueriedFile(one.path, one.size, one.digest, one.version) for one in dataset.sources)
    return sql.Laid(QueriedTable(table.name, files=files), "parquet", (path,))
