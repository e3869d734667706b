"""Times: a column that orders rows, as numbers that can be compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.errors import DataError
from benison.sources.conform import Place

Moments = npt.NDArray[np.int64 | np.float64]

_MICROSECOND = timedelta(microseconds=1)
_ISO = "an ISO 8601 time such as 2026-11-20 or 2026-11-20T14:30:00Z, or a number"


def moments(column: pa.ChunkedArray, name: str, source: str) -> Moments:
    """Numbers as they are, ISO 8601 texts as microseconds.

    Args:
        column: int64, float64 or string, of one source.
        name: Its name.
        source: The source's name, for messages.

    Raises:
        DataError: A time is missing or is none, or some have a zone and some have not.
    """
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        hint = "rows are split by time; drop rows without one before"
        raise DataError(Place(source).at(row, name), expected="a time", got="nothing", hint=hint)
    if not pa.types.is_string(column.type):
        return np.asarray(column.to_numpy())
    texts = column.to_pylist()
    known = _known(texts, name, source)
    return np.array([known[text] for text in texts], np.int64)


def _known(texts: list[str], name: str, source: str) -> dict[str, int]:
    """Each distinct time once, in the order of first appearance."""
    known: dict[str, int] = {}
    zoned: bool | None = None
    for text in dict.fromkeys(texts):
        time = _parse(text)
        where = Place(source)
        if time is None:
            raise DataError(where.at(texts.index(text), name), expected=_ISO, got=repr(text))
        if zoned is not None and zoned != (time.tzinfo is not None):
            expected = "a zone in every time, or in none"
            raise DataError(where.at(texts.index(text), name), expected=expected, got=repr(text))
        zoned = time.tzinfo is not None
        known[text] = _microseconds(time)
    return known


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _microseconds(time: datetime) -> int:
    return (time.replace(tzinfo=time.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND
