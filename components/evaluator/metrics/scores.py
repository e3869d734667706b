"""Metrics of the scores themselves: areas, losses, and means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.measure import Bools, Floats, Sample
from benison.components.evaluator.metrics.base import BOTH_CLASSES, Measure, Scale, bounded, of_influences, quantile
from benison.components.evaluator.metrics.matrix import exact
from benison.measures.confusion import share
from benison.measures.intervals import UNKNOWN, Interval, on_log_scale, on_logit_scale, paired, symmetric
from benison.measures.precision_recall import PrecisionRecall, precision_recall
from benison.measures.ranking import RocArea, auc_interval, own_interval

_MANY = {**BOTH_CLASSES, "rows": 200}


def _area(sample: Sample, thresholds: float) -> RocArea:
    return sample.area if math.isnan(thresholds) else sample.area_of(sample.levels_at(thresholds))


def _auc_interval(sample: Sample, thresholds: float, confidence: float) -> Interval:
    found, sizes = _area(sample, thresholds), (sample.size("positives"), sample.size("negatives"))
    return auc_interval(found.area, sample.masses.error(found.influences), *sizes, confidence)


def _auc_gain(first: Sample, second: Sample, thresholds: float, confidence: float) -> Interval:
    one, two = _area(first, thresholds), _area(second, thresholds)
    masses, sizes = first.masses, (first.size("positives"), first.size("negatives"))
    if min(sizes) < 2:
        return UNKNOWN
    own = [own_interval(of.area, masses.error(of.influences), *sizes, confidence) for of in (one, two)]
    error = masses.error(one.influences - two.influences)
    correlation = masses.correlation(one.influences, two.influences)
    many = quantile(first, BOTH_CLASSES, math.nan, confidence)
    return paired(one.area, own[0], two.area, own[1], error, correlation, many)


def _curve(sample: Sample, thresholds: float) -> PrecisionRecall:
    return sample.curve if math.isnan(thresholds) else precision_recall(sample.levels_at(thresholds))


def _known_errors(value: float, error: float, many: float) -> Interval:
    return on_logit_scale(value, error, many) if error > 0 else UNKNOWN


@dataclass(frozen=True)
class Ratio:
    """A metric that is the ratio of two sums over rows.

    Attributes:
        above: What each row adds to the sum above the line.
        below: Below it; None: 1.
        scale: What its interval is symmetric on.
        method: How the interval comes about.
    """

    above: Callable[[Sample], Floats]
    below: Callable[[Sample], Floats | Bools] | None
    scale: Scale
    method: str

    def value(self, sample: Sample, _: float) -> float:
        """NaN where the sum below is 0."""
        below = sample.masses.total if self.below is None else sample.masses.sum(self.below(sample))
        return share(sample.masses.sum(self.above(sample)), below)

    def influences(self, sample: Sample, parameter: float) -> Floats:
        """Of each row."""
        below = np.ones(len(sample)) if self.below is None else self.below(sample)
        apart = self.above(sample) - self.value(sample, parameter) * below
        return np.asarray(apart / sample.masses.mean(below), dtype=np.float64)


RATIOS: Mapping[str, Ratio] = {
    "binary_crossentropy": Ratio(lambda of: of.losses, None, on_log_scale, "influence (log); gain: paired influences"),
    "brier_score": Ratio(
        lambda of: np.square(of.predictions - of.labels),
        None,
        on_logit_scale,
        "influence (logit); gain: paired influences",
    ),
    "calibration": Ratio(lambda of: of.predictions, lambda of: of.labels, on_log_scale, "influence (log)"),
    "mean_prediction": Ratio(lambda of: of.predictions, None, bounded(0.0, 1.0), "Student"),
}


def _of_ratio(one: Ratio) -> Measure:
    """Losses of two models differ row by row, so that their difference is a mean like any other."""
    found = of_influences(one.value, one.influences, one.scale, BOTH_CLASSES, one.method)

    def gain(first: Sample, second: Sample, parameter: float, confidence: float) -> Interval:
        apart = one.value(first, parameter) - one.value(second, parameter)
        error = first.masses.error(one.influences(first, parameter) - one.influences(second, parameter))
        return symmetric(apart, error, quantile(first, BOTH_CLASSES, parameter, confidence))

    return Measure(found.value, found.interval, gain, BOTH_CLASSES, one.method)


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    auc = Measure(
        lambda sample, thresholds: _area(sample, thresholds).area,
        _auc_interval,
        _auc_gain,
        BOTH_CLASSES,
        "DeLong (logit) and Newcombe; gain: paired DeLong and MOVER",
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
        "auc_precision_recall": curve,
        "example_count": rows,
        "weighted_example_count": rows,
        **{name: _of_ratio(one) for name, one in RATIOS.items()},
    }
