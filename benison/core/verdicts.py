"""Checks, their verdicts, and how verdicts combine. What could not be checked is never PASS."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What a check, or a set of them, came to."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ERROR = "ERROR"


class Tier(StrEnum):
    """Whether a check that does not pass blocks (hard) or warns (soft)."""

    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True)
class Check:
    """One question that was asked of data or model, and its answer.

    Attributes:
        name: What was checked: ``auc_gain``, ``schema``, ``drift``.
        subject: Of what: ``sex=Female``, ``column age``, ``split train``; ``overall`` for the whole.
        tier: Hard checks block, soft ones warn.
        verdict: The answer.
        observed: What was found, as a person reads it: ``+0.0011 [-0.0031, +0.0052]``.
        allowed: What would have passed: ``>= -0.0050``.
        reason: One sentence that puts the two side by side and says what would change the answer.
        numbers: The figures behind it, finite floats by name.
    """

    name: str
    subject: str
    tier: Tier
    verdict: Verdict
    observed: str
    allowed: str
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The check as it stands in an artifact; figures that are not finite are left out."""
        numbers = {name: float(value) for name, value in self.numbers.items() if math.isfinite(value)}
        return {**asdict(self), "tier": str(self.tier), "verdict": str(self.verdict), "numbers": numbers}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Check:
        """The inverse of `to_json`."""
        return cls(**{**content, "tier": Tier(content["tier"]), "verdict": Verdict(content["verdict"])})


_BY_WEIGHT = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE)


def combine(checks: Iterable[Check]) -> Verdict:
    """The verdict of the hard checks together: ERROR, FAIL, INCONCLUSIVE outrank PASS, in this order.

    With no hard check at all nothing was proven, so the answer is INCONCLUSIVE.

    >>> combine([])
    <Verdict.INCONCLUSIVE: 'INCONCLUSIVE'>
    """
    found = {check.verdict for check in checks if check.tier is Tier.HARD}
    outranking = next((verdict for verdict in _BY_WEIGHT if verdict in found), None)
    if outranking is not None:
        return outranking
    return Verdict.PASS if found else Verdict.INCONCLUSIVE


def within(
    name: str,
    subject: str,
    value: float,
    *,
    at_least: float = -math.inf,
    at_most: float = math.inf,
    tier: Tier = Tier.HARD,
) -> Check:
    """A check of one exact figure against bounds; a figure that is not a number is an ERROR.

    >>> within("rows", "split train", 0, at_least=1).verdict
    <Verdict.FAIL: 'FAIL'>
    """
    bounds = [f">= {at_least:g}"] * math.isfinite(at_least) + [f"<= {at_most:g}"] * math.isfinite(at_most)
    allowed = " and ".join(bounds) or "any number"
    if math.isnan(value):
        return Check(name, subject, tier, Verdict.ERROR, "not a number", allowed, f"{name} is not a number")
    passed = at_least <= value <= at_most
    reason = f"{name} {value:g} {'is' if passed else 'is not'} {allowed}"
    verdict = Verdict.PASS if passed else Verdict.FAIL
    return Check(name, subject, tier, verdict, f"{value:g}", allowed, reason, {"value": value})
