"""Findings as people read them: what was observed, what is allowed, and what would decide."""

from __future__ import annotations

from datetime import UTC, datetime

from benison.core.verdicts import Check, Tier, Verdict
from benison.monitoring.joined import Joined
from benison.monitoring.windows import (
    ERRORS,
    LATE,
    LATENCY,
    MISSING,
    QUALITY,
    SCORE_DRIFT,
    SKEW_ROWS,
    UNMEASURED,
    VOLUME,
    Finding,
    Late,
)

_NAMED = {
    "drift": "drift of {}",
    "skew": "{} against training",
    SCORE_DRIFT: "drift of the {}",
    MISSING: "share of missing values in {}",
    VOLUME: "rows of {}",
    ERRORS: "share of {} that failed",
    LATENCY: "share of {} that were slow",
    QUALITY: "loss of {}",
    SKEW_ROWS: "share of rows served with another {}",
    LATE: "share of {} that came after their window was counted",
    UNMEASURED: "days without a label of the {}",
}
_AGAINST = {
    "week": "windows of the same hour of the week",
    "day": "windows of the same hour",
    "none": "the windows before",
    "training": "what the champion was trained on",
    "blessing": "what it was at the champion's blessing",
    "limit": "the limit",
    "data": "what the data has of the same rows",
}


# What is rarer is 0 as a floating-point number.
_LEAST_P = 1e-16


def name(finding: Finding) -> str:
    """What was looked at."""
    if finding.kind == QUALITY and finding.against == "limit":
        return f"shortfall from {finding.subject}"
    return _NAMED[finding.kind].format(finding.subject)


def observed(finding: Finding) -> str:
    """The effect, in its unit."""
    return "nothing" if finding.effect is None else _figure(finding.kind, finding.effect)


def allowed(finding: Finding) -> str:
    """What is no alarm."""
    return f"<= {_figure(finding.kind, finding.limit)}"


def reason(finding: Finding) -> str:
    """One sentence that puts the two side by side, and says what would decide."""
    sentence = f"{name(finding)}: {observed(finding)}, allowed {allowed(finding)}"
    if finding.against:
        sentence += f", against {_AGAINST[finding.against]}"
    if finding.windows > 1:
        sentence += f", {finding.windows} windows together"
    if finding.verdict is Verdict.FAIL and finding.p is not None:
        sentence += f"; by chance p <= {max(finding.p, _LEAST_P):.2g}"
    if finding.verdict is Verdict.FAIL and finding.kind == LATE:
        sentence += "; a longer late_seconds waits for them"
    return f"{sentence}; needed: {finding.missing}" if finding.missing else sentence


def late(found: Late) -> str:
    """What came after its window was counted, in one sentence."""
    begin, end = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}" for at in (found.begin, found.end))
    return f"{found.rows:,} of {found.all:,} rows from {begin} to {end} came after their window was counted"


def joined(found: Joined) -> str:
    """How many served rows the data has, in one sentence."""
    day = f"{datetime.fromtimestamp(found.start, UTC):%Y-%m-%d %H:%M}"
    if found.trouble:
        return f"nothing could be joined of the day from {day}: {found.trouble}"
    return f"the data has {found.joined:,} of {found.requests:,} requests of the day from {day}"


def check(finding: Finding) -> Check:
    """A finding as a check: hard where it is severe."""
    figures = {"effect": finding.effect, "limit": finding.limit, "reach": finding.reach, "p": finding.p}
    return Check(
        name=finding.kind,
        subject=finding.subject,
        tier=Tier.HARD if finding.severe else Tier.SOFT,
        verdict=finding.verdict,
        observed=observed(finding),
        allowed=allowed(finding),
        reason=reason(finding),
        numbers={**{key: one for key, one in figures.items() if one is not None}, "rows": finding.rows},
    )


def _figure(kind: str, value: float) -> str:
    if kind == VOLUME:
        return f"a factor of {value:.3g}"
    if kind == UNMEASURED:
        return f"{value:.3g}"
    return f"{value:.2%}" if kind in (MISSING, ERRORS, LATENCY, LATE, SKEW_ROWS) else f"{value:.4f}"
