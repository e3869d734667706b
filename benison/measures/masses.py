"""How much each row counts, how many rows it stands for, and which rows hang together: the one path to an error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benison.measures.products import dot

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Masses:
    """Of entries, each of which is a row or stands for several.

    Attributes:
        entries: How many.
        times: How many equal rows each stands for; None: one.
        weights: The sum of their weights; None: every row weighs 1.
        squares: The sum of their squared weights; None: each entry is one row, or every row weighs 1.
        fourths: That of the fourth powers; None: likewise.
        cubes: That of the third powers; None: likewise.
        units: Which unit (user, device) each row is of, as numbers from 0; rows of different units are independent.
            None: all rows are.
    """

    entries: int
    times: Floats | None = None
    weights: Floats | None = None
    squares: Floats | None = None
    units: Whole | None = None
    fourths: Floats | None = None
    cubes: Floats | None = None

    @property
    def counted(self) -> bool:
        """Whether rows are independent and weigh the same, so that figures are made of whole counts."""
        return self.weights is None and self.units is None

    @property
    def each(self) -> Floats | None:
        """What each entry weighs; None: 1."""
        return self.times if self.weights is None else self.weights

    @cached_property
    def square(self) -> Floats | None:
        """The sum of each entry's squared weights; None: 1."""
        if self.squares is not None or self.weights is None:
            return self.squares if self.squares is not None else self.times
        return np.square(self.weights)

    @cached_property
    def total(self) -> float:
        """What all of them weigh."""
        return float(self.entries) if self.each is None else float(self.each.sum())

    def part(self, rows: Whole) -> Masses:
        """Of some of the entries, by number."""
        columns = (self.times, self.weights, self.squares, self.fourths, self.cubes)
        times, weights, squares, fourths, cubes = (None if one is None else one[rows] for one in columns)
        units = None if self.units is None else self.units[rows]
        return Masses(len(rows), times, weights, squares, units, fourths, cubes)

    def sum(self, values: Floats | Bools) -> float:
        """What values add up to, each as often as it counts."""
        if self.each is not None:
            return dot(self.each, values)
        return float(np.count_nonzero(values)) if values.dtype == np.bool_ else float(values.sum())

    def mean(self, values: Floats | Bools) -> float:
        """NaN of nothing."""
        return self.sum(values) / self.total if self.total > 0 else math.nan

    def size(self, members: Floats | Bools | None = None) -> float:
        """How many independent rows of equal weight would tell as much: Kish's effective size, over units if any.

        Args:
            members: How much of each row is meant, from 0 to 1; None: all of it.

        Reference:
            Kish (1965), Survey Sampling, 8.2.
        """
        if self.counted:
            return self.total if members is None else self.sum(members)
        of_members = np.ones(self.entries) if members is None else members
        if self.units is not None:
            sums = self._by_unit(of_members)
            return _effective(float(sums.sum()), dot(sums, sums))
        squares = self.square
        assert squares is not None
        return _effective(self.sum(of_members), dot(squares, np.square(of_members, dtype=np.float64)))

    def error(self, influences: Floats) -> float:
        """The standard error of a figure, from how it answers to a little more of each row.

        sqrt(sum(w^2 influence^2)) / sum(w); over K units the same of sums over each, times sqrt(K / (K - 1)).
        NaN where there are fewer than two units.

        Args:
            influences: Of each row, of mean 0: the derivative of the figure by the row's share of all weight.

        Reference:
            Huber (1981), Robust Statistics, 2.5; Liang & Zeger (1986), Biometrika 73, 13-22, over units.
        """
        return math.sqrt(self._product(influences, influences)) / self.total if self.total > 0 else math.nan

    def skewness(self, influences: Floats) -> float:
        """How lopsided a figure is from holdout to holdout: the third cumulant of its error over the error's cube.

        Args:
            influences: Of each row, of mean 0.

        Returns:
            From -1 to 1, which is where one row makes all of the error; 0 where there is none.
        """
        square = self._product(influences, influences)
        if not square > 0:
            return 0.0
        if self.units is not None:
            parts = self._by_unit(influences)
            third = dot(np.square(parts), parts)
        else:
            third = dot(self.cube * np.square(influences), influences)
        return max(-1.0, min(1.0, third / math.sqrt(square) ** 3))

    def freedom(self, influences: Floats) -> float:
        """How many equal rows, or units, would make the error as sure: the effective size of their squared parts.

        Infinite where every row counts alike: what an interval loses there is allowed for by the number of rows. Where
        a few heavy rows make most of an error, the next holdout may have none of them, or others.

        Args:
            influences: Of each row, of mean 0.

        Reference:
            Satterthwaite (1946), Biometrics Bulletin 2, 110-114.
        """
        if self.counted:
            return math.inf
        if self.units is not None:
            parts = np.square(self._by_unit(influences))
            return _effective(float(parts.sum()), dot(parts, parts))
        squared = np.square(influences)
        return _effective(dot(self._squares, squared), dot(self.fourth, np.square(squared)))

    @property
    def _squares(self) -> Floats:
        return np.ones(self.entries) if self.square is None else self.square

    @cached_property
    def cube(self) -> Floats:
        """The sum of the third powers of each entry's weights."""
        if self.cubes is not None:
            return self.cubes
        return self._squares if self.weights is None else self._squares * np.abs(self.weights)

    @cached_property
    def fourth(self) -> Floats:
        """The sum of the fourth powers of each entry's weights."""
        return np.square(self._squares) if self.fourths is None else self.fourths

    @cached_property
    def unevenness(self) -> float:
        """The mean fourth power of weights over the square of their mean square: 1 where all weigh the same."""
        times = np.ones(self.entries) if self.times is None else self.times
        mean_square = float(self._squares.sum()) / float(times.sum())
        return float(self.fourth.sum()) / float(times.sum()) / mean_square**2

    def correlation(self, first: Floats, second: Floats) -> float:
        """Of two figures, from the influences of each; 0, which claims nothing, where one has no error."""
        spread = math.sqrt(self._product(first, first) * self._product(second, second))
        if not spread > 0:
            return 0.0
        return max(-1.0, min(1.0, self._product(first, second) / spread))

    def _product(self, first: Floats, second: Floats) -> float:
        if self.units is not None:
            one = self._by_unit(first)
            two = one if second is first else self._by_unit(second)
            many = self._unit_count
            return dot(one, two) * many / (many - 1) if many > 1 else math.nan
        return dot(first, second) if self.square is None else dot(self.square * first, second)

    def _by_unit(self, values: Floats | Bools) -> Floats:
        weighed = values if self.each is None else self.each * values
        sums = np.bincount(self._unit_numbers, weights=weighed, minlength=self._unit_count)
        return np.asarray(sums, dtype=np.float64)

    @cached_property
    def _unit_numbers(self) -> Whole:
        """Numbers without gaps, so that units which do not occur here are not counted."""
        assert self.units is not None
        occurs = np.zeros(int(self.units.max(initial=-1)) + 1, np.bool_)
        occurs[self.units] = True
        return np.asarray((np.cumsum(occurs) - 1)[self.units], dtype=np.int64)

    @cached_property
    def _unit_count(self) -> int:
        return int(self._unit_numbers.max(initial=-1)) + 1


def _effective(total: float, squares: float) -> float:
    return total * total / squares if squares > 0 else 0.0
