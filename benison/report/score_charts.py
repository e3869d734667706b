"""Charts of what models' scores are worth: curves in the unit square, reliability with its intervals, histograms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, label, line, path, place, tick_label, ticks
from benison.report.charts import Plot, Series, axes, dot, finish, line_of

Bins = Sequence[Sequence[float | None]]
_UNIT = (0.0, 1.0)


def unit_square(
    plot: Plot, series: Sequence[Series], chance: tuple[tuple[float, float], tuple[float, float]]
) -> Markup:
    """Curves of rates over rates, with the line of pure chance.

    Args:
        plot: Words and size.
        series: The curves.
        chance: The ends of that line.
    """
    x, y, shapes = axes(plot, _UNIT, _UNIT)
    (a, b), (c, d) = chance
    return finish(plot, [*shapes, line(x(a), y(b), x(c), y(d), "chance"), *(line_of(one, x, y) for one in series)])


def calibration(plot: Plot, bins: Mapping[str, Bins]) -> Markup:
    """Mean label over mean prediction, for each model and bin; a dot's area is its share of the rows.

    Args:
        plot: Words and size.
        bins: By kind of line, ``[mean prediction, mean label, rows, lower, upper]`` for each bin; the interval is drawn
            as a whisker, that of two models side by side.
    """
    x, y, shapes = axes(plot, _UNIT, _UNIT)
    shapes.append(line(x(0), y(0), x(1), y(1), "chance"))
    for kind, found in bins.items():
        known = [(one[0], one[1], one[2] or 0.0, one[3], one[4]) for one in found if one[0] is not None]
        rows = sum(one[2] for one in known) or 1
        placed = [(x(at), y(seen)) for at, seen, *_ in known if seen is not None]
        shapes += [_whisker(x(at), y, low, high, kind) for at, _, _, low, high in known if low is not None]
        shapes.append(path(placed, f"{kind} line thin"))
        sizes = [1.5 + 7 * math.sqrt(one[2] / rows) for one in known if one[1] is not None]
        shapes += [dot(*at, size, f"{kind} dot") for at, size in zip(placed, sizes, strict=True)]
    return finish(plot, shapes)


def _whisker(at: float, y: Scale, low: float, high: float | None, kind: str) -> Markup:
    return line(at, y(low), at, y(high if high is not None else low), f"band {kind}")


def histogram(plot: Plot, models: Mapping[str, Mapping[str, Sequence[float]]]) -> Markup:
    """How scores are distributed: positives upwards, negatives downwards, each as shares of its class.

    Args:
        plot: Words and size.
        models: By kind, for ``positives`` and ``negatives`` what the rows of each equal bin weigh. The challenger is
            drawn as filled columns, others as an outline.
    """
    shares = {kind: {name: _shares(of) for name, of in found.items()} for kind, found in models.items()}
    top = max((share for of in shares.values() for one in of.values() for share in one), default=0.0) or 1.0
    right, bottom = plot.width - 12, plot.height - 38
    x, y = Scale(*_UNIT, 46, right), Scale(-top, top, bottom, 22)
    return finish(plot, [*_mirrored_axes(plot, x, y, top), *_distributions(shares, x, y)])


def _shares(weights: Sequence[float]) -> list[float]:
    whole = sum(weights) or 1.0
    return [one / whole for one in weights]


def _mirrored_axes(plot: Plot, x: Scale, y: Scale, top: float) -> list[Markup]:
    rows, columns = ticks(0.0, top, at_most=3), ticks(*_UNIT, at_most=6)
    sides = [(side * value, value) for value in rows for side in ((1, -1) if value else (1,))]
    return [
        *(line(x.start, y(at), x.end, y(at), "grid" if value else "axis") for at, value in sides),
        *(
            label(x.start - 6, y(at) + 4, tick_label(100 * value, [100 * one for one in rows]) + "%", anchor="end")
            for at, value in sides
        ),
        *(label(x(value), y.start + 15, tick_label(value, columns)) for value in columns),
        label(0, 11, plot.y_title, "name", "start"),
        label(x.end, plot.height - 6, plot.x_title, "name", "end"),
        label(x.start + 6, y.end + 9, "positives ↑", "name", "start"),
        label(x.end, y.start - 4, "negatives ↓", "name", "end"),
    ]


def _distributions(shares: Mapping[str, Mapping[str, Sequence[float]]], x: Scale, y: Scale) -> list[Markup]:
    shapes = []
    for kind, of in shares.items():
        for name, side in (("positives", 1.0), ("negatives", -1.0)):
            heights = [side * share for share in of[name]]
            shapes += _columns(heights, x, y, name) if kind == "challenger" else [_outline(heights, x, y, kind)]
    return shapes


def _columns(heights: Sequence[float], x: Scale, y: Scale, name: str) -> list[Markup]:
    edges = [x(number / len(heights)) for number in range(len(heights) + 1)]
    return [
        _column(left, right, y(0), y(height), name)
        for (left, right), height in zip(pairwise(edges), heights, strict=True)
        if height
    ]


def _column(left: float, right: float, base: float, end: float, name: str) -> Markup:
    top, height = min(base, end), abs(end - base)
    return tag(
        "rect",
        x=place(left + 0.4),
        y=place(top),
        width=place(right - left - 0.8),
        height=place(height),
        class_=f"column {name}",
    )


def _outline(heights: Sequence[float], x: Scale, y: Scale, kind: str) -> Markup:
    edges = [number / len(heights) for number in range(len(heights) + 1)]
    steps = [(x(edge), y(height)) for ends, height in zip(pairwise(edges), heights, strict=True) for edge in ends]
    return path([(x(0), y(0)), *steps, (x(1), y(0))], f"{kind} outline")
