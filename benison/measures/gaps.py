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
    >>> [round(float(one[0, 0, 1]), 4) for one in (found.values, found.lower, found.upper)]
    [0.2, 0.0586, 0.3414]
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


@dataclass(frozen=True)
class Bounds:
    """The differences of one model: at the confidence of a bound, and at one that makes all pairs sure together."""

    plain: Figures
    sure: Figures

    @property
    def may_be_widest(self) -> Bools:
        """Which pairs may be the widest in truth: those not surely below some other one."""
        with np.errstate(invalid="ignore"):
            return np.asarray(self.sure.upper >= self.at_least)

    @property
    def at_least(self) -> float:
        """The widest difference is surely not below."""
        return max(float(np.nanmax(self.sure.lower)), 0.0)


def widening(changes: Figures, first: Bounds, second: Bounds) -> Interval:
    """The interval of (widest difference of one model) - (widest difference of another), on the same rows.

    The widest pair of the first model is all of its width, and whichever pair one takes, the second model is at least
    as wide. So the width grows by no more than, for the pair that is the first model's widest,

    - the change of that pair; or, where the second model surely has the other of the two groups ahead, the pair's
      difference minus what the second has between the two turned round, as if their errors always added up;
    - the most that it can be, minus the least that the second model's width can.

    Which pair it is is not known, so all that may be it count. The other end is the same with the models exchanged.

    Args:
        changes: Of each pair: its difference in the first model minus that in the second.
        first: Differences of the first model.
        second: Differences of the second model.

    Reference:
        Berger & Boos (1994), JASA 89, 1012-1016: a bound over all that an unknown may be, at a little of the error.
    """
    return Interval(-_growth(-changes, second, first), _growth(changes, first, second))


def _growth(changes: Figures, first: Bounds, second: Bounds) -> float:
    with np.errstate(invalid="ignore"):
        ahead = _turned(second.sure.lower) > 0
    against = np.where(ahead, first.plain.upper - _turned(second.plain.lower), changes.upper)
    found = np.minimum(against, first.sure.upper - second.at_least)
    return float(np.max(found[first.may_be_widest]))


def _turned(pairs: Floats) -> Floats:
    """The same with the two groups exchanged."""
    return np.swapaxes(pairs, 1, 2)


def _each(figures: Floats) -> Floats:
    return figures[:, :, np.newaxis]


def _other(figures: Floats) -> Floats:
    return figures[:, np.newaxis, :]


def _apart(pairs: Figures) -> Figures:
    """A group is not compared with itself."""
    same = np.eye(pairs.values.shape[1], dtype=np.bool_)
    kept = (np.where(same, math.nan, side) for side in (pairs.values, pairs.lower, pairs.upper))
    return Figures(*kept)
