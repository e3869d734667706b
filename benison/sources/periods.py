"""Periods: hours, days, weeks, months, quarters and years by number; number 1 is the one that 1970 began in."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from benison.core.errors import DataError

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
# Weeks begin on Monday; the first of 1970 was a Thursday.
_STEADY = {
    "hour": (_EPOCH, timedelta(hours=1)),
    "day": (_EPOCH, timedelta(days=1)),
    "week": (_EPOCH - timedelta(days=3), timedelta(weeks=1)),
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def bounds(every: str, number: int) -> tuple[datetime, datetime]:
    """When a period begins, and when the next one does; UTC, without a zone.

    >>> [str(moment.date()) for moment in bounds("month", 650)]
    ['2024-02-01', '2024-03-01']

    Args:
        every: ``hour``, ``day``, ``week``, ``month``, ``quarter`` or ``year``.
        number: From 1.

    Raises:
        DataError: There is no such period.
    """
    try:
        if number < 1:
            raise OverflowError
        return _begin(every, number), _begin(every, number + 1)
    except (OverflowError, ValueError) as error:
        expected = f"the number of a {every}, counted from the {every} that 1970 began in as 1"
        raise DataError("span", expected=expected, got=str(number)) from error


def numbers(every: str, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The period that each time lies in; the inverse of `bounds`.

    Args:
        every: As in `bounds`.
        times: Microseconds since 1970, UTC.

    Returns:
        From 1; less for times before 1970.
    """
    if every in _STEADY:
        first, length = _STEADY[every]
        return (times - (first - _EPOCH) // _MICROSECOND) // (length // _MICROSECOND) + 1
    months = times.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months // _MONTHS[every] + 1


def _begin(every: str, number: int) -> datetime:
    if every in _STEADY:
        first, length = _STEADY[every]
        return first + (number - 1) * length
    months = (number - 1) * _MONTHS[every]
    return _EPOCH.replace(year=1970 + months // 12, month=1 + months % 12)
