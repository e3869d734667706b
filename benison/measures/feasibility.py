"""What a rollout can see before it starts: the smallest harm that a plan finds, and how soon a given harm is found.

The bounds are those of `benison.measures.sequential`, of evidence as it is expected: by the end of block t the
estimate lies, with the given power, no further than z(power) errors from the harm. Blocks are taken to be independent
unless an inflation is given, and requests to arrive at random.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Literal

import numpy as np
import numpy.typing as npt

from benison.core.errors import DataError
from benison.measures.autocorrelation import ERRORS_ABOVE, MOST_AUTOCORRELATION
from benison.measures.evidence import Evidence, Floats, bounds
from benison.measures.sequential import BLOCK_SECONDS, MIN_BLOCKS

HALVINGS = 60


@dataclass(frozen=True)
class Step:
    """A part of a rollout: the challenger's share of the requests, above 0 and below 100 percent, and how long."""

    percent: float
    seconds: float


@dataclass(frozen=True)
class Plan:
    """A rollout, the traffic that it will meet, and what is asked of it.

    Attributes:
        steps: In order.
        rate: Requests a second, of both arms together, above 0.
        mean: The champion's metric of a request; for a rate of errors or of slow answers, the rate.
        deviation: Standard deviation of the metric over requests; None where a request counts 0 or 1.
        worse: Which way is harm.
        limit: Of challenger - ratio * champion, beyond which is harm.
        ratio: What the champion's mean is multiplied by.
        alpha: Chance of a false rollback by this guardrail.
        inflation: Variance of a sum of blocks, over that of independent ones; 1 or more.
        block_seconds: Length of a block.
        min_blocks: Before which nothing is said.
    """

    steps: Sequence[Step]
    rate: float
    mean: float
    deviation: float | None = None
    worse: Literal["higher", "lower"] = "higher"
    limit: float = 0.0
    ratio: float = 1.0
    alpha: float = 0.0025
    inflation: float = 1.0
    block_seconds: float = BLOCK_SECONDS
    min_blocks: int = MIN_BLOCKS

    def __post_init__(self) -> None:
        percents = [step.percent for step in self.steps]
        _require(all(0 < one < 100 for one in percents), "percent", "above 0 and below 100 in every step", percents)
        seconds = [step.seconds for step in self.steps]
        _require(self.shares().size > 0, "seconds", f"a step of {self.block_seconds:g} s, a block, or more", seconds)
        _require(self.rate > 0, "rate", "above 0 requests a second", self.rate)
        if self.deviation is None:
            _require(0 <= self.mean <= 1, "mean", "0 to 1, as there is no deviation", self.mean)
        else:
            _require(self.deviation > 0, "deviation", "above 0", self.deviation)

    def shares(self) -> Floats:
        """The challenger's share of the requests, 0 to 1, in each block."""
        many = [round(step.seconds // self.block_seconds) for step in self.steps]
        return np.repeat([step.percent / 100 for step in self.steps], many)


def _require(holds: bool, where: str, expected: str, got: object) -> None:
    if not holds:
        raise DataError(f"plan of a rollout ({where})", expected=expected, got=str(got))


def detectable(plan: Plan, *, power: float = 0.8) -> float | None:
    """The smallest harm that the plan sees by its end, as challenger - champion in absolute terms.

    Args:
        plan: The rollout.
        power: With which probability it is seen, 0.5 to 1.

    Returns:
        Above 0, whichever way is worse; None where even the greatest harm would not be seen.

    >>> plan = Plan([Step(1, 1800)], rate=10, mean=0.01)
    >>> found = detectable(plan)
    >>> f"{found:.3f}"
    '0.251'
    """
    low, high = 0.0, _most(plan)
    if not _seen(plan, high, power).any():
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _seen(plan, middle, power).any() else (middle, high)
    return high


def _most(plan: Plan) -> float:
    """The greatest harm there is; of a metric without bounds a million standard deviations."""
    if plan.deviation is not None:
        return 1e6 * plan.deviation + abs(plan.limit)
    return 1 - plan.mean if plan.worse == "higher" else plan.mean


def seconds_until(plan: Plan, harm: float, *, power: float = 0.8) -> float | None:
    """How long after its start the plan sees a harm.

    Args:
        plan: The rollout.
        harm: How much worse the challenger's metric is than the champion's, in absolute terms, above 0.
        power: With which probability it is seen by then, 0.5 to 1.

    Returns:
        Seconds; None where the plan ends before.
    """
    seen = _seen(plan, harm, power)
    return float(np.argmax(seen) + 1) * plan.block_seconds if seen.any() else None


def seconds_until_shown(plan: Plan, *, power: float = 0.8) -> float | None:
    """How long after its start the plan shows that a challenger that is exactly as good is within the limit.

    Args:
        plan: The rollout; its alpha is the chance that one which is at the limit is ever shown to be within it.
        power: With which probability it is shown by then, 0.5 to 1.

    Returns:
        Seconds; None where the plan ends before.

    >>> seconds_until_shown(Plan([Step(25, 7200)], rate=100, mean=0.01, limit=0.01, alpha=0.05))
    690.0
    """
    return seconds_until(replace(plan, worse="lower" if plan.worse == "higher" else "higher"), 0.0, power=power)


def _seen(plan: Plan, harm: float, power: float) -> npt.NDArray[np.bool_]:
    """Whether the harm is found by the end of each block."""
    low, high = bounds(_expected(plan, harm, power), plan.alpha)
    return low > plan.limit if plan.worse == "higher" else high < plan.limit


def _expected(plan: Plan, harm: float, power: float) -> Evidence:
    """The evidence after each block, were the estimate as far on the safe side of the harm as power allows."""
    side = 1.0 if plan.worse == "higher" else -1.0
    share, many = plan.shares(), plan.rate * plan.block_seconds
    weight = many * share * (1 - share)
    # Of a number that varies as arrivals at random do, the mean square is the squared mean and the mean.
    squared = weight**2 + weight
    total, heavy = np.cumsum(weight), np.cumsum(squared)
    drawn, predicted = (np.cumsum(weight * part) for part in _variances(plan, plan.mean + side * harm, share))
    short = NormalDist().inv_cdf(power) * np.sqrt(plan.inflation * drawn)
    first = (plan.mean + side * harm - plan.ratio * plan.mean) * total - side * short
    centre = first / total
    spread = centre**2 * heavy + drawn
    served = _served(plan)
    inflation, reference = plan.inflation * _margin(served), _reference(plan, served, total)
    return Evidence(total, heavy, first, centre * heavy, spread, predicted, predicted, inflation, reference)


def _variances(plan: Plan, mean: float, share: Floats) -> tuple[Floats, Floats]:
    """Of a block's difference times the square root of its weight: as it is, and as it will be predicted."""
    theirs, own = _variance(plan, plan.mean), _variance(plan, mean)
    rest = plan.ratio**2 * share * theirs
    return (1 - share) * own + rest, (1 - share) * max(own, theirs) + rest


def _variance(plan: Plan, mean: float) -> float:
    """Of a request's metric."""
    return max(mean * (1 - mean), 0.0) if plan.deviation is None else plan.deviation**2


def _served(plan: Plan) -> Floats:
    """How many blocks have a request of the challenger's, up to each."""
    found: Floats = np.cumsum(-np.expm1(-plan.rate * plan.block_seconds * plan.shares()))
    return found


def _margin(served: Floats) -> Floats:
    """The inflation that is estimated of independent blocks, for the autocorrelation is not known to be 0."""
    above = np.minimum((ERRORS_ABOVE + 1 / np.sqrt(served)) / np.sqrt(served), MOST_AUTOCORRELATION)
    found: Floats = (1 + above) / (1 - above)
    return found


def _reference(plan: Plan, served: Floats, total: Floats) -> Floats:
    """Half of the weight at the first look."""
    looks = served >= plan.min_blocks - 1e-9
    return np.where(looks, total[np.argmax(looks)] / 2, math.nan)
