"""How well one column alone tells the label, as the area under the ROC curve, from counts by class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.measures.intervals import Interval
from benison.measures.products import dot
from benison.measures.ranking import newcombe_interval

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# A value's rate is drawn to that of all rows as if it had been seen so many times more often.
_PRIOR_ROWS = 10.0


@dataclass(frozen=True)
class Separation:
    """The area under a ROC curve.

    Attributes:
        auc: From 0 to 1; NaN without both classes.
        negatives: Rows.
        positives: Rows.
    """

    auc: float
    negatives: int
    positives: int

    def interval(self, confidence: float) -> Interval:
        """Newcombe's fifth, which holds for few rows and for perfect separation too.

        Args:
            confidence: Of each bound alone.
        """
        return newcombe_interval(self.auc, self.positives, self.negatives, confidence)


def separation(counts: Counts) -> Separation:
    """AUC = (rows of positives above negatives + half of those that tie) / (P N), over groups of equal score.

    Args:
        counts: (groups, 2) rows by class, negative and positive, ascending in score.

    >>> separation(np.array([[3, 0], [1, 1], [0, 3]])).auc
    0.96875
    """
    negatives, positives = counts[:, 0], counts[:, 1]
    all_negatives, all_positives = int(negatives.sum()), int(positives.sum())
    if not all_negatives or not all_positives:
        return Separation(math.nan, all_negatives, all_positives)
    below = np.cumsum(negatives) - negatives / 2
    return Separation(dot(below, positives) / all_negatives / all_positives, all_negatives, all_positives)


def rates(counts: Counts, prior: float) -> Floats:
    """The positive rate of each value, drawn to that of all rows where the value was seen seldom.

    (p + m r) / (n + p + m), with m = 10 rows.

    Args:
        counts: (values, 2) rows by class, negative and positive; zeros for a value that was not seen.
        prior: r, the positive rate of all rows.
    """
    rows = counts.sum(axis=1)
    return np.asarray((counts[:, 1] + _PRIOR_ROWS * prior) / (rows + _PRIOR_ROWS), dtype=np.float64)


def by_rate(learned: Counts, measured: Counts) -> Separation:
    """How well values tell the label in rows that their rates were not learned from.

    A column of which nearly every row has its own value tells nothing of rows with other values, though it tells
    everything of its own; measured on the same rows it would look perfect.

    Args:
        learned: (values, 2) rows by class that rates are taken from.
        measured: (values, 2) other rows, of the same values.
    """
    both = learned.sum(axis=0)
    scores = rates(learned, float(both[1] / max(both.sum(), 1)))
    # Values of the same rate are one group: which of them stands first must not count.
    different, places = np.unique(scores, return_inverse=True)
    groups = np.zeros((len(different), 2), np.int64)
    np.add.at(groups, places.reshape(-1), measured)
    return separation(groups)


def in_order(learned: Counts, measured: Counts) -> Separation:
    """How well groups in a given order, up or down, tell the label; which of the two is learned from other rows.

    Args:
        learned: (groups, 2) rows by class, ascending.
        measured: (other groups, 2) other rows, ascending.
    """
    down = separation(learned).auc < 0.5
    return separation(measured[::-1] if down else measured)
