"""judge: what is asked of a process, against what it did. Pure; what could not be measured is never PASS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.config.infra import Infra, InfraCheck
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.intervals import Interval
from benison.measures.rounds import median_interval
from benison.pages.figures import brief, count

Floats = npt.NDArray[np.float64]
CHALLENGER, CHAMPION = "challenger", "champion"
# What is known as soon as it is measured once; all else depends on what the machine does besides.
EXACT = ("peak_memory_mb", "size_mb")
SAME_WITHIN = 1e-6


@dataclass(frozen=True)
class Figure:
    """A figure of a process, or a ratio of two.

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


@dataclass(frozen=True)
class Measured:
    """What became of the processes.

    Attributes:
        figures: By role and metric, one value a round.
        lost: By role, why its process was given up; a role that did all that was asked is not there.
    """

    figures: Mapping[str, Mapping[str, Sequence[float]]]
    lost: Mapping[str, str]


def figures(measured: Measured, role: str, confidence: float) -> dict[str, Figure]:
    """A role's figures."""
    found = measured.figures.get(role, {})
    return {metric: Figure.of(metric, values, confidence) for metric, values in found.items()}


def ratios(measured: Measured, confidence: float) -> dict[str, Figure]:
    """The challenger's figures by the champion's of the same round."""
    ours, theirs = (measured.figures.get(role, {}) for role in (CHALLENGER, CHAMPION))
    both = {
        metric: (ours[metric], theirs[metric]) for metric in ours if len(ours[metric]) == len(theirs.get(metric, ()))
    }
    return {
        metric: Figure.of(metric, [one / other for one, other in zip(*pair, strict=True)], confidence)
        for metric, pair in both.items()
    }


def lives(measured: Measured) -> Check:
    """Whether the process did all that it was asked: load, answer, stay within its limits."""
    allowed = "a process that loads and answers within its limits"
    if why := measured.lost.get(CHALLENGER):
        return Check("lives", CHALLENGER, Tier.HARD, Verdict.FAIL, "given up", allowed, why)
    seconds = measured.figures[CHALLENGER]["load_seconds"][0]
    reason = f"it loads in {brief(seconds)} s, and answers"
    return Check("lives", CHALLENGER, Tier.HARD, Verdict.PASS, "alive", allowed, reason, {"load_seconds": seconds})


def contract(found: Sequence[tuple[int, Floats]], wanted: int) -> Check:
    """Whether each row has one answer, which is a probability.

    Args:
        found: Of each request the number of rows and the answers.
        wanted: How many rows there are to answer.
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
        return Check("contract", CHALLENGER, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)
    if rows < wanted or not rows:
        observed = f"{count(rows)} of {count(wanted)} rows answered"
        return Check("contract", CHALLENGER, Tier.HARD, Verdict.ERROR, observed, allowed, observed, numbers)
    reason = f"each of {count(rows)} rows has one answer from 0 to 1"
    return Check("contract", CHALLENGER, Tier.HARD, Verdict.PASS, f"{count(rows)} answers", allowed, reason, numbers)


def same_answers(found: Floats, evaluated: Floats) -> Check:
    """Whether what is served is what was evaluated.

    Args:
        found: The answers to rows as clients send them.
        evaluated: The evaluator's to the same rows.
    """
    name, allowed = "same_answers", f"within {SAME_WITHIN:g} of the evaluator's"
    if len(found) != len(evaluated) or not len(found):
        observed = f"{count(len(found))} answers where the evaluator has {count(len(evaluated))}"
        return Check(name, CHALLENGER, Tier.HARD, Verdict.ERROR, observed, allowed, f"{observed}; none can be compared")
    apart = np.abs(found - evaluated)
    apart[np.isnan(found) & np.isnan(evaluated)] = 0.0
    farther = _count(~(apart <= SAME_WITHIN))
    numbers = {"rows": float(len(found)), "apart": farther, "farthest": float(np.nanmax(apart, initial=0.0))}
    if farther:
        observed = f"{count(farther)} of {count(len(found))} rows, by up to {numbers['farthest']:.2g}"
        reason = f"{observed}, are answered otherwise than the evaluator had it: what was judged is not what serves"
        return Check(name, CHALLENGER, Tier.HARD, Verdict.FAIL, observed, allowed, reason, numbers)
    reason = f"all {count(len(found))} rows are answered as the evaluator had it, from JSON too"
    return Check(
        name, CHALLENGER, Tier.HARD, Verdict.PASS, f"{numbers['farthest']:.2g} at most", allowed, reason, numbers
    )


def fits(measured: Measured, infra: Infra) -> Iterator[Check]:
    """Without a check of its size: whether a package is small enough to be loaded into the memory that it may take."""
    if all(math.isnan(line.limit) for line in infra.checks if line.metric == "size_mb"):
        line = InfraCheck("size_mb", Tier.HARD, float(infra.memory_mb), math.nan)
        yield limited(line, measured, Figure.of("size_mb", measured.figures[CHALLENGER]["size_mb"], 0.5))


def limited(line: InfraCheck, measured: Measured, figure: Figure | None) -> Check:
    """Whether a figure keeps its limit."""
    return _judged(line, line.metric, line.limit, figure, measured.lost.get(CHALLENGER, ""))


def compared(line: InfraCheck, measured: Measured, ratio: Figure | None) -> Check:
    """Whether a figure's ratio to the champion's keeps its limit."""
    why = "; ".join(measured.lost.values())
    return _judged(line, f"{line.metric}_over_champion", line.ratio, ratio, why)


def _judged(line: InfraCheck, name: str, limit: float, figure: Figure | None, lost: str) -> Check:
    sign = ">=" if line.at_least else "<="
    allowed = f"{sign} {brief(limit)}"

    def check(verdict: Verdict, observed: str, reason: str) -> Check:
        numbers = {"value": figure.value, "rounds": float(figure.rounds)} if figure else {}
        return Check(name, CHALLENGER, line.tier, verdict, observed, allowed, reason, numbers)

    if figure is None:
        return check(Verdict.ERROR, "not measured", f"{name} was not measured: {lost or 'nobody says why'}")
    bounds = figure.interval
    if not bounds.known:
        why = f"{figure.rounds} rounds give it no bounds: raise infra.load.rounds"
        return check(Verdict.INCONCLUSIVE, figure.text, f"{name} is {figure.text}, and {why}")
    kept, missed = (bounds.lower >= limit, bounds.upper < limit) if line.at_least else (
        bounds.upper <= limit, bounds.lower > limit)  # fmt: skip
    said = f"{name} is {figure.text} where {allowed} is allowed"
    if kept or missed:
        return check(Verdict.PASS if kept else Verdict.FAIL, figure.text, said)
    return check(Verdict.INCONCLUSIVE, figure.text, f"{said}: its bounds lie on both sides; more rounds may decide")


def _count(rows: npt.NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(rows))
