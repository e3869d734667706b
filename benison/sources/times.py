"""Times: a column that orders rows, as numbers that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.errors import DataError
from benison.core.profiles import LATEST
from benison.sources import periods
from benison.sources.conform import Place

Moments = npt.NDArray[np.int64 | np.float64]

_MICROSECOND = timedelta(microseconds=1)
_ISO = "an ISO 8601 time such as 2026-11-20 or 2026-11-20T14:30:00Z, or a number"


@dataclass(frozen=True)
class Spans:
    """Spans that are periods of time, numbered from the one that 1970 began in as 1.

    Attributes:
        column: The column of times: ISO 8601, without a zone UTC, or seconds since 1970.
        every: ``hour``, ``day``, ``week``, ``month``, ``quarter`` or ``year``.
    """

    column: str
    every: str

    def of(self, column: pa.ChunkedArray, place: Place) -> npt.NDArray[np.int64]:
        """The span of each row.

        Args:
            column: int64, float64 or string.
            place: Where the rows come from, for messages.

        Raises:
            DataError: A time is missing, or none, or before 1970.
        """
        times = microseconds(column, self.column, place)
        numbers = periods.numbers(self.every, times)
        if len(numbers) and numbers.min() < 1:
            bad = int(np.argmin(numbers))
            where, got = place.at(bad, self.column), str(column[bad].as_py())
            raise DataError(where, expected="a time from 1970 on", got=got, hint="spans are numbered from 1970")
        return numbers


def microseconds(column: pa.ChunkedArray, name: str, place: Place) -> npt.NDArray[np.int64]:
    """Times in microseconds since 1970, UTC; numbers are seconds.

    Args:
        column: int64, float64 or string.
        name: Its name.
        place: Where the rows come from, for messages.

    Raises:
        DataError: A time is missing, or none.
    """
    found = moments(column, name, place.source, place.first)
    if pa.types.is_string(column.type):
        return found.astype(np.int64)
    late = np.abs(found) > LATEST
    if late.any():
        bad = int(np.argmax(late))
        hint = "are they milliseconds? write seconds, or ISO 8601"
        raise DataError(place.at(bad, name), expected="seconds since 1970", got=str(found[bad]), hint=hint)
    return np.floor(found * 1e6).astype(np.int64) if found.dtype == np.float64 else found.astype(np.int64) * 1_000_000


def moments(column: pa.ChunkedArray, name: str, source: str, first: int = 1) -> Moments:
    """Numbers as they are, ISO 8601 texts as microseconds.

    Args:
        column: int64, float64 or string.
        name: Its name.
        source: The source's name, for messages.
        first: The number of its first row in the source, for messages.

    Raises:
        DataError: A time is missing or is none, or some have a zone and some have not.
    """
    place = Place(source, first)
    if column.null_count:
        row = pc.index(pc.is_null(column), True).as_py()
        hint = "rows are told apart by time; drop rows without one before"
        raise DataError(place.at(row, name), expected="a time", got="nothing", hint=hint)
    if not pa.types.is_string(column.type):
        numbers: Moments = np.asarray(column.to_numpy())
        return numbers
    if (at_once := _at_once(column)) is not None:
        return at_once
    encoded = column.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    known = _known(encoded, name, place)
    times: Moments = known[encoded.indices.to_numpy()]
    return times


def _at_once(texts: pa.ChunkedArray) -> Moments | None:
    """By Arrow, which reads the usual spellings, all with a zone or all without; None: one of them is another."""
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            times = texts.cast(kind)
        except pa.ArrowInvalid:
            continue
        found: Moments = times.cast(pa.int64()).to_numpy()
        return found
    return None


def has_zone(text: str) -> bool:
    """Whether a text that is a time has a zone.

    >>> has_zone("2026-11-20T14:30:00Z")
    True
    """
    time = _parse(text)
    return time is not None and time.tzinfo is not None


def _known(encoded: pa.DictionaryArray, name: str, place: Place) -> npt.NDArray[np.int64]:
    """Each distinct time once, in the order of first appearance."""
    known = np.zeros(len(encoded.dictionary), np.int64)
    zoned: bool | None = None

    def refused(number: int, expected: str) -> DataError:
        row = pc.index(encoded.indices, number).as_py()
        return DataError(place.at(row, name), expected=expected, got=repr(encoded.dictionary[number].as_py()))

    for number, text in enumerate(encoded.dictionary.to_pylist()):
        time = _parse(text)
        if time is None:
            raise refused(number, _ISO)
        if zoned is not None and zoned != (time.tzinfo is not None):
            raise refused(number, "a zone in every time, or in none")
        zoned = time.tzinfo is not None
        known[number] = _microseconds(time)
    return known


def _parse(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _microseconds(time: datetime) -> int:
    return (time.replace(tzinfo=time.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND
