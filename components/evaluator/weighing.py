"""weighing: what each row counts, and which rows hang together, from columns of the data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.evaluator.measure import Bools, Floats, Rows, Whole
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import BINARY
from benison.core.spelling import nearest


def rows_of(
    labels: Bools | Floats,
    table: pa.Table,
    weight: str,
    unit: str,
    where: str,
    task: str = BINARY,
    classes: tuple[str, ...] = (),
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

    Raises:
        ConfigError: There is no such column.
        DataError: A weight is no number, or negative, or nothing weighs anything; a row has no unit.
    """
    weights = weights_of(_column(table, weight, where), weight) if weight else None
    units = units_of(_column(table, unit, where), unit) if unit else None
    return Rows.of(labels, weights=weights, units=units, task=task, classes=classes)


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


def units_of(column: pa.ChunkedArray, name: str) -> Whole:
    """Which unit each row is of, as numbers from 0.

    Raises:
        DataError: A row has none.
    """
    codes = as_text(column).combine_chunks().dictionary_encode()
    if codes.null_count:
        got = f"none in {codes.null_count:,} of {len(codes):,} rows"
        hint = "rows of one unknown unit cannot be told from rows of many"
        raise DataError(f"unit column {name!r}", expected="a unit for each row", got=got, hint=hint)
    return np.asarray(codes.indices.to_numpy(), dtype=np.int64)
