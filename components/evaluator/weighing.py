"""weighing: what each row counts, and which rows hang together, from columns of the data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import BINARY
from benison.core.spelling import nearest
from benison.metrics.measure import Bools, Floats, Rows, Whole


def rows_of(
    labels: Bools | Floats,
    table: pa.Table,
    weight: str,
    unit: str,
    where: str,
    task: str = BINARY,
    classes: tuple[str, ...] = (),
    query: str = "",
) -> Rows:
    """The rows with their weights and units.

    Args:
        labels: Of each row.
        table: The same rows.
        weight: The column of their weights; empty: every row weighs 1.
        unit: The column of what each is of, such as a user; empty: rows are independent.
        where: Where the two columns are named, for messages.
        task: What models answer.
        classes: As in `Rows`.
        query: The column of what rows are ranked within; empty: models do not rank.

    Raises:
        ConfigError: There is no such column.
        DataError: A weight is no number, or negative, or nothing weighs anything; a row has no unit or query; the rows
            of a query are of several units, or have several weights.
    """
    weights = weights_of(_column(table, weight, where), weight) if weight else None
    units = units_of(_column(table, unit, where), unit) if unit else None
    if not query:
        return Rows.of(labels, weights=weights, units=units, task=task, classes=classes)
    queries = units_of(_column(table, query, where), query, "query")
    for what, column, values in (("weight", weight, weights), ("unit", unit, units)):
        if values is not None:
            _one_for_each(
                queries, values, f"{what} column {column!r}", f"one {what} for all rows of a query", table[query]
            )
    return Rows.of(labels, weights=weights, units=units, task=task, query=queries)


def _one_for_each(queries: Whole, values: Floats | Whole, where: str, expected: str, names: pa.ChunkedArray) -> None:
    """Refuses what differs within a query, whose figure counts once."""
    _, heads, numbers = np.unique(queries, return_index=True, return_inverse=True)
    wrong = values != values[heads][numbers]
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(where, expected=expected, got=f"several in query {names[first].as_py()!r}, row {first + 1:,}")


def _column(table: pa.Table, name: str, where: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        hint = nearest(name, table.column_names)
        raise ConfigError(where, expected="a column of the data", got=repr(name), hint=hint)
    return table[name]


def weights_of(column: pa.ChunkedArray, name: str) -> Floats:
    """Weights as numbers from 0.

    Raises:
        DataError: One is no number, or negative, or all are 0.
    """
    where = f"weight column {name!r}"
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        raise DataError(where, expected="numbers from 0", got=f"{column.type}")
    found = np.asarray(pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(), dtype=np.float64)
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        first = int(np.argmax(wrong))
        got = f"{int(wrong.sum()):,} of {len(found):,} that are none, the first {found[first]:g} in row {first + 1:,}"
        raise DataError(
            where, expected="numbers from 0", got=got, hint="a row without a weight counts neither as 0 nor as 1"
        )
    if len(found) and not found.any():
        raise DataError(where, expected="a weight above 0", got="0 in every row")
    return found


def units_of(column: pa.ChunkedArray, name: str, what: str = "unit") -> Whole:
    """Which unit, or query, each row is of, as numbers from 0.

    Raises:
        DataError: A row has none.
    """
    codes = as_text(column).combine_chunks().dictionary_encode()
    if codes.null_count:
        got = f"none in {codes.null_count:,} of {len(codes):,} rows"
        hint = f"rows of one unknown {what} cannot be told from rows of many"
        raise DataError(f"{what} column {name!r}", expected=f"a {what} for each row", got=got, hint=hint)
    return np.asarray(codes.indices.to_numpy(), dtype=np.int64)
