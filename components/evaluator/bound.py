"""bound: the interval of each metric, and of the gain over a baseline on the same rows.

docs/statistics.md says which method stands where and why. `confidence` is that of each bound alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.measure import SHARES, Bools, Floats, Sample, value
from benison.config import LESS_IS_BETTER
from benison.measures import calibration
from benison.measures.confusion import f1_of_jaccard, share
from benison.measures.intervals import (
    UNKNOWN,
    Interval,
    correlation_of,
    error_of_mean,
    mover,
    on_log_scale,
    on_logit_scale,
    symmetric,
    union,
)
from benison.measures.proportions import tango, wilson
from benison.measures.quantiles import allowance, cautious
from benison.measures.ranking import auc_gain_interval, auc_interval

# With fewer in a metric's own denominator no interval holds what it promises, so none is given.
FEWEST = 20
_SINGULAR = {"rows": "row", "positives": "positive", "negatives": "negative"}
_BOTH = {"positives": FEWEST, "negatives": FEWEST}
NEEDED: Mapping[str, Mapping[str, int]] = {
    "auc": _BOTH,
    "auc_precision_recall": {**_BOTH, "rows": 200},
    "binary_accuracy": {"rows": FEWEST},
    "binary_crossentropy": _BOTH,
    "calibration": _BOTH,
    "example_count": {},
    "f1_score": {"positives": FEWEST},
    "false_negative_rate": {"positives": FEWEST},
    "false_positive_rate": {"negatives": FEWEST},
    "mean_label": {"rows": FEWEST},
    "mean_prediction": _BOTH,
    "precision": {"predicted_positives": FEWEST},
    "recall": {"positives": FEWEST},
    "specificity": {"negatives": FEWEST},
}
METHODS: Mapping[str, str] = {
    "auc": "DeLong (logit) and Newcombe; gain: paired DeLong and MOVER",
    "auc_precision_recall": "influence (logit); gain: paired influence and MOVER",
    "binary_accuracy": "Wilson; gain: Tango",
    "binary_crossentropy": "Student (log); gain: paired Student",
    "calibration": "influence (log)",
    "example_count": "exact",
    "f1_score": "Wilson, of Jaccard's index; gain: MOVER",
    "false_negative_rate": "Wilson; gain: Tango",
    "false_positive_rate": "Wilson; gain: Tango",
    "mean_label": "Wilson",
    "mean_prediction": "Student",
    "precision": "Wilson; gain: MOVER",
    "recall": "Wilson; gain: Tango",
    "specificity": "Wilson; gain: Tango",
}


@dataclass(frozen=True)
class Estimate:
    """A figure and what it lies between.

    Attributes:
        value: NaN where it is undefined.
        interval: NaN bounds where none can be given.
        note: Why there is none; empty where there is one.
    """

    value: float
    interval: Interval
    note: str = ""


def estimate(metric: str, sample: Sample, confidence: float) -> Estimate:
    """A metric's value and interval on one slice."""
    found = value(metric, sample)
    if note := _too_few(metric, sample):
        return Estimate(found, UNKNOWN, note)
    return _noted(found, _interval(metric, sample, found, confidence))


def gain(metric: str, challenger: Sample, baseline: Sample, confidence: float) -> Estimate:
    """Challenger minus baseline on the same rows, the sign such that more is better.

    Args:
        metric: One that is not among `benison.config.WITHOUT_DIRECTION`.
        challenger: The model that is asked about.
        baseline: The one that it is compared with, the rows in the same order.
        confidence: Of each bound alone.
    """
    found = value(metric, challenger) - value(metric, baseline)
    found = -found if metric in LESS_IS_BETTER else found
    if note := _too_few(metric, challenger) or _too_few(metric, baseline):
        return Estimate(found, UNKNOWN, note)
    return _noted(found, _GAINS[metric](challenger, baseline, confidence))


def _noted(found: float, interval: Interval) -> Estimate:
    return Estimate(found, interval, "" if interval.known else f"no error can be estimated at {found:g}")


def _too_few(metric: str, sample: Sample) -> str:
    """Which count falls short, as a person reads it; empty where none does."""
    for what, needed in NEEDED[metric].items():
        found = getattr(sample.counts, what)
        if found < needed:
            return f"{counted(found, what)} where an interval needs {needed}"
    return ""


def counted(number: int, what: str) -> str:
    """How many rows, positives, negatives or predicted positives, as a person writes it."""
    if what == "predicted_positives":
        return f"{counted(number, 'rows')} answered positive"
    return f"{number:,} {_SINGULAR[what] if number == 1 else what}"


def _interval(metric: str, sample: Sample, found: float, confidence: float) -> Interval:
    if metric == "example_count":
        return Interval(found, found)
    if metric in SHARES:
        return wilson(*SHARES[metric](sample.counts), confidence)
    return _INTERVALS[metric](sample, found, confidence)


def _quantile(sample: Sample, confidence: float) -> float:
    return cautious(confidence, min(sample.counts.positives, sample.counts.negatives))


