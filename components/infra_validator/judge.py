"""judge: what is asked of a process, against what it did. Pure; what could not be measured is never PASS."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.config.infra import Infra, InfraCheck
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.service import Figure, held
from benison.pages.figures import brief, count

Floats = npt.NDArray[np.float64]
CHALLENGER, CHAMPION = "challenger", "champion"
SAME_WITHIN = 1e-6


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
    farther = float(np.count_nonzero(~(apart <= SAME_WITHIN)))
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
    return _held(line, line.metric, line.limit, figure, measured.lost.get(CHALLENGER, ""))


def compared(line: InfraCheck, measured: Measured, ratio: Figure | None) -> Check:
    """Whether a figure's ratio to the champion's keeps its limit."""
    why = "; ".join(measured.lost.values())
    return _held(line, f"{line.metric}_over_champion", line.ratio, ratio, why)


def _held(line: InfraCheck, name: str, limit: float, figure: Figure | None, lost: str) -> Check:
    more = "raise infra.load.rounds"
    return held(name, CHALLENGER, line.tier, figure, limit, at_least=line.at_least, lost=lost, more=more)
