"""How far the figures of disjoint groups lie apart: every ordered pair, and the widest of them.

Arrays of figures are [metrics, groups], those of pairs [metrics, groups, groups], where [m, i, j] is group i against
group j; the diagonal is NaN. Groups have no row in common, so their figures are independent of one another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.measures.intervals import Interval

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Figures:
    """Figures, or pairs of them, each with the interval that it has at some confidence."""

    values: Floats
    lower: Floats
    upper: Floats

    def __neg__(self) -> Figures:
        return Figures(-self.values, -self.upper, -self.lower)


def comparisons(metrics: int, groups: int) -> int:
    """How many ordered pairs there are: each group may be above each other one, by each metric."""
    return metrics * groups * (groups - 1)


def differences(of: Figures) -> Figures:
    """The difference of each pair by MOVER, as `benison.measures.intervals.mover` makes it of one pair.

    >>> found = differences(Figures(*(np.array([row]) for row in ([0.8, 0.6], [0.7, 0.5], [0.9, 0.7]))))
    >>> round(found.values[0, 0, 1], 4), round(found.lower[0, 0, 1], 4), round(found.upper[0, 0, 1], 4)
    (0.2, 0.0586, 0.3414)
    """
    below, above = of.values - of.lower, of.upper - of.values
    values = _each(of.values) - _other(of.values)
    return _apart(
        Figures(values, values - np.hypot(_each(below), _other(above)), values + np.hypot(_each(above), _other(below)))
    )


def ratios(of: Figures) -> Figures:
    """The ratio of each pair, by MOVER on the log scale.

    Where one of the two is 0 that scale ends: the ends of both intervals are divided then, which claims less. Figures
    are 0 or more; 0 over 0 is NaN and lies anywhere.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = Figures(np.log(of.values), np.log(of.lower), np.log(of.upper))
        found = differences(logs)
        values = _each(of.values) / _other(of.values)
        boxed = Figures(values, _each(of.lower) / _other(of.upper), _each(of.upper) / _other(of.lower))
    regular = (_each(of.values) > 0) & (_other(of.values) > 0)
    lower = np.where(regular, np.exp(found.lower), np.nan_to_num(boxed.lower, nan=0.0))
    upper = np.where(regular, np.exp(found.upper), np.nan_to_num(boxed.upper, nan=math.inf, posinf=math.inf))
    return _apart(Figures(values, lower, upper))


def widest(plain: Figures, strict: Figures) -> Interval:
    """The interval of the largest difference between any two groups.

    The upper end is the largest upper end of any pair: to be too low, that of the pair which is the widest in truth has
    to be, so nothing is to be corrected. The lower end is the largest lower end, and any of them may be too high, so
    that each has its share of the error: Bonferroni.

    Args:
        plain: Differences at the confidence of each bound.
        strict: The same at 1 - (1 - confidence) / comparisons.

    Reference:
        Berger (1982), Technometrics 24, 295-300, of the upper end; Dunn (1961), JASA 56, 52-64, of the lower one.
    """
    return Interval(max(float(np.nanmax(strict.lower)), 0.0), float(np.nanmax(plain.upper)))


def narrowest(plain: Figures, strict: Figures) -> Interval:
    """The interval of the smallest ratio of any two groups; which end is corrected is turned round, as in `widest`."""
    return Interval(float(np.nanmin(plain.lower)), min(float(np.nanmin(strict.upper)), 1.0))


def may_be_widest(strict: Figures) -> Bools:
    """Which pairs may be the widest in truth: those not surely below some other one.

    Args:
        strict: Differences at a confidence that leaves the error for all pairs together.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray(strict.upper >= max(float(np.nanmax(strict.lower)), 0.0))


def widening(changes: Figures, here: Bools, there: Bools) -> Interval:
    """The interval of (widest difference of one model) - (widest difference of another).

    The pair that is the widest in the first model is its width; in the second it is at most that one's. So the width
    grows by no more than the difference of this pair does, and likewise by no less than that of the pair which is the
    widest in the second model. Which pairs these are is not known, so all that may be count.

    Args:
        changes: Of each pair: its difference in the first model minus that in the second.
        here: Pairs that may be the widest in the first model.
        there: Pairs that may be the widest in the second model.

    Reference:
        Berger & Boos (1994), JASA 89, 1012-1016: a bound over all that an unknown may be, at a little of the error.
    """
    return Interval(float(np.min(changes.lower[there])), float(np.max(changes.upper[here])))


def _each(figures: Floats) -> Floats:
    return figures[:, :, np.newaxis]


def _other(figures: Floats) -> Floats:
    return figures[:, np.newaxis, :]


def _apart(pairs: Figures) -> Figures:
    """A group is not compared with itself."""
    same = np.eye(pairs.values.shape[1], dtype=np.bool_)
    kept = (np.where(same, math.nan, side) for side in (pairs.values, pairs.lower, pairs.upper))
    return Figures(*kept)
