"""Queries: what every engine has in common: which spans are asked for, with which parameters, and what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benison.config.data import Data, Query, Scalar
from benison.core.errors import DataError
from benison.core.spelling import nearest
from benison.sources import periods

OF_SPANS = ("span", "start", "end")
GROUP_ROWS = 1 << 16
Value = Scalar | datetime


@dataclass(frozen=True)
class QueriedFile:
    """A file that a query's table was read from.

    Attributes:
        path: Without the machine's folders; a URI for objects.
        size: In bytes.
        digest: Of the bytes.
        version: The store's own; empty: it has none.
    """

    path: str
    size: int
    digest: str
    version: str = ""


@dataclass(frozen=True)
class QueriedTable:
    """A table that a query read.

    Attributes:
        name: What the query calls it.
        version: When it was last changed, where the engine keeps tables itself; empty: see `files`.
        files: What it was read from, where it is made of files.
    """

    name: str
    version: str = ""
    files: tuple[QueriedFile, ...] = ()


@dataclass(frozen=True)
class QueryRecord:
    """What was asked, so that it can be asked again.

    Attributes:
        engine: ``duckdb`` or ``bigquery``.
        engine_version: The engine's, or the client's where the engine runs elsewhere.
        sql: The exact text.
        parameters: By name; times as ISO 8601.
        tables: What the query read.
        location: Where it ran; empty: here.
        bytes_read: What the engine said that it would read; None: it does not say.
    """

    engine: str
    engine_version: str
    sql: str
    parameters: Mapping[str, Scalar]
    tables: tuple[QueriedTable, ...]
    location: str = ""
    bytes_read: int | None = None


def text_of(query: Query, project: Path) -> str:
    """The query's exact text.

    Raises:
        DataError: There is no such file, or it is not text.
    """
    path = project / query.file
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        hint = nearest(path.name, [other.name for other in project.glob("**/*.sql")])
        raise DataError(
            f"data.query.file {query.file}", expected="a file of the project", got="none", hint=hint
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(query.file, expected="a query in UTF-8", got=str(error)) from error


def spans_asked(data: Data, used: frozenset[str], newest: int) -> tuple[int, ...]:
    """The spans that a query is asked for, once each; span 1 where it has no parameter for them.

    Which is the newest span that has rows, a query does not tell without being asked, so it has to be named.

    Args:
        data: With a query.
        used: The parameters in the query's text.
        newest: The span that a run was started with.

    Raises:
        DataError: No span is named, or one that cannot be; or the query cannot be asked for several.
    """
    file = data.query.file if data.query else ""
    if not used & set(OF_SPANS):
        if newest > 1 and not data.every:
            hint = "use $span in the query (@span for BigQuery), or name data.time and data.every in benison.yaml"
            raise DataError(file, expected="span 1, or 0, where a query has no span", got=f"span {newest}", hint=hint)
        return (1,)
    if newest < 1:
        got, hint = f"span {newest}", "a query cannot tell which span is its newest; name it: --span 1"
        raise DataError(file, expected="span 1 or more, where a query has span, start or end", got=got, hint=hint)
    if used & {"start", "end"} and not data.every:
        hint = "name data.time and data.every in benison.yaml, or use span"
        raise DataError(file, expected="data.every, for start and end", got="none", hint=hint)
    return tuple(range(max(1, newest - data.window + 1), newest + 1))


def parameters_of(data: Data, used: frozenset[str], span: int) -> dict[str, Value]:
    """The value of each parameter that a query uses.

    Raises:
        DataError: It uses one that has no value, or one that has a value is not used.
    """
    query = data.query
    given: dict[str, Value] = dict(query.parameters) if query else {}
    file = query.file if query else ""
    if unused := sorted(set(given) - used):
        hint = nearest(unused[0], used) or "take it out of benison.yaml"
        got = "a query without it"
        raise DataError(file, expected=f"data.query.parameters.{unused[0]} to be used", got=got, hint=hint)
    values = given | _of_span(data, span)
    if unknown := sorted(used - set(values)):
        hint = nearest(unknown[0], values) if values else "give it a value under data.query.parameters in benison.yaml"
        raise DataError(file, expected="parameters that have a value", got=repr(unknown[0]), hint=hint)
    return {name: values[name] for name in sorted(used)}


def _of_span(data: Data, span: int) -> dict[str, Value]:
    if not data.every:
        return {"span": span}
    start, end = periods.bounds(data.every, span)
    return {"span": span, "start": start, "end": end}


def recorded(parameters: Mapping[str, Value]) -> dict[str, Scalar]:
    """Parameters as they can be written down.

    >>> recorded({"start": datetime(2024, 2, 1), "city": "Ulm"})
    {'start': '2024-02-01T00:00:00Z', 'city': 'Ulm'}
    """
    return {
        name: f"{value.isoformat()}Z" if isinstance(value, datetime) else value for name, value in parameters.items()
    }


def keep(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: Path, where: str) -> int:
    """Writes rows as Parquet, the same bytes for the same rows however they come in batches.

    Args:
        batches: Of `schema`, of any number of rows.
        schema: Their columns.
        path: The file that is made.
        where: What the rows come from, for messages.

    Returns:
        How many rows there were.

    Raises:
        DataError: A column is of a type that Parquet cannot hold.
    """
    count = 0
    try:
        with pq.ParquetWriter(path, schema, version="2.6", compression="zstd", compression_level=3) as writer:
            for group in _regrouped(batches):
                writer.write_table(group, row_group_size=GROUP_ROWS)
                count += group.num_rows
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        hint = "cast it to a number, a text or a time in the query"
        raise DataError(where, expected="columns of one value to a row", got=str(error), hint=hint) from error
    return count


def _regrouped(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Tables of `GROUP_ROWS` rows each; the last may have less."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= GROUP_ROWS:
            # In one piece: where pieces meet, Parquet would begin a page.
            whole = pa.Table.from_batches(waiting).combine_chunks()
            cut = rows - rows % GROUP_ROWS
            yield from (whole.slice(first, GROUP_ROWS) for first in range(0, cut, GROUP_ROWS))
            waiting, rows = whole.slice(cut).to_batches(), rows - cut
    if rows:
        yield pa.Table.from_batches(waiting).combine_chunks()
