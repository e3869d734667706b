"""How a column is distributed, now and in the champion's snapshot: small inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from benison.pages.figures import percent
from benison.pages.markup import Markup, tag
from benison.pages.scales import Scale, drawing, label, line, path, place, tick_label, ticks

_WIDTH, _HEIGHT, _BASE = 232.0, 92.0, 74.0
_ROW, _NAME_WIDTH, _SHARE_WIDTH, _NAME_LENGTH = 18.0, 94.0, 44.0, 14


@dataclass(frozen=True)
class Share:
    """The share of rows with a value, from 0 to 1; `before` is None where there is nothing to compare with."""

    name: str
    now: float
    before: float | None


def densities(
    edges: Sequence[float], counts: Sequence[int], low: float, high: float
) -> list[tuple[float, float, float]]:
    """The bins of a histogram as ``(from, to, share of the rows per unit)``, so that areas are shares.

    The first and the last bin are open; they are drawn up to `low` and `high`.

    >>> densities([1.0, 2.0], [1, 2, 1], 0.0, 4.0)
    [(0.0, 1.0, 0.25), (1.0, 2.0, 0.5), (2.0, 4.0, 0.125)]
    """
    rows = sum(counts) or 1
    ends = [low, *edges, high]
    return [(a, b, count / rows / (b - a)) for (a, b), count in zip(pairwise(ends), counts, strict=True) if b > a]


def drawable(feature: Mapping[str, Any]) -> bool:
    """Whether a numeric column has values different enough for a histogram: two inner bins or more."""
    return len(set(feature["edges"])) > 2


def _limits(edges: Sequence[float]) -> tuple[float, float]:
    """Where the open bins are cut off: as wide as a usual bin between them."""
    usual = median(b - a for a, b in pairwise(edges))
    return edges[0] - usual, edges[-1] + usual


def histogram(name: str, now: Mapping[str, Any], before: Mapping[str, Any] | None, summary: str) -> Markup:
    """A numeric column: filled bars now, and as an outline what it was.

    Args:
        name: The column.
        now: ``{"edges": inner edges, ascending, "counts": one more than edges}``, `drawable`.
        before: The same for the champion's snapshot.
        summary: What a reader who does not see the drawing should know.
    """
    both = [one for one in (now, before) if one is not None and drawable(one)]
    limits = [_limits(one["edges"]) for one in both]
    low, high = min(limit[0] for limit in limits), max(limit[1] for limit in limits)
    bins = [densities(one["edges"], one["counts"], low, high) for one in both]
    x = Scale(low, high, 6, _WIDTH - 6)
    y = Scale(0, max(height for found in bins for _, _, height in found) or 1.0, _BASE, 6)
    values = ticks(low, high, at_most=4)
    return drawing(
        _WIDTH,
        _HEIGHT,
        *(_bar(x(a), x(b), y(height)) for a, b, height in bins[0]),
        *(path(_outline(found, x, y), "before") for found in bins[1:]),
        line(x.start, _BASE, x.end, _BASE, "axis"),
        *(label(x(value), _BASE + 14, tick_label(value, values)) for value in values),
        title=f"Histogram of {name}",
        summary=summary,
    )


def _bar(left: float, right: float, top: float) -> Markup:
    width = max(right - left - 0.6, 0.6)
    return tag("rect", x=place(left), y=place(top), width=place(width), height=place(_BASE - top), class_="now")


def _outline(bins: Sequence[tuple[float, float, float]], x: Scale, y: Scale) -> list[tuple[float, float]]:
    steps = [point for a, b, height in bins for point in ((x(a), y(height)), (x(b), y(height)))]
    return [(steps[0][0], y(0)), *steps, (steps[-1][0], y(0))]


def bars(name: str, shares: Sequence[Share], summary: str) -> Markup:
    """The shares of a column's values: a bar now, and a mark at what it was."""
    longest = max((max(share.now, share.before or 0.0) for share in shares), default=0.0) or 1.0
    x = Scale(0, longest, _NAME_WIDTH, _WIDTH - _SHARE_WIDTH)
    rows = [shape for index, share in enumerate(shares) for shape in _bar_row(share, index * _ROW, x)]
    return drawing(_WIDTH, max(len(shares), 1) * _ROW, *rows, title=f"Values of {name}", summary=summary)


def _bar_row(share: Share, top: float, x: Scale) -> list[Markup]:
    middle = top + _ROW / 2
    bar = tag(
        "rect", x=place(x(0)), y=place(top + 4), width=place(x(share.now) - x(0)), height=place(_ROW - 8), class_="now"
    )
    shapes = [
        label(x(0) - 6, middle + 4, _short(share.name), "tick", "end"),
        bar,
        label(_WIDTH, middle + 4, percent(share.now, 1), "tick", "end"),
    ]
    if share.before is not None:
        shapes.append(line(x(share.before), top + 1, x(share.before), top + _ROW - 1, "before"))
    return shapes


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"


def shares_of_values(now: Mapping[str, Any], before: Mapping[str, Any] | None, most: int = 6) -> list[Share]:
    """The most frequent values of a categorical column, and the others together."""
    counts, rows = now["counts"], _rows(now)
    shown = sorted(counts, key=lambda value: (-counts[value], value))[:most]
    found = [Share(value, counts[value] / rows, _share_before(before, value)) for value in shown]
    left = sum(counts.values()) + now.get("other", 0) - sum(counts[value] for value in shown)
    if left:
        seen_before = None if before is None else 1 - sum(share.before or 0.0 for share in found)
        found.append(Share("all others", left / rows, seen_before))
    return found


def _rows(feature: Mapping[str, Any]) -> int:
    counts = feature["counts"]
    values = counts.values() if isinstance(counts, Mapping) else counts
    return int(sum(values) + feature.get("other", 0)) or 1


def _share_before(before: Mapping[str, Any] | None, value: str) -> float | None:
    return None if before is None else before["counts"].get(value, 0) / _rows(before)


def shares_of_bins(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> list[Share]:
    """The bins of a numeric column with few different values; compared only where the bins are the same."""
    same = before is not None and list(before["edges"]) == list(now["edges"])
    earlier = before["counts"] if same and before is not None else [None] * len(now["counts"])
    names = _bin_names([float(edge) for edge in now["edges"]])
    rows, rows_before = _rows(now), _rows(before) if before is not None else 1
    return [
        Share(name, count / rows, None if was is None else was / rows_before)
        for name, count, was in zip(names, now["counts"], earlier, strict=True)
    ]


def _bin_names(edges: Sequence[float]) -> list[str]:
    if not edges:
        return ["all values"]
    between = [f"{a:g} to {b:g}" for a, b in pairwise(edges)]
    return [f"up to {edges[0]:g}", *between, f"above {edges[-1]:g}"]
