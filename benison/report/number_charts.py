"""Charts of models that answer numbers: histograms over common edges, and residuals by prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, extent, label, line, path, place, tick_label, ticks
from benison.report.charts import Plot, axes, dot, finish

Columns = Mapping[str, Sequence[float]]
_FILLED = "challenger"


def histogram(plot: Plot, edges: Sequence[float], found: Columns, *, zero: bool = False) -> Markup:
    """How numbers are distributed; what lies beyond the edges is one bin at either side, above a dotted axis.

    Args:
        plot: Words and size.
        edges: Of equal bins, ascending, at least two.
        found: By kind what rows weigh below the first edge, from each to the next, and above the last. The challenger
            is drawn as filled columns, others as an outline.
        zero: Whether 0 is marked; where it is far from the edges, an arrow says on which side it lies.
    """
    ends, span = _with_open_ends(edges, found), edges[-1] - edges[0]
    # 0 is within the axis unless most of the drawing would be empty for it.
    held = (edges[0], edges[-1], 0.0) if zero and edges[0] - span <= 0 <= edges[-1] + span else (edges[0], edges[-1])
    x = Scale(min(ends[0][0], *held), max(ends[-1][1], *held), 46, plot.width - 12)
    shares = {kind: _shares(of) for kind, of in found.items()}
    highest = max(share for of in shares.values() for share in of)
    y = Scale(0.0, 1.05 * highest or 1.0, plot.height - 38, 22)
    shapes = _axes(plot, x, y, (min(held), max(held)))
    shapes += [one for kind, of in shares.items() for one in _bins(kind, ends, of, x, y)]
    return finish(plot, [*shapes, *([_zero(x, y)] if zero else [])])


def _shares(weights: Sequence[float]) -> list[float]:
    """In percent."""
    whole = sum(weights) or 1.0
    return [100 * one / whole for one in weights]


def _with_open_ends(edges: Sequence[float], found: Columns) -> list[tuple[float, float]]:
    """Where each column begins and ends; the open ones stand off by their width, and take no room without any rows."""
    width = edges[1] - edges[0]
    low, high = (width if any(of[at] for of in found.values()) else 0.0 for at in (0, -1))
    return [(edges[0] - 2 * low, edges[0] - low), *pairwise(edges), (edges[-1] + high, edges[-1] + 2 * high)]


def _axes(plot: Plot, x: Scale, y: Scale, closed: tuple[float, float]) -> list[Markup]:
    rows, at = ticks(y.low, y.high), ticks(*closed, at_most=6)
    return [
        *(line(x.start, y(value), x.end, y(value), "grid") for value in rows),
        *(label(x.start - 6, y(value) + 4, f"{tick_label(value, rows)}%", anchor="end") for value in rows),
        line(x.start, y.start, x.end, y.start, "axis beyond"),
        line(x(closed[0]), y.start, x(closed[1]), y.start, "axis"),
        *(label(x(value), y.start + 15, tick_label(value, at)) for value in at),
        label(0, 11, plot.y_title, "name", "start"),
        label(x.end, plot.height - 6, plot.x_title, "name", "end"),
    ]


def _bins(kind: str, ends: Sequence[tuple[float, float]], shares: Sequence[float], x: Scale, y: Scale) -> list[Markup]:
    if kind == _FILLED:
        return [_column(x(a), x(b), y(share), y.start) for (a, b), share in zip(ends, shares, strict=True) if share]
    below, *inner, above = zip(ends, shares, strict=True)
    drawn = [inner, *([one] for one in (below, above) if one[1])]
    return [path(_outline(of, x, y), f"{kind} outline") for of in drawn]


def _column(left: float, right: float, top: float, base: float) -> Markup:
    size = {"x": place(left + 0.3), "y": place(top), "width": place(max(right - left - 0.6, 0.6))}
    return tag("rect", **size, height=place(base - top), class_="column number")


def _outline(bins: Sequence[tuple[tuple[float, float], float]], x: Scale, y: Scale) -> list[tuple[float, float]]:
    steps = [(x(end), y(share)) for ends, share in bins for end in ends]
    return [(steps[0][0], y.start), *steps, (steps[-1][0], y.start)]


def _zero(x: Scale, y: Scale) -> Markup:
    """0 as an upright line; or where it would be found, beyond the drawing."""
    if x.holds(0):
        return line(x(0), y.start, x(0), y.end, "mark")
    if x.low > 0:
        return label(x.start + 4, y.end + 10, "← 0", "name", "start")
    return label(x.end - 4, y.end + 10, "0 →", "name", "end")


@dataclass(frozen=True)
class Part:
    """Some of the rows, by what a model predicts.

    Attributes:
        at: Their median prediction.
        mean: Their mean residual.
        bounds: What it lies between; None: not known.
        spread: What nine tenths of their residuals lie between.
    """

    at: float
    mean: float
    bounds: tuple[float, float] | None
    spread: tuple[float, float]

    @classmethod
    def of(cls, one: Sequence[float | None]) -> Part | None:
        """From an entry of the document's ``by_prediction``; None where nothing weighs anything."""
        at, mean, _, lower, upper, low, high = one
        if at is None or mean is None or low is None or high is None:
            return None
        return cls(at, mean, None if lower is None or upper is None else (lower, upper), (low, high))


