"""Metrics at a point of the curve: what one rate is where another reaches a bound, over every threshold there is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from benison.measures.intervals import UNKNOWN, Interval, paired
from benison.measures.quantiles import cautious
from benison.metrics import shares
from benison.metrics.base import IDENTITY, Measure, lopsided
from benison.metrics.measure import Floats, Sample
from benison.metrics.shares import SHARES, share_interval

# TFMA's threshold of the highest recall there is, and its lowest threshold, which is below every score.
_ALMOST_0, _BELOW_ALL = 1e-12, -1e-7
# With fewer of a class, or fewer beyond the bound, no interval holds what it promises.
_FEWEST, _BEYOND = 50, 10
_CLASSES = {"recall": "positives", "specificity": "negatives"}


@dataclass(frozen=True)
class Point:
    """A metric at a point of the curve.

    Attributes:
        wanted: The rate that is measured.
        bound: The rate that has a bound.
        compared: What the curve calls the latter, where the bound is one from above.
    """

    wanted: str
    bound: str
    compared: str = ""

    def place(self, sample: Sample, at: float) -> int:
        """How many of the highest levels are answered positive there; -1: nowhere."""
        return sample.rates.best(self.wanted, self.compared or self.bound, at)

    def value(self, sample: Sample, at: float) -> float:
        """0 where no threshold reaches the bound; NaN where a class that one of the rates is about is missing."""
        meant = {_CLASSES.get(rate, "positives") for rate in (self.wanted, self.bound)}
        if not min(sample.size(one) for one in meant) > 0:
            return math.nan
        return self._wanted_at(sample, self.place(sample, at))

    def _wanted_at(self, sample: Sample, place: int) -> float:
        return float(sample.rates.rates[self.wanted][place]) if place >= 0 else 0.0

    def moved(self, sample: Sample, at: float, by: float, place: int) -> float:
        """The value where the bound is harder to reach by so much at a place of the curve.

        Precision is known the better the more rows are answered positive: where these are few it has to be further off.
        """
        each = by * self._errors(sample, place)
        asked = at - each if self.compared else at + each
        return self._wanted_at(sample, sample.rates.best(self.wanted, self.compared or self.bound, asked))

    def _errors(self, sample: Sample, place: int) -> Floats | float:
        """The error of the bounded rate at each threshold, in those at the place."""
        if self.bound != "precision":
            return 1.0
        answered = sample.rates.true + sample.rates.false
        spread = np.full(len(answered), math.inf)
        return np.asarray(np.sqrt(np.divide(answered[place], answered, out=spread, where=answered > 0)))

    def least(self, at: float) -> float:
        """The bound as one from below."""
        return 1 - at if self.compared else at


def threshold_of(sample: Sample, place: int) -> float:
    """The highest threshold that answers so many levels positive.

    Args:
        sample: A model on a slice.
        place: How many of the highest levels.
    """
    if place <= 0:
        return 1.0
    lowest = float(sample.predictions[sample.levels.place >= sample.levels.count - place].min())
    return math.nextafter(lowest, -1.0) if lowest > 0 else _BELOW_ALL


@dataclass(frozen=True)
class Found:
    """A point of a model's curve with all that its error is made of.

    Attributes:
        value: The metric.
        own: The interval of the wanted rate, were the threshold given.
        easier: The value where the bound is easier to reach by all that its sampling error may amount to.
        harder: Likewise where it is harder.
        influences: How the metric answers to each row: the wanted rate, and the threshold by way of the curve's slope.
        correlation: Of wanted and bounded rate at the threshold.
    """

    value: float
    own: Interval
    easier: float
    harder: float
    influences: Floats
    correlation: float

    @property
    def interval(self) -> Interval:
        """Both parts of the error together, each as far as the curve itself says on that side."""
        below = _together(self.value - self.own.lower, self.value - self.harder, self.correlation)
        above = _together(self.own.upper - self.value, self.easier - self.value, self.correlation)
        return Interval(self.value - below, self.value + above).clipped(0.0, 1.0)


def _together(one: float, two: float, correlation: float) -> float:
    return math.sqrt(max(one * one + two * two + 2 * correlation * one * two, 0.0))


def _found(point: Point, sample: Sample, at: float, confidence: float) -> Found | None:
    place, least = point.place(sample, at), point.least(at)
    # At the end of its scale a bounded rate has no error, and the threshold is that of a single row.
    if place < 0 or not 0 < least < 1:
        return None
    threshold, value = threshold_of(sample, place), point.value(sample, at)
    wanted, bound = SHARES[point.wanted], SHARES[point.bound]
    of_wanted, of_bound = (one.influences(sample, threshold) for one in (wanted, bound))
    reach = _quantile(sample, confidence) * _error(sample, point.bound, least, threshold)
    easier, harder = (point.moved(sample, at, by, place) for by in (-reach, reach))
    slope = (easier - harder) / (2 * reach) if reach > 0 else 0.0
    return Found(
        value,
        share_interval(wanted)(sample, threshold, confidence),
        easier,
        harder,
        np.asarray(of_wanted + slope * of_bound, dtype=np.float64),
        sample.masses.correlation(of_wanted, of_bound),
    )


def _error(sample: Sample, bound: str, least: float, threshold: float) -> float:
    """Of a rate that is at its bound, as of the score test; never less than what weights and units make of it."""
    size = sample.size(_CLASSES.get(bound, "predicted_positives"), threshold)
    by_test = math.sqrt(least * (1 - least) / size) if size > 0 else 0.0
    if sample.rows.simple:
        return by_test
    return max(by_test, sample.masses.error(SHARES[bound].influences(sample, threshold)))


def _needed(bound: str, least: float) -> Mapping[str, int]:
    """So many rows of the class which the bound is about that some lie on either side of it."""
    found = {"positives": _FEWEST, "negatives": _FEWEST}
    rarer = min(least, 1 - least)
    if bound in _CLASSES and rarer > 0:
        found[_CLASSES[bound]] = max(_FEWEST, math.ceil(_BEYOND / rarer))
    return found


def _measure(point: Point) -> Measure:
    def interval(sample: Sample, at: float, confidence: float) -> Interval:
        found = _found(point, sample, at, confidence)
        return found.interval if found else UNKNOWN

    def gain(first: Sample, second: Sample, at: float, confidence: float) -> Interval:
        one, two = (_found(point, sample, at, confidence) for sample in (first, second))
        return _gain(one, two, first, confidence) if one and two else UNKNOWN

    def needed(at: float) -> Mapping[str, int]:
        return _needed(point.bound, point.least(at))

    method = "Wilson at the threshold, which moves along the curve (MOVER); gain: influences and MOVER"
    return Measure(point.value, interval, gain, needed_at=needed, method=method)


def _gain(one: Found, two: Found, sample: Sample, confidence: float) -> Interval:
    masses = sample.masses
    return paired(
        one.value,
        one.interval,
        two.value,
        two.interval,
        masses.correlation(one.influences, two.influences),
        lopsided(
            IDENTITY, one.value - two.value, masses, one.influences - two.influences, _quantile(sample, confidence)
        ),
    )


def _quantile(sample: Sample, confidence: float) -> float:
    return cautious(confidence, min(sample.size("positives"), sample.size("negatives")))


def _threshold(sample: Sample, recall: float) -> float:
    """The highest threshold whose recall is at least so much; NaN without positives."""
    reached = sample.rates.rates["recall"] >= recall
    return threshold_of(sample, int(np.argmax(reached))) if reached.any() else math.nan


def _threshold_interval(sample: Sample, recall: float, confidence: float) -> Interval:
    """The thresholds at which the recall of all rows there could be may be just so much, by the score test."""
    if not 0 < recall < 1:
        return UNKNOWN
    many = _quantile(sample, confidence) * _error(sample, "recall", recall, _threshold(sample, recall))
    return Interval(_threshold(sample, min(recall + many, 1.0)), _threshold(sample, max(recall - many, 0.0)))


def _of_threshold() -> Measure:
    def gain(one: Sample, two: Sample, recall: float, _: float) -> Interval:
        return UNKNOWN

    def needed(recall: float) -> Mapping[str, int]:
        return _needed("recall", recall)

    return Measure(_threshold, _threshold_interval, gain, needed_at=needed, method="score test of the recall")


def _max_recall() -> Measure:
    """The recall at a threshold of almost 0."""
    recall = shares.measures()["recall"]
    return replace(
        recall,
        value=lambda sample, _: recall.value(sample, _ALMOST_0),
        interval=lambda sample, _, confidence: recall.interval(sample, _ALMOST_0, confidence),
        gain=lambda one, two, _, confidence: recall.gain(one, two, _ALMOST_0, confidence),
        influences=lambda sample, _: shares.SHARES["recall"].influences(sample, _ALMOST_0),
    )


POINTS: Mapping[str, Point] = {
    "precision_at_recall": Point("precision", "recall"),
    "recall_at_false_positive_rate": Point("recall", "specificity", "false_positive_rate"),
    "recall_at_precision": Point("recall", "precision"),
    "sensitivity_at_specificity": Point("recall", "specificity"),
    "specificity_at_sensitivity": Point("specificity", "recall"),
}


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    found = {name: _measure(point) for name, point in POINTS.items()}
    return {**found, "threshold_at_recall": _of_threshold(), "max_recall": _max_recall()}
