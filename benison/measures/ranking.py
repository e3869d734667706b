"""The area under the ROC curve, its intervals, and those of the difference of two models on the same rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benison.measures.intervals import UNKNOWN, Floats, Interval, mover, on_logit_scale, symmetric, union
from benison.measures.levels import Levels
from benison.measures.quantiles import cautious, normal

_HALVINGS = 55


@dataclass(frozen=True)
class Placements:
    """Where each row's score lies among the scores of the other class.

    Attributes:
        positives: Of each positive row, the share of negatives that score below it, ties counted half.
        negatives: Of each negative row, the share of positives that score above it, ties counted half.
    """

    positives: Floats
    negatives: Floats

    @cached_property
    def auc(self) -> float:
        """The probability that a positive scores above a negative; NaN without both classes."""
        return float(self.positives.mean()) if len(self.positives) and len(self.negatives) else math.nan

    @property
    def smaller(self) -> int:
        """Rows of the smaller class."""
        return min(len(self.positives), len(self.negatives))


def placements(rows: Levels) -> Placements:
    """Places each row among the rows of the other class."""
    positives, negatives = rows.place[rows.labels], rows.place[~rows.labels]
    return Placements(_shares_below(rows.negatives)[positives], 1 - _shares_below(rows.positives)[negatives])


def _shares_below(counts: npt.NDArray[np.int64]) -> Floats:
    """Of each level, the share of the rows that are counted below it, those of the level itself counted half."""
    until = np.cumsum(counts)
    return np.asarray((2 * until - counts) / max(2 * int(until[-1]), 1) if len(until) else until, dtype=np.float64)


def delong_error(positives: Floats, negatives: Floats) -> float:
    """Standard error of an AUC, or of a difference of AUCs, from placements or differences of placements.

    sqrt(var(positives) / P + var(negatives) / N), variances with P - 1 and N - 1.

    Reference:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; Sun & Xu (2014) for the fast form.
    """
    return math.sqrt(positives.var(ddof=1) / len(positives) + negatives.var(ddof=1) / len(negatives))


def auc_interval(placed: Placements, confidence: float) -> Interval:
    """The wider, on each side, of DeLong's interval on the logit scale and Newcombe's fifth.

    Args:
        placed: At least two rows of each class, else nothing is said.
        confidence: Of each bound alone.
    """
    newcombe = newcombe_interval(placed.auc, len(placed.positives), len(placed.negatives), confidence)
    delong = _delong_interval(placed, confidence)
    return union(delong, newcombe) if delong.known else newcombe


def _delong_interval(placed: Placements, confidence: float) -> Interval:
    """Says nothing where the classes are too small or perfectly separated, so that no error can be estimated."""
    if placed.smaller < 2:
        return UNKNOWN
    error = delong_error(placed.positives, placed.negatives)
    return on_logit_scale(placed.auc, error, cautious(confidence, placed.smaller)) if error > 0 else UNKNOWN


def newcombe_interval(auc: float, positives: int, negatives: int, confidence: float) -> Interval:
    """All a with |auc - a| <= z sqrt(V(a)), which goes on working where the classes are perfectly separated.

    V(a) = a (1 - a) (1 + (m - 1) ((1 - a) / (2 - a) + a / (1 + a))) / (P N), with m = (P + N) / 2.

    Args:
        auc: From 0 to 1.
        positives: P.
        negatives: N.
        confidence: Of each bound alone.

    Reference:
        Newcombe (2006), Statistics in Medicine 25, 559-573, method 5.
    """
    if min(positives, negatives) < 2:
        return UNKNOWN
    quantile = normal(confidence)
    upper = _newcombe_bound(auc, positives, negatives, quantile)
    lower = 1 - _newcombe_bound(1 - auc, positives, negatives, quantile)
    return Interval(lower, upper)


def _newcombe_bound(auc: float, positives: int, negatives: int, quantile: float) -> float:
    """The largest a that is not refused; V is the same for a and 1 - a, so the lower bound is a mirror image."""
    size = (positives + negatives) / 2 - 1
    low, high = auc, 1.0
    for _ in range(_HALVINGS):
        a = (low + high) / 2
        variance = a * (1 - a) * (1 + size * ((1 - a) / (2 - a) + a / (1 + a))) / (positives * negatives)
        if a - auc > quantile * math.sqrt(variance):
            high = a
        else:
            low = a
    return low


def auc_gain_interval(first: Placements, second: Placements, confidence: float) -> Interval:
    """The difference of two models' AUC on the same rows: the wider, on each side, of two intervals.

    One is DeLong's paired interval, the other recovers the variances from each model's own
    asymmetric interval, which holds near an AUC of 1 where the first does not.

    Args:
        first: The model that is asked about.
        second: The one it is compared with, on the same rows in the same order.
        confidence: Of each bound alone.
    """
    if first.smaller < 2:
        return UNKNOWN
    positives, negatives = first.positives - second.positives, first.negatives - second.negatives
    error = delong_error(positives, negatives)
    paired = symmetric(first.auc - second.auc, error, cautious(confidence, first.smaller))
    own = [_own_interval(placed, confidence) for placed in (first, second)]
    recovered = mover(first.auc, own[0], second.auc, own[1], _correlation(first, second, error))
    return union(paired, recovered).clipped(-1.0, 1.0)


def _own_interval(placed: Placements, confidence: float) -> Interval:
    delong = _delong_interval(placed, confidence)
    if delong.known:
        return delong
    return newcombe_interval(placed.auc, len(placed.positives), len(placed.negatives), confidence)


def _correlation(first: Placements, second: Placements, error_of_difference: float) -> float:
    """From var(a - b) = var(a) + var(b) - 2 r sd(a) sd(b)."""
    one = delong_error(first.positives, first.negatives)
    two = delong_error(second.positives, second.negatives)
    if one * two == 0:
        return 0.0
    return max(-1.0, min(1.0, (one**2 + two**2 - error_of_difference**2) / (2 * one * two)))


def roc_points(rows: Levels, most: int = 101) -> list[tuple[float, float]]:
    """The ROC curve as points (false positive rate, true positive rate) from (0, 0) to (1, 1).

    Args:
        rows: Both classes must occur, else there is no curve.
        most: At most so many points, spread evenly over the curve's length.
    """
    if not rows.positives.any() or not rows.negatives.any():
        return []
    true_rate, false_rate = (
        np.append(0.0, np.cumsum(counts[::-1]) / counts.sum()) for counts in (rows.positives, rows.negatives)
    )
    kept = np.unique(np.searchsorted(true_rate + false_rate, np.linspace(0, 2, most)))
    kept = np.minimum(kept, len(true_rate) - 1)
    return [(float(false_rate[index]), float(true_rate[index])) for index in np.unique(kept)]
