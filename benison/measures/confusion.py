"""Counts of right and wrong answers at a threshold, and the figures made of them by TFMA's definitions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.measures.masses import Masses

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
THRESHOLD = 0.5


def share(part: float, whole: float) -> float:
    """part / whole; NaN, undefined, where the whole is 0."""
    return part / whole if whole else math.nan


@dataclass(frozen=True)
class Counts:
    """The confusion matrix: rows answered rightly and wrongly, by class, or what they weigh."""

    true_positives: float
    false_positives: float
    true_negatives: float
    false_negatives: float

    @property
    def rows(self) -> float:
        return self.positives + self.negatives

    @property
    def positives(self) -> float:
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> float:
        return self.true_negatives + self.false_positives

    @property
    def predicted_positives(self) -> float:
        return self.true_positives + self.false_positives

    @property
    def predicted_negatives(self) -> float:
        return self.true_negatives + self.false_negatives


def answered_positive(predictions: Floats, threshold: float = THRESHOLD) -> Bools:
    """Which rows are answered positive: prediction > threshold, strictly."""
    return predictions > threshold


def counts(labels: Bools | Floats, answers: Bools, masses: Masses) -> Counts:
    """The confusion matrix.

    Args:
        labels: Whether each row is positive, or what share of it is: it then counts in both classes.
        answers: Whether each row is answered positive.
        masses: How much each row counts.
    """
    both, positives, answered = masses.sum(labels * answers), masses.sum(labels), masses.sum(answers)
    # Sums of weights are exact to rounding alone, and no count is negative.
    others = (answered - both, masses.total - positives - answered + both, positives - both)
    return Counts(both, *(max(one, 0.0) for one in others))


def f1_of_jaccard(jaccard: float) -> float:
    """F1 = 2 TP / (2 TP + FP + FN) from J = TP / (TP + FP + FN): 2 J / (1 + J), which grows with J."""
    return 2 * jaccard / (1 + jaccard)


# Figures of the whole matrix, of (TP, FP, TN, FN); where a denominator is 0 they raise ZeroDivisionError.
Number = complex
OF_MATRIX: Mapping[str, Callable[[Number, Number, Number, Number], Number]] = {
    "balanced_accuracy": lambda tp, fp, tn, fn: (tp / (tp + fn) + tn / (tn + fp)) / 2,
    "diagnostic_odds_ratio": lambda tp, fp, tn, fn: (tp / fn) / (fp / tn),
    "f1_score": lambda tp, fp, tn, fn: 2 * tp / (2 * tp + fp + fn),
    "fowlkes_mallows_index": lambda tp, fp, tn, fn: tp / ((tp + fp) ** 0.5 * (tp + fn) ** 0.5),
    "informedness": lambda tp, fp, tn, fn: tp / (tp + fn) + tn / (tn + fp) - 1,
    "markedness": lambda tp, fp, tn, fn: tp / (tp + fp) + tn / (tn + fn) - 1,
    "matthews_correlation_coefficient": lambda tp, fp, tn, fn: (
        (tp * tn - fp * fn) / ((tp + fp) ** 0.5 * (tp + fn) ** 0.5 * (tn + fp) ** 0.5 * (tn + fn) ** 0.5)
    ),
    "negative_likelihood_ratio": lambda tp, fp, tn, fn: (fn / (fn + tp)) / (tn / (tn + fp)),
    "positive_likelihood_ratio": lambda tp, fp, tn, fn: (tp / (tp + fn)) / (fp / (fp + tn)),
    "threat_score": lambda tp, fp, tn, fn: tp / (tp + fp + fn),
}
_STEP = 1e-30


def of_matrix(name: str, of: Counts) -> float:
    """A figure of the whole matrix; NaN, undefined, where it has a denominator of 0.

    Args:
        name: One of `OF_MATRIX`.
        of: The matrix.
    """
    try:
        found = OF_MATRIX[name](of.true_positives, of.false_positives, of.true_negatives, of.false_negatives)
    except ZeroDivisionError:
        return math.nan
    return float(found.real)


def gradient(name: str, of: Counts) -> Floats:
    """How a figure answers to the shares of TP, FP, TN and FN among all rows, by a complex step, exact to rounding.

    Args:
        name: One of `OF_MATRIX`.
        of: A matrix for which it is defined.

    Reference:
        Squire & Trapp (1998), SIAM Review 40, 110-112.
    """
    cells = [cell / of.rows for cell in (of.true_positives, of.false_positives, of.true_negatives, of.false_negatives)]
    slopes = []
    for moved in range(4):
        at = [complex(cell, _STEP * (place == moved)) for place, cell in enumerate(cells)]
        slopes.append(OF_MATRIX[name](*at).imag / _STEP)
    return np.array(slopes)
