"""Figures of the newest span beside the bands that accepted spans left: small inline SVG, and words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from benison.core.profiles import DATETIME
from benison.core.verdicts import Verdict
from benison.pages.badges import LOOKS
from benison.pages.figures import brief, calendar
from benison.pages.histograms import WIDTH
from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, drawing, label, line, path, place, tick_label, tick_moment, ticks, time_ticks

Band = Mapping[str, Any]
Limits = Sequence[float | None]
_HEIGHT, _TOP, _BASE, _LEFT = 112.0, 10.0, 92.0, 44.0
SPARK_WIDTH, SPARK_HEIGHT = 120.0, 24.0
_MOMENTS = ("mean", "minimum", "maximum")


def name(band: Band) -> str:
    """What a band is of: ``fare, mean``; ``rows`` alone where it is of the rows."""
    measure = str(band["measure"]).replace("_", " ")
    return f"{band['column']}, {measure}" if band["column"] else measure


def figure(band: Band, value: float | None, kind: str = "") -> str:
    """A band's figure as people read it: shares in percent, moments as dates.

    Args:
        band: Whose.
        value: The figure; None where there is none.
        kind: The column's kind.
    """
    measure = str(band["measure"])
    if value is None:
        return "none"
    if "share" in measure:
        return f"{value * 100:.3g}%"
    if is_moment(band, kind):
        return calendar(value, precise=True)
    return brief(value)


def is_moment(band: Band, kind: str) -> bool:
    """Whether a band's figure is a moment, in seconds since 1970, rather than a number."""
    measure = str(band["measure"])
    return kind == DATETIME and (measure in _MOMENTS or measure.startswith("quantile"))


def limits(band: Band, key: str, kind: str = "") -> str:
    """What a band allows, in words: ``9.1 to 13.7``.

    Args:
        band: Whose.
        key: ``warn`` or ``block``.
        kind: The column's kind.
    """
    if band[key] is None:
        return "anything"
    low, high = (None if end is None else figure(band, end, kind) for end in band[key])
    if low is None or high is None:
        return f"up to {high}" if high is not None else f"from {low}" if low is not None else "anything"
    return f"{low} to {high}"


def distance(band: Band) -> float:
    """How far today's figure is from the median, in robust standard deviations; 0 where it is not known."""
    if band["now"] is None or band["median"] is None:
        return 0.0
    apart = abs(band["now"] - band["median"])
    return apart / band["scale"] if band["scale"] else math.inf if apart else 0.0


def chart(band: Band, span: int, summary: str, kind: str = "") -> Markup:
    """The past as a line over its bands, and today's point at the right.

    Args:
        band: An entry of bands.json.
        span: The newest span.
        summary: What a reader who does not see the drawing should know.
        kind: The column's kind.
    """
    x, y = _scales(band, Scale(0, max(len(band["points"]), 1), _LEFT + 8, WIDTH - 14), _TOP, _BASE)
    marks = _moment_marks(y) if is_moment(band, kind) else _marks(band, y)
    return drawing(
        WIDTH,
        _HEIGHT,
        *_zones(band, x, y),
        *(label(_LEFT - 4, y(value) + 4, word, anchor="end") for value, word in marks),
        *_past(band, x, y, dots=True),
        *_now(band, x, y),
        *_spans(band, span, x),
        title=f"{name(band)} over spans",
        summary=summary,
    )


def spark(band: Band) -> Markup:
    """The same on one line of a table."""
    x, y = _scales(band, Scale(0, max(len(band["points"]), 1), 4, SPARK_WIDTH - 6), 3, SPARK_HEIGHT - 3)
    shapes = [*_zones(band, x, y), *_past(band, x, y, dots=False), *_now(band, x, y)]
    return drawing(SPARK_WIDTH, SPARK_HEIGHT, *shapes)


def _scales(band: Band, x: Scale, top: float, base: float) -> tuple[Scale, Scale]:
    """Room for the past, the bands, and today's point unless the others would shrink to a line beside it."""
    known = [point["value"] for point in band["points"]]
    known += [end for key in ("warn", "block") for end in band[key] or () if end is not None]
    known += [band["median"]] * (band["median"] is not None)
    now = band["now"]
    if not known:
        known = [0.0 if now is None else now]
    low, high = min(known), max(known)
    reach = high - low
    if now is not None and low - reach <= now <= high + reach:
        low, high = min(low, now), max(high, now)
    room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    return x, Scale(low - room, high + room, base, top)


