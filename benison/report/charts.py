"""The report's charts: pure functions from figures to inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, drawing, extent, label, line, path, place, tick_label, ticks

Points = Sequence[tuple[float, float]]

CELL_WIDTH, CELL_HEIGHT = 240.0, 24.0
_CELL_MARGIN = 10.0
# Upright lines go on beyond the drawing, where the page cuts them at the row's edge, so that rows of any height join.
_BEYOND = 60.0


@dataclass(frozen=True)
class Series:
    """A named line; `kind` is its look: ``challenger``, ``champion``, ``train`` or ``eval``."""

    kind: str
    points: Points


@dataclass(frozen=True)
class Plot:
    """A chart's words and its size in pixels."""

    title: str
    summary: str
    x_title: str
    y_title: str
    width: float = 340.0
    height: float = 230.0


def axes(plot: Plot, x_range: tuple[float, float], y_range: tuple[float, float]) -> tuple[Scale, Scale, list[Markup]]:
    """The two scales of a chart, and its grid, ticks and axis titles."""
    right, bottom = plot.width - 12, plot.height - 38
    x, y = Scale(*x_range, 46, right), Scale(*y_range, bottom, 22)
    rows, columns = ticks(*y_range), ticks(*x_range, at_most=6)
    return (
        x,
        y,
        [
            *(line(x.start, y(value), right, y(value), "grid") for value in rows),
            *(label(x.start - 6, y(value) + 4, tick_label(value, rows), anchor="end") for value in rows),
            line(x.start, bottom, right, bottom, "axis"),
            *(label(x(value), bottom + 15, tick_label(value, columns)) for value in columns),
            label(0, 11, plot.y_title, "name", "start"),
            label(right, plot.height - 6, plot.x_title, "name", "end"),
        ],
    )


def curves(plot: Plot, series: Sequence[Series], mark: tuple[float, str] | None = None) -> Markup:
    """Lines over epochs.

    Args:
        plot: Words and size.
        series: The lines, at least one with at least one point.
        mark: A place on the x axis with its name, drawn as an upright line.
    """
    xs, ys = zip(*(point for one in series for point in one.points), strict=True)
    x_range = (min(xs), max(xs)) if min(xs) < max(xs) else extent(xs)
    x, y, shapes = axes(plot, x_range, extent(ys))
    if mark:
        near_end = x(mark[0]) > (x.start + x.end) / 2
        shapes.append(line(x(mark[0]), y.start, x(mark[0]), y.end, "mark"))
        shift, anchor = (-5, "end") if near_end else (5, "start")
        shapes.append(label(x(mark[0]) + shift, y.end - 6, mark[1], "name", anchor))
    return finish(plot, [*shapes, *(line_of(one, x, y) for one in series)])


def trials(plot: Plot, scores: Points, best: Points) -> Markup:
    """A dot for the score of each trial of a search, and the best so far as a line.

    Args:
        plot: Words and size.
        scores: Trial and score, at least two.
        best: The same of the best so far.
    """
    xs, ys = zip(*scores, strict=True)
    x, y, shapes = axes(plot, (min(xs), max(xs)), extent(ys))
    line_of_best = path([(x(a), y(b)) for a, b in best], "eval line")
    return finish(plot, [*shapes, line_of_best, *(dot(x(a), y(b), 3.5, "point") for a, b in scores)])


def line_of(series: Series, x: Scale, y: Scale) -> Markup:
    """A series as a line; as a dot where it has but one point."""
    placed = [(x(a), y(b)) for a, b in series.points]
    if len(placed) == 1:
        return dot(*placed[0], 3, f"{series.kind} dot")
    return path(placed, f"{series.kind} line")


def dot(x: float, y: float, radius: float, kind: str) -> Markup:
    """A round point."""
    return tag("circle", cx=place(x), cy=place(y), r=place(radius), class_=kind)


def finish(plot: Plot, shapes: Sequence[Markup]) -> Markup:
    """The chart of its shapes."""
    return drawing(plot.width, plot.height, *shapes, title=plot.title, summary=plot.summary)


def interval_scale(estimates: Sequence[Mapping[str, Any]], limits: Sequence[float]) -> Scale:
    """One scale for the intervals of all slices, with zero in the middle.

    A slice with few rows has an interval so wide that the others would shrink to dots; beyond three times the median
    width, and never inside a limit, the scale is cut, and `interval` draws an arrow.
    """
    reach = [max(abs(one[key]) for key in ("lower", "value", "upper") if one.get(key) is not None) for one in estimates]
    need = max((abs(limit) for limit in limits), default=0.0) * 1.25
    far = max(need, min(max(reach), 3 * median(reach))) if reach else need
    far = far * 1.05 or 1.0
    return Scale(-far, far, _CELL_MARGIN, CELL_WIDTH - _CELL_MARGIN)


