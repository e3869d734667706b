"""gate: as a whole: the checks of metrics, and those of fairness."""

from __future__ import annotations

from benison.config.fairness import fairness_check
from benison.config.gate import CONFIDENCE, Gate, gate_check
from benison.core.sections import Section
from benison.core.verdicts import Tier


def gate_of(section: Section) -> Gate:
    """Reads the section.

    Raises:
        ConfigError: Something in it is not understood.
    """
    gate = Gate(
        confidence=section.number("confidence", CONFIDENCE, low=0.5, high=0.9999),
        min_rows=section.whole("min_rows", 200, low=1),
        min_positives=section.whole("min_positives", 20, low=1),
        checks=tuple(gate_check(line) for line in section.sections("checks")),
        unit=section.take("unit", str, ""),
        reproducible=section.choice("reproducible", ("reported", "required"), "reported"),
        fairness=tuple(fairness_check(line) for line in section.sections("fairness")),
    )
    tiers = [*(check.tier for check in gate.checks), *(check.tier for check in gate.fairness)]
    if Tier.HARD not in tiers:
        raise section.error("checks", "at least one hard check", "none", "a gate that asks nothing can prove nothing")
    section.close()
    return gate
