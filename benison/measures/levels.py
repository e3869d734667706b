"""Rows by the level of their score: what every measure of ranking needs, worked out once, by counting where it pays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
# Up to so many levels to a row of a part, marking those that occur is faster than sorting the rows.
_MARKED = 16


@dataclass(frozen=True)
class Levels:
    """Rows by level: equal scores share one, a higher score has a higher one, and each has a row.

    Attributes:
        labels: Whether each row is positive, or what share of it is, from 0 to 1.
        place: Each row's level, from 0.
        count: How many levels there are.
        weights: What each row counts; None: 1.
    """

    labels: Bools | Floats
    place: Whole
    count: int
    weights: Floats | None = None

    @classmethod
    def of(cls, labels: Bools | Floats, scores: npt.NDArray[np.generic], weights: Floats | None = None) -> Levels:
        """The levels of rows.

        Args:
            labels: Whether each row is positive, or what share of it is.
            scores: Of any order-preserving scale, without NaN.
            weights: What each row counts; None: 1.
        """
        values, place = np.unique(scores, return_inverse=True)
        return cls(labels, place.reshape(-1).astype(np.int64, copy=False), len(values), weights)

    def part(self, rows: Whole) -> Levels:
        """The levels of some of the rows, by number, without sorting them again."""
        labels, place = self.labels[rows], self.place[rows]
        weights = None if self.weights is None else self.weights[rows]
        if self.count > _MARKED * len(place):
            return Levels.of(labels, place, weights)
        occurs = np.zeros(self.count, np.bool_)
        occurs[place] = True
        numbers = np.cumsum(occurs) - 1
        return Levels(labels, numbers[place], int(numbers[-1]) + 1 if len(numbers) else 0, weights)

    def apart(self, *, positives_above: bool) -> Levels:
        """The rows, each of one class, with those of one class above the others of their level."""
        above = self.labels if positives_above else ~self.labels.astype(np.bool_)
        return Levels.of(self.labels, 2 * self.place + above, self.weights)

    @property
    def _whole(self) -> bool:
        """Whether each row is of one class."""
        return self.labels.dtype == np.bool_

    @cached_property
    def cells(self) -> Whole:
        """Of each row its level, that of positive rows after all levels of negative ones."""
        return np.asarray(self.place + self.count * self.labels, dtype=np.int64)

    @cached_property
    def _masses(self) -> Whole | Floats:
        """Of each level the mass of its negatives, then likewise of its positives; whole where nothing weighs."""
        if self._whole:
            return _counted(self.cells, self.weights, 2 * self.count)
        positive = np.asarray(self.labels if self.weights is None else self.weights * self.labels, dtype=np.float64)
        both = _counted(self.place, self.weights, self.count)
        positives = _counted(self.place, positive, self.count)
        masses: Floats = np.concatenate([np.maximum(both - positives, 0.0), positives])
        return masses

    @property
    def negatives(self) -> Whole | Floats:
        """The mass of negative rows of each level; how many there are, where nothing weighs."""
        return self._masses[: self.count]

    @property
    def positives(self) -> Whole | Floats:
        """The mass of positive rows of each level, likewise."""
        return self._masses[self.count :]

    def spread(self, of_negatives: Floats, of_positives: Floats) -> Floats:
        """To each row what belongs to its level and class; to one of both classes its shares of both.

        Args:
            of_negatives: A value for each level.
            of_positives: Likewise.
        """
        if self._whole:
            return np.concatenate([of_negatives, of_positives])[self.cells]
        shared = (1 - self.labels) * of_negatives[self.place] + self.labels * of_positives[self.place]
        return np.asarray(shared, dtype=np.float64)


def _counted(places: Whole, weights: Floats | None, count: int) -> Whole | Floats:
    found: Whole | Floats = np.bincount(places, weights, minlength=count)
    return found


# How TFMA keeps predictions before it compares them with thresholds.
_HISTOGRAM = 10_000
EPSILON = 1e-7


def lower_ends(predictions: Floats, left: float = 0.0, right: float = 1.0) -> Floats:
    """The lower end of the bucket in which TFMA keeps each prediction: a histogram of 10,000 equal ones.

    Args:
        predictions: Of each row.
        left: Where the histogram begins; what is below lies in a bucket below all thresholds.
        right: Where it ends; what is not below lies in a bucket above all thresholds.
    """
    place = np.floor((predictions - left) / (right - left) * _HISTOGRAM + 1)
    ends = (place - 1) / _HISTOGRAM * (right - left) + left
    return np.asarray(np.select([place < 1, place > _HISTOGRAM], [-np.inf, np.inf], ends))


def buckets(predictions: Floats, thresholds: int) -> Whole:
    """Which predictions TFMA's areas tell apart: those between two of so many thresholds are one.

    It compares the lower ends of the buckets of its histogram with thresholds at i / (n - 1) + 1e-7.

    Args:
        predictions: From 0 to 1.
        thresholds: n, at least 3; TFMA's usual is 10,000.

    Reference:
        TFMA 0.47, calibration_histogram.py and binary_confusion_matrices.py.
    """
    inner = np.arange(1, thresholds - 1) / (thresholds - 1) + EPSILON
    return np.asarray(np.searchsorted(inner, lower_ends(predictions), side="right"), dtype=np.int64)
