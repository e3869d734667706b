"""Metrics that are the ratio of two sums over rows, a user's own among them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from benison.core.errors import ModelCodeError
from benison.core.metrics import Kind
from benison.measures.confusion import share
from benison.measures.intervals import UNKNOWN, Interval
from benison.metrics.base import (
    IDENTITY,
    Bound,
    Gain,
    Influences,
    Measure,
    Scale,
    Value,
    lopsided,
    of_influences,
    quantile,
    scale_of,
)
from benison.metrics.measure import Bools, Floats, Sample

# Rows that are counted in bins may be this far from their own sum, as a share of it.
_MOST_APART = 0.01


@dataclass(frozen=True)
class Ratio:
    """A metric that is the ratio of two sums over rows.

    Attributes:
        above: What each row adds to the sum above the line.
        below: Below it; None: 1.
        scale: What its interval is symmetric on.
        method: How the interval comes about.
        total: What `Sample.totals` calls the sum above the line, where it is known better than rows tell.
    """

    above: Callable[[Sample], Floats]
    below: Callable[[Sample], Floats | Bools] | None
    scale: Scale
    method: str
    total: str = ""

    def value(self, sample: Sample, _: float) -> float:
        """NaN where the sum below is 0."""
        total = sample.totals.get(self.total)
        return self._over(sample, sample.masses.sum(self.above(sample)) if total is None else total)

    def _over(self, sample: Sample, above: float) -> float:
        return share(above, sample.masses.total if self.below is None else sample.masses.sum(self.below(sample)))

    def coarse(self, sample: Sample, parameter: float) -> bool:
        """Whether stand-ins sum up to something else than the rows do."""
        known, found = self.value(sample.finest, parameter), self._over(sample, sample.masses.sum(self.above(sample)))
        return not abs(found - known) <= _MOST_APART * known

    def influences(self, sample: Sample, _: float) -> Floats:
        """Of each row."""
        return sample.latest(self, lambda: self._influences(sample))

    def _influences(self, sample: Sample) -> Floats:
        above = self.above(sample)
        found = self._over(sample, sample.masses.sum(above))
        if self.below is None:
            return np.asarray(above - found, dtype=np.float64)
        below = self.below(sample)
        return np.asarray((above - found * below) / sample.masses.mean(below), dtype=np.float64)


def paired_gain(value: Value, influences: Influences, needed: Mapping[str, int]) -> Gain:
    """What two models add differs row by row, so that the difference of both is a mean like any other."""

    def gain(first: Sample, second: Sample, parameter: float, confidence: float) -> Interval:
        apart = value(first.finest, parameter) - value(second.finest, parameter)
        of_rows = influences(first, parameter) - influences(second, parameter)
        many = max(quantile(sample, needed, parameter, confidence, of_rows) for sample in (first, second))
        return lopsided(IDENTITY, apart, first.masses, of_rows, many)

    return gain


def of_ratio(one: Ratio, needed: Mapping[str, int]) -> Measure:
    """The intervals of a ratio.

    Args:
        one: The ratio.
        needed: As in `Measure`.
    """
    found = of_influences(one.value, one.influences, one.scale, needed, one.method)
    gain = paired_gain(one.value, one.influences, needed)
    return replace(found, gain=gain, coarse=one.coarse, total=one.total)


def _where_rows_differ(bound: Bound) -> Bound:
    """Rows that all add the same say nothing of those that would not."""

    def interval(sample: Sample, parameter: float, confidence: float) -> Interval:
        found = bound(sample, parameter, confidence)
        return found if found.lower < found.upper else UNKNOWN

    return interval


def _where_models_differ(bound: Gain) -> Gain:
    """Models that answer these rows alike may differ on the next."""

    def gain(one: Sample, two: Sample, parameter: float, confidence: float) -> Interval:
        found = bound(one, two, parameter, confidence)
        return found if found.lower < found.upper else UNKNOWN

    return gain


def careful(measure: Measure) -> Measure:
    """The same without intervals of no width: no spread in a sample is no proof that there is none."""
    return replace(measure, interval=_where_rows_differ(measure.interval), gain=_where_models_differ(measure.gain))


def of_own(kind: Kind) -> Measure:
    """How a metric that the user wrote is measured."""
    name = kind.name
    scale = scale_of(kind.low, kind.high)
    method = f"influence ({scale.name}); gain: paired influences"
    ratio = Ratio(lambda of: of.terms(name)[0], lambda of: of.terms(name)[1], scale, method)
    found = careful(of_ratio(ratio, {name: kind.needed}))
    return replace(found, value=_in_range(kind, found.value))


def _in_range(kind: Kind, value: Value) -> Value:
    """A figure that is what its class says it can be; a gate relies on that."""

    def checked(sample: Sample, parameter: float) -> float:
        found = value(sample, parameter)
        slack = 1e-9 * max(1.0, abs(found))
        if math.isnan(found) or kind.low - slack <= found <= kind.high + slack:
            return found
        where = f"{kind.own}.py ({kind.classes[0]})"
        expected = f"values from low {kind.low:g} to high {kind.high:g}, as it declares"
        raise ModelCodeError(where, expected=expected, got=f"{found:g} on {sample.rows.count:,} rows")

    return checked
