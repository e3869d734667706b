"""How many standard errors a bound lies away from an estimate."""

from __future__ import annotations

import math
from statistics import NormalDist

from scipy import special


def normal(confidence: float) -> float:
    """The standard normal quantile.

    >>> round(normal(0.95), 4)
    1.6449
    """
    return NormalDist().inv_cdf(confidence)


def student(confidence: float, size: float) -> float:
    """Student's quantile for the mean of `size` values, that is with size - 1 degrees of freedom.

    >>> round(student(0.95, 20), 4)
    1.7291
    """
    return float(special.stdtrit(size - 1, confidence))


def allowance(size: float) -> float:
    """1 + 1 / sqrt(size): how much wider an interval is made for the skewness that its error does not show.

    Errors that are estimated from each row's influence come out too small just when the few rows that matter most are
    not in the sample, and the estimate is then off to one side. The coverage that a bound loses by it is of the order
    1 / sqrt(size), the first term of an Edgeworth expansion; the factor 1 was found by simulation.

    Args:
        size: Rows of the smaller class, at least 1.

    Reference:
        Hall (1988), Annals of Statistics 16, 927-953, on why one-sided bounds are the worse for skewness.
    """
    return 1 + 1 / math.sqrt(size)


def skewed(quantile: float, skewness: float) -> tuple[float, float]:
    """How many errors the lower and the upper bound are away where an estimate is lopsided: no less than `quantile`.

    The side to which it falls short more often than not is moved by skewness (1 + 2 quantile^2) / 6, the other is left.

    Args:
        quantile: How many it would be for an estimate that is not.
        skewness: Of the estimate, from -1 to 1.

    Reference:
        Johnson (1978), JASA 73, 536-544.
    """
    more = skewness * (1 + 2 * quantile * quantile) / 6
    return quantile + max(-more, 0.0), quantile + max(more, 0.0)


def cautious(confidence: float, size: float) -> float:
    """Student's quantile with the allowance for skewness; `size` is that of the smaller class, at least 2."""
    return student(confidence, size) * allowance(size)
