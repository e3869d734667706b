"""Bodies: rows as requests that a client would send, JSON that knows nothing of Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.core.signatures import TEXT, require_column
from benison.sources.encode import INTEGERS

Row = dict[str, Any]
# As many as a server takes at once.
AT_ONCE = 512


def rows_of(table: pa.Table, columns: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Rows with the columns that a package reads, as JSON has them: null where a value is missing.

    Args:
        table: With these columns, perhaps of another type than the package was trained on.
        columns: The ``columns`` of its features.json.

    Raises:
        DataError: A column is missing, or cannot be had as the package was trained on it without a loss.
    """
    values = {column["name"]: _values(table, column) for column in columns}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def _values(table: pa.Table, column: Mapping[str, Any]) -> list[Any]:
    name = column["name"]
    require_column(name, table.column_names)
    try:
        return list(_as_sent(table[name], column).to_pylist())
    except pa.ArrowInvalid as error:
        hint = "the model was trained on it as another kind; declare it so under features: in benison.yaml"
        raise DataError(f"column {name!r}", expected=_kind(column), got=str(error), hint=hint) from error


def _as_sent(values: pa.ChunkedArray, column: Mapping[str, Any]) -> pa.ChunkedArray:
    if is_whole(column):
        return values.cast(pa.int64())
    if column["type"] == TEXT:
        return as_text(values)
    wide = values.cast(pa.int8()).cast(pa.float64()) if pa.types.is_boolean(values.type) else values.cast(pa.float64())
    return pc.if_else(pc.is_nan(wide), None, wide)


def _kind(column: Mapping[str, Any]) -> str:
    return "whole numbers" if is_whole(column) else "text" if column["type"] == TEXT else "numbers"


def is_whole(column: Mapping[str, Any]) -> bool:
    """Whether a package reads whole numbers there."""
    return bool(column["stored_as"] == INTEGERS)


def bodies_of(rows: Sequence[Row], at_once: int = AT_ONCE) -> Iterator[bytes]:
    """Requests of at most so many rows."""
    for start in range(0, len(rows), at_once):
        yield json.dumps({"instances": rows[start : start + at_once]}, allow_nan=False).encode()


def spread(rows: int, most: int) -> npt.NDArray[np.int64]:
    """At most so many places, evenly spread over all rows."""
    return np.linspace(0, rows - 1, min(most, rows)).astype(np.int64)
