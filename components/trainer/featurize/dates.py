"""Dates and times in TensorFlow: from ISO 8601 or seconds since 1970 to year's, month's, week's and day's places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

_DATE = r"\d{4}-\d{2}-\d{2}"
_TIME = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?"
_EPOCH = "1970-01-01T00:00"
_DAY = 86_400
# Days from 0000-03-01, the first of the proleptic Gregorian calendar's cycle of 400 years, to 1970-01-01.
_SHIFT, _CYCLE = 719_468, 146_097
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31


@dataclass(frozen=True)
class Moments:
    """Moments by part, float64 [n] each but for `known`, which is bool [n]; 1970-01-01 where they are not known.

    Attributes:
        known: Whether there is one.
        days: Since 1970-01-01, with the part of the day that has passed.
        month: 0 to 11.
        day: Of the month, 0 to 30.
        weekday: 0 (Monday) to 6.
        hour: 0 to 24, with the part of the hour that has passed.
    """

    known: Any
    days: Any
    month: Any
    day: Any
    weekday: Any
    hour: Any


def moments(values: Any) -> Moments:
    """Moments of texts or numbers.

    Args:
        values: Strings [n] such as 2026-11-20, 2026-11-20 14:30 and 2026-11-20T14:30:00.25+01:00, of which the clock's
            time counts as it is written, without its zone; or float64 [n], seconds since 1970, UTC.
    """
    known, days, seconds = _of_texts(values) if values.dtype == tf.string else _of_seconds(values)
    _, month, day = _civil(days)
    wide = [tf.cast(part, tf.float64) for part in (days, seconds, month - 1, day - 1, (days + 3) % 7)]
    return Moments(known, wide[0] + wide[1] / _DAY, wide[2], wide[3], wide[4], wide[1] / 3600)


def _of_seconds(values: Any) -> tuple[Any, Any, Any]:
    days = tf.floor(values / _DAY)
    known = tf.math.is_finite(values) & (days >= _FIRST_DAY) & (days <= _LAST_DAY)
    values = tf.where(known, values, tf.zeros_like(values))
    days = tf.floor(values / _DAY)
    return known, tf.cast(days, tf.int64), values - days * _DAY


def _of_texts(texts: Any) -> tuple[Any, Any, Any]:
    texts = tf.strings.strip(texts)
    date_alone = tf.strings.regex_full_match(texts, _DATE)
    spelt = date_alone | tf.strings.regex_full_match(texts, _DATE + _TIME)
    whole = tf.where(
        date_alone, tf.strings.join([texts, "T00:00"]), tf.where(spelt, texts, tf.fill(tf.shape(texts), _EPOCH))
    )
    year, month, day = _number(whole, 0, 4), _number(whole, 5, 2), _number(whole, 8, 2)
    hour, minute = _number(whole, 11, 2), _number(whole, 14, 2)
    days = _days(year, month, day)
    # A day that there is not, such as February 30, comes back as another one.
    back = tf.reduce_all(tf.stack(_civil(days)) == tf.stack([year, month, day]), axis=0)
    known = spelt & back & (year > 0) & (hour < 24) & (minute < 60)
    zero = tf.zeros_like(days)
    return known, tf.where(known, days, zero), tf.where(known, hour * 3600 + minute * 60, zero)


def _number(texts: Any, start: int, length: int) -> Any:
    return tf.strings.to_number(tf.strings.substr(texts, start, length), tf.int64)


def _days(year: Any, month: Any, day: Any) -> Any:
    """Days since 1970-01-01, by years that begin in March (Howard Hinnant, chrono-compatible date algorithms)."""
    year = tf.where(month <= 2, year - 1, year)
    of_cycle = year % 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return (year // 400) * _CYCLE + of_cycle * 365 + of_cycle // 4 - of_cycle // 100 + of_year - _SHIFT


def _civil(days: Any) -> tuple[Any, Any, Any]:
    """Year, month from 1 and day from 1: `_days` the other way round."""
    shifted = days + _SHIFT
    of_cycle = shifted % _CYCLE
    years = (of_cycle - of_cycle // 1460 + of_cycle // 36_524 - of_cycle // 146_096) // 365
    of_year = of_cycle - (365 * years + years // 4 - years // 100)
    march = (5 * of_year + 2) // 153
    month = tf.where(march < 10, march + 3, march - 9)
    year = years + shifted // _CYCLE * 400
    return tf.where(month <= 2, year + 1, year), month, of_year - (153 * march + 2) // 5 + 1