def _f1_interval(sample: Sample, _: float, confidence: float) -> Interval:
    """Wilson's interval of TP / (TP + FP + FN), a share of rows, carried over to F1, which grows with it."""
    of = sample.counts
    jaccard = wilson(of.true_positives, of.positives + of.false_positives, confidence)
    return Interval(f1_of_jaccard(jaccard.lower), f1_of_jaccard(jaccard.upper))


def _curve_interval(sample: Sample, found: float, confidence: float) -> Interval:
    error = sample.curve.error
    return on_logit_scale(found, error, _quantile(sample, confidence)) if error > 0 else UNKNOWN


def _calibration_interval(sample: Sample, found: float, confidence: float) -> Interval:
    influences = calibration.calibration_influences(sample.labels, sample.predictions)
    return on_log_scale(found, error_of_mean(influences), _quantile(sample, confidence))


def _loss_interval(sample: Sample, found: float, confidence: float) -> Interval:
    return on_log_scale(found, error_of_mean(sample.losses), _quantile(sample, confidence))


def _mean_prediction_interval(sample: Sample, found: float, confidence: float) -> Interval:
    error = error_of_mean(sample.predictions)
    return symmetric(found, error, _quantile(sample, confidence)).clipped(0.0, 1.0)


_INTERVALS: Mapping[str, Callable[[Sample, float, float], Interval]] = {
    "auc": lambda sample, _, confidence: auc_interval(sample.placed, confidence),
    "auc_precision_recall": _curve_interval,
    "binary_crossentropy": _loss_interval,
    "calibration": _calibration_interval,
    "f1_score": _f1_interval,
    "mean_prediction": _mean_prediction_interval,
}


def _of_right_answers(rows: Callable[[Sample], Bools]) -> Callable[[Sample, Sample, float], Interval]:
    """Tango's interval over the rows on which just one of the two models is right, among those that are counted."""

    def bound(challenger: Sample, baseline: Sample, confidence: float) -> Interval:
        counted, labels = rows(challenger), challenger.labels
        right, other_right = challenger.answers == labels, baseline.answers == labels
        only_first = int(np.count_nonzero(counted & right & ~other_right))
        only_second = int(np.count_nonzero(counted & other_right & ~right))
        return tango(only_first, only_second, int(np.count_nonzero(counted)), confidence)

    return bound


def _precision_influences(sample: Sample) -> Floats:
    precision = share(*SHARES["precision"](sample.counts))
    return np.where(sample.answers, sample.labels - precision, 0.0)


def _f1_influences(sample: Sample) -> Floats:
    hits, sizes = sample.labels & sample.answers, sample.labels.astype(np.float64) + sample.answers
    return 2.0 * hits - value("f1_score", sample) * sizes


def _recovered(metric: str, influences: Callable[[Sample], Floats]) -> Callable[[Sample, Sample, float], Interval]:
    """MOVER on each model's own interval, with the correlation of the two estimates."""

    def bound(challenger: Sample, baseline: Sample, confidence: float) -> Interval:
        one, two = estimate(metric, challenger, confidence), estimate(metric, baseline, confidence)
        correlation = correlation_of(influences(challenger), influences(baseline))
        return mover(one.value, one.interval, two.value, two.interval, correlation).clipped(-1.0, 1.0)

    return bound


def _f1_gain(challenger: Sample, baseline: Sample, confidence: float) -> Interval:
    found = value("f1_score", challenger) - value("f1_score", baseline)
    recovered = _recovered("f1_score", _f1_influences)(challenger, baseline, confidence)
    return recovered.stretched(found, allowance(challenger.counts.positives)).clipped(-1.0, 1.0)


def _curve_gain(challenger: Sample, baseline: Sample, confidence: float) -> Interval:
    difference = challenger.curve.influences - baseline.curve.influences
    error = math.sqrt(float(difference @ difference)) / len(difference)
    found = challenger.curve.area - baseline.curve.area
    paired = symmetric(found, error, _quantile(challenger, confidence))
    recovered = _recovered("auc_precision_recall", lambda sample: sample.curve.influences)
    return union(paired, recovered(challenger, baseline, confidence)).clipped(-1.0, 1.0)


def _loss_gain(challenger: Sample, baseline: Sample, confidence: float) -> Interval:
    saved = baseline.losses - challenger.losses
    return symmetric(float(saved.mean()), error_of_mean(saved), _quantile(challenger, confidence))


_EVERY_ROW = _of_right_answers(lambda sample: np.ones(len(sample), dtype=np.bool_))
_POSITIVES = _of_right_answers(lambda sample: sample.labels)
_NEGATIVES = _of_right_answers(lambda sample: ~sample.labels)
_GAINS: Mapping[str, Callable[[Sample, Sample, float], Interval]] = {
    "auc": lambda first, second, confidence: auc_gain_interval(first.placed, second.placed, confidence),
    "auc_precision_recall": _curve_gain,
    "binary_accuracy": _EVERY_ROW,
    "binary_crossentropy": _loss_gain,
    "f1_score": _f1_gain,
    "false_negative_rate": _POSITIVES,
    "false_positive_rate": _NEGATIVES,
    "precision": _recovered("precision", _precision_influences),
    "recall": _POSITIVES,
    "specificity": _NEGATIVES,
}
