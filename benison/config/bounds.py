"""Bounds in two tiers: the first warns, the second blocks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benison.core.sections import Section

NEVER = math.inf


@dataclass(frozen=True)
class Bounds:
    """Two bounds of one figure, of which more is worse.

    Attributes:
        warn: Beyond it a soft check fails; at `block` there is no warning, at `NEVER` nothing is asked.
        block: Beyond it a hard check fails; `NEVER`: it never blocks.
    """

    warn: float
    block: float


def bounds_of(section: Section, key: str, default: Bounds, low: float = 0.0) -> Bounds:
    """``{warn: 0.1, block: 1}``; a bound that is left out keeps its default, ``never`` switches it off alone.

    Args:
        section: What it stands in.
        key: Its key there; it need not be there.
        default: Where a bound is left out.
        low: Lower bounds are refused.

    Raises:
        ConfigError: Something else stands there, or it warns later than it blocks.
    """
    own = section.section(key, optional=True)
    found = Bounds(_bound(own, "warn", default.warn, low), _bound(own, "block", default.block, low))
    own.close()
    if math.isinf(found.warn):
        return Bounds(found.block, found.block)
    if found.warn > found.block:
        got = f"warn {found.warn:g}, block {found.block:g}"
        raise own.error("warn", "warn at or below block", got, "what warns later than it blocks never warns")
    return found


def _bound(section: Section, key: str, default: float, low: float) -> float:
    if section.content.get(key) == "never":
        section.asked.add(key)
        return NEVER
    value = section.take(key, float, default)
    if not low <= value or (math.isinf(value) and key in section.content):
        raise section.error(key, f"a number from {low:g}, or never", f"{value:g}")
    return value


def by_column(section: Section, default: Bounds) -> dict[str, Bounds]:
    """Exceptions under ``columns``; a bound that one leaves out is the usual one."""
    columns = section.section("columns", optional=True)
    return {str(name): bounds_of(columns, name, default) for name in columns.content}
