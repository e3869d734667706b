"""decide: one figure with its interval against its limits. Pure; what could not be shown is never PASS."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benison.components.evaluator.compare import Measured
from benison.config import Gate
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.intervals import Interval
from benison.metrics.base import counted
from benison.metrics.bound import Estimate

_FAR = 1000  # so many times the rows there are is past any holdout: no number is named then


@dataclass(frozen=True)
class NotApplicable:
    """A line of the policy that has nothing to compare with."""

    name: str
    subject: str
    reason: str


@dataclass(frozen=True)
class Baselines:
    """What the challenger is compared with.

    Attributes:
        present: Of champion and reference, those that there are.
        same: Whether the two are one model, so that one comparison is enough.
    """

    present: tuple[str, ...] = ()
    same: bool = False

    def asked(self, names: Sequence[str]) -> list[str]:
        """The baselines that a line of the policy names, one model once."""
        asked = list(dict.fromkeys(names))
        return ["champion"] if self.same and "champion" in asked else asked


@dataclass(frozen=True)
class Question:
    """One thing that a line of the policy asks of a figure.

    Attributes:
        name: Of the check.
        title: What the figure is called in a sentence.
        tier: Hard or soft.
        limits: By their sign, ``>=``, ``>`` or ``<=``.
        signed: Whether the figure is a difference, which is shown with its sign.
        point: Whether the value alone is judged, and not the bound.
    """

    name: str
    title: str
    tier: Tier
    limits: Mapping[str, float]
    signed: bool = False
    point: bool = False

    @property
    def allowed(self) -> str:
        return " and ".join(f"{sign} {self.text(limit)}" for sign, limit in self.limits.items())

    def text(self, value: float) -> str:
        """A figure with as many digits as its limits need."""
        smallest = min((abs(limit) for limit in self.limits.values() if limit), default=1.0)
        digits = min(max(4, 1 - math.floor(math.log10(smallest))), 10)
        if abs(value) >= 1000:
            return f"{value:,.0f}"
        return f"{value:+.{digits}f}" if self.signed else f"{value:.{digits}f}"

    def shown(self, found: Estimate) -> str:
        """A figure with its interval."""
        value = "undefined" if math.isnan(found.value) else self.text(found.value)
        if not found.interval.known:
            return f"{value} [no interval]"
        if found.interval.lower == found.interval.upper == found.value:
            return value
        return f"{value} [{self.text(found.interval.lower)}, {self.text(found.interval.upper)}]"


def too_small(one: Measured, gate: Gate) -> str:
    """Which count falls short of the policy's; empty where none does."""
    wanted = {"rows": gate.min_rows, "positives": gate.min_positives, "negatives": gate.min_positives}
    found = {"rows": one.rows, "positives": one.positives, "negatives": one.negatives}
    short = {what: many for what, many in found.items() if many is not None and many < wanted[what]}
    return ", ".join(f"{counted(many, what)} where the policy wants {wanted[what]:,}" for what, many in short.items())


def unjudged(question: Question, subject: str, why: str) -> Check:
    """The answer where the policy's counts, or something else, forbid one."""
    reason = f"{question.title} is not judged on {subject}: {why}"
    observed = "not judged"
    return Check(question.name, subject, question.tier, Verdict.INCONCLUSIVE, observed, question.allowed, reason)


def answer(question: Question, subject: str, found: Estimate, rows: int, more: str = "") -> Check:
    """PASS where the bound clears each limit, FAIL where all of the interval misses one, else INCONCLUSIVE.

    Args:
        question: What is asked.
        subject: Of what.
        found: The figure.
        rows: From how many it is.
        more: What else the reason says.
    """
    interval = found.interval
    numbers = {"value": found.value, "lower": interval.lower, "upper": interval.upper, "rows": float(rows)}
    low = question.limits.get(">=", question.limits.get(">", -math.inf))
    numbers |= {"at_least": low, "at_most": question.limits.get("<=", math.inf)}
    observed, judged = question.shown(found), _judged(question, found)
    if not judged.interval.known or math.isnan(found.value):
        verdict, reason = Verdict.INCONCLUSIVE, f"{question.title} {observed}: {found.note or 'undefined'}"
    else:
        verdict, reason, numbers["rows_needed"] = _decided(question, judged, observed, rows)
    reason += f"; {more}" if more else ""
    return Check(question.name, subject, question.tier, verdict, observed, question.allowed, reason, numbers)


def _judged(question: Question, found: Estimate) -> Estimate:
    """The figure as it is judged: by the point as if nothing about it were uncertain."""
    return Estimate(found.value, Interval(found.value, found.value), found.note) if question.point else found


def _decided(question: Question, found: Estimate, observed: str, rows: int) -> tuple[Verdict, str, float]:
    """Verdict, reason, and about how many rows would decide where these do not."""
    sides = [_side(found, sign, limit) for sign, limit in question.limits.items()]
    verdicts = [verdict for verdict, _ in sides]
    said, by_point = f"{question.title} {observed}", ", judged on the point" if question.point else ""
    if Verdict.FAIL in verdicts:
        missed = by_point or ": all of the interval misses it"
        return Verdict.FAIL, f"{said} is not {question.allowed}{missed}", math.nan
    if Verdict.INCONCLUSIVE not in verdicts:
        return Verdict.PASS, f"{said} {question.allowed}{by_point}", math.nan
    needed = rows * max(factor for _, factor in sides)
    return Verdict.INCONCLUSIVE, f"{said} may or may not be {question.allowed}: {_more(needed, rows)}", needed


def _side(found: Estimate, sign: str, limit: float) -> tuple[Verdict, float]:
    """One limit: PASS where the near bound clears it, FAIL where the far bound misses it, else how many times the rows.

    The width of an interval shrinks with the root of the rows, so the bound that decides reaches the limit at
    (distance of the bound / distance of the limit)^2 times the rows, if the estimate stays where it is.
    """
    bounds = -found.interval if sign == "<=" else found.interval
    value, limit = (-found.value, -limit) if sign == "<=" else (found.value, limit)
    if bounds.lower > limit or (bounds.lower == limit and sign != ">"):
        return Verdict.PASS, 0.0
    if bounds.upper < limit or (bounds.upper == limit and sign == ">"):
        return Verdict.FAIL, 0.0
    reach = value - bounds.lower if value > limit else bounds.upper - value
    return Verdict.INCONCLUSIVE, math.inf if value == limit else (reach / (value - limit)) ** 2


def _more(needed: float, rows: int) -> str:
    if needed > _FAR * rows:
        return f"the estimate lies on the limit, and more rows than these {rows:,} would hardly decide"
    unit = 10 ** max(math.floor(math.log10(needed)) - 1, 0)
    return f"about {math.ceil(needed / unit) * unit:,} rows would decide where there are {rows:,}"
