"""Confidence intervals and how they are made of errors and of one another.

Throughout, `confidence` is that of each bound alone: the lower bound lies below the truth with this probability, and so
does the upper one above it. Both together hold with 2 * confidence - 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """What a figure lies between; NaN where nothing can be said."""

    lower: float
    upper: float

    @property
    def known(self) -> bool:
        """Whether anything is said."""
        return not (math.isnan(self.lower) or math.isnan(self.upper))

    def __neg__(self) -> Interval:
        return Interval(-self.upper, -self.lower)

    def stretched(self, value: float, factor: float) -> Interval:
        """The same with each bound so many times as far from the value."""
        return Interval(value - factor * (value - self.lower), value + factor * (self.upper - value))

    def clipped(self, low: float, high: float) -> Interval:
        """The part of it inside of what the figure can be."""
        return Interval(max(self.lower, low), min(self.upper, high))


UNKNOWN = Interval(math.nan, math.nan)


def union(first: Interval, second: Interval) -> Interval:
    """On each side the bound that claims less; where one of the two says nothing, nothing is said."""
    if not (first.known and second.known):
        return UNKNOWN
    return Interval(min(first.lower, second.lower), max(first.upper, second.upper))


def symmetric(value: float, error: float, quantile: float) -> Interval:
    """value -+ quantile * error."""
    return Interval(value - quantile * error, value + quantile * error)


def on_logit_scale(value: float, error: float, quantile: float) -> Interval:
    """The interval of a share, symmetric in log(value / (1 - value)), whose error is error / (value (1 - value)).

    Args:
        value: Between 0 and 1; at 0 and 1 themselves the scale ends and nothing is said.
        error: Standard error of the value.
        quantile: How many errors.
    """
    if not 0 < value < 1:
        return UNKNOWN
    centre, half = math.log(value / (1 - value)), quantile * error / (value * (1 - value))
    return Interval(_logistic(centre - half), _logistic(centre + half))


def _logistic(logit: float) -> float:
    """1 / (1 + exp(-logit)) without overflow."""
    small = math.exp(-abs(logit))
    return 1 / (1 + small) if logit >= 0 else small / (1 + small)


def on_log_scale(value: float, error: float, quantile: float) -> Interval:
    """The interval of a positive figure, symmetric in its logarithm, whose error is error / value."""
    if not value > 0:
        return UNKNOWN
    factor = math.exp(min(quantile * error / value, 700.0))
    return Interval(value / factor, value * factor)


def mover(first: float, bounds: Interval, second: float, other_bounds: Interval, correlation: float) -> Interval:
    """The difference of two figures from the interval of each: the method of variance estimates recovery.

    lower = d - sqrt((a - l)^2 + (U - b)^2 - 2 r (a - l)(U - b)), and likewise the upper bound, with d = a - b.

    Args:
        first: a.
        bounds: [l, u] of a.
        second: b.
        other_bounds: [L, U] of b.
        correlation: r, of the two estimates, from -1 to 1.

    Reference:
        Zou & Donner (2008), Statistics in Medicine 27, 1693-1702; Zou (2007), Psychological Methods 12, 399-413, where
        the two estimates depend on each other.
    """
    if not (bounds.known and other_bounds.known):
        return UNKNOWN
    below = _recovered(first - bounds.lower, other_bounds.upper - second, correlation)
    above = _recovered(bounds.upper - first, second - other_bounds.lower, correlation)
    return Interval(first - second - below, first - second + above)


def _recovered(one: float, two: float, correlation: float) -> float:
    return math.sqrt(max(one * one + two * two - 2 * correlation * one * two, 0.0))


def paired(
    first: float, own: Interval, second: float, other: Interval, correlation: float, direct: Interval
) -> Interval:
    """The difference of two figures of the same rows: the wider, on each side, of two intervals.

    One comes from the error of the difference; the other recovers the variances from each figure's own
    interval, which is asymmetric and holds near the end of a scale where the first does not.

    Args:
        first: The figure that is asked about.
        own: Its interval.
        second: The one that it is compared with.
        other: Its interval.
        correlation: Of the two estimates.
        direct: The one from the error.
    """
    return union(direct, mover(first, own, second, other, correlation))


def on_atanh_scale(value: float, error: float, quantile: float) -> Interval:
    """The interval of a figure between -1 and 1, symmetric in Fisher's atanh(value).

    The error there is error / (1 - value^2).

    Args:
        value: Between -1 and 1; at the ends themselves the scale ends and nothing is said.
        error: Standard error of the value.
        quantile: How many errors.
    """
    if not -1 < value < 1:
        return UNKNOWN
    centre, half = math.atanh(value), quantile * error / (1 - value * value)
    return Interval(math.tanh(centre - half), math.tanh(centre + half))


def fieller(above: float, error: float, below: float, other: float, correlation: float, quantile: float) -> Interval:
    """The ratio of two means: every t with (above - t below)^2 <= quantile^2 times the variance of above - t below.

    Args:
        above: The mean above the line.
        error: Its standard error.
        below: The mean below.
        other: Its standard error.
        correlation: Of the two.
        quantile: How many errors; where the mean below lies within so many of 0, the ratio may be anything.

    Reference:
        Fieller (1954), Journal of the Royal Statistical Society B 16, 175-185.
    """
    square = quantile * quantile
    bound = below * below - square * other * other
    if not bound > 0:
        return UNKNOWN
    middle = above * below - square * correlation * error * other
    half = math.sqrt(max(middle * middle - bound * (above * above - square * error * error), 0.0))
    return Interval((middle - half) / bound, (middle + half) / bound)
