"""Rounds: what a figure comes to that was measured several times and is no better known than by that."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from benison.measures.intervals import UNKNOWN, Interval

# With so many rounds the smallest and the largest are bounds of the median, each of which holds with 97%.
ROUNDS = 5


def median_interval(values: Sequence[float], confidence: float) -> Interval:
    """Bounds of the median of what further rounds would give, whatever its distribution.

    The r-th smallest and the r-th largest value, r being the largest with P(B < r) <= 1 - confidence for B binomial of
    len(values) tries and probability 1/2. Below five values nothing is said with 95%.

    Args:
        values: One for each round.
        confidence: Of each bound alone.

    Reference:
        Thompson (1936), Annals of Mathematical Statistics 7, 122-128.

    >>> found = median_interval([5.0, 1.0, 4.0, 2.0, 3.0], 0.95)
    >>> found.lower, found.upper
    (1.0, 5.0)
    """
    many = len(values)
    below = [ways / 2**many for ways in itertools.accumulate(math.comb(many, rank) for rank in range(many))]
    rank = int(np.searchsorted(below, 1 - confidence, side="right"))
    if rank == 0:
        return UNKNOWN
    ordered = sorted(values)
    return Interval(float(ordered[rank - 1]), float(ordered[-rank]))
