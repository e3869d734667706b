"""bound: the value and interval of each metric, and of the gain over a baseline on the same rows.

docs/statistics.md says which method stands where and why. `confidence` is that of each bound alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benison.core import metrics
from benison.measures.intervals import UNKNOWN, Interval
from benison.metrics import measure_of
from benison.metrics.base import lacking
from benison.metrics.matrix import EXACT
from benison.metrics.measure import Sample, by_cell

_UNDEFINED = "undefined: its denominator is 0"


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


def value(metric: str, sample: Sample) -> float:
    """A metric's value; NaN where its denominator is 0.

    Args:
        metric: A name, as in `benison.core.metrics`.
        sample: A model on a slice.
    """
    asked = metrics.metric(metric)
    return measure_of(asked).value(sample, asked.parameter)


def method(metric: str, sample: Sample) -> str:
    """How its intervals come about, on rows such as those of the sample."""
    found, masses = measure_of(metrics.metric(metric)).method, sample.masses
    if masses.counted or found == EXACT:
        return found
    how = [word for word, there in (("weighed", masses.weights), ("summed by unit", masses.units)) if there is not None]
    found = found.replace("gain: Tango", "gain: influences and MOVER")
    return f"{found}; errors from influences, {' and '.join(how)}"


def estimate(metric: str, sample: Sample, confidence: float) -> Estimate:
    """A metric's value and interval on one slice."""
    asked = metrics.metric(metric)
    (sample,) = _as_few_rows(asked, sample)
    measure = measure_of(asked)
    found = measure.value(sample, asked.parameter)
    if note := _too_few(asked, sample) or _too_coarse(asked, sample):
        return Estimate(found, UNKNOWN, note)
    if math.isnan(found):
        return Estimate(found, UNKNOWN, _UNDEFINED)
    return _noted(found, measure.interval(sample, asked.parameter, confidence))


def gain(metric: str, challenger: Sample, baseline: Sample, confidence: float) -> Estimate:
    """Challenger minus baseline on the same rows, the sign such that more is better.

    Args:
        metric: One that has a better and a worse.
        challenger: The model that is asked about.
        baseline: The one that it is compared with, the rows in the same order.
        confidence: Of each bound alone.
    """
    asked = metrics.metric(metric)
    challenger, baseline = _as_few_rows(asked, challenger, baseline)
    measure, turned = measure_of(asked), asked.kind.better < 0
    found = measure.value(challenger.finest, asked.parameter) - measure.value(baseline.finest, asked.parameter)
    found = -found if turned else found
    for check in (_too_few, _too_coarse):
        if note := check(asked, challenger) or check(asked, baseline):
            return Estimate(found, UNKNOWN, note)
    if math.isnan(found):
        return Estimate(found, UNKNOWN, _UNDEFINED)
    most = asked.kind.high - asked.kind.low
    interval = measure.gain(challenger, baseline, asked.parameter, confidence).clipped(-most, most)
    return _noted(found, -interval if turned else interval)


def _as_few_rows(asked: metrics.Metric, *samples: Sample) -> Sequence[Sample]:
    """What labels and answers at a threshold come to tells all that rows do, and has eight cells at most."""
    if asked.kind.parameter != metrics.THRESHOLD or not samples[0].rows.classed:
        return samples
    return by_cell(samples, asked.parameter)


def _noted(found: float, interval: Interval) -> Estimate:
    return Estimate(found, interval, "" if interval.known else f"no error can be estimated at {found:g}")


def _too_few(asked: metrics.Metric, sample: Sample) -> str:
    """Which count falls short, as a person reads it; empty where none does."""
    return lacking(measure_of(asked), sample, asked.parameter)


def _too_coarse(asked: metrics.Metric, sample: Sample) -> str:
    """Says where rows have been counted in bins that are too coarse for their predictions; empty where they are not."""
    if sample.binned and measure_of(asked).coarse(sample, asked.parameter):
        return "predictions lie too close together to be told apart in bins: evaluate in memory"
    return ""
