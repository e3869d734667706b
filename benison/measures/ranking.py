"""The area under the ROC curve, what each row adds to it, and its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from benison.measures.intervals import UNKNOWN, Floats, Interval, on_logit_scale, union
from benison.measures.levels import Levels
from benison.measures.products import dot
from benison.measures.quantiles import cautious, normal

_STEP = 1e-13


@dataclass(frozen=True)
class RocArea:
    """An area under the ROC curve.

    Attributes:
        area: The probability that a positive scores above a negative, ties counted half; NaN without both classes.
        influences: How the area answers to each row, such that `Masses.error` of them is DeLong's.
    """

    area: float
    influences: Floats


def roc_area(rows: Levels, positives: float | None = None, negatives: float | None = None) -> RocArea:
    """The area, and what each row adds to it: how far it lies above or below where its class does on the whole.

    Args:
        rows: By score.
        positives: How many independent rows tell as much as the positive ones; None: they weigh 1.
        negatives: Likewise.

    Reference:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845; Sun & Xu (2014), IEEE Signal Processing Letters
        21, 1389-1393, for the fast form.
    """
    of_positives, of_negatives = float(rows.positives.sum()), float(rows.negatives.sum())
    if not of_positives > 0 or not of_negatives > 0:
        return RocArea(math.nan, np.full(len(rows.labels), math.nan))
    below, above = _shares_below(rows.negatives), 1 - _shares_below(rows.positives)
    area = dot(below, rows.positives) / of_positives
    total = of_positives + of_negatives
    by_positive = (below - area) * (total / of_positives * _corrected(positives or of_positives))
    by_negative = (above - area) * (total / of_negatives * _corrected(negatives or of_negatives))
    return RocArea(area, rows.spread(by_negative, by_positive))


def _shares_below(masses: npt.NDArray[np.int64] | Floats) -> Floats:
    """Of each level, the share of the mass that lies below it, that of the level itself counted half."""
    until = np.cumsum(masses)
    return np.asarray((2 * until - masses) / (2 * until[-1]), dtype=np.float64)


def _corrected(size: float) -> float:
    """Makes a variance that is divided by n one that is divided by n - 1."""
    return math.sqrt(size / (size - 1)) if size > 1 else 1.0


def auc_interval(area: float, error: float, positives: float, negatives: float, confidence: float) -> Interval:
    """The wider, on each side, of DeLong's interval on the logit scale and Newcombe's fifth.

    Args:
        area: From 0 to 1.
        error: Its standard error.
        positives: Independent rows; at least two of each class, else nothing is said.
        negatives: Likewise.
        confidence: Of each bound alone.
    """
    newcombe = newcombe_interval(area, positives, negatives, confidence)
    delong = _delong_interval(area, error, min(positives, negatives), confidence)
    return union(delong, newcombe) if delong.known else newcombe


def own_interval(area: float, error: float, positives: float, negatives: float, confidence: float) -> Interval:
    """The one of both that goes into the interval of a difference: DeLong's, where it says anything."""
    delong = _delong_interval(area, error, min(positives, negatives), confidence)
    return delong if delong.known else newcombe_interval(area, positives, negatives, confidence)


def _delong_interval(area: float, error: float, smaller: float, confidence: float) -> Interval:
    """Says nothing where the classes are too small or perfectly separated, so that no error can be estimated."""
    if smaller < 2 or not error > 0:
        return UNKNOWN
    return on_logit_scale(area, error, cautious(confidence, smaller))


def newcombe_interval(auc: float, positives: float, negatives: float, confidence: float) -> Interval:
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


def _newcombe_bound(auc: float, positives: float, negatives: float, quantile: float) -> float:
    """The largest a that is not refused; V is the same for a and 1 - a, so the lower bound is a mirror image."""
    size = (positives + negatives) / 2 - 1

    def left(a: float) -> float:
        variance = a * (1 - a) * (1 + size * ((1 - a) / (2 - a) + a / (1 + a))) / (positives * negatives)
        return quantile * math.sqrt(max(variance, 0.0)) - (a - auc)

    # At an end of the scale its own variance is 0, and nothing is left there.
    low = max(auc, _STEP)
    return float(optimize.brentq(left, low, 1.0, xtol=1e-15)) if left(low) > 0 else auc


def tied(rows: Levels) -> float:
    """The share of pairs of a positive and a negative that have one level; NaN without both classes.

    Each counts half for the area, which is off by half of this at most if they are not equal in truth.
    """
    pairs = float(rows.positives.sum()) * float(rows.negatives.sum())
    return dot(rows.positives, rows.negatives) / pairs if pairs > 0 else math.nan
