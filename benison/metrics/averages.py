"""Metrics of a yes-or-no model where models tell several classes apart: of one class, of ranks, and averages."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benison.core.aspects import CLASS, MACRO_RANKS, MICRO, MICRO_RANKS, RANK, WEIGHTED_MACRO, Aspect, aspect
from benison.core.metrics import Kind, Metric
from benison.measures.intervals import UNKNOWN, Interval
from benison.measures.masses import Masses
from benison.measures.quantiles import allowance, cautious
from benison.metrics.base import FEWEST, Measure, lacking
from benison.metrics.binarize import (
    all_classes,
    down_to_rank,
    one_class,
    one_rank,
    shares_of_labels,
)
from benison.metrics.matrix import EXACT, exact
from benison.metrics.measure import Floats, Sample

View = Callable[[Sample], Sample]
# With fewer of one class the interval of an average does not hold what it promises.
FEWEST_OF_EACH = 10


def of_classes(asked: Metric, plain: Measure) -> Measure:
    """How a metric is measured of one aspect of several classes.

    Args:
        asked: The metric, with the aspect.
        plain: How it is measured of two classes.
    """
    seen = aspect(asked.of) if asked.of else Aspect(MICRO)
    if seen.how == CLASS:
        return _viewed(plain, _of_class(seen.name, asked.top), f" of class {seen.name!r}")
    if seen.how == RANK:
        return _viewed(plain, lambda sample: one_rank(sample, seen.rank), "")
    if seen.how == MICRO_RANKS:
        return _of_pairs(plain, lambda sample: down_to_rank(sample, seen.rank, answered=bool(asked.top)))
    if seen.how == MICRO:
        return _of_pairs(plain, lambda sample: all_classes(sample, _weights(seen, sample), asked.top))
    return _average(_Average(asked.kind, plain, seen, asked.top))


def _of_class(name: str, top: int) -> View:
    return lambda sample: one_class(sample, sample.rows.classes.index(name), top)


def _weights(seen: Aspect, sample: Sample) -> Floats:
    """What each class counts; all the same where nobody says it, and nothing where only others are named."""
    numbers = range(len(sample.rows.classes))
    return np.array([seen.weights.get(number, 0.0) if seen.weights else 1.0 for number in numbers])


def _viewed(plain: Measure, view: View, whose: str) -> Measure:
    """The same metric of other rows, made of those that there are."""
    influences = plain.influences

    def lacks(sample: Sample, parameter: float) -> str:
        return lacking(plain, view(sample), parameter).replace(" where", f"{whose} where", 1)

    return Measure(
        value=lambda sample, parameter: plain.value(view(sample), parameter),
        interval=lambda sample, parameter, confidence: plain.interval(view(sample), parameter, confidence),
        gain=lambda one, two, parameter, confidence: plain.gain(view(one), view(two), parameter, confidence),
        method=plain.method,
        influences=None if influences is None else lambda sample, parameter: influences(view(sample), parameter),
        lacks=lacks,
    )


def _of_pairs(plain: Measure, view: View) -> Measure:
    """Of pairs of rows and classes: whatever was made of independent rows is then made of influences."""
    found = _viewed(plain, view, " among pairs of row and class")
    if plain.method == EXACT:
        return found
    method = plain.method.replace("gain: Tango", "gain: influences and MOVER")
    return replace(found, method=f"{method}; errors from influences, summed by row")


@dataclass(frozen=True)
class _Average:
    """An average of figures over classes or ranks.

    Attributes:
        kind: What is averaged.
        plain: How each figure is measured.
        seen: Which average.
        top: As in `Metric`.
    """

    kind: Kind
    plain: Measure
    seen: Aspect
    top: int

    def views(self, sample: Sample) -> list[Sample]:
        """Of each class, or rank, that counts."""
        if self.seen.how == MACRO_RANKS:
            return [one_rank(sample, rank) for rank in range(1, self.seen.rank + 1)]
        return [one_class(sample, number, self.top) for number in self.numbers(sample)]

    def numbers(self, sample: Sample) -> list[int]:
        """The classes that count."""
        return [int(number) for number in np.flatnonzero(_weights(self.seen, sample))]

    def shares(self, sample: Sample) -> Floats:
        """What each of the views counts; together 1, and NaN where no row is of a class that counts."""
        if self.seen.how == MACRO_RANKS:
            return np.full(self.seen.rank, 1 / self.seen.rank)
        counts = self._counts(sample)[self.numbers(sample)]
        total = float(counts.sum())
        return np.asarray(counts / total if total > 0 else np.full(len(counts), math.nan), dtype=np.float64)

    def _counts(self, sample: Sample) -> Floats:
        weights = _weights(self.seen, sample)
        return weights * shares_of_labels(sample) if self.seen.how == WEIGHTED_MACRO else weights

    def value(self, sample: Sample, parameter: float) -> float:
        """NaN where one of the figures is, as TFMA has it."""
        figures = [self.plain.value(view, parameter) for view in self.views(sample)]
        return float(self.shares(sample) @ np.array(figures))

    def of_shares(self, sample: Sample, figures: Sequence[float]) -> Floats:
        """How the average answers to each row by what classes count, where that comes from the labels."""
        if self.seen.how != WEIGHTED_MACRO:
            return np.zeros(len(sample))
        average, numbers = self.shares(sample) @ np.array(figures), self.numbers(sample)
        apart = np.zeros(len(sample.rows.classes))
        apart[numbers] = (np.array(figures) - average) * _weights(self.seen, sample)[numbers]
        return np.asarray(apart[sample.rows.numbers] / self._counts(sample).sum(), dtype=np.float64)

    def allowance(self, parameter: float, *samples: Sample) -> float:
        """How much wider an interval is made for skewness, by the smallest class."""
        needs = self.plain.needs(parameter)
        sizes = [view.size(what, parameter) for one in samples for view in self.views(one) for what in needs]
        return allowance(max(min(sizes), 1.0))

    def lacks(self, sample: Sample, parameter: float) -> str:
        """The first class that is too small."""
        if self.plain.influences is None:
            return "" if self.plain.method == EXACT else "no error can be estimated of averages of it"
        names = [f" of class {sample.rows.classes[number]!r}" for number in self.numbers(sample)]
        names = names if self.seen.how != MACRO_RANKS else [""] * self.seen.rank
        for view, whose in zip(self.views(sample), names, strict=True):
            if found := lacking(self.plain, view, parameter, FEWEST_OF_EACH):
                return found.replace(" where", f"{whose} where", 1)
        return ""


@dataclass(frozen=True)
class _Figure:
    """One of those that are averaged: its share, value and interval, and how it answers to each row."""

    share: float
    value: float
    interval: Interval
    influences: Floats


def _average(of: _Average) -> Measure:
    if of.plain.method == EXACT:
        return exact(of.value)

    def influences(sample: Sample, parameter: float) -> Floats:
        return of.plain.influences(sample, parameter) if of.plain.influences else np.full(len(sample), math.nan)

    def interval(sample: Sample, parameter: float, confidence: float) -> Interval:
        found = [
            _Figure(
                share,
                of.plain.value(view, parameter),
                of.plain.interval(view, parameter, confidence),
                influences(view, parameter),
            )
            for share, view in zip(of.shares(sample), of.views(sample), strict=True)
        ]
        factor = of.allowance(parameter, sample) if of.plain.bare else 1.0
        return _put_together(of, sample, found, confidence, factor).clipped(of.kind.low, of.kind.high)

    def gain(one: Sample, two: Sample, parameter: float, confidence: float) -> Interval:
        found = [
            _Figure(
                share,
                of.plain.value(first, parameter) - of.plain.value(second, parameter),
                of.plain.gain(first, second, parameter, confidence),
                influences(first, parameter) - influences(second, parameter),
            )
            for share, first, second in zip(of.shares(one), of.views(one), of.views(two), strict=True)
        ]
        factor = of.allowance(parameter, one, two) if of.plain.bare_gain else 1.0
        return _put_together(of, one, found, confidence, factor)

    return Measure(of.value, interval, gain, method=f"MOVER on each figure's own: {of.plain.method}", lacks=of.lacks)


def _put_together(
    of: _Average, sample: Sample, figures: Sequence[_Figure], confidence: float, factor: float
) -> Interval:
    """The interval of a mean of figures from the interval of each, with their correlations.

    On each side sqrt(sum of share_i share_j d_i d_j r_ij) from the mean, d being how far a figure's own bound is away,
    and r the correlation of influences: that is the error of influences that are stretched to d. A figure without
    influences, such as a recall of 1, goes up and down with no other.

    Reference:
        Zou, Huo & Taleban (2009), Environmetrics 20, 172-180, on sums; Zou (2007), as for `mover`, on correlation.
    """
    if not all(one.interval.known for one in figures):
        return UNKNOWN
    value = sum(one.share * one.value for one in figures)
    of_shares = of.of_shares(sample, [one.value for one in figures])
    of_shares = of_shares * cautious(confidence, max(sample.masses.size(), FEWEST))
    below = _distance(sample.masses, figures, [one.value - one.interval.lower for one in figures], of_shares)
    above = _distance(sample.masses, figures, [one.interval.upper - one.value for one in figures], of_shares)
    return Interval(value - below, value + above).stretched(value, factor)


def _distance(masses: Masses, figures: Sequence[_Figure], bounds: Sequence[float], of_shares: Floats) -> float:
    stretched, alone = of_shares.copy(), 0.0
    for one, bound in zip(figures, bounds, strict=True):
        error = masses.error(one.influences)
        if error > 0:
            stretched += one.share * bound / error * one.influences
        else:
            alone += (one.share * bound) ** 2
    return math.sqrt(masses.error(stretched) ** 2 + alone)
