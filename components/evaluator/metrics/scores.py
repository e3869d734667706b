"""Metrics of the scores themselves: areas, losses, and means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benison.components.evaluator.measure import Bools, Floats, Sample
from benison.components.evaluator.metrics.base import (
    BOTH_CLASSES,
    Coarse,
    Measure,
    Scale,
    bounded,
    of_influences,
    quantile,
)
from benison.components.evaluator.metrics.matrix import exact
from benison.measures.confusion import share
from benison.measures.intervals import UNKNOWN, Interval, on_log_scale, on_logit_scale, paired, symmetric
from benison.measures.levels import Levels
from benison.measures.precision_recall import PrecisionRecall, precision_recall
from benison.measures.ranking import RocArea, auc_interval, own_interval, roc_area

_MANY = {**BOTH_CLASSES, "rows": 200}
# What the order of rows within bins may make of an area, and their places in a sum, of which share.
_MOST_UNSEEN, _MOST_APART = 0.005, 0.01


def _area(sample: Sample, thresholds: float) -> RocArea:
    return sample.area if math.isnan(thresholds) else sample.area_of(sample.levels_at(thresholds))


def _auc_interval(sample: Sample, thresholds: float, confidence: float) -> Interval:
    found, sizes = _area(sample, thresholds), (sample.size("positives"), sample.size("negatives"))
    return auc_interval(found.area, sample.masses.error(found.influences), *sizes, confidence)


def _auc_gain(first: Sample, second: Sample, thresholds: float, confidence: float) -> Interval:
    masses, sizes = first.masses, (first.size("positives"), first.size("negatives"))
    if min(sizes) < 2:
        return UNKNOWN
    both = (first, second)
    finest = [_area(sample.finest, thresholds) for sample in both]
    own = [
        own_interval(of.area, sample.finest.masses.error(of.influences), *sizes, confidence)
        for sample, of in zip(both, finest, strict=True)
    ]
    one, two = (_area(sample, thresholds) if sample.finer else of for sample, of in zip(both, finest, strict=True))
    error = masses.error(one.influences - two.influences)
    correlation = masses.correlation(one.influences, two.influences)
    many = quantile(first, BOTH_CLASSES, math.nan, confidence)
    return paired(finest[0].area, own[0], finest[1].area, own[1], error, correlation, many)


def _curve(sample: Sample, thresholds: float) -> PrecisionRecall:
    return sample.curve if math.isnan(thresholds) else precision_recall(sample.levels_at(thresholds))


def _unseen(area: Callable[[Levels], float]) -> Coarse:
    """Whether the order of rows within a bin, which is not known, might make much of an area."""

    def coarse(sample: Sample, thresholds: float) -> bool:
        levels = sample.finest.levels
        if not (sample.finest.binned and math.isnan(thresholds) and min(sample.rows.sizes.values()) > 0):
            return False
        low, high = (area(levels.apart(positives_above=above)) for above in (False, True))
        return high - low > 2 * _MOST_UNSEEN

    return coarse


def _known_errors(value: float, error: float, many: float) -> Interval:
    return on_logit_scale(value, error, many) if error > 0 else UNKNOWN


@dataclass(frozen=True)
class Ratio:
    """A metric that is the ratio of two sums over rows.

    Attributes:
        summed: What each row adds to the sum above the line: a column of `Sample`.
        below: Below it; None: 1.
        scale: What its interval is symmetric on.
        method: How the interval comes about.
    """

    summed: str
    below: Callable[[Sample], Floats | Bools] | None
    scale: Scale
    method: str

    def value(self, sample: Sample, _: float) -> float:
        """NaN where the sum below is 0."""
        total = sample.totals.get(self.summed)
        return self._over(sample, sample.masses.sum(self.above(sample)) if total is None else total)

    def _over(self, sample: Sample, above: float) -> float:
        return share(above, sample.masses.total if self.below is None else sample.masses.sum(self.below(sample)))

    def above(self, sample: Sample) -> Floats:
        """What each row adds to the sum above the line."""
        return np.asarray(getattr(sample, self.summed), dtype=np.float64)

    def coarse(self, sample: Sample, parameter: float) -> bool:
        """Whether stand-ins sum up to something else than the rows do."""
        known, found = self.value(sample.finest, parameter), self._over(sample, sample.masses.sum(self.above(sample)))
        return not abs(found - known) <= _MOST_APART * known

    def influences(self, sample: Sample, parameter: float) -> Floats:
        """Of each row."""
        return sample.latest(self, lambda: self._influences(sample, parameter))

    def _influences(self, sample: Sample, parameter: float) -> Floats:
        above = self.above(sample)
        found = self._over(sample, sample.masses.sum(above))
        if self.below is None:
            return np.asarray(above - found, dtype=np.float64)
        below = self.below(sample)
        return np.asarray((above - found * below) / sample.masses.mean(below), dtype=np.float64)


RATIOS: Mapping[str, Ratio] = {
    "binary_crossentropy": Ratio("losses", None, on_log_scale, "influence (log); gain: paired influences"),
    "brier_score": Ratio(
        "squares",
        None,
        on_logit_scale,
        "influence (logit); gain: paired influences",
    ),
    "calibration": Ratio("predictions", lambda of: of.labels, on_log_scale, "influence (log)"),
    "mean_prediction": Ratio("predictions", None, bounded(0.0, 1.0), "Student"),
}


def _of_ratio(one: Ratio) -> Measure:
    """Losses of two models differ row by row, so that their difference is a mean like any other."""
    found = of_influences(one.value, one.influences, one.scale, BOTH_CLASSES, one.method)

    def gain(first: Sample, second: Sample, parameter: float, confidence: float) -> Interval:
        apart = one.value(first.finest, parameter) - one.value(second.finest, parameter)
        error = first.masses.error(one.influences(first, parameter) - one.influences(second, parameter))
        return symmetric(apart, error, quantile(first, BOTH_CLASSES, parameter, confidence))

    return Measure(found.value, found.interval, gain, BOTH_CLASSES, one.method, coarse=one.coarse)


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    auc = Measure(
        lambda sample, thresholds: _area(sample, thresholds).area,
        _auc_interval,
        _auc_gain,
        BOTH_CLASSES,
        "DeLong (logit) and Newcombe; gain: paired DeLong and MOVER",
        coarse=_unseen(lambda levels: roc_area(levels).area),
    )
    curve = of_influences(
        lambda sample, thresholds: _curve(sample, thresholds).area,
        lambda sample, thresholds: _curve(sample, thresholds).influences,
        _known_errors,
        _MANY,
        "influence (logit); gain: paired influence and MOVER",
    )
    rows = exact(lambda sample, _: sample.masses.total)
    return {
        "auc": auc,
        "auc_precision_recall": replace(curve, coarse=_unseen(lambda levels: precision_recall(levels).area)),
        "example_count": rows,
        "weighted_example_count": rows,
        **{name: _of_ratio(one) for name, one in RATIOS.items()},
    }
