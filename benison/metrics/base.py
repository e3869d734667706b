"""What every metric is made of, and the intervals that are made of influences."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benison.measures.intervals import Interval, on_atanh_scale, on_log_scale, on_logit_scale, paired, symmetric
from benison.measures.masses import Masses
from benison.measures.quantiles import cautious, skewed, student
from benison.metrics.measure import Floats, Sample

Value = Callable[[Sample, float], float]
Influences = Callable[[Sample, float], Floats]
Bound = Callable[[Sample, float, float], Interval]
Gain = Callable[[Sample, Sample, float, float], Interval]
Coarse = Callable[[Sample, float], bool]
Lacks = Callable[[Sample, float], str]


@dataclass(frozen=True)
class Scale:
    """What an interval is symmetric on.

    Attributes:
        name: ``logit``, ``atanh``, ``log`` or ``identity``.
        interval: Of a value, its error, and how many errors a bound is away.
        bend: The scale's second derivative over its first, at a value: it straightens what is lopsided, or bends it.
    """

    name: str
    interval: Callable[[float, float, float], Interval]
    bend: Callable[[float], float] = lambda value: 0.0

    def __call__(self, value: float, error: float, many: float) -> Interval:
        return self.interval(value, error, many)


LOG = Scale("log", on_log_scale, lambda value: -1 / value if value > 0 else 0.0)
LOGIT = Scale("logit", on_logit_scale, lambda value: (2 * value - 1) / (value * (1 - value)) if 0 < value < 1 else 0.0)
ATANH = Scale("atanh", on_atanh_scale, lambda value: 2 * value / (1 - value * value) if -1 < value < 1 else 0.0)
IDENTITY = Scale("identity", symmetric)
# With fewer in a metric's own denominator no interval holds what it promises, so none is given.
FEWEST = 20
BOTH_CLASSES: Mapping[str, int] = {"positives": FEWEST, "negatives": FEWEST}
_ONE = {"rows": "row", "positives": "positive", "negatives": "negative", "queries": "query"}
_ANSWERED = {"predicted_positives": "answered positive", "predicted_negatives": "answered negative"}


@dataclass(frozen=True)
class Measure:
    """How a metric is measured. Functions take samples, the metric's parameter, and last the confidence of a bound.

    Attributes:
        value: NaN where it is undefined.
        interval: Of the value; says nothing where no error can be estimated.
        gain: Of the first model's value minus the second's, on the same rows.
        needed: Which effective sizes must be how large, else there is no interval.
        method: How the intervals come about.
        needed_at: Likewise, where it depends on the parameter.
        coarse: Whether a sample's rows stand for others that differ too much for an interval.
        influences: Of each row on the value, where an average of such figures needs them; None: there are none.
        bare: Whether the interval is without the allowance for skewness, which single shares do not need.
        bare_gain: Likewise that of the gain.
        total: What of `Sample.totals` the value is made of; empty: none.
        lacks: What a sample lacks for an interval, where that is not told by `needed`; empty: nothing.
    """

    value: Value
    interval: Bound
    gain: Gain
    needed: Mapping[str, int] = field(default_factory=dict)
    method: str = ""
    needed_at: Callable[[float], Mapping[str, int]] | None = None
    coarse: Coarse = lambda sample, parameter: False
    influences: Influences | None = None
    bare: bool = False
    bare_gain: bool = False
    lacks: Lacks | None = None
    total: str = ""

    def needs(self, parameter: float) -> Mapping[str, int]:
        """Which effective sizes must be how large at this parameter."""
        return self.needed_at(parameter) if self.needed_at else self.needed


def lacking(measure: Measure, sample: Sample, parameter: float, most: int | None = None) -> str:
    """Which size falls short of what an interval needs, as a person reads it; empty where none does.

    Args:
        measure: Of which metric.
        sample: A model on a slice.
        parameter: The metric's.
        most: More than this is not needed of any size; None: of each what the measure says.
    """
    if measure.lacks:
        return measure.lacks(sample, parameter)
    for what, least in measure.needs(parameter).items():
        needed = least if most is None else min(least, most)
        found = sample.size(what, parameter)
        if found < needed:
            effective = "" if sample.masses.counted else "effectively "
            return f"{effective}{counted(math.floor(found), what)} where an interval needs {needed}"
    return ""


def counted(number: int, what: str) -> str:
    """How many rows, positives, negatives, rows answered so or that a metric counts, as a person writes it."""
    if what in _ANSWERED:
        return f"{counted(number, 'rows')} {_ANSWERED[what]}"
    if what not in _ONE:
        return f"{counted(number, 'rows')} that {what} counts"
    return f"{number:,} {_ONE[what] if number == 1 else what}"


def quantile(
    sample: Sample, needed: Mapping[str, int], parameter: float, confidence: float, *influences: Floats
) -> float:
    """How many errors a bound is away: Student's, with the allowance for skewness, by the smallest of the sizes.

    And no less than Student's by what the errors themselves are made of, where rows weigh differently or hang together.
    """
    many = cautious(confidence, min(sample.size(what, parameter) for what in needed))
    freedoms = (sample.masses.freedom(each) for each in influences)
    return max([many, *(student(confidence, 1 + freedom) for freedom in freedoms if math.isfinite(freedom))])


def bounded(low: float, high: float) -> Scale:
    """The interval on the identity's scale, cut where the figure ends."""
    return Scale("identity", lambda value, error, many: symmetric(value, error, many).clipped(low, high))