def by_prediction(plot: Plot, found: Mapping[str, Sequence[Part]]) -> Markup:
    """Mean residuals over predictions, and where nine tenths of the residuals lie, between two lines.

    Args:
        plot: Words and size.
        found: By kind, at least one of any. A mean that an outlier draws far beyond the two lines is cut off, and an
            arrow stands for it.
    """
    every = [part for parts in found.values() for part in parts]
    x, y, shapes = axes(plot, extent(part.at for part in every), _up(every))
    shapes.append(line(x.start, y(0), x.end, y(0), "zero"))
    for kind, parts in found.items():
        shapes += _of_model(kind, parts, x, y)
    return finish(plot, shapes)


def _up(parts: Sequence[Part]) -> tuple[float, float]:
    """A range that holds 0 and the outer lines, and means and bounds as far as these lie near."""
    outer = [0.0, *(end for part in parts for end in part.spread)]
    means = [value for part in parts for value in (part.mean, *(part.bounds or ()))]
    low, high = min(outer), max(outer)
    room = high - low or max(map(abs, means))
    return extent([*outer, *(min(max(value, low - room), high + room) for value in means)])


def _of_model(kind: str, parts: Sequence[Part], x: Scale, y: Scale) -> list[Markup]:
    ends = [[(x(part.at), y(part.spread[side])) for part in parts] for side in (0, 1)]
    bounds = [_bound(x(part.at), y, *part.bounds, kind) for part in parts if part.bounds]
    means = path([(x(part.at), _clip(y, part.mean)) for part in parts], f"{kind} line thin")
    dots = [_mean(x(part.at), y, part.mean, kind) for part in parts]
    return [*(path(_drawable(of), f"{kind} line spread") for of in ends), *bounds, means, *dots]


def _drawable(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """A line through one point would not be seen: it is a stroke."""
    return points if points[1:] else [(a + side, b) for a, b in points for side in (-6.0, 6.0)]


def _bound(at: float, y: Scale, low: float, high: float, kind: str) -> Markup:
    return line(at, _clip(y, low), at, _clip(y, high), f"band {kind}")


def _clip(y: Scale, value: float) -> float:
    return y(min(max(value, y.low), y.high))


def _mean(at: float, y: Scale, value: float, kind: str) -> Markup:
    """A dot, or an arrow where it lies beyond the drawing."""
    if y.holds(value):
        return dot(at, y(value), 3, f"{kind} dot")
    tip = _clip(y, value)
    back = tip + (7 if value > y.high else -7)
    points = f"{place(at)},{place(tip)} {place(at - 4)},{place(back)} {place(at + 4)},{place(back)}"
    return tag("polygon", points=points, class_=f"arrow {kind}")
