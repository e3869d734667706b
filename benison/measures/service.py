"""Service: what a package that serves answers, and how fast, as checks. What could not be measured is never PASS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.intervals import Interval
from benison.measures.rounds import median_interval
from benison.pages.figures import brief, count

Floats = npt.NDArray[np.float64]
QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
# What is known as soon as it is measured once; all else depends on what the machine does besides.
EXACT = ("peak_memory_mb", "size_mb")


@dataclass(frozen=True)
class Figure:
    """A figure of what serves, or a ratio of two.

    Attributes:
        value: The median of the rounds.
        interval: Of the median; a figure that is exact lies between itself and itself.
        rounds: How often it was measured.
    """

    value: float
    interval: Interval
    rounds: int

    @classmethod
    def of(cls, metric: str, values: Sequence[float], confidence: float) -> Figure:
        """A figure from its value in each round.

        Args:
            metric: Its name.
            values: At least one.
            confidence: Of each bound alone.
        """
        value = float(np.median(values))
        exact = metric in EXACT
        return cls(value, Interval(value, value) if exact else median_interval(values, confidence), len(values))

    @property
    def text(self) -> str:
        """The figure with its interval, as a person reads it."""
        if not self.interval.known or self.interval.lower == self.interval.upper:
            return brief(self.value)
        return f"{brief(self.value)} [{brief(self.interval.lower)}, {brief(self.interval.upper)}]"

    def to_json(self) -> dict[str, Any]:
        """Bounds that are not known are null."""
        known = self.interval.known
        bounds = {"lower": self.interval.lower if known else None, "upper": self.interval.upper if known else None}
        return {"value": self.value, **bounds, "rounds": self.rounds}


def contract(found: Sequence[tuple[int, Floats]], wanted: int, subject: str) -> Check:
    """Whether each row has one answer, which is a probability.

    Args:
        found: Of each request the number of rows and the answers.
        wanted: How many rows there are to answer.
        subject: Of the check.
    """
    rows, answers = sum(sent for sent, _ in found), [one for _, one in found]
    uneven = sum(len(one) != sent for sent, one in found)
    values = np.concatenate(answers) if answers else np.zeros(0)
    missing, outside = _count(~np.isfinite(values)), _count((values < 0) | (values > 1))
    allowed = "one answer a row, finite, from 0 to 1"
    numbers = {"rows": float(rows), "uneven_requests": float(uneven), "missing": missing, "outside": outside}
    if uneven or missing or outside:
        observed = f"{count(missing)} not finite, {count(outside)} outside, {count(uneven)} requests answered unevenly"
        reason = f"of {count(rows)} rows: {observed}; clients rely on {allowed}"
        return Check("contract", subject, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)
    if rows < wanted or not rows:
        observed = f"{count(rows)} of {count(wanted)} rows answered"
        return Check("contract", subject, Tier.HARD, Verdict.ERROR, observed, allowed, observed, numbers)
    reason = f"each of {count(rows)} rows has one answer from 0 to 1"
    return Check("contract", subject, Tier.HARD, Verdict.PASS, f"{count(rows)} answers", allowed, reason, numbers)


def held(
    name: str,
    subject: str,
    tier: Tier,
    figure: Figure | None,
    limit: float,
    *,
    at_least: bool = False,
    lost: str = "",
    more: str = "",
) -> Check:
    """Whether a figure keeps a limit: with both of its bounds, or neither; else more rounds may decide.

    Args:
        name: Of the figure.
        subject: Of the check.
        tier: Whether it blocks.
        figure: What was measured; None: nothing was.
        limit: What it must not be beyond.
        at_least: Whether that is a lower one.
        lost: Why nothing was measured.
        more: What gives bounds where so few rounds give none.
    """
    allowed = f"{'>=' if at_least else '<='} {brief(limit)}"

    def check(verdict: Verdict, observed: str, reason: str) -> Check:
        numbers = {"value": figure.value, "rounds": float(figure.rounds)} if figure else {}
        return Check(name, subject, tier, verdict, observed, allowed, reason, numbers)

    if figure is None:
        return check(Verdict.ERROR, "not measured", f"{name} was not measured: {lost or 'nobody says why'}")
    bounds = figure.interval
    if not bounds.known:
        why = f"{figure.rounds} rounds give it no bounds: {more}"
        return check(Verdict.INCONCLUSIVE, figure.text, f"{name} is {figure.text}, and {why}")
    kept, missed = (bounds.lower >= limit, bounds.upper < limit) if at_least else (
        bounds.upper <= limit, bounds.lower > limit)  # fmt: skip
    said = f"{name} is {figure.text} where {allowed} is allowed"
    if kept or missed:
        return check(Verdict.PASS if kept else Verdict.FAIL, figure.text, said)
    return check(Verdict.INCONCLUSIVE, figure.text, f"{said}: its bounds lie on both sides; more rounds may decide")


def waits(latencies: Floats) -> dict[str, float]:
    """Quantiles of latencies, in milliseconds.

    Args:
        latencies: Seconds, at least one.
    """
    return {name: 1000 * float(np.quantile(latencies, share)) for name, share in QUANTILES.items()}


def _count(rows: npt.NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(rows))