def value_scale(estimates: Sequence[Mapping[str, Any]], origin: float) -> Scale:
    """One scale for the values of all slices, as wide as they are, and cut as `interval_scale` is.

    Args:
        estimates: Each with a value.
        origin: The value of all rows, which is always inside.
    """
    ends = [[one[key] for key in ("lower", "value", "upper") if one.get(key) is not None] for one in estimates]
    known = [origin, *(end for found in ends for end in found)]
    far = 3 * median(max(abs(end - origin) for end in found) for found in ends) if ends else 0.0
    low, high = max(min(known), origin - far), min(max(known), origin + far)
    room = 0.05 * (high - low) or abs(origin) * 0.05 or 1.0
    return Scale(low - room, high + room, _CELL_MARGIN, CELL_WIDTH - _CELL_MARGIN)


def interval(
    estimate: Mapping[str, Any], scale: Scale, *, limit: float | None, kind: str, origin: float = 0.0
) -> Markup:
    """A difference or a value with its interval, as one row of a forest plot.

    Args:
        estimate: ``{"value", "lower", "upper"}``.
        scale: The plot's common scale.
        limit: What the lower end must not fall below; None where nothing was asked.
        kind: ``whole``, ``judged`` or ``unjudged``.
        origin: Where the line stands that all rows are read against: no difference, or the value of all rows.
    """
    middle = CELL_HEIGHT / 2
    shapes = [line(scale(origin), -_BEYOND, scale(origin), CELL_HEIGHT + _BEYOND, "zero")]
    if limit is not None:
        shapes.append(line(scale(limit), -_BEYOND, scale(limit), CELL_HEIGHT + _BEYOND, "limit"))
    low, high = estimate.get("lower"), estimate.get("upper")
    if low is not None and high is not None:
        shapes += [
            line(_clip(low, scale), middle, _clip(high, scale), middle, f"whisker {kind}"),
            _end(low, scale, middle, kind),
            _end(high, scale, middle, kind),
        ]
    value = estimate["value"]
    if value is not None and scale.holds(value):
        shapes.append(_point(scale(value), middle, kind))
    elif value is not None and (low is None or high is None):
        shapes.append(_end(value, scale, middle, kind))
    return drawing(CELL_WIDTH, CELL_HEIGHT, *shapes)


def _clip(value: float, scale: Scale) -> float:
    return scale(min(max(value, scale.low), scale.high))


def _end(value: float, scale: Scale, middle: float, kind: str) -> Markup:
    """The end of an interval: a stroke, or an arrow where it goes on beyond the drawing."""
    if scale.holds(value):
        return line(scale(value), middle - 4, scale(value), middle + 4, f"whisker {kind}")
    tip = CELL_WIDTH - 2 if value > scale.high else 2.0
    back = tip - 7 if value > scale.high else tip + 7
    points = f"{place(tip)},{place(middle)} {place(back)},{place(middle - 4)} {place(back)},{place(middle + 4)}"
    return tag("polygon", points=points, class_=f"arrow {kind}")


def _point(x: float, y: float, kind: str) -> Markup:
    if kind != "whole":
        return dot(x, y, 3.5, f"point {kind}")
    corners = ((x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6))
    return tag("polygon", points=" ".join(f"{place(a)},{place(b)}" for a, b in corners), class_=f"point {kind}")


def interval_axis(scale: Scale, words: tuple[str, str] = ("← worse", "better →")) -> Markup:
    """The axis below the rows of a forest plot, with what its two ends mean."""
    values = ticks(scale.low, scale.high, at_most=5)
    return drawing(
        CELL_WIDTH,
        34,
        line(scale.start, 0.5, scale.end, 0.5, "axis"),
        *(line(scale(value), 0, scale(value), 5, "axis") for value in values),
        *(label(scale(value), 17, tick_label(value, values)) for value in values),
        label(scale.start, 31, words[0], "name", "start"),
        label(scale.end, 31, words[1], "name", "end"),
    )


def spell(start: float, end: float, scale: Scale, kind: str) -> Markup:
    """When a task ran, as one row of a Gantt chart; at least two pixels wide, so that a short one is seen."""
    left, right = scale(start), max(scale(end), scale(start) + 2)
    track = line(scale.start, CELL_HEIGHT / 2, scale.end, CELL_HEIGHT / 2, "track")
    bar = tag("rect", x=place(left), y="6", width=place(right - left), height="12", rx="1.5", class_=f"spell {kind}")
    return drawing(CELL_WIDTH, CELL_HEIGHT, track, bar)


def spell_axis(scale: Scale, unit: str) -> Markup:
    """The time axis of a Gantt chart."""
    values = ticks(scale.low, scale.high, at_most=4)
    return drawing(
        CELL_WIDTH,
        22,
        line(scale.start, 0.5, scale.end, 0.5, "axis"),
        *(line(scale(value), 0, scale(value), 5, "axis") for value in values),
        *(label(scale(value), 17, f"{tick_label(value, values)} {unit}") for value in values),
    )
