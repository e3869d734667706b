"""Metrics of models that answer numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from benison.measures.intervals import UNKNOWN, Interval, fieller, on_atanh_scale, on_log_scale
from benison.metrics.base import (
    FEWEST,
    LOG,
    Bound,
    Measure,
    Scale,
    Value,
    bounded,
    gain_of,
    of_influences,
    quantile,
)
from benison.metrics.matrix import exact
from benison.metrics.measure import Bools, Floats, Sample
from benison.metrics.ratios import Ratio, careful, of_ratio

_ROWS: Mapping[str, int] = {"rows": FEWEST}
_ANY = bounded(-math.inf, math.inf)
_BY_PAIRS = "influence (log); gain: paired influences"


def errors(sample: Sample) -> Floats:
    """Prediction minus label of each row: above 0 where the model says too much."""
    return np.asarray(sample.predictions - sample.labels, dtype=np.float64)


def _known(sample: Sample) -> Bools:
    """Rows whose error is a percentage of something."""
    return np.asarray(sample.labels != 0, dtype=np.bool_)


def _percentages(sample: Sample) -> Floats:
    """TFMA leaves rows out of which the label is 0."""
    labels = np.where(_known(sample), sample.labels, 1.0)
    return np.where(_known(sample), 100 * np.abs(errors(sample) / labels), 0.0)


RATIOS: Mapping[str, Ratio] = {
    "mean_absolute_error": Ratio(lambda of: np.abs(errors(of)), None, LOG, _BY_PAIRS),
    "mean_absolute_percentage_error": Ratio(_percentages, _known, LOG, _BY_PAIRS),
    "mean_error": Ratio(errors, None, _ANY, "Student"),
    "mean_label": Ratio(lambda of: np.asarray(of.labels, np.float64), None, _ANY, "Student"),
    "mean_prediction": Ratio(lambda of: of.predictions, None, _ANY, "Student"),
    "mean_squared_error": Ratio(lambda of: np.square(errors(of)), None, LOG, _BY_PAIRS),
}
_SQUARED = RATIOS["mean_squared_error"]


def _root(sample: Sample, parameter: float) -> float:
    return math.sqrt(_SQUARED.value(sample, parameter))


def _of_root(sample: Sample, parameter: float) -> Floats:
    root = _root(sample, parameter)
    return _SQUARED.influences(sample, parameter) / (2 * root) if root > 0 else np.zeros(len(sample))


def _apart(sample: Sample) -> Floats:
    """How far each label lies from their mean."""
    return np.asarray(sample.labels - sample.masses.mean(sample.labels), dtype=np.float64)


def _explained(sample: Sample, _: float) -> float:
    """1 - sum of squared errors / sum of squared distances of labels from their mean."""
    spread = sample.masses.mean(np.square(_apart(sample)))
    return 1 - _SQUARED.value(sample, math.nan) / spread if spread > 0 else math.nan


def _of_explained(sample: Sample, parameter: float) -> Floats:
    squared = np.square(_apart(sample))
    left = 1 - _explained(sample, parameter)
    return np.asarray((left * squared - np.square(errors(sample))) / sample.masses.mean(squared), dtype=np.float64)


def _explained_scale(value: float, error: float, many: float) -> Interval:
    """Symmetric in log(1 - value), which is the ratio of two spreads."""
    left = on_log_scale(1 - value, error, many)
    return Interval(1 - left.upper, 1 - left.lower)


def _standard(sample: Sample) -> tuple[Floats, Floats]:
    """Labels and predictions with mean 0 and spread 1; NaN where they have none."""
    masses, found = sample.masses, []
    for values in (_apart(sample), sample.predictions - masses.mean(sample.predictions)):
        spread = math.sqrt(masses.mean(np.square(values)))
        found.append(values / spread if spread > 0 else np.full(len(sample), math.nan))
    return found[0], found[1]


def _correlation(sample: Sample) -> float:
    labels, predictions = _standard(sample)
    return float(np.clip(sample.masses.mean(labels * predictions), -1.0, 1.0))


def _squared_correlation(sample: Sample, _: float) -> float:
    return _correlation(sample) ** 2


def _of_correlation(sample: Sample) -> Floats:
    """Devlin, Gnanadesikan & Kettenring (1975), Biometrika 62, 531-545."""
    labels, predictions = _standard(sample)
    both = np.square(labels) + np.square(predictions)
    return np.asarray(labels * predictions - _correlation(sample) / 2 * both, dtype=np.float64)


def _of_squared_correlation(sample: Sample, _: float) -> Floats:
    return 2 * _correlation(sample) * _of_correlation(sample)


def _squared_interval(sample: Sample, parameter: float, confidence: float) -> Interval:
    """From that of the correlation, whose square has no slope at 0."""
    many = quantile(sample, _ROWS, parameter, confidence)
    found = on_atanh_scale(_correlation(sample), sample.masses.error(_of_correlation(sample)), many)
    if not found.known:
        return UNKNOWN
    least = 0.0 if found.lower <= 0 <= found.upper else min(abs(found.lower), abs(found.upper))
    return Interval(least**2, max(abs(found.lower), abs(found.upper)) ** 2)


_CALIBRATION = Ratio(lambda of: of.predictions, lambda of: np.asarray(of.labels, np.float64), _ANY, "Fieller")


def _calibrated(sample: Sample, parameter: float, confidence: float) -> Interval:
    """Labels may add up to nearly nothing, and then a ratio to them may be anything."""
    masses, values = sample.masses, (sample.predictions, np.asarray(sample.labels, dtype=np.float64))
    means = [masses.mean(one) for one in values]
    apart = [one - mean for one, mean in zip(values, means, strict=True)]
    errors, correlation = [masses.error(one) for one in apart], masses.correlation(apart[0], apart[1])
    return fieller(
        means[0], errors[0], means[1], errors[1], correlation, quantile(sample, _ROWS, parameter, confidence)
    )


def _with_gain(value: Value, own: Bound) -> Measure:
    gain = gain_of(value, _of_squared_correlation, own, _ROWS)
    return Measure(value, own, gain, _ROWS, "influence (atanh), squared; gain: influences and MOVER")


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    rows = exact(lambda sample, _: sample.masses.total)
    calibration = of_ratio(_CALIBRATION, _ROWS)
    method = "influence (log of 1 - R2); gain: influences and MOVER"
    explained = of_influences(_explained, _of_explained, Scale("log", _explained_scale), _ROWS, method)
    root = of_influences(_root, _of_root, LOG, _ROWS, "influence (log); gain: influences and MOVER")
    found = {
        "r2_score": explained,
        "root_mean_squared_error": root,
        "squared_pearson_correlation": _with_gain(_squared_correlation, _squared_interval),
        "calibration": Measure(_CALIBRATION.value, _calibrated, calibration.gain, _ROWS, "Fieller"),
        **{name: of_ratio(one, _ROWS) for name, one in RATIOS.items()},
    }
    return {
        "example_count": rows,
        "weighted_example_count": rows,
        **{name: careful(one) for name, one in found.items()},
    }
