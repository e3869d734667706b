"""The lanes: what happened, one below the other over the same time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from benison.core.verdicts import Verdict
from benison.monitoring import words
from benison.monitoring.windows import Finding, Window
from benison.pages.figures import calendar, count
from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, drawing, label, line, path, place, tick_moment, time_ticks
from benison.report.timeline.events import ALERTS, CHAMPION, GATE, LANES, RUNS, SHARE, Event, Spell, Timeline

_LEFT, _WIDTH, _GAP, _ROW = 128.0, 1080.0, 12.0, 18.0
_TALL = 54.0
# So many windows fit: of more each bar stands for several.
_MOST = 300
# The largest effect that is drawn, in limits.
_BEYOND = 4.0
_LETTER = 5.6
_TICKS = 8
# Seconds between ticks.
_STEPS = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 1800.0)


def chart(timeline: Timeline) -> Markup:
    """Every lane that has anything in it, below the windows of traffic.

    Args:
        timeline: With at least one event or window.
    """
    begin, end = timeline.span
    x = Scale(begin, max(end, begin + 1), _LEFT, _WIDTH - 8)
    shapes, top = list[Markup](), 8.0
    for lane, height, drawn in _lanes(timeline, x):
        shapes += [label(0, top + 12, lane, "name", "start"), line(0, top - 6, _WIDTH, top - 6, "grid")]
        shapes.append(tag("g", *drawn, transform=f"translate(0 {place(top)})"))
        top += height + _GAP
    moments = _moments(x)
    shapes = [*(line(x(at), 4, x(at), top - 4, "grid") for at, _ in moments), *shapes]
    shapes += [label(x(at), top + 10, word) for at, word in moments]
    told = f"{len(timeline.events)} events from {calendar(begin, precise=True)} to {calendar(end, precise=True)} UTC"
    return drawing(
        _WIDTH, top + 18, *shapes, title="What happened, lane by lane", summary=f"{told}; the table has each."
    )


def _moments(x: Scale) -> list[tuple[float, str]]:
    """Where hours and days are too far apart for what is shown, whole minutes and seconds."""
    found = time_ticks(x.low, x.high, at_most=_TICKS)
    if len(found) > 2:
        return [(at, tick_moment(at, found)) for at in found]
    step = next((one for one in _STEPS if (x.high - x.low) / one <= _TICKS), _STEPS[-1])
    found = [at * step for at in range(math.ceil(x.low / step), math.floor(x.high / step) + 1)]
    return [(at, datetime.fromtimestamp(at, UTC).strftime("%H:%M" if step >= 60 else "%H:%M:%S")) for at in found]


def _lanes(timeline: Timeline, x: Scale) -> Iterator[tuple[str, float, list[Markup]]]:
    """Of each its name, its height and its shapes."""
    if timeline.windows:
        yield "rows of traffic", _TALL, _rows(timeline.windows, x)
        yield "most unusual", _TALL, _effects(timeline.windows, x)
    for lane in LANES:
        spells = [one for one in timeline.spells if one.lane == lane]
        events = [one for one in timeline.events if one.lane == lane]
        if lane == SHARE and timeline.splits:
            yield "to challenger", _TALL, _shares(timeline, x)
        elif lane in (ALERTS, RUNS, CHAMPION) and spells:
            rows = _packed(spells, x)
            yield (
                lane,
                _ROW * (max(rows) + 1),
                [shape for row, one in zip(rows, spells, strict=True) for shape in _bar(one, row, x)],
            )
        elif lane == GATE and events:
            yield lane, _ROW, [_mark(one, x) for one in events if one.look != "same"]


def _parts(windows: Sequence[Window]) -> list[Sequence[Window]]:
    many = -(-len(windows) // _MOST)
    return [windows[first : first + many] for first in range(0, len(windows), many)]


def _column(part: Sequence[Window], share: float, kind: str, told: str, x: Scale) -> Markup:
    begin, end, height = x(part[0].start), x(part[-1].end), max(share, 0.01) * (_TALL - 4)
    wide = max(end - begin - 0.6, 0.6)
    when = calendar(part[0].start, precise=True)
    return tag(
        "rect", tag("title", f"{when}: {told}"), x=place(begin), y=place(_TALL - height), width=place(wide),
        height=place(height), class_=kind,
    )  # fmt: skip


def _rows(windows: Sequence[Window], x: Scale) -> list[Markup]:
    parts = _parts(windows)
    rows = [sum(int(one.counts["rows"]) for one in part) / len(part) for part in parts]
    most = max([*rows, 1.0])
    bars = [
        _column(part, many / most, "column number", f"{count(many)} rows", x)
        for part, many in zip(parts, rows, strict=True)
    ]
    return [label(_LEFT - 6, 12, count(most), "tick", "end"), *bars]


def _effects(windows: Sequence[Window], x: Scale) -> list[Markup]:
    """The largest effect of each window over its limit, which is drawn as a line."""
    bars = [_effect(part, x) for part in _parts(windows)]
    limit = _TALL - (_TALL - 4) / _BEYOND
    return [
        *bars, line(_LEFT, limit, _WIDTH - 8, limit, "limit"), label(_LEFT - 6, limit + 4, "limit", "tick", "end"),
        label(_LEFT - 6, 12, f"{_BEYOND:g}x", "tick", "end"),
    ]  # fmt: skip


def _effect(part: Sequence[Window], x: Scale) -> Markup:
    found = [one for window in part for one in window.findings if one.effect is not None]
    worst = max(found, key=lambda one: (one.verdict is Verdict.FAIL, _beyond(one)), default=None)
    if worst is None:
        return _column(part, 0.0, "spell cancelled", "nothing could be told", x)
    kind = "spell failed" if worst.verdict is Verdict.FAIL else "column number"
    return _column(part, min(_beyond(worst) / _BEYOND, 1.0), kind, words.reason(worst), x)


def _beyond(one: Finding) -> float:
    """An effect in units of its limit; factors by their distance from 1."""
    effect, limit = one.effect or 0.0, one.limit
    return (effect - 1) / (limit - 1) if limit > 1 else effect / limit


def _packed(spells: Sequence[Spell], x: Scale) -> list[int]:
    """A row for each, so that neither bars nor words meet."""
    ends, rows = list[float](), list[int]()
    for one in spells:
        begin = x(one.begin)
        end = max(begin + len(one.label) * _LETTER + 8, x(one.end) if one.end is not None else x.end)
        begin = min(begin, x.end - len(one.label) * _LETTER - 8)
        row = next((row for row, until in enumerate(ends) if until < begin), len(ends))
        ends[row:] = [end, *ends[row + 1 :]]
        rows.append(row)
    return rows


_FILLS = {"pass": "spell", "fail": "spell failed", "open": "spell cancelled", "error": "spell failed"}


def _bar(one: Spell, row: int, x: Scale) -> list[Markup]:
    begin, end = x(one.begin), x(one.end) if one.end is not None else x.end
    top, room = row * _ROW, len(one.label) * _LETTER
    bar = tag(
        "rect",
        tag("title", one.label),
        x=place(begin),
        y=place(top + 12),
        width=place(max(end - begin, 2.0)),
        height=4,
        class_=_FILLS.get(one.look, "spell reused"),
    )
    at, anchor = (begin, "start") if begin + room < _WIDTH else (_WIDTH - 8, "end")
    return [label(at, top + 9, one.label, "tick", anchor), bar]


def _mark(one: Event, x: Scale) -> Markup:
    kind = {"pass": "today pass", "fail": "today fail"}.get(one.look, "today open")
    return tag("circle", tag("title", one.what), cx=place(x(one.when)), cy=9, r=5, class_=kind)


def _shares(timeline: Timeline, x: Scale) -> list[Markup]:
    y = Scale(0, 100, _TALL - 2, 4)
    shapes = [line(_LEFT, y(at), _WIDTH - 8, y(at), "grid") for at in (0, 100)]
    shapes += [label(_LEFT - 6, y(at) + 4, f"{at}%", "tick", "end") for at in (0, 100)]
    for kind, values in (
        ("copied", [one.shadow for one in timeline.splits]),
        ("challenger", [one.percent for one in timeline.splits]),
    ):
        points = [(x.start, y(0))]
        for one, value in zip(timeline.splits, values, strict=True):
            points += [(x(one.when), points[-1][1]), (x(one.when), y(value))]
        shapes.append(path([*points, (x.end, points[-1][1])], f"{kind} line"))
    return shapes