def _zones(band: Band, x: Scale, y: Scale) -> list[Markup]:
    """Where figures pass, and around it where they only warn; a missing limit leaves the zone open."""
    shapes = []
    for key in ("block", "warn"):
        if band[key] is not None:
            low, high = (_within(end, y, side) for end, side in zip(band[key], (y.low, y.high), strict=True))
            height = y(low) - y(high)
            box = {"x": place(x.start - 6), "y": place(y(high)), "width": place(x.end - x.start + 12)}
            shapes.append(tag("rect", **box, height=place(height), class_=f"zone {key}"))
    if band["median"] is not None and y.holds(band["median"]):
        shapes.append(line(x.start - 6, y(band["median"]), x.end + 6, y(band["median"]), "median"))
    return shapes


def _within(end: float | None, y: Scale, side: float) -> float:
    return side if end is None else min(max(end, y.low), y.high)


def _past(band: Band, x: Scale, y: Scale, *, dots: bool) -> list[Markup]:
    placed = [(x(index), y(point["value"])) for index, point in enumerate(band["points"])]
    shapes = [path(placed, "past")] if len(placed) > 1 else []
    if dots or len(placed) == 1:
        shapes += [tag("circle", cx=place(a), cy=place(b), r="2", class_="past") for a, b in placed]
    return shapes


def _now(band: Band, x: Scale, y: Scale) -> list[Markup]:
    """Today's point: a sign by verdict, so that it does not hang on colour; an arrow where it is beyond the drawing."""
    now, look = band["now"], LOOKS[Verdict(band["verdict"])]
    if now is None:
        return []
    across = x(len(band["points"]))
    if y.holds(now):
        return [_mark(across, y(now), look)]
    edge, back = (y.end, 7.0) if now > y.high else (y.start, -7.0)
    corners = ((across, edge - back / 2), (across - 4.5, edge + back / 2), (across + 4.5, edge + back / 2))
    return [tag("polygon", points=" ".join(f"{place(a)},{place(b)}" for a, b in corners), class_=f"today arrow {look}")]


def _mark(x: float, y: float, look: str) -> Markup:
    if look == "pass":
        return tag("circle", cx=place(x), cy=place(y), r="4", class_="today pass")
    if look == "open":
        return tag("circle", cx=place(x), cy=place(y), r="4", class_="today open")
    strokes = ((-4, -4, 4, 4), (-4, 4, 4, -4))
    crossed = " ".join(f"M{place(x + a)} {place(y + b)}L{place(x + c)} {place(y + d)}" for a, b, c, d in strokes)
    return tag("path", d=crossed, class_=f"today {look}")


def _spans(band: Band, span: int, x: Scale) -> list[Markup]:
    """The spans below: the first and last of the past, and today's."""
    numbers = [point["span"] for point in band["points"]]
    marks = [(x(len(numbers)), f"{span}", "name now")]
    if numbers:
        marks.insert(0, (x(0), f"span {numbers[0]}", "tick"))
    if len(numbers) > 3 and x(len(numbers)) - x(len(numbers) - 1) > 18:
        marks.insert(1, (x(len(numbers) - 1), f"{numbers[-1]}", "tick"))
    return [label(at, _HEIGHT - 4, text, kind) for at, text, kind in marks]


def _marks(band: Band, y: Scale) -> list[tuple[float, str]]:
    values = ticks(y.low, y.high, at_most=3)
    step = min((b - a for a, b in pairwise(values)), default=abs(values[0]) or 1.0)
    if "share" in str(band["measure"]):
        digits = 0 if step >= 0.01 else 1 if step >= 0.001 else 2
        return [(value, f"{value * 100:.{digits}f}%") for value in values]
    plain = 1e-3 <= step < 10_000 and abs(values[-1]) < 10_000
    return [(value, tick_label(value, values) if plain else compact(value)) for value in values]


def _moment_marks(y: Scale) -> list[tuple[float, str]]:
    values = time_ticks(y.low, y.high, at_most=3)
    return [(value, tick_moment(value, values)) for value in values]


def compact(value: float) -> str:
    """A figure short enough for an axis.

    >>> compact(1_250_000), compact(20_000), compact(0.00002), compact(0.0)
    ('1.25M', '20k', '2e-05', '0')
    """
    for unit, per in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if per <= abs(value) < per * 1e3:
            return f"{value / per:g}{unit}"
    return f"{value:.3g}"
