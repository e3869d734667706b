"""How a column is distributed against its reference, in the very bins that were compared: small inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from benison.core.profiles import DATETIME
from benison.pages.figures import brief, calendar, percent
from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, drawing, label, line, path, place, tick_label, tick_moment, ticks, time_ticks

WIDTH = 300.0
_SIDE, _TOP, _BASE, _FOOT = 6.0, 6.0, 78.0, 96.0
_ROW, _NAMES, _FIGURES, _LONGEST = 22.0, 104.0, 106.0, 15
MISSING, OTHERS = "missing", "all others"
_MOST_ROWS = 8
# With bins narrower than this in pixels a density is a needle, and all others look flat: then bins get equal widths.
_NARROWEST = 2.0


@dataclass(frozen=True)
class Share:
    """The share of the rows in a bin, from 0 to 1; `kind` is ``value``, or ``rest`` for others and missing ones."""

    name: str
    now: float
    before: float
    kind: str = "value"


def compared(comparison: Mapping[str, Any], summary: str) -> Markup:
    """What is compared, drawn: numbers and moments as a histogram, few bins and categories as paired bars.

    Args:
        comparison: An entry of comparisons.json.
        summary: What a reader who does not see the drawing should know.
    """
    title = f"{comparison['column']} against {comparison['against']}, {comparison['reference']}"
    if len(comparison.get("edges", ())) > 2:
        return _histogram(comparison, title, summary)
    return bars(title, shares(comparison), summary)


def shares(comparison: Mapping[str, Any]) -> list[Share]:
    """The share of the rows in each bin of a comparison, the most frequent ones first where bins are categories."""
    now, before = comparison["now"], comparison["before"]
    pairs = list(zip(_part(now), _part(before), strict=True))
    rest = [Share(MISSING, *pairs[-1], "rest")] if any(pairs[-1]) else []
    if "edges" in comparison:
        names = bin_names(comparison["edges"], moments=comparison["kind"] == DATETIME)
        return [*(Share(name, *pair) for name, pair in zip(names, pairs[:-1], strict=True)), *rest]
    known = [Share(name, *pair) for name, pair in zip(comparison["values"], pairs, strict=False)]
    known.sort(key=lambda one: (-max(one.now, one.before), one.name))
    shown, left = known[:_MOST_ROWS], [*known[_MOST_ROWS:], Share(OTHERS, *pairs[-2])]
    others = Share(OTHERS, sum(one.now for one in left), sum(one.before for one in left), "rest")
    return [*shown, *([others] if others.now or others.before else []), *rest]


def _part(counts: Sequence[int]) -> list[float]:
    rows = sum(counts) or 1
    return [count / rows for count in counts]


def bin_names(edges: Sequence[float], *, moments: bool = False) -> list[str]:
    """The bins between inner edges, in words.

    >>> bin_names([0.0, 10.0])
    ['up to 0', '0 to 10', 'above 10']
    """
    if not edges:
        return ["all values"]
    ends = [calendar(edge) if moments else brief(edge) for edge in edges]
    return [f"up to {ends[0]}", *(f"{a} to {b}" for a, b in pairwise(ends)), f"above {ends[-1]}"]


def densities(ends: Sequence[float], parts: Sequence[float]) -> list[tuple[float, float, float]]:
    """The bins of a histogram as ``(from, to, share of the rows per unit)``, so that areas are shares.

    >>> densities([0.0, 1.0, 2.0, 4.0], [0.25, 0.5, 0.25])
    [(0.0, 1.0, 0.25), (1.0, 2.0, 0.5), (2.0, 4.0, 0.125)]
    """
    return [(a, b, part / (b - a)) for (a, b), part in zip(pairwise(ends), parts, strict=True)]


def outer_ends(edges: Sequence[float]) -> list[float]:
    """The edges with ends for the two open bins, drawn as wide as the bin beside them, and at least as a usual one.

    >>> outer_ends([0.0, 1.0, 2.0, 5.0])
    [-1.0, 0.0, 1.0, 2.0, 5.0, 8.0]
    """
    widths = [b - a for a, b in pairwise(edges)]
    usual = median(widths)
    return [edges[0] - max(usual, widths[0]), *edges, edges[-1] + max(usual, widths[-1])]


def even(edges: Sequence[float]) -> bool:
    """Whether bins are alike enough in width for a straight axis."""
    ends = outer_ends(edges)
    return min(b - a for a, b in pairwise(edges)) / (ends[-1] - ends[0]) * (WIDTH - 2 * _SIDE) >= _NARROWEST


def _histogram(comparison: Mapping[str, Any], title: str, summary: str) -> Markup:
    """Filled bars now and as an outline what it was; outer bins are open, missing rows have a bar of their own."""
    edges, straight = comparison["edges"], even(comparison["edges"])
    ends = outer_ends(edges) if straight else [float(place) for place in range(len(edges) + 2)]
    now, before = (_part(comparison[side]) for side in ("now", "before"))
    bins = [densities(ends, part[:-1]) for part in (now, before)]
    x = Scale(ends[0], ends[-1], _SIDE, WIDTH - _SIDE)
    y = Scale(0, max(height for found in bins for _, _, height in found) or 1.0, _BASE, _TOP)
    marks = _straight_marks(comparison, x) if straight else _bin_marks(comparison, x)
    missing = Share(MISSING, now[-1], before[-1], "rest")
    strip = _bar_row(missing, _FOOT, Scale(0, 1, _NAMES, WIDTH - _FIGURES)) if missing.now or missing.before else []
    return drawing(
        WIDTH,
        _FOOT + (_ROW if strip else 0),
        *(_column(x(a), x(b), y(height)) for a, b, height in bins[0] if height),
        path(_outline(bins[1], x, y), "before"),
        *_axis(x, ends),
        *(label(x(at), _BASE + 14, name) for at, name in marks),
        *strip,
        title=title,
        summary=summary if straight else f"{summary}. Bins are drawn equally wide",
    )


def _axis(x: Scale, ends: Sequence[float]) -> list[Markup]:
    """The axis, dotted below the open bins."""
    return [
        line(x(ends[0]), _BASE, x(ends[1]), _BASE, "axis beyond"),
        line(x(ends[1]), _BASE, x(ends[-2]), _BASE, "axis"),
        line(x(ends[-2]), _BASE, x(ends[-1]), _BASE, "axis beyond"),
    ]


def _straight_marks(comparison: Mapping[str, Any], x: Scale) -> Iterable[tuple[float, str]]:
    if comparison["kind"] == DATETIME:
        moments = time_ticks(x.low, x.high)
        return [(value, tick_moment(value, moments)) for value in moments]
    values = ticks(x.low, x.high, at_most=5)
    return [(value, tick_label(value, values)) for value in values]


def _bin_marks(comparison: Mapping[str, Any], x: Scale) -> Iterable[tuple[float, str]]:
    """A few edges by name, where bins are drawn equally wide."""
    edges, moments = comparison["edges"], comparison["kind"] == DATETIME
    chosen = sorted({round(part * (len(edges) - 1) / 3) for part in range(4)})
    return [(place + 1.0, calendar(edges[place]) if moments else brief(edges[place])) for place in chosen]


def _column(left: float, right: float, top: float) -> Markup:
    width = max(right - left - 0.6, 0.6)
    return tag("rect", x=place(left), y=place(top), width=place(width), height=place(_BASE - top), class_="now")


def _outline(bins: Sequence[tuple[float, float, float]], x: Scale, y: Scale) -> list[tuple[float, float]]:
    steps = [point for a, b, height in bins for point in ((x(a), y(height)), (x(b), y(height)))]
    return [(steps[0][0], y(0)), *steps, (steps[-1][0], y(0))]


def bars(title: str, found: Sequence[Share], summary: str) -> Markup:
    """Paired bars: a value's share now, and below it what it was."""
    longest = max((max(one.now, one.before) for one in found), default=0.0) or 1.0
    x = Scale(0, longest, _NAMES, WIDTH - _FIGURES)
    rows = [shape for index, one in enumerate(found) for shape in _bar_row(one, index * _ROW, x)]
    return drawing(WIDTH, max(len(found), 1) * _ROW, *rows, title=title, summary=summary)


def _bar_row(share: Share, top: float, x: Scale) -> list[Markup]:
    middle = top + _ROW / 2
    figures = f"{percent(share.before, 1)} → {percent(share.now, 1)}"
    return [
        label(x(0) - 6, middle + 4, _cut(share.name), f"tick {share.kind}", "end"),
        line(x(0), top + 2, x(0), top + _ROW - 2, "axis"),
        _bar(x, share.now, top + 3, 9.0, "now"),
        _bar(x, share.before, top + 13.5, 3.0, "before"),
        label(WIDTH, middle + 4, figures, "tick", "end"),
    ]


def _bar(x: Scale, share: float, top: float, height: float, kind: str) -> Markup:
    width = x(share) - x(0)
    return tag("rect", x=place(x(0)), y=place(top), width=place(width), height=place(height), class_=kind)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
