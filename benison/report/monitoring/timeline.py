"""Windows over time: a row for each thing that is watched, a cell for each window, or for several of many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benison.core.verdicts import Verdict
from benison.monitoring.windows import Finding, Window
from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, label, place, tick_moment, time_ticks

_MOST = 168
_LEFT, _WIDTH, _HEIGHT, _TOP = 275.0, 900.0, 16.0, 8.0
# So many letters of the page's font stand left of the cells.
_LETTERS = 46
# The worst of several windows is what a cell shows; what was not asked is empty.
_RANK = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)
_FILLS = {
    Verdict.FAIL: "#b42318",
    Verdict.ERROR: "#b42318",
    Verdict.INCONCLUSIVE: "#b8b8b8",
    Verdict.PASS: "#3a7d44",
}
_DEPTHS = {Verdict.FAIL: 1.0, Verdict.ERROR: 1.0, Verdict.INCONCLUSIVE: 0.5, Verdict.PASS: 0.55}


def timeline(windows: Sequence[Window]) -> Markup:
    """The chart.

    Args:
        windows: In order of time, at least one.
    """
    parts = _parts(windows)
    keys = list(dict.fromkeys((one.kind, one.subject) for window in windows for one in window.findings))
    x = Scale(windows[0].start, windows[-1].end, _LEFT, _WIDTH)
    shapes = [shape for row, key in enumerate(keys) for shape in _row(row, key, parts, x)]
    height = _TOP + _HEIGHT * len(keys) + 22
    moments = time_ticks(windows[0].start, windows[-1].end, at_most=6)
    shapes += [label(x(at), height - 6, tick_moment(at, moments)) for at in moments]
    drawn = tag(
        "svg", tag("title", "Verdicts of windows over time"), *shapes, viewBox=f"0 0 {_WIDTH:g} {height:g}", role="img"
    )
    key = "Red: an alarm. Green: none, and a severe effect would have been seen. Grey: it could not be told."
    return tag("figure", tag("figcaption", key), drawn)


def _parts(windows: Sequence[Window]) -> list[Sequence[Window]]:
    many = -(-len(windows) // _MOST)
    return [windows[first : first + many] for first in range(0, len(windows), many)]


def _row(row: int, key: tuple[str, str], parts: Sequence[Sequence[Window]], x: Scale) -> list[Markup]:
    top = _TOP + row * _HEIGHT
    shapes = [label(_LEFT - 6, top + _HEIGHT - 4, _named(key), anchor="end")]
    for part in parts:
        found = [one for window in part for one in window.findings if (one.kind, one.subject) == key]
        if found:
            shapes.append(_cell(min(found, key=lambda one: _RANK.index(one.verdict)), part, top, x))
    return shapes


def _named(key: tuple[str, str]) -> str:
    """What is watched, as a row is called; what has to be cut says so."""
    name = f"{key[0]}: {key[1]}"
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}\u2026"


def _cell(worst: Finding, part: Sequence[Window], top: float, x: Scale) -> Markup:
    begin, end = x(part[0].start), x(part[-1].end)
    when = datetime.fromtimestamp(part[0].start, UTC)
    effect = "" if worst.effect is None else f", {worst.effect:.3g}"
    return tag(
        "rect",
        tag("title", f"{when:%Y-%m-%d %H:%M}: {worst.verdict}{effect}"),
        x=place(begin),
        y=place(top),
        width=place(max(end - begin - 0.4, 0.6)),
        height=place(_HEIGHT - 2),
        fill=_FILLS[worst.verdict],
        fill_opacity=_DEPTHS[worst.verdict],
    )
