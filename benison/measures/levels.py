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
        labels: Whether each row is positive.
        place: Each row's level, from 0.
        count: How many levels there are.
    """

    labels: Bools
    place: Whole
    count: int

    @classmethod
    def of(cls, labels: Bools, scores: npt.NDArray[np.generic]) -> Levels:
        """The levels of rows.

        Args:
            labels: Whether each row is positive.
            scores: Of any order-preserving scale, without NaN.
        """
        values, place = np.unique(scores, return_inverse=True)
        return cls(labels, place.reshape(-1).astype(np.int64, copy=False), len(values))

    def part(self, rows: Whole) -> Levels:
        """The levels of some of the rows, by number, without sorting them again."""
        labels, place = self.labels[rows], self.place[rows]
        if self.count > _MARKED * len(place):
            return Levels.of(labels, place)
        occurs = np.zeros(self.count, np.bool_)
        occurs[place] = True
        numbers = np.cumsum(occurs) - 1
        return Levels(labels, numbers[place], int(numbers[-1]) + 1 if len(numbers) else 0)

    @cached_property
    def cells(self) -> Whole:
        """Of each row its level, that of positive rows after all levels of negative ones."""
        return self.place + self.count * self.labels

    @cached_property
    def _counts(self) -> Whole:
        return np.bincount(self.cells, minlength=2 * self.count)

    @property
    def negatives(self) -> Whole:
        """Negative rows of each level."""
        return self._counts[: self.count]

    @property
    def positives(self) -> Whole:
        """Positive rows of each level."""
        return self._counts[self.count :]

    def spread(self, of_negatives: Floats, of_positives: Floats) -> Floats:
        """To each row what belongs to its level and class.

        Args:
            of_negatives: A value for each level.
            of_positives: Likewise.
        """
        return np.concatenate([of_negatives, of_positives])[self.cells]
