"""How surprising a window is among its predecessors: its distance held against those that earlier windows had.

Traffic varies more from window to window than rows drawn by lot would, so a test that knows of sampling alone cries
wolf. Every window is therefore predicted from those before it, and the distance of what came from the prediction is
kept. How far past predictions were off says how far the next one may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from benison.measures import drift

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NORMAL = NormalDist()
_JS_TO_CHI_SQUARE = 8 * math.log(2)
# Fewer past predictions say too little of how far the next one may be off.
FEWEST = 20


@dataclass(frozen=True)
class Distance:
    """How far a window was from what was expected of it.

    Attributes:
        value: 8 ln 2 times the Jensen-Shannon divergence over bins - 1: near equality its mean is `sampling`.
        sampling: What drawing rows by lot adds: 1 / rows of the window + 1 / rows of those it was predicted from.
        windows: How many windows it was predicted from.
        bins: How many bins were compared, 2 or more.
    """

    value: float
    sampling: float
    windows: int
    bins: int

    @property
    def effect(self) -> float:
        """The Jensen-Shannon divergence less what drawing by lot adds to it; at least 0."""
        return max(0.0, self.value - self.sampling) * self._scale

    def effect_of(self, value: float) -> float:
        """The effect that another value would be."""
        return max(0.0, value - self.sampling) * self._scale

    @property
    def _scale(self) -> float:
        return (self.bins - 1) / _JS_TO_CHI_SQUARE


def distance(expected: Counts | Floats, window: Counts, windows: int) -> Distance | None:
    """How far a window is from the windows that it is predicted from.

    Args:
        expected: Rows of those by bin, together; not always whole numbers.
        window: Rows of this one in the same bins.
        windows: How many windows `expected` is of.

    Returns:
        None where either is empty.
    """
    before, now = float(expected.sum()), int(window.sum())
    if not before or not now:
        return None
    first, second = drift.pooled(expected.astype(np.float64), window.astype(np.float64))
    bins = max(2, len(first))
    value = drift.jensen_shannon(first / before, second / now) * _JS_TO_CHI_SQUARE / (bins - 1)
    return Distance(value, 1 / before + 1 / now, windows, bins)


@dataclass(frozen=True)
class Habit:
    """How far predictions used to be off.

    With rho the variance between windows beyond sampling, u = value / (sampling + rho (1 + 1/k)) has the same law for
    small and large windows. The cube root of a chi-square variable, and nearly that of any weighted sum of them, is
    normal (Wilson and Hilferty, 1931), so p is Student's of the next cube root.

    Attributes:
        between: rho.
        mean: Of the cube roots.
        deviation: Of them; no less than a chi-square variable's.
        many: How many predictions it was learned from.
    """

    between: float
    mean: float
    deviation: float
    many: int

    def p_value(self, found: Distance) -> float:
        """How often a window that is like its predecessors is at least so far off."""
        apart = np.cbrt(found.value / self._unit(found)) - self.mean
        return survival(float(apart) / self._error, self.many - 1)

    def reaches(self, found: Distance, p: float) -> float:
        """The value from which on the p value of a window like this one is below `p`."""
        root = self.mean + quantile(p, self.many - 1) * self._error
        return float(max(0.0, root) ** 3 * self._unit(found))

    def of_variance(self, part: float) -> Habit:
        """Of distances of several windows, which name 1 as the number that they were predicted from.

        Args:
            part: What they keep of the variance between windows; one that is predicted from k has 1 + 1/k.
        """
        return replace(self, between=self.between * part / 2)

    def _unit(self, found: Distance) -> float:
        return found.sampling + self.between * (1 + 1 / found.windows)

    @property
    def _error(self) -> float:
        return self.deviation * math.sqrt(1 + 1 / self.many)


def habit(past: Floats) -> Habit | None:
    """What past predictions say; None of fewer than `FEWEST`.

    Args:
        past: Of windows that were as they should be: value, sampling, windows and bins of each `Distance`, (n, 4).
    """
    if len(past) < FEWEST:
        return None
    value, sampling, windows, bins = past.T
    shared = 1 + 1 / windows
    between = max(0.0, float((value - sampling).mean() / shared.mean()))
    roots = np.cbrt(value / (sampling + between * shared))
    least = math.sqrt(2 / (9 * (float(bins.max()) - 1)))
    return Habit(between, float(roots.mean()), max(least, float(roots.std(ddof=1))), len(past))


def survival(value: float, freedom: int) -> float:
    """P(T > value) of Student's law by Wallace (1959), Ann. Math. Stat. 30, 1124: never less than it is.

    From 19 degrees of freedom on it is at most 3% more, down to 1e-6; at 6 it is 30% more there.

    Args:
        value: Any number.
        freedom: Degrees of freedom, at least 1.

    >>> round(survival(2.093, 19), 3)
    0.025
    """
    size = math.sqrt(freedom * math.log1p(value * value / freedom)) * (8 * freedom + 1) / (8 * freedom + 3)
    tail = math.erfc(size / math.sqrt(2)) / 2
    return tail if value >= 0 else 1 - tail


def quantile(p: float, freedom: int) -> float:
    """The inverse of `survival`, from 0 on.

    Args:
        p: Above 0, at most 0.5.
        freedom: Degrees of freedom, at least 1.
    """
    size = -_NORMAL.inv_cdf(p) * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(min(size * size / freedom, 700.0)))


def share_tail(hits: int, rows: int, share: float) -> float:
    """How often at least so many of some rows are hits, where each is one with this probability: no more than this.

    exp(-n KL(hits / n, share)) (Chernoff; Hoeffding, 1963), which holds for any number of rows.

    Args:
        hits: Up to `rows`.
        rows: n, at least 1.
        share: Above 0, below 1.

    >>> share_tail(1, 100, 0.01), share_tail(5, 100, 0.01) < 0.02
    (1.0, True)
    """
    found = hits / rows
    if found <= share:
        return 1.0
    apart = found * math.log(found / share)
    if hits < rows:
        apart += (1 - found) * math.log((1 - found) / (1 - share))
    return math.exp(-rows * apart)


def binomial_tail(hits: int, rows: int, share: float) -> float:
    """P(X >= hits) of a binomial variable, exactly; 1 where so many are to be expected anyway.

    Args:
        hits: Up to `rows`.
        rows: n, at least 1.
        share: p, above 0, below 1.

    >>> round(binomial_tail(5, 100, 0.01), 6)
    0.003432
    """
    if hits <= rows * share:
        return 1.0
    chances = math.lgamma(rows + 1) - math.lgamma(hits + 1) - math.lgamma(rows - hits + 1)
    first = chances + hits * math.log(share) + (rows - hits) * math.log1p(-share)
    term = total = 1.0
    # Beyond the mean each term is smaller than the one before it, by more and more.
    for at in range(hits, rows):
        term *= (rows - at) / (at + 1) * share / (1 - share)
        total += term
        if term < 1e-17 * total:
            break
    return min(1.0, math.exp(first) * total)


def reach_of_share(rows: int, limit: float, p: float, tail: Callable[[int, int, float], float]) -> float:
    """The smallest share of some rows that is as rare as this; 1 where none is.

    Args:
        rows: At least 1.
        limit: The share that is allowed.
        p: How rare.
        tail: How often at least so many of some rows are hits, at a share: `share_tail` or `binomial_tail`.
    """
    low, high = limit, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if tail(round(middle * rows), rows, limit) <= p else (middle, high)
    return high
