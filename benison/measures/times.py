"""Times as they stand in text: ISO 8601, many at a time, as seconds since 1970 in UTC."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.core.hashes import spelling

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Whole = npt.NDArray[np.int64]

_FORM = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})(?:[T ](?P<hours>\d{2}:\d{2})(?P<seconds>:\d{2}(?P<fraction>\.\d{1,9})?)?"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?",
    re.ASCII,
)
# As many texts are looked at one by one before all of them are.
_FIRST = 8
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def seconds(texts: pa.StringArray) -> Floats | None:
    """Seconds since 1970 in UTC, of texts such as 2026-11-20, 2026-11-20 14:30 and 2026-11-20T14:30:00.25+01:00.

    Args:
        texts: Without missing ones. A time without a zone is one of UTC.

    Returns:
        One for each text; None where one of them is no time.

    >>> seconds(pa.array(["1970-01-02", "1970-01-01T01:00:00.5+01:00"]))
    array([8.64e+04, 5.00e-01])
    >>> seconds(pa.array(["1970-01-02", "soon"])) is None
    True
    """
    if any(_FORM.fullmatch(text) is None for text in texts[:_FIRST].to_pylist()):
        return None
    starts, lengths, content = spelling(texts)
    found = np.empty(len(texts))
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        spelt = content[starts[rows, None] + np.arange(length)]
        if not _read(spelt, found, rows):
            return None
    return found


def _read(spelt: Bytes, found: Floats, rows: Whole) -> bool:
    """Reads texts of one length, form by form; False where one has none."""
    left = np.arange(len(rows))
    while len(left):
        form = _FORM.fullmatch(spelt[left[0]].tobytes().decode("ascii", "replace"))
        if form is None:
            return False
        same = _of_form(spelt[left], form.group().encode())
        values = _parsed(spelt[left[same]], form)
        if values is None:
            return False
        found[rows[left[same]]] = values
        left = left[~same]
    return True


def _of_form(spelt: Bytes, example: bytes) -> npt.NDArray[np.bool_]:
    """Which texts have digits where the example has, and the same signs elsewhere."""
    signs = np.frombuffer(example, np.uint8)
    is_digit = (signs >= ord("0")) & (signs <= ord("9"))
    digits = spelt[:, is_digit]
    fit = ((digits >= ord("0")) & (digits <= ord("9"))).all(axis=1) & (spelt[:, ~is_digit] == signs[~is_digit]).all(1)
    return np.asarray(fit, dtype=np.bool_)


def _parsed(spelt: Bytes, form: re.Match[str]) -> Floats | None:
    """Texts of one form as seconds; None where one names a day or an hour that there is not."""
    days = _days(spelt)
    if days is None:
        return None
    total = days * _DAY
    for group, unit, most in (("hours", _HOUR, 24), ("hours", _MINUTE, 60), ("seconds", 1, 60)):
        if form[group]:
            start = form.start(group) + {_HOUR: 0, _MINUTE: 3, 1: 1}[unit]
            value = _digits(spelt, start, start + 2)
            if value.max() >= most:
                return None
            total += value * unit
    if form["zone"] and form["zone"] != "Z":
        total -= _ahead(spelt, *form.span("zone"))
    if form["fraction"]:
        start, end = form.span("fraction")
        return np.asarray(total + _digits(spelt, start + 1, end) / 10.0 ** (end - start - 1))
    return total.astype(np.float64)


def _days(spelt: Bytes) -> Whole | None:
    """Days since 1970; None where one of them is not in the calendar."""
    year, month, day = _digits(spelt, 0, 4), _digits(spelt, 5, 7), _digits(spelt, 8, 10)
    if year.min() < 1 or month.min() < 1 or month.max() > 12 or day.min() < 1:
        return None
    months = (year - 1970) * 12 + month - 1
    firsts, nexts = (
        (months + more).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for more in (0, 1)
    )
    return firsts + day - 1 if (firsts + day <= nexts).all() else None


def _digits(spelt: Bytes, start: int, end: int) -> Whole:
    value = np.zeros(len(spelt), np.int64)
    for place in range(start, end):
        value = value * 10 + (spelt[:, place] - np.uint8(ord("0")))
    return value


def _ahead(spelt: Bytes, start: int, end: int) -> Whole:
    """Seconds that zones such as +01, -0330 and +05:45 are ahead of UTC; all have the same sign."""
    minutes = _digits(spelt, end - 2, end) * _MINUTE if end - start > 3 else 0
    sign = 1 if spelt[0, start] == ord("+") else -1
    return sign * (_digits(spelt, start + 1, start + 3) * _HOUR + minutes)
