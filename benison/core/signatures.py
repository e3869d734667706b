"""How a package is called: its signatures, what their inputs are named, and rows of Arrow as those inputs."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.core.spelling import nearest

SERVE_EXAMPLES = "serving_default"
SERVE_COLUMNS = "serve_columns"
TRANSFORM_COLUMNS = "transform_columns"
SERVE_TRANSFORMED = "serve_transformed"
PROBABILITY = "probability"
NUMBER, TEXT, SECONDS = "number", "text", "seconds"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]")
# TensorFlow hands a signature's inputs to a method by keyword.
_TAKEN = {*keyword.kwlist, "self"}


def input_names(columns: Sequence[str]) -> dict[str, str]:
    """The name of each column's or feature's input: its own, made an identifier, which is all TensorFlow takes.

    >>> input_names(["age", "hours per week", "hours-per-week", "1st"])
    {'age': 'age', 'hours per week': 'hours_per_week', 'hours-per-week': 'hours_per_week_2', '1st': 'column_1st'}
    """
    names: dict[str, str] = {}
    taken = {column for column in columns if _identifier(column) == column}
    for column in columns:
        name = base = _identifier(column)
        number = 2
        while name in taken and name != column:
            name, number = f"{base}_{number}", number + 1
        taken.add(name)
        names[column] = name
    return names


def _identifier(column: str) -> str:
    name = _NOT_IN_A_NAME.sub("_", column)
    free = name[:1].isalpha() and name not in _TAKEN
    return name if free else f"column_{name.strip('_')}"


def numbers(table: pa.Table, column: str) -> npt.NDArray[np.float32]:
    """A numeric column as a model receives it: float32, NaN where a value is missing.

    Raises:
        DataError: The column is missing, holds something else than numbers, or one that is not finite in float32.
    """
    values = _column(table, column)
    kind = values.type
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or kind == pa.null()):
        raise DataError(
            f"column {column!r}",
            expected="numbers, as features: in benison.yaml says",
            got=str(kind),
            hint="declare it categorical, or mend the data",
        )
    if pa.types.is_boolean(kind):
        values = values.cast(pa.int8())
    wide = np.asarray(values.cast(pa.float64(), safe=False).to_numpy())
    with np.errstate(over="ignore"):
        narrow = wide.astype(np.float32)
    if (infinite := np.isinf(narrow)).any():
        row = int(infinite.argmax())
        raise DataError(
            f"column {column!r}, row {row + 1}",
            expected="a number between -3.4e38 and 3.4e38",
            got=f"{wide[row]:g}",
            hint="drop or mend such rows before",
        )
    return narrow


def texts(table: pa.Table, column: str) -> pa.ChunkedArray:
    """A categorical column as a model receives it: text, empty where a value is missing.

    Raises:
        DataError: The column is missing.
    """
    return pc.fill_null(as_text(_column(table, column)), "")


def _column(table: pa.Table, column: str) -> pa.ChunkedArray:
    require_column(column, table.column_names)
    return table[column]


def require_column(column: str, names: Sequence[str]) -> None:
    """Refuses data without a column that a feature is made of.

    Raises:
        DataError: It is not among their columns.
    """
    if column not in names:
        expected, hint = f"a column {column!r} in the data", nearest(column, names)
        raise DataError(f"feature {column!r}", expected=expected, got="none", hint=hint)


def seconds(table: pa.Table, column: str) -> npt.NDArray[np.float64]:
    """A column of times in seconds since 1970 as a model receives it: float64, NaN where a value is missing.

    Raises:
        DataError: The column is missing, or holds something else than numbers.
    """
    values = _column(table, column)
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or values.type == pa.null()):
        expected = "numbers, seconds since 1970, as the model was trained on"
        raise DataError(f"column {column!r}", expected=expected, got=str(values.type), hint="mend the data")
    return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def feed(table: pa.Table, columns: Sequence[Mapping[str, Any]]) -> dict[str, npt.NDArray[Any]]:
    """Rows as the inputs of the signatures ``serve_columns`` and ``transform_columns``.

    Args:
        table: Rows with every column of the model.
        columns: The ``columns`` of a package's ``assets.extra/features.json``.

    Returns:
        By input name, one array of length n: float32 or, for times, float64 with NaN for missing, or text objects
        with "" for missing.

    Raises:
        DataError: A column is missing or cannot be used.
    """
    return {column["input"]: _READ[column["type"]](table, column["name"]) for column in columns}


def _text_objects(table: pa.Table, column: str) -> npt.NDArray[Any]:
    return np.asarray(texts(table, column).to_numpy())


_READ: Mapping[str, Callable[[pa.Table, str], npt.NDArray[Any]]] = {
    NUMBER: numbers,
    SECONDS: seconds,
    TEXT: _text_objects,
}
