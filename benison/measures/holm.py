"""Which of many differences lie on one side of 0 for certain, by Holm's correction for there being many."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

from benison.measures.quantiles import normal


def p_below(value: float, upper: float, confidence: float) -> float:
    """How likely so low a value would be, were the truth 0 or more; from the bound that the value has above it.

    A bound at quantile z lies z errors above the value, so the error on that side is (upper - value) / z, and
    p = Phi(value / error) = Phi(z value / (upper - value)). At upper = 0 it is 1 - confidence, as it should be.

    Args:
        value: The difference.
        upper: Its upper bound.
        confidence: Of this bound alone, above 0.5.

    >>> round(p_below(-0.02, 0.0, 0.95), 4), round(p_below(-0.02, -0.01, 0.95), 6), p_below(0.0, 0.0, 0.95)
    (0.05, 0.000501, 1.0)
    """
    if upper <= value:
        return 0.0 if value < 0 else 1.0
    return NormalDist().cdf(normal(confidence) * value / (upper - value))


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


def surely_below(bounds: Sequence[tuple[float, float]], confidence: float) -> list[bool]:
    """Which differences are below 0 for certain, all of them said at once with one error.

    Args:
        bounds: Value and upper bound of each.
        confidence: Of each bound alone, and of all that is said together.
    """
    found = holm([p_below(value, upper, confidence) for value, upper in bounds])
    # Rounding must not undo a bound that lies on 0.
    return [p <= (1 - confidence) * (1 + 1e-9) and value < 0 for p, (value, _) in zip(found, bounds, strict=True)]
