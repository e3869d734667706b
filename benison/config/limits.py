"""From when on an effect matters: ``limit`` and ``severe``."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.sections import Section


@dataclass(frozen=True)
class Limits:
    """From when on an effect matters.

    Attributes:
        limit: Above it an effect that is more than chance is an alarm.
        severe: From it on the alarm is critical, and does not wait for a second window.
    """

    limit: float
    severe: float


def limits_of(section: Section, usual: Limits, low: float = 1e-6, high: float = 1.0) -> Limits:
    """Reads the two beside whatever else stands in a section, which is not closed.

    Raises:
        ConfigError: One is no number between `low` and `high`, or severe is below limit.
    """
    limit = section.number("limit", usual.limit, low=low, high=high)
    severe = section.number("severe", max(limit, usual.severe), low=low, high=high)
    if severe < limit:
        raise section.error("severe", f"no less than limit, {limit:g}", f"{severe:g}")
    return Limits(limit, severe)
