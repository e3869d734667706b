"""measure: each metric's value on the rows of one slice, by TFMA's definitions; undefined is NaN, never 0."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benison.measures import calibration, confusion, precision_recall, ranking
from benison.measures.confusion import Counts, share
from benison.measures.levels import Levels
from benison.measures.precision_recall import PrecisionRecall
from benison.measures.ranking import Placements

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """What one model answered on the rows of one slice. What several metrics need is worked out once.

    Attributes:
        labels: Whether each row is positive.
        predictions: The probability that the model gives to it, in [0, 1].
        whole: The same model on all rows, where these are some of them.
        rows: Which; of no meaning without `whole`.
    """

    labels: Bools
    predictions: Floats
    whole: Sample | None = None
    rows: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def part(self, rows: npt.NDArray[np.int64]) -> Sample:
        """The same model on some of the rows, by number."""
        return Sample(self.labels[rows], self.predictions[rows], self, rows)

    @cached_property
    def levels(self) -> Levels:
        """The rows by their prediction."""
        return self.whole.levels.part(self.rows) if self.whole else Levels.of(self.labels, self.predictions)

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def answers(self) -> Bools:
        """Which rows are answered positive."""
        return confusion.answered_positive(self.predictions)

    @cached_property
    def counts(self) -> Counts:
        """The confusion matrix."""
        return confusion.counts(self.labels, self.answers)

    @cached_property
    def placed(self) -> Placements:
        """Each row among the rows of the other class."""
        return ranking.placements(self.levels)

    @cached_property
    def curve(self) -> PrecisionRecall:
        """The area under the precision-recall curve."""
        return precision_recall.precision_recall(self.levels)

    @cached_property
    def losses(self) -> Floats:
        """The log loss of each row."""
        return calibration.log_losses(self.labels, self.predictions)


# Metrics that are a share of rows, as (rows that count, rows among which they are).
SHARES: Mapping[str, Callable[[Counts], tuple[int, int]]] = {
    "binary_accuracy": lambda of: (of.true_positives + of.true_negatives, of.rows),
    "false_negative_rate": lambda of: (of.false_negatives, of.positives),
    "false_positive_rate": lambda of: (of.false_positives, of.negatives),
    "mean_label": lambda of: (of.positives, of.rows),
    "precision": lambda of: (of.true_positives, of.predicted_positives),
    "recall": lambda of: (of.true_positives, of.positives),
    "specificity": lambda of: (of.true_negatives, of.negatives),
}
_OTHERS: Mapping[str, Callable[[Sample], float]] = {
    "auc": lambda sample: sample.placed.auc,
    "auc_precision_recall": lambda sample: sample.curve.area,
    "binary_crossentropy": lambda sample: _mean(sample.losses),
    "calibration": lambda sample: calibration.calibration(sample.labels, sample.predictions),
    "example_count": lambda sample: float(len(sample)),
    "f1_score": lambda sample: _f1(sample.counts),
    "mean_prediction": lambda sample: _mean(sample.predictions),
}


def value(metric: str, sample: Sample) -> float:
    """A metric's value; NaN where its denominator is 0.

    Args:
        metric: One of `benison.config.METRICS`.
        sample: A model on a slice.
    """
    if metric in SHARES:
        return share(*SHARES[metric](sample.counts))
    return _OTHERS[metric](sample)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan


def _f1(of: Counts) -> float:
    """2 TP / (2 TP + FP + FN)."""
    return share(2 * of.true_positives, of.positives + of.predicted_positives)
