"""Figures as people read them. What is undefined says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

UNDEFINED = "undefined"
NO_INTERVAL = "no interval"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = {"auc": "AUC", "auc_precision_recall": "AUC, precision and recall", "f1_score": "F1 score", "ndcg": "NDCG"}


def number(value: float | None, digits: int = 4) -> str:
    """A figure with four decimals, or whole where it is a count or a large one.

    >>> number(0.9043), number(24.0), number(24.5), number(2440.3), number(None)
    ('0.9043', '24', '24.5000', '2,440', 'undefined')
    """
    if value is None:
        return UNDEFINED
    whole = abs(value) >= 1000 or (abs(value) >= 10 and float(value).is_integer())
    return f"{value:,.0f}" if whole else f"{value:.{digits}f}"


def brief(value: float | None) -> str:
    """A figure of any size with four digits that count, for data of which the scale is not known.

    >>> brief(0.30000001), brief(11.4), brief(1704067), brief(2.5e-7), brief(-0.0), brief(None)
    ('0.3', '11.4', '1,704,067', '2.5e-07', '0', 'undefined')
    """
    if value is None:
        return UNDEFINED
    size = abs(value)
    if size == 0:
        return "0"
    if not 1e-4 <= size < 1e12:
        return f"{value:.3g}"
    shown = f"{value:,.{max(0, 3 - math.floor(math.log10(size)))}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def signed(value: float | None, digits: int = 4) -> str:
    """A difference, with its sign.

    >>> signed(0.0021), signed(-0.0)
    ('+0.0021', '+0.0000')
    """
    if value is None:
        return UNDEFINED
    value += 0.0  # makes a plus of minus zero, which a gain turned round can be
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.{digits}f}"


def bounds(estimate: Mapping[str, Any], *, sign: bool = False) -> str:
    """The interval of an estimate ``{"value", "lower", "upper"}``.

    >>> bounds({"value": 0.9, "lower": 0.894, "upper": 0.9081})
    '[0.8940, 0.9081]'
    """
    low, high = estimate.get("lower"), estimate.get("upper")
    if low is None or high is None:
        return NO_INTERVAL
    show = signed if sign else number
    return f"[{show(low)}, {show(high)}]"


def estimate(found: Mapping[str, Any] | None, *, sign: bool = False) -> str:
    """An estimate with its interval where it has one; a dash where nothing was asked."""
    if found is None:
        return "-"
    shown = (signed if sign else number)(found["value"])
    return shown if bounds(found) == NO_INTERVAL else f"{shown} {bounds(found, sign=sign)}"


def count(value: float) -> str:
    """A whole number with its thousands apart."""
    return f"{value:,.0f}"


def percent(part: float, whole: float) -> str:
    """A share; a dash of nothing.

    >>> percent(1, 8)
    '12.5%'
    """
    return f"{part / whole:.1%}" if whole else "-"


def plural(how_many: int, one: str, several: str = "") -> str:
    """A number of things.

    >>> plural(1, "row"), plural(2, "row")
    ('1 row', '2 rows')
    """
    return f"{how_many:,} {one if how_many == 1 else several or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["data", "model", "gate"])
    'data, model and gate'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def duration(seconds: float) -> str:
    """A time span.

    >>> duration(3.21), duration(71.8), duration(7300)
    ('3.2 s', '1 min 12 s', '2 h 1 min')
    """
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(how_many: float) -> str:
    """Bytes in decimal units.

    >>> size(412_300)
    '412.3 kB'
    """
    for unit in ("bytes", "kB", "MB"):
        if how_many < 1000:
            return f"{how_many:.0f} {unit}" if unit == "bytes" else f"{how_many:.1f} {unit}"
        how_many /= 1000
    return f"{how_many:.1f} GB"


def instant(text: str | None) -> datetime | None:
    """A point in time from ISO 8601; without a zone it is UTC."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def moment(text: str | None) -> str:
    """A point in time for people.

    >>> moment("2026-11-20T09:05:00+00:00")
    '20 November 2026, 09:05:00 UTC'
    """
    found = instant(text)
    return f"{found.astimezone(UTC):%-d %B %Y, %H:%M:%S} UTC" if found else "not known"


def calendar(seconds: float | None, *, precise: bool = False) -> str:
    """A moment given as seconds since 1970 in UTC, as a date; with the time of day where asked.

    >>> calendar(1704067200.0), calendar(1704103530.0, precise=True), calendar(None), calendar(1e15)
    ('2024-01-01', '2024-01-01 10:05', 'not known', '1e+15 s')
    """
    if seconds is None:
        return "not known"
    try:
        found = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return f"{seconds:.3g} s"
    return found.strftime("%Y-%m-%d %H:%M" if precise else "%Y-%m-%d")


def metric_name(metric: str) -> str:
    """A metric's name in words.

    >>> metric_name("false_positive_rate")
    'False positive rate'
    >>> metric_name("auc[big_cat]"), metric_name("recall[macro]@top_1"), metric_name("ndcg@10")
    ('AUC [big_cat]', 'Recall [macro] @top_1', 'NDCG@10')
    """
    named, bracket, of = metric.partition("[")
    named, at, number = named.partition("@") if not bracket else (named, "", "")
    words = named.replace("_", " ")
    words = _NAMES.get(named, words[:1].upper() + words[1:])
    return f"{words} [{of.replace(']@', '] @')}" if bracket else f"{words}{at}{number}"
