"""Mean, deviation and extremes of numbers that come in parts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass
class Moments:
    """Of the finite ones among some numbers.

    Parts are put together by Chan, Golub and LeVeque (1979): exact but for rounding, which depends on the order.

    Attributes:
        count: How many.
        mean: Their mean; 0 where there is none.
        squares: The sum of squared distances from it.
        minimum: The smallest; infinity where there is none.
        maximum: The largest; minus infinity where there is none.
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Takes in some numbers.

        Args:
            values: Numbers, infinite ones allowed, which are left out; NaN not.
        """
        low, high = values.min(initial=math.inf), values.max(initial=-math.inf)
        if not math.isfinite(low) or not math.isfinite(high):
            values = values[np.isfinite(values)]
            low, high = values.min(initial=math.inf), values.max(initial=-math.inf)
        if len(values):
            # Numbers near the end of what a float64 holds have no mean in it; `mean` says so by not being finite.
            with np.errstate(over="ignore", invalid="ignore"):
                mean = values.mean()
                squares = np.square(values - mean).sum()
            self.merge(Moments(len(values), float(mean), float(squares), float(low), float(high)))

    @classmethod
    def of(cls, numbers: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]) -> Moments:
        """Of different numbers.

        Args:
            numbers: Each once, infinite ones allowed, which are left out.
            rows: How often each occurred.
        """
        finite = np.isfinite(numbers)
        numbers, rows = numbers[finite], rows[finite]
        if not len(numbers):
            return cls()
        count = int(rows.sum())
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float((numbers * rows).sum() / count)
            squares = float((np.square(numbers - mean) * rows).sum())
        return cls(count, mean, squares, float(numbers.min()), float(numbers.max()))

    def merge(self, other: Moments) -> None:
        """Takes in what other moments are of."""
        self.minimum, self.maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)
        if not other.count:
            return
        total = self.count + other.count
        shift = other.mean - self.mean
        self.mean += shift * (other.count / total)
        self.squares += other.squares + shift * shift * (self.count * (other.count / total))
        self.count = total

    @property
    def deviation(self) -> float:
        """The standard deviation of a population, divided by n; NaN of nothing."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan
