"""Counts of right and wrong answers at a threshold, and the rates made of them by TFMA's definitions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
THRESHOLD = 0.5


def share(part: float, whole: float) -> float:
    """part / whole; NaN, undefined, where the whole is 0."""
    return part / whole if whole else math.nan


@dataclass(frozen=True)
class Counts:
    """The confusion matrix: rows answered rightly and wrongly, by class."""

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def rows(self) -> int:
        return self.positives + self.negatives

    @property
    def positives(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        return self.true_negatives + self.false_positives

    @property
    def predicted_positives(self) -> int:
        return self.true_positives + self.false_positives


def answered_positive(predictions: npt.NDArray[np.float64]) -> Bools:
    """Which rows are answered positive: prediction > 0.5, strictly."""
    return predictions > THRESHOLD


def counts(labels: Bools, answers: Bools) -> Counts:
    """The confusion matrix.

    Args:
        labels: Whether each row is positive.
        answers: Whether each row is answered positive.
    """
    both = int(np.count_nonzero(labels & answers))
    positives, answered = int(np.count_nonzero(labels)), int(np.count_nonzero(answers))
    return Counts(both, answered - both, len(labels) - positives - answered + both, positives - both)


def f1_of_jaccard(jaccard: float) -> float:
    """F1 = 2 TP / (2 TP + FP + FN) from J = TP / (TP + FP + FN): 2 J / (1 + J), which grows with J."""
    return 2 * jaccard / (1 + jaccard)
