"""Reach: whether numbers lie far beyond all that past spans had: -999 for a missing value, a unit mistaken."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from benison.components.example_validator.drift import numbers_rows
from benison.config.bounds import Bounds
from benison.core.profiles import NUMERIC, ColumnProfile, RowsProfile
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import allowed, graded

NAME = "reach"


def reach(rows: RowsProfile, past: Sequence[RowsProfile], model: Collection[str], bounds: Bounds) -> Iterator[Check]:
    """One check for each numeric column: how far its ends lie beyond the range of past spans, in widths of that range.

    Unlike a band it needs a single past span, and seasons do not widen it without end.

    Args:
        rows: The newest span.
        past: Past spans.
        model: Features and label: other columns only warn.
        bounds: Of the distance.
    """
    for name, column in sorted(rows.columns.items()):
        before = [found for one in past if (found := one.columns.get(name)) and _has_ends(found)]
        counts_up = name not in model and numbers_rows(column)
        if before and _has_ends(column) and not counts_up:
            yield _judged(name, column, before, bounds, blocks=name in model)


def _has_ends(column: ColumnProfile) -> bool:
    return column.kind == NUMERIC and column.minimum is not None and column.maximum is not None


def _judged(name: str, now: ColumnProfile, past: Sequence[ColumnProfile], bounds: Bounds, *, blocks: bool) -> Check:
    low, high = min(one.minimum or 0.0 for one in past), max(one.maximum or 0.0 for one in past)
    width = _width(low, high)
    sides = {"below": (low - (now.minimum or 0.0)) / width, "above": ((now.maximum or 0.0) - high) / width}
    widths = max(*sides.values(), 0.0)
    tier, verdict = graded(widths, bounds)
    ends = f"{now.minimum:g} to {now.maximum:g}"
    reason = f"column {name} reaches from {ends}, in {_spans(len(past))} from {low:g} to {high:g}: "
    reason += f"{widths:.3g} widths beyond; allowed {allowed(bounds)}"
    if verdict is Verdict.FAIL:
        reason += "; a missing value may be written as a number; if it is right, benison data accept says so"
    numbers = {"widths": widths, "minimum": now.minimum or 0.0, "maximum": now.maximum or 0.0}
    numbers |= {f"widths_{side}": one for side, one in sides.items() if graded(one, bounds)[1] is Verdict.FAIL}
    return Check(NAME, f"column {name}", tier if blocks else Tier.SOFT, verdict, ends, allowed(bounds), reason, numbers)


def _width(low: float, high: float) -> float:
    """The width of a range; a column that was constant may be as far from its value as that is from 0, or by 1."""
    return high - low if high > low else max(abs(high), 1.0)


def _spans(count: int) -> str:
    return f"{count} past spans" if count > 1 else "the past span"
