"""Which of many differences lie on one side of 0 for certain, by Holm's correction for there being many."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

# Lower and upper bound. Reports are made of documents alone, without the libraries that measuring takes.
Bounds = tuple[float, float]


def p_below(value: float, interval: Bounds, confidence: float) -> float:
    """How likely so low a value would be, were the truth 0 or more; from the interval that the value has.

    A bound at quantile z lies z errors away from the value, so p = Phi(z value / width) with the width of the wider
    side. The side towards 0 alone says too little: far out, where corrected p values are, the bounds of a share go
    further than in proportion, and p came out half as large as a score test's.

    Args:
        value: The difference.
        interval: What it lies between.
        confidence: Of each bound alone, above 0.5.

    >>> round(p_below(-0.02, (-0.04, 0.0), 0.95), 4), p_below(0.0, (0.0, 0.0), 0.95)
    (0.05, 1.0)
    """
    lower, upper = interval
    width = max(upper - value, value - lower)
    if width <= 0:
        return 0.0 if value < 0 else 1.0
    return NormalDist().cdf(NormalDist().inv_cdf(confidence) * value / width)


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p value as it is to be held against the error for all of them together.

    The smallest of m counts m times, the next m - 1 times, and so on, none less than the one before it. Whatever hangs
    together with what, the chance that any that is true is rejected stays below the error.

    Reference:
        Holm (1979), Scandinavian Journal of Statistics 6, 65-70.

    >>> holm([0.01, 0.04, 0.03, 0.005])
    [0.03, 0.06, 0.06, 0.02]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, most = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        most = max(most, min((len(p_values) - rank) * p_values[place], 1.0))
        adjusted[place] = most
    return adjusted


def surely_below(gains: Sequence[tuple[float, Bounds]], confidence: float) -> list[bool]:
    """Which differences are below 0 for certain, all of them said at once with one error.

    Args:
        gains: Value and interval of each. One alone is below where its upper bound is.
        confidence: Of each bound alone, and of all that is said together.
    """
    found = holm([p_below(value, interval, confidence) for value, interval in gains])
    alone = len(gains) == 1
    return [upper < 0 and (alone or p <= 1 - confidence) for p, (_, (_, upper)) in zip(found, gains, strict=True)]
