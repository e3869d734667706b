"""Reading the examples and holdout artifacts: Parquet by split, labels as 0 and 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benison.core.errors import DataError
from benison.core.spelling import nearest


def split_folder(artifact: Path, split: str) -> Path:
    """Where a split lies in an artifact: TFX's own layout."""
    return artifact / f"Split-{split}"


def read_split(artifact: Path, split: str, columns: list[str] | None = None) -> pa.Table:
    """The rows of a split, in the order in which example_gen sealed them.

    Args:
        artifact: An examples or holdout artifact.
        split: ``train``, ``eval`` or ``holdout``.
        columns: Only these; None: all.

    Raises:
        DataError: The split is not there.
    """
    files = sorted(split_folder(artifact, split).glob("*.parquet"))
    if not files:
        raise DataError(str(split_folder(artifact, split)), expected="Parquet files", got="none")
    return pa.concat_tables([pq.read_table(file, columns=columns) for file in files])


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column's values as the text that stands in a CSV: 1, not 1.0, for a whole number; null stays null."""
    if pa.types.is_floating(column.type):
        valid = pc.fill_null(column, 0.0)
        if pc.all(pc.equal(valid, pc.floor(valid))).as_py() is not False and not pc.any(pc.is_nan(valid)).as_py():
            column = column.cast(pa.int64())
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string())


def labelled(table: pa.Table, column: str, *, positive: str, negative: str) -> pa.Table:
    """The rows whose label is one of the two values; those without one, or with a third, are nobody's to learn from.

    Args:
        table: Rows with the label column.
        column: The label's name.
        positive: One of its values, as text.
        negative: The other one.

    Returns:
        The table itself where no row is left out.

    Raises:
        DataError: The column is missing.
    """
    known = _is_one_of(_label_texts(table, column), positive, negative)
    return table if pc.all(known).as_py() else table.filter(known)


def binary_labels(table: pa.Table, column: str, *, positive: str, negative: str) -> npt.NDArray[np.int8]:
    """The label column as 0 (negative) and 1 (positive).

    Args:
        table: Rows with the label column.
        column: The label's name.
        positive: The value that counts as 1, as text.
        negative: The value that counts as 0, as text.

    Returns:
        One int8 for each row.

    Raises:
        DataError: The column is missing, or holds a third value or a missing one.
    """
    values = _label_texts(table, column)
    known = _is_one_of(values, positive, negative)
    if not pc.all(known).as_py() and len(values):
        row = pc.index(known, False).as_py()
        got = values[row].as_py()
        raise DataError(
            f"label column {column!r}, row {row + 1}",
            expected=f"{positive!r} or {negative!r}",
            got="nothing" if got is None else repr(got),
            hint="name the two values under label: in benison.yaml, and drop or mend other rows before",
        )
    return np.asarray(pc.equal(values, positive).to_numpy(), dtype=np.int8)


def _label_texts(table: pa.Table, column: str) -> pa.ChunkedArray:
    if column not in table.column_names:
        raise DataError("label", expected=f"a column {column!r}", got="none", hint=nearest(column, table.column_names))
    return as_text(table[column])


def _is_one_of(values: pa.ChunkedArray, positive: str, negative: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.or_(pc.equal(values, positive), pc.equal(values, negative)), False)
