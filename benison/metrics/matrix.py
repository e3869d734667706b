"""Metrics of the whole confusion matrix, and its four counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from benison.core.metrics import KINDS
from benison.measures.confusion import f1_of_jaccard, gradient, of_matrix
from benison.measures.intervals import Interval, mover
from benison.measures.quantiles import allowance
from benison.metrics.base import (
    BOTH_CLASSES,
    FEWEST,
    Bound,
    Gain,
    Influences,
    Measure,
    Value,
    gain_of,
    of_influences,
    scale_of,
)
from benison.metrics.measure import Floats, Sample
from benison.metrics.shares import SHARES, Share, share_interval

EXACT = "exact"
_CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_BOTH_ANSWERS = {**BOTH_CLASSES, "predicted_positives": FEWEST, "predicted_negatives": FEWEST}


def _value(name: str) -> Value:
    return lambda sample, threshold: of_matrix(name, sample.counts(threshold))


def _influences(name: str) -> Influences:
    """What the figure's slopes make of each row's cell, or cells."""

    def influences(sample: Sample, threshold: float) -> Floats:
        slopes = gradient(name, sample.counts(threshold))
        answers = sample.answers(threshold)
        of_positive = np.where(answers, slopes[0], slopes[3])
        of_negative = np.where(answers, slopes[1], slopes[2])
        if sample.labels.dtype == np.bool_:
            return np.where(sample.labels, of_positive, of_negative)
        return np.asarray(sample.labels * of_positive + sample.rows.others * of_negative, dtype=np.float64)

    return influences


def _general(name: str, needed: Mapping[str, int], method: str) -> Measure:
    kind = KINDS[name]
    return of_influences(_value(name), _influences(name), scale_of(kind.low, kind.high), needed, method)


_THREATS = Share(
    lambda of: of.true_positives,
    lambda of: of.positives + of.false_positives,
    "positives",
    lambda sample, threshold: sample.labels * sample.answers(threshold),
    lambda sample, threshold: np.maximum(sample.labels, sample.answers(threshold)),
)


_threat_interval = share_interval(_THREATS)


def _f1_interval(sample: Sample, threshold: float, confidence: float) -> Interval:
    jaccard = _threat_interval(sample, threshold, confidence)
    return Interval(f1_of_jaccard(jaccard.lower), f1_of_jaccard(jaccard.upper))


def _stretched(gain: Gain, value: Value) -> Gain:
    """An interval of a gain with the allowance for skewness, where its parts have none."""

    def stretched(one: Sample, two: Sample, threshold: float, confidence: float) -> Interval:
        found = value(one, threshold) - value(two, threshold)
        return gain(one, two, threshold, confidence).stretched(found, allowance(one.size("positives")))

    return stretched


def _recovered(name: str, own: Bound) -> Gain:
    """MOVER alone, from what is asymmetric in each model's own interval."""

    def gain(one: Sample, two: Sample, threshold: float, confidence: float) -> Interval:
        values = [of_matrix(name, sample.counts(threshold)) for sample in (one, two)]
        bounds = [own(sample, threshold, confidence) for sample in (one, two)]
        influences = [_influences(name)(sample, threshold) for sample in (one, two)]
        return mover(values[0], bounds[0], values[1], bounds[1], one.masses.correlation(*influences))

    return gain


def _of_threats(name: str, own: Bound, method: str) -> Measure:
    gain = _stretched(_recovered(name, own), _value(name))
    return Measure(_value(name), own, gain, {"positives": FEWEST}, method, influences=_influences(name), bare=True)


def _informedness_interval(sample: Sample, threshold: float, confidence: float) -> Interval:
    """Recall minus false positive rate: shares of different rows, which hang together through units alone."""
    recall, alarms = SHARES["recall"], SHARES["false_positive_rate"]
    bounds = [share_interval(one)(sample, threshold, confidence) for one in (recall, alarms)]
    correlation = 0.0
    if not sample.rows.simple:
        correlation = sample.masses.correlation(*(one.influences(sample, threshold) for one in (recall, alarms)))
    values = [one.value(sample, threshold) for one in (recall, alarms)]
    return mover(values[0], bounds[0], values[1], bounds[1], correlation).clipped(-1.0, 1.0)


def _balanced_interval(sample: Sample, threshold: float, confidence: float) -> Interval:
    found = _informedness_interval(sample, threshold, confidence)
    return Interval((1 + found.lower) / 2, (1 + found.upper) / 2)


def _by_class(name: str, own: Bound) -> Measure:
    gain = gain_of(_value(name), _influences(name), own, BOTH_CLASSES)
    method = "Wilson and Newcombe, recall and specificity; gain: influences and MOVER"
    return Measure(_value(name), own, gain, BOTH_CLASSES, method, influences=_influences(name), bare=True)


def _cell(name: str) -> Measure:
    """A count says what is in this holdout, and is exact."""

    def value(sample: Sample, threshold: float) -> float:
        return float(getattr(sample.counts(threshold), name))

    return exact(value)


def exact(value: Callable[[Sample, float], float]) -> Measure:
    """A figure of this holdout alone, with nothing uncertain about it."""

    def interval(sample: Sample, parameter: float, _: float) -> Interval:
        found = value(sample, parameter)
        return Interval(found, found)

    def gain(one: Sample, two: Sample, parameter: float, _: float) -> Interval:
        found = value(one, parameter) - value(two, parameter)
        return Interval(found, found)

    return Measure(value, interval, gain, {}, EXACT)


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    of_threats = "Wilson, of TP among TP, FP and FN; gain: MOVER"
    by_influence = "influence (atanh); gain: influences and MOVER"
    of_ratios = "influence (log); gain: influences and MOVER"
    of_shares = "influence (logit); gain: influences and MOVER"
    answered = {"positives": FEWEST, "predicted_positives": FEWEST}
    return {
        **{name: _cell(name) for name in _CELLS},
        "balanced_accuracy": _by_class("balanced_accuracy", _balanced_interval),
        "informedness": _by_class("informedness", _informedness_interval),
        "threat_score": _of_threats("threat_score", _threat_interval, of_threats),
        "f1_score": _of_threats("f1_score", _f1_interval, of_threats),
        "fowlkes_mallows_index": _general("fowlkes_mallows_index", answered, of_shares),
        "markedness": _general("markedness", _BOTH_ANSWERS, by_influence),
        "matthews_correlation_coefficient": _general("matthews_correlation_coefficient", _BOTH_ANSWERS, by_influence),
        "diagnostic_odds_ratio": _general("diagnostic_odds_ratio", _BOTH_ANSWERS, of_ratios),
        "negative_likelihood_ratio": _general("negative_likelihood_ratio", _BOTH_ANSWERS, of_ratios),
        "positive_likelihood_ratio": _general("positive_likelihood_ratio", BOTH_CLASSES, of_ratios),
    }
