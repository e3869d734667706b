"""requests: what callers ask and are answered, held to what the package was trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.core.errors import BrokenError, DataError
from benison.core.signatures import NUMBER, TEXT
from benison.core.spelling import misspelt, nearest
from benison.serving.package import Column
from benison.sources.encode import INTEGERS

MAX_ROWS = 1024
_HIGHEST = float(np.finfo(np.float32).max)
_KINDS = {bool: "true or false", str: "a text", list: "a list", dict: "an object", type(None): "null"}


def table_of(
    rows: Any, columns: Sequence[Column], *, most: int = MAX_ROWS, also: Collection[str] = frozenset()
) -> pa.Table:
    """Rows of a request as the columns that a package reads.

    Args:
        rows: As JSON has them: a list of objects, each with every column; null says that a value is missing.
        columns: The package's.
        most: How many rows a request may have.
        also: Fields that rows may have besides; they are left out.

    Returns:
        One column for each of the package's, in its order.

    Raises:
        DataError: There is no row or too many, one lacks a column, has one that the package does not read, or a value
            of another type; the message names row and field.
    """
    if not isinstance(rows, list):
        raise DataError("instances", expected="a list of rows", got=_shown(rows), hint='send  {"instances": [{...}]}')
    _check_count(len(rows), most)
    names = [column.name for column in columns]
    needed = set(names)
    for place, row in enumerate(rows, 1):
        _check_fields(place, row, needed, also)
    return _table({name: [row[name] for row in rows] for name in names}, columns)


def table_of_columns(
    values: Mapping[str, Sequence[Any]],
    columns: Sequence[Column],
    *,
    most: int = MAX_ROWS,
    also: Collection[str] = frozenset(),
) -> pa.Table:
    """As `table_of`, of rows that come column by column.

    Args:
        values: By name, one value for each row: as JSON has them, or as NumPy's ``tolist`` gives them.
        columns: The package's.
        most: How many rows a request may have.
        also: Columns that there may be besides; they are left out.

    Raises:
        DataError: As `table_of`, or the columns are of different lengths.
    """
    known = [column.name for column in columns]
    if unknown := next((name for name in values if name not in known and name not in also), None):
        raise _unknown("request", unknown, [*known, *also])
    if lacking := next((name for name in known if name not in values), None):
        raise _lacking("request", lacking, list(values))
    rows = len(values[known[0]])
    for name, given in values.items():
        if len(given) != rows:
            hint = "every column has one value for each row"
            raise DataError(f"field {name!r}", expected=f"{rows} values", got=str(len(given)), hint=hint)
    _check_count(rows, most)
    return _table(values, columns)


def probabilities(scores: npt.NDArray[np.float64], package: str) -> list[float]:
    """Answers that may leave the server.

    Args:
        scores: One for each row.
        package: What messages call who answered.

    Raises:
        BrokenError: One is not finite, or none between 0 and 1.
    """
    wrong = ~((scores >= 0.0) & (scores <= 1.0))
    if wrong.any():
        row = int(wrong.argmax())
        hint = "the package does not keep its contract; roll it back"
        got = f"{scores[row]:g}"
        raise BrokenError(f"answer of {package}, row {row + 1}", expected="a number from 0 to 1", got=got, hint=hint)
    return [float(score) for score in scores]


def _check_count(rows: int, most: int) -> None:
    if not 1 <= rows <= most:
        hint = "cut the request into several" if rows else ""
        raise DataError("instances", expected=f"1 to {most} rows", got=str(rows), hint=hint)


def _check_fields(place: int, row: Any, needed: Set[str], also: Collection[str]) -> None:
    where = f"row {place}"
    if not isinstance(row, dict):
        hint = "send every row as an object of its columns"
        raise DataError(where, expected="an object", got=_shown(row), hint=hint)
    if row.keys() == needed:
        return
    if unknown := sorted(row.keys() - needed - set(also)):
        raise _unknown(where, unknown[0], sorted({*needed, *also}))
    if lacking := sorted(needed - row.keys()):
        raise _lacking(where, lacking[0], list(row))


def _unknown(where: str, name: str, known: Sequence[str]) -> DataError:
    expected, got = "a column that the model reads", "one that it does not know"
    return DataError(f"{where}, field {name!r}", expected=expected, got=got, hint=nearest(name, known))


def _lacking(where: str, name: str, written: Sequence[str]) -> DataError:
    hint = misspelt(name, written) or "say null where a value is missing"
    return DataError(f"{where}, field {name!r}", expected="a value or null", got="no such field", hint=hint)


def _table(values: Mapping[str, Sequence[Any]], columns: Sequence[Column]) -> pa.Table:
    return pa.table({column.name: _column(values[column.name], column) for column in columns})


def _column(values: Sequence[Any], column: Column) -> pa.Array:
    """One column, every value of which is null or fits."""
    fits, expected, kind = _fitting(column)
    for row, value in enumerate(values, 1):
        if value is not None and not fits(value):
            _refuse(row, column.name, expected, value)
    if column.type == TEXT and column.stored_as != INTEGERS:
        return pa.array([str(value) if type(value) is int else value for value in values], kind)
    return pa.array(values, kind)


def _fitting(column: Column) -> tuple[Callable[[Any], bool], str, pa.DataType]:
    """Which values a column may have, in code and in words, and as what Arrow keeps them."""
    if column.stored_as == INTEGERS:
        return _is_whole, "a whole number", pa.int64()
    if column.type == TEXT:
        return _is_text, "a text or a whole number", pa.string()
    low = f"a number between -{_HIGHEST:.2g} and {_HIGHEST:.2g}" if column.type == NUMBER else "a number"
    return (_is_narrow if column.type == NUMBER else _is_finite), low, pa.float64()


def _is_whole(value: Any) -> bool:
    whole = type(value) is int or (type(value) is float and value.is_integer())
    return whole and -(2**63) <= value < 2**63


def _is_text(value: Any) -> bool:
    """Whether it is a text that has a spelling in UTF-8; half of a surrogate pair has none."""
    if type(value) is str:
        return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)
    return type(value) is int


def _is_finite(value: Any) -> bool:
    return (type(value) is float and math.isfinite(value)) or (type(value) is int and abs(value) <= 2**53)


def _is_narrow(value: Any) -> bool:
    return type(value) in (int, float) and -_HIGHEST <= value <= _HIGHEST


def _refuse(row: int, name: str, expected: str, value: Any) -> NoReturn:
    hint = "say null where a value is missing" if value == "" or value != value else ""
    raise DataError(f"row {row}, field {name!r}", expected=expected, got=_shown(value), hint=hint)


def _shown(value: Any) -> str:
    """A value of a request in a message, cut where it is long."""
    if type(value) in (int, float):
        return f"{value!r}"[:40]
    if type(value) is str:
        return f"the text {value[:40]!a}"
    return _KINDS.get(type(value), type(value).__name__)
