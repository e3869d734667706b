"""From values to places in a drawing, and the drawing's frame."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from benison.pages.markup import Markup, tag


@dataclass(frozen=True)
class Scale:
    """A straight map from values to coordinates.

    >>> Scale(0, 10, 100, 200)(2.5)
    125.0
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the drawing."""
        return self.low <= value <= self.high


def ticks(low: float, high: float, at_most: int = 5) -> list[float]:
    """Round values (1, 2 or 5 times a power of ten apart) from low to high.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> ticks(0.31, 0.42)
    [0.35, 0.4]
    """
    if not high > low:
        return [low]
    step = _round_step((high - low) / at_most)
    digits = max(0, 1 - math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, digits) + 0.0 for index in range(first, last + 1)]


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9)))


def tick_label(value: float, all_ticks: list[float]) -> str:
    """A tick's value with as many decimals as its neighbours need; of tiny and huge ones as a power of ten.

    >>> [tick_label(value, [0.0, 0.05]) for value in (0.0, 0.05)], tick_label(-2e-7, [-2e-7, 0.0])
    (['0.00', '0.05'], '-2e-07')
    """
    step = min((abs(b - a) for a, b in pairwise(all_ticks)), default=abs(value) or 1.0)
    if not 1e-4 <= step < 1e8 and all(abs(tick) <= 100 * step for tick in all_ticks):
        return f"{value:.3g}"
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    if abs(value) >= 10_000:
        return f"{value / 1000:,.{0 if step >= 1000 else 1}f}k"
    return f"{value:.{digits}f}"


_HOUR, _DAY = 3600.0, 86_400.0
_CALENDAR_STEPS = (60.0, 600.0, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY)


def time_ticks(low: float, high: float, at_most: int = 4) -> list[float]:
    """Moments at the start of minutes, hours, days, months or years, from low to high in seconds since 1970.

    >>> [tick_moment(value, time_ticks(0, 3 * 86_400)) for value in time_ticks(0, 3 * 86_400)]
    ['1 Jan', '2 Jan', '3 Jan', '4 Jan']
    """
    rough = (high - low) / at_most
    step = next((step for step in _CALENDAR_STEPS if step >= rough), None)
    if step is not None:
        return [value * step for value in range(math.ceil(low / step), math.floor(high / step) + 1)]
    months = next((some for some in (1, 2, 3, 6) if some * 30.4 * _DAY >= rough), None)
    if months is None:
        return [_month(int(year), 1) for year in ticks(_year(low), _year(high), at_most) if year.is_integer()]
    first, last = (_year(value) * 12 for value in (low, high))
    inside = range(math.ceil(first / months) * months, math.floor(last) + 1, months)
    return [_month(one // 12, one % 12 + 1) for one in inside]


def _year(seconds: float) -> float:
    """The year of a moment, with its fraction; years in which no calendar is kept are cut off."""
    year = 1970 + seconds / (365.2425 * _DAY)
    return min(max(year, 1.0), 9999.0)


def _month(year: int, month: int) -> float:
    return datetime(min(max(year, 1), 9999), month, 1, tzinfo=UTC).timestamp()


def tick_moment(value: float, all_ticks: list[float]) -> str:
    """A moment as short as its neighbours allow: an hour, a day, a month or a year.

    >>> tick_moment(0.0, [0.0, 3600.0]), tick_moment(0.0, [0.0, 2_678_400.0]), tick_moment(0.0, [0.0, 3.2e7])
    ('00:00', 'Jan 1970', '1970')
    """
    step = min((b - a for a, b in pairwise(all_ticks)), default=None)
    form = "%-d %b %Y" if step is None else next((form for most, form in _FORMS if step < most), "%Y")
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)).strftime(form)


_FORMS = ((_DAY, "%H:%M"), (28 * _DAY, "%-d %b"), (360 * _DAY, "%b %Y"))


def extent(values: Iterable[float], *, room: float = 0.06) -> tuple[float, float]:
    """The range that holds all values, with a little room at both ends."""
    found = list(values)
    low, high = min(found), max(found)
    margin = (high - low) * room or abs(high) * room or 1.0
    return low - margin, high + margin


def place(coordinate: float) -> str:
    """A coordinate with at most two decimals.

    >>> place(125.0), place(1 / 3)
    ('125', '0.33')
    """
    return f"{round(coordinate, 2) + 0.0:g}"


def drawing(width: float, height: float, *shapes: object, title: str = "", summary: str = "") -> Markup:
    """An SVG image; without a title it only repeats the figures beside it and is hidden from screen readers."""
    box = {"viewBox": f"0 0 {place(width)} {place(height)}", "width": place(width), "height": place(height)}
    if not title:
        return tag("svg", *shapes, **box, aria_hidden="true", focusable="false")
    name = "drawing-" + hashlib.sha256(f"{title}\n{summary}".encode("utf-8", "replace")).hexdigest()[:10]
    head = (tag("title", title, id=f"{name}-title"), tag("desc", summary, id=f"{name}-desc"))
    return tag("svg", *head, *shapes, **box, role="img", aria_labelledby=f"{name}-title {name}-desc")


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    """A straight line."""
    return tag("line", x1=place(x1), y1=place(y1), x2=place(x2), y2=place(y2), class_=kind)


def label(x: float, y: float, content: str, kind: str = "tick", anchor: str = "middle") -> Markup:
    """A word in a drawing."""
    return tag("text", content, x=place(x), y=place(y), class_=kind, text_anchor=anchor)


def path(points: Iterable[tuple[float, float]], kind: str) -> Markup:
    """A line through points."""
    return tag("polyline", points=" ".join(f"{place(x)},{place(y)}" for x, y in points), class_=kind)
