"""The area under the precision-recall curve and what each row adds to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benison.measures.intervals import Floats
from benison.measures.levels import Levels


@dataclass(frozen=True)
class PrecisionRecall:
    """An area under the precision-recall curve.

    Attributes:
        area: Between 0 and 1; NaN without positives.
        influences: How the area answers to each row's share of all weight; `Masses.error` makes its error of them.
    """

    area: float
    influences: Floats


def precision_recall(rows: Levels) -> PrecisionRecall:
    """The area under the precision-recall curve with every distinct score as a threshold.

    Between two thresholds true positives grow linearly with answered positives, as Davis and Goadrich draw it and TFMA
    sums it. With t true among p answered positives before a threshold, and a and b more of them at it, the step adds
    (a / b) (a + (t - a p / b) log((p + b) / p)) / P.

    Reference:
        Davis & Goadrich (2006), ICML, 233-240.
    """
    positives, total = float(rows.positives.sum()), float(rows.positives.sum() + rows.negatives.sum())
    if not positives > 0:
        return PrecisionRecall(math.nan, np.zeros(len(rows.labels)))
    more_true = rows.positives[::-1].astype(np.float64)
    steps = _Steps.of(more_true, more_true + rows.negatives[::-1])
    area = float(steps.areas.sum()) / positives
    of_positive, of_negative = (total / positives * response[::-1] for response in steps.responses(area))
    return PrecisionRecall(area, rows.spread(of_negative, of_positive))


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
    def of(cls, more_true: Floats, more: Floats) -> _Steps:
        """From what each step adds."""
        return cls(np.cumsum(more_true) - more_true, np.cumsum(more) - more, more_true, more)

    @cached_property
    def slopes(self) -> Floats:
        return _quotients(self.more_true, self.more)

    @cached_property
    def logs(self) -> Floats:
        """log((p + b) / p); at the first step, where p is 0, what it multiplies is 0 too."""
        ratios = _quotients(self.more, self.answered)
        return np.asarray(np.log1p(ratios), dtype=np.float64)

    @property
    def areas(self) -> Floats:
        return self.slopes * (self.more_true + (self.true - self.slopes * self.answered) * self.logs)

    def responses(self, area: float) -> tuple[Floats, Floats]:
        """How the area answers to one more positive, and to one more negative, at each step, times the positives.

        A row moves its own step's a and b, and t and p of every step after it.
        """
        slope, log = self.slopes, self.logs
        intercept = self.true - slope * self.answered
        ratio, until = _quotients(self.more, self.answered), self.answered + self.more
        by_true = slope * log
        by_answered = -slope * (slope * log + _quotients(intercept * ratio, until))
        by_slope = self.more_true + intercept * log - slope * self.answered * log
        by_more_true = slope + _quotients(by_slope, self.more)
        by_more = _quotients(slope * intercept, until) - _quotients(by_slope * slope, self.more)
        later_true, later = _after(by_true), _after(by_answered)
        negative = by_more + later
        return by_more_true + later_true + negative - area, negative


def _quotients(above: Floats, below: Floats) -> Floats:
    """0 where nothing is below: the first step has nothing before it, and a level may weigh nothing."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _after(values: Floats) -> Floats:
    """The sum of all values after each one."""
    return np.append(np.cumsum(values[:0:-1])[::-1], 0.0)
