"""Charts over the time of a rollout: traffic, what a difference lies between, two means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from benison.delivery.entries import Shift
from benison.delivery.state import moment
from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, extent, label, line, path, place, tick_label, tick_moment, ticks, time_ticks
from benison.report.charts import Plot, dot, finish
from benison.report.rollout.tracks import Means, Point

Span = tuple[float, float]
_LEFT, _RIGHT, _TOP, _BELOW = 54.0, 12.0, 22.0, 38.0
# Numbers of marks that are nearer to each other than this are set one above the other.
_APART = 16.0
# In percent, with room for the numbers of marks.
_SHARES = (0.0, 125.0)


def _axes(plot: Plot, span: Span, y_range: Span, words: Sequence[str] = ()) -> tuple[Scale, Scale, list[Markup]]:
    """The scales of a chart over time, its grid and ticks."""
    right, bottom = plot.width - _RIGHT, plot.height - _BELOW
    x, y = Scale(*span, _LEFT, right), Scale(*y_range, bottom, _TOP)
    rows = ticks(*y_range)
    told = words or [tick_label(value, rows) for value in rows]
    return (
        x,
        y,
        [
            *(line(x.start, y(value), right, y(value), "grid") for value in rows),
            *(label(x.start - 6, y(value) + 4, word, anchor="end") for value, word in zip(rows, told, strict=True)),
            line(x.start, bottom, right, bottom, "axis"),
            *(label(x(at), bottom + 15, word) for at, word in _moments(span, int((right - _LEFT) / 70))),
            label(0, 11, plot.y_title, "name", "start"),
            label(right, plot.height - 6, plot.x_title, "name", "end"),
        ],
    )


def _moments(span: Span, at_most: int) -> list[tuple[float, str]]:
    found = time_ticks(*span, at_most=at_most)
    if len(found) > 1:
        return [(at, tick_moment(at, found)) for at in found]
    return [(at, datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")) for at in (span[0], (span[0] + span[1]) / 2)]


def traffic(plot: Plot, shifts: Sequence[Shift], span: Span) -> Markup:
    """The challenger's share of answers and of copies as steps, and each decision as a numbered mark.

    Args:
        plot: Words and size.
        shifts: Every change of traffic, oldest first.
        span: From when to when, in seconds since 1970.
    """
    x, y, shapes = _axes(plot, span, _SHARES, [f"{value:g}%" for value in ticks(*_SHARES)])
    places = [x(min(max(moment(one.when).timestamp(), span[0]), span[1])) for one in shifts]
    shapes += [shape for number, at in enumerate(places, 1) for shape in _mark(number, at, places, y)]
    for kind, values in (
        ("copied", [one.shadow for one in shifts]),
        ("challenger", [one.percent for one in shifts]),
    ):
        if any(values):
            shapes.append(path(_steps(places, values, x, y), f"{kind} line"))
    return finish(plot, shapes)


def _steps(places: Sequence[float], values: Sequence[float], x: Scale, y: Scale) -> list[tuple[float, float]]:
    found = [(x.start, y(0.0))]
    for at, value in zip(places, values, strict=True):
        found += [(at, found[-1][1]), (at, y(value))]
    return [*found, (x.end, found[-1][1])]


def _mark(number: int, at: float, places: Sequence[float], y: Scale) -> list[Markup]:
    crowd = sum(0 <= at - other < _APART for other in places[: number - 1])
    return [
        line(at, y.start, at, y.end, "mark"),
        label(at + 4, y.end + 10 + 11 * (crowd % 8), str(number), "name", "start"),
    ]


def difference(plot: Plot, points: Sequence[Point], limits: Iterable[float], span: Span) -> Markup:
    """The estimate of a difference with its two bands over time, and the tolerance.

    Args:
        plot: Words and size.
        points: Of which at least one is `known`; the others are left out.
        limits: What the difference must not be beyond.
        span: From when to when, in seconds since 1970.
    """
    shown, limits = [one for one in points if one.known], list(limits)
    x, y, shapes = _axes(plot, span, _reach(shown, limits))
    shapes += [_band([(one.at, one.harm.low, one.harm.high) for one in shown], x, y, "reach wide")]
    shapes += [_band([(one.at, one.proof.low, one.proof.high) for one in shown], x, y, "reach")]
    shapes.append(line(x.start, y(0.0), x.end, y(0.0), "zero"))
    shapes += [line(x.start, y(limit), x.end, y(limit), "limit") for limit in limits]
    estimates = [(x(one.at), y(_clip(y, one.proof.estimate))) for one in shown]
    drawn = path(estimates, "challenger line") if len(estimates) > 1 else dot(*estimates[0], 3, "challenger dot")
    return finish(plot, [*shapes, drawn])


def _reach(shown: Sequence[Point], limits: Sequence[float]) -> Span:
    """Room for zero, the limits, all estimates, and the bounds that half of the time were no wider."""
    late = shown[len(shown) // 2 :]
    ends = [end for one in late for end in (one.harm.low, one.harm.high)]
    return extent([0.0, *limits, *ends, *(one.proof.estimate for one in shown)])


def _band(rows: Sequence[tuple[float, float, float]], x: Scale, y: Scale, kind: str) -> Markup:
    """Between low and high; of a single point a stroke."""
    if len(rows) == 1:
        at, low, high = rows[0]
        return tag("g", line(x(at), y(_clip(y, low)), x(at), y(_clip(y, high)), "whisker"), class_=kind)
    there = [(x(at), y(_clip(y, high))) for at, _, high in rows]
    back = [(x(at), y(_clip(y, low))) for at, low, _ in reversed(rows)]
    points = " ".join(f"{place(a)},{place(b)}" for a, b in (*there, *back))
    return tag("polygon", points=points, class_=kind)


def _clip(y: Scale, value: float) -> float:
    return min(max(value, y.low), y.high)


def means(plot: Plot, found: dict[str, Means], span: Span) -> Markup:
    """Each arm's mean over time; a line is broken where it answered nothing.

    Args:
        plot: Words and size.
        found: By arm, at least one mean of any.
        span: From when to when, in seconds since 1970.
    """
    known = [value for of in found.values() for _, value in of if value is not None]
    x, y, shapes = _axes(plot, span, extent(known))
    for kind, of in found.items():
        for piece in _pieces(of):
            placed = [(x(at), y(value)) for at, value in piece]
            shapes.append(path(placed, f"{kind} line") if len(placed) > 1 else dot(*placed[0], 2, f"{kind} dot"))
    return finish(plot, shapes)


def _pieces(of: Means) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, value in of:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((at, value))
    return [piece for piece in pieces if piece]