def lopsided(scale: Scale, value: float, masses: Masses, influences: Floats, many: float) -> Interval:
    """The interval on a scale, with more room on the side to which the figure is skewed there.

    Args:
        scale: What it is symmetric on but for that.
        value: The figure.
        masses: Of the rows.
        influences: Of each on the figure.
        many: How many errors a bound is away of a figure that is not skewed.
    """
    error = masses.error(influences)
    below, above = skewed(many, masses.skewness(influences) + 3 * scale.bend(value) * error)
    return Interval(scale(value, error, below).lower, scale(value, error, above).upper)


def scale_of(low: float, high: float) -> Scale:
    """The scale on which a figure of such a range has no ends."""
    if (low, high) == (0.0, 1.0):
        return LOGIT
    if (low, high) == (-1.0, 1.0):
        return ATANH
    return LOG if (low, high) == (0.0, math.inf) else bounded(low, high)


def of_influences(
    value: Value, influences: Influences, scale: Scale, needed: Mapping[str, int], method: str = ""
) -> Measure:
    """A metric whose every interval comes from how it answers to each row.

    Args:
        value: The metric.
        influences: Of each row, of mean 0.
        scale: What the interval of the value is symmetric on.
        needed: As in `Measure`.
        method: Likewise; left out: as the scale says.
    """

    def interval(sample: Sample, parameter: float, confidence: float) -> Interval:
        of_rows = influences(sample, parameter)
        many = quantile(sample, needed, parameter, confidence, of_rows)
        return lopsided(scale, value(sample, parameter), sample.masses, of_rows, many)

    gain = gain_of(value, influences, interval, needed)
    return Measure(value, interval, gain, needed, method, influences=influences)


def gain_of(value: Value, influences: Influences, own: Bound, needed: Mapping[str, int]) -> Gain:
    """The gain of a metric from the influences of both models and the interval of each alone.

    Args:
        value: The metric.
        influences: Of each row.
        own: The interval of one model.
        needed: As in `Measure`.
    """

    def gain(one: Sample, two: Sample, parameter: float, confidence: float) -> Interval:
        of_one, of_two = influences(one, parameter), influences(two, parameter)
        first, second, masses = value(one.finest, parameter), value(two.finest, parameter), one.masses
        many = max(quantile(sample, needed, parameter, confidence, of_one - of_two) for sample in (one, two))
        return paired(
            first,
            own(one.finest, parameter, confidence),
            second,
            own(two.finest, parameter, confidence),
            masses.correlation(of_one, of_two),
            lopsided(IDENTITY, first - second, masses, of_one - of_two, many),
        )

    return gain
