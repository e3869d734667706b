"""Sums of floats that are the same in whatever order and groups they are made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

MOST_ROWS = 1 << 16
# One unit of `high` is 2^-24, of `low` 2^-76.
_HIGH, _LOW = 24, 52


def rounded(values: Floats, bits: int) -> Floats:
    """The nearest multiples of 2^-bits.

    `MOST_ROWS` of them sum up without rounding, in any order, where they are from 0 to 2^(37 - bits).

    Args:
        values: From 0 to 2^(51 - bits).
        bits: At most 36.
    """
    # The last bit of a float of this size is worth 2^-bits, so that what is smaller falls off.
    shift = 1.5 * 2.0 ** (52 - bits)
    found = values + shift
    found -= shift
    return found


@dataclass(frozen=True)
class Sums:
    """Numbers of 0 and more, as whole numbers of a small unit, whose sums do not depend on the order.

    Attributes:
        high: In units of 2^-24.
        low: The rest in units of 2^-76, less than one unit of `high`.
    """

    high: Whole
    low: Whole

    @classmethod
    def of(cls, values: Floats) -> Sums:
        """The numbers as they are.

        Args:
            values: From 0 to 2^38.
        """
        scaled = np.ldexp(values, _HIGH)
        high = np.floor(scaled)
        return _carried(high.astype(np.int64), np.rint(np.ldexp(scaled - high, _LOW)).astype(np.int64))

    def __add__(self, other: Sums) -> Sums:
        return _carried(self.high + other.high, self.low + other.low)

    @property
    def values(self) -> Floats:
        """As floats."""
        return np.asarray(np.ldexp(self.high.astype(np.float64), -_HIGH) + np.ldexp(self.low * 1.0, -_HIGH - _LOW))

    def total(self, places: Whole) -> Sums:
        """The sum of up to 2,047 of them along the first axis."""
        return _carried(self.high[places].sum(axis=0), self.low[places].sum(axis=0))

    def grown(self, rows: int) -> Sums:
        """The same, with zeros up to so many along the first axis."""
        more = np.zeros((rows - len(self.high), *self.high.shape[1:]), np.int64)
        return Sums(np.concatenate([self.high, more]), np.concatenate([self.low, more]))


def _carried(high: Whole, low: Whole) -> Sums:
    return Sums(high + (low >> _LOW), low & ((1 << _LOW) - 1))
