"""Bands that past figures leave for the next one: median and robust deviation, as wide as few points make necessary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PLAIN, LOG = "plain", "log"
# Of normal points, the median and the mean distance from the median, as shares of the standard deviation.
_MEDIAN_DISTANCE, _MEAN_DISTANCE = 0.6744897501960817, 0.7978845608028654
# Of every eight points after the first three, the farthest is not counted: one bad day must not widen the band.
_POINTS_A_STRAY = 8
# So many checks in a run are what the bounds were set for.
_USUAL_CHECKS = 200
_TINY = 1e-300


@dataclass(frozen=True)
class Band:
    """What past figures say of the next one.

    Attributes:
        median: Of the points.
        scale: One robust standard deviation, in `axis` units: at no number of points is the next one more than k of
            these away more often than a normal variable is k standard deviations from its mean.
        axis: `PLAIN`, or `LOG`: distances are those of logarithms, for figures that grow by factors.
        offset: On a logarithmic axis it is added to every figure, so that 0 has a place.
        sign: -1 turns the axis round: far is low.
    """

    median: float
    scale: float
    axis: str = PLAIN
    offset: float = 0.0
    sign: float = 1.0

    def distance(self, value: float) -> float:
        """How far a figure is from the median on the axis, in robust standard deviations; negative below it."""
        apart = self._on(value) - self._on(self.median)
        return apart / self.scale if self.scale else math.copysign(math.inf, apart) if apart else 0.0

    def at(self, deviations: float) -> float:
        """The figure that lies so many robust standard deviations from the median; the inverse of `distance`."""
        place = self._on(self.median) + deviations * self.scale
        return self.sign * (place if self.axis == PLAIN else math.exp(min(place, 709.0)) - self.offset)

    def _on(self, value: float) -> float:
        if self.axis == PLAIN:
            return self.sign * value
        shifted = self.sign * value + self.offset
        return math.log(shifted) if shifted > 0 else -math.inf


def band(
    points: Sequence[float], error: float, floor: float, axis: str = PLAIN, offset: float = 0.0, sign: float = 1.0
) -> Band:
    """The band that points leave.

    scale = max(widening(n) * deviation(points), error, floor), all of them in the units of the axis.

    Args:
        points: Past figures, at least three.
        error: The sampling error of the next figure and of the points' median together.
        floor: A smaller deviation than this matters to nobody.
        axis: `PLAIN` or `LOG`; see `Band`, also for the next two.
        offset: Large enough that points are positive with it.
        sign: 1 or -1.

    Raises:
        ValueError: Fewer than three points.

    >>> band([10.0, 11.0, 9.0, 10.0, 10.0, 12.0], error=0.1, floor=0.5).median
    10.0
    """
    values = np.asarray(points, dtype=np.float64)
    placed = np.log(np.maximum(sign * values + offset, _TINY)) if axis == LOG else values
    scale = max(widening(len(values)) * deviation(placed), error, floor)
    return Band(float(np.median(values)), scale, axis, offset, sign)


def deviation(points: Floats) -> float:
    """A robust standard deviation: the larger of median and mean distance from the median, as of normal points.

    The median distance (MAD) alone is near 0 whenever half of a few points happen to lie together. The mean distance
    does without the farthest points, one for every eight after the third, the next one counted in part.

    Args:
        points: Finite numbers, at least one.

    >>> round(deviation(np.array([1.0, 2.0, 3.0, 4.0, 1000.0])), 2)
    198.35
    """
    distances = np.sort(np.abs(points - np.median(points)))
    strays = max(0.0, (len(points) - 3) / _POINTS_A_STRAY)
    counted = np.clip(len(points) - strays - np.arange(len(points)), 0.0, 1.0)
    mean = float((distances * counted).sum() / counted.sum())
    return max(float(np.median(distances)) / _MEDIAN_DISTANCE, mean / _MEAN_DISTANCE)


# By number of points from 3 on: how much wider k deviations of them are than k of a known one, so that a next normal
# point lies outside of 4 as rarely as a normal variable does. `python benchmarks/false_alarms.py factors` makes them.
FEWEST_POINTS = 3
FACTORS: tuple[float, ...] = (
    41.1, 10.6, 5.7, 4.09, 3.33, 2.88, 2.66, 2.45, 2.33, 2.16, 2.08,
    2.0, 1.91, 1.84, 1.79, 1.74, 1.71, 1.67, 1.64, 1.6, 1.58, 1.56,
)  # fmt: skip


def widening(points: int) -> float:
    """By what to multiply the deviation of few points, since it is itself uncertain; beyond 24 it stays.

    Args:
        points: How many.

    Raises:
        ValueError: Fewer than three, of which nothing can be learned.
    """
    if points < FEWEST_POINTS:
        raise ValueError(f"a band needs {FEWEST_POINTS} points, got {points}")
    return FACTORS[min(points - FEWEST_POINTS, len(FACTORS) - 1)]


def stricter(deviations: float, checks: int) -> float:
    """A bound widened where many checks are made, so that no more runs cry wolf: sqrt(k^2 + 2 ln(c / 200)).

    The normal tail is about exp(-k^2 / 2), and the alarms of c checks c times that.

    Args:
        deviations: The bound, k, for up to 200 checks.
        checks: How many are made, c.

    >>> round(stricter(4.0, 2000), 2)
    4.54
    """
    return math.sqrt(deviations**2 + 2 * math.log(max(1.0, checks / _USUAL_CHECKS)))


def share_error(share: float, rows: int, variance: float) -> float:
    """The sampling error of a share of rows: sqrt(p (1 - p) v), and one row more.

    Args:
        share: p, as far as it is known.
        rows: Of the next span.
        variance: v, for one row's variance of 1; see `rows_variance`.
    """
    return math.sqrt(share * (1 - share) * variance) + 1 / rows


def rows_variance(rows: int, past: Sequence[int]) -> float:
    """The variance of a mean of the next span's rows and of the median of the past spans' means together, of unit rows.

    v = 1/n + (pi/2) / (points * median past rows): a median of normal points has pi/2 times the variance of their mean.

    Args:
        rows: n, at least 1.
        past: Of each past span, at least 1.
    """
    return 1 / rows + math.pi / 2 / (len(past) * float(np.median(past)))
