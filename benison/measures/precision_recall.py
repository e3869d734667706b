"""The area under the precision-recall curve and what each row adds to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.measures.intervals import Floats

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PrecisionRecall:
    """An area under the precision-recall curve.

    Attributes:
        area: Between 0 and 1; NaN without positives.
        influences: How the area answers to each row's weight, times the number of rows: they add up to 0, and the
            area's standard error is sqrt(sum(influences^2)) / rows.
    """

    area: float
    influences: Floats

    @property
    def error(self) -> float:
        """Standard error of the area."""
        return math.sqrt(float(self.influences @ self.influences)) / max(len(self.influences), 1)


def precision_recall(labels: Bools, predictions: Floats) -> PrecisionRecall:
    """The area under the precision-recall curve with every distinct score as a threshold.

    Between two thresholds true positives grow linearly with answered positives, as Davis and Goadrich draw it and TFMA
    sums it. With t true among p answered positives before a threshold, and a and b more of them at it, the step adds
    (a / b) (a + (t - a p / b) log((p + b) / p)) / P.

    Args:
        labels: Whether each row is positive.
        predictions: Scores.

    Reference:
        Davis & Goadrich (2006), ICML, 233-240.
    """
    positives, rows = int(np.count_nonzero(labels)), len(labels)
    if not positives:
        return PrecisionRecall(math.nan, np.zeros(rows))
    order = np.argsort(-predictions, kind="stable")
    last = np.append(np.flatnonzero(np.diff(predictions[order])), rows - 1)
    answered = (last + 1).astype(np.float64)
    steps = _Steps.of(np.cumsum(labels[order])[last].astype(np.float64), answered)
    area = float(steps.areas.sum()) / positives
    of_positive, of_negative = steps.responses()
    group = np.repeat(np.arange(len(last)), np.diff(last, prepend=-1))
    response = np.empty(rows)
    response[order] = np.where(labels[order], of_positive[group], of_negative[group])
    return PrecisionRecall(area, rows * (response - area * labels) / positives)


@dataclass(frozen=True)
class _Steps:
    """The curve's steps from the highest score down, in counts.

    Attributes:
        true: True positives before each step.
        answered: Answered positives before each step.
        more_true: True positives that it adds.
        more: Answered positives that it adds.
    """

    true: Floats
    answered: Floats
    more_true: Floats
    more: Floats

    @classmethod
    def of(cls, true: Floats, answered: Floats) -> _Steps:
        """From the running totals after each step."""
        more_true, more = np.diff(true, prepend=0.0), np.diff(answered, prepend=0.0)
        return cls(true - more_true, answered - more, more_true, more)

    @property
    def slopes(self) -> Floats:
        return self.more_true / self.more

    @property
    def logs(self) -> Floats:
        """log((p + b) / p); at the first step, where p is 0, what it multiplies is 0 too."""
        ratios = np.divide(self.more, self.answered, out=np.zeros_like(self.more), where=self.answered > 0)
        return np.asarray(np.log1p(ratios), dtype=np.float64)

    @property
    def areas(self) -> Floats:
        return self.slopes * (self.more_true + (self.true - self.slopes * self.answered) * self.logs)

    def responses(self) -> tuple[Floats, Floats]:
        """How the sum of areas answers to one more positive, and to one more negative, at each step.

        A row moves its own step's a and b, and t and p of every step after it.
        """
        slope, log = self.slopes, self.logs
        intercept = self.true - slope * self.answered
        ratio = np.divide(self.more, self.answered, out=np.zeros_like(slope), where=self.answered > 0)
        by_true = slope * log
        by_answered = -slope * (slope * log + intercept * ratio / (self.answered + self.more))
        by_slope = self.more_true + intercept * log - slope * self.answered * log
        by_more_true = slope + by_slope / self.more
        by_more = -by_slope * slope / self.more + slope * intercept / (self.answered + self.more)
        later_true, later = _after(by_true), _after(by_answered)
        negative = by_more + later
        return by_more_true + later_true + negative, negative


def _after(values: Floats) -> Floats:
    """The sum of all values after each one."""
    return np.append(np.cumsum(values[:0:-1])[::-1], 0.0)
