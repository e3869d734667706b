"""A tally of numbers: how often each occurs, by class, on a grid that is as fine as its size allows."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.core.hashes import of_numbers
from benison.measures.distinct import DistinctSketch
from benison.measures.moments import Moments

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Keys = npt.NDArray[np.int64]
Classes = npt.NDArray[np.int8]

NEGATIVE, POSITIVE, NEITHER = 0, 1, 2
CLASSES = 3
# As many buckets are kept at most.
BUCKETS = 1 << 14
# Dropping so many of 64 bits always leaves few enough buckets; infinity stays apart from finite numbers.
_MOST_DROPPED = 50
_MANTISSA_AND_EXPONENT = np.int64(2**63 - 1)


def _empty_keys() -> Keys:
    return np.zeros(0, np.int64)


def _empty_counts() -> Counts:
    return np.zeros((0, CLASSES), np.int64)


@dataclass
class Passed:
    """What keys without their lowest bits do not tell of the numbers that have passed.

    Attributes:
        sketch: How many different ones.
        moments: Of the finite ones.
        zeros: How many were 0.
    """

    sketch: DistinctSketch
    moments: Moments
    zeros: int

    @classmethod
    def of(cls, keys: Keys, counts: Counts) -> Passed:
        """Of numbers whose keys are whole."""
        sketch, rows = DistinctSketch(), counts.sum(axis=1)
        sketch.add(of_numbers(keys))
        return cls(sketch, Moments.of(numbers_of(keys), rows), int(rows[keys == 0].sum()))

    def add(self, values: Floats, keys: Keys) -> None:
        """Takes in numbers and their whole keys."""
        self.sketch.add(of_numbers(keys))
        self.moments.add(values)
        self.zeros += len(values) - int(np.count_nonzero(values))

    def merge(self, other: Passed) -> None:
        """Takes in what others have been."""
        self.sketch.merge(other.sketch)
        self.moments.merge(other.moments)
        self.zeros += other.zeros


@dataclass
class NumberTally:
    """How often numbers occurred, by class.

    A number's key is its 64 bits, turned so that keys have the order of the numbers, without the lowest `dropped`
    bits: the least number of them that leaves at most `BUCKETS` different keys of all numbers seen. That number, the
    keys and the counts depend on the numbers alone, not on their order or on what was merged; with up to `BUCKETS`
    different numbers nothing is dropped and everything is exact.

    Attributes:
        dropped: Bits that keys lack. A bucket of numbers around x is about 2**(dropped - 52) * x wide.
        keys: Ascending, each once.
        counts: Rows by key and class, (keys, 3).
        passed: What the keys do not tell; None as long as each number has its own key.
    """

    dropped: int = 0
    keys: Keys = field(default_factory=_empty_keys)
    counts: Counts = field(default_factory=_empty_counts)
    passed: Passed | None = None

    def add(self, values: Floats, classes: Classes) -> None:
        """Takes in rows.

        Args:
            values: Numbers, infinite ones allowed, NaN not.
            classes: `NEGATIVE`, `POSITIVE` or `NEITHER` for each.
        """
        if not len(values):
            return
        if self.passed is None:
            dictionary, counts = counted(pa.array(values).dictionary_encode(), classes)
            self.add_counts(np.asarray(dictionary), counts[:-1])
            return
        keys = ordered_bits(values)
        self.passed.add(values, keys)
        buckets, counts = counted(pa.array(keys >> self.dropped).dictionary_encode(), classes)
        self._take(np.asarray(buckets), counts[:-1])

    def add_counts(self, values: Floats, counts: Counts) -> None:
        """Takes in rows that are counted.

        Args:
            values: Numbers, infinite ones allowed, NaN not.
            counts: How often each occurred, by class, (values, 3).
        """
        keys = ordered_bits(values)
        if self.passed is not None:
            self.passed.merge(Passed.of(keys, counts))
        self._take(keys >> self.dropped, counts)

    def merge(self, other: NumberTally) -> None:
        """Takes in what another tally has seen."""
        dropped = max(self.dropped, other.dropped)
        if dropped:
            self.passed = self._passed()
            self.passed.merge(other._passed())
        keys, counts = _coarser(other.keys, other.counts, dropped - other.dropped)
        self._drop(dropped - self.dropped)
        self._take(keys, counts)

    def _take(self, keys: Keys, counts: Counts) -> None:
        """Adds counts of keys of the same grid, in any order, and makes the grid coarser where they are too many."""
        if self._takes_known(keys, counts):
            return
        self.keys, self.counts = _united((self.keys, self.counts), (keys, counts))
        if len(self.keys) > BUCKETS:
            more = range(_MOST_DROPPED - self.dropped)
            self.passed = self._passed()
            self._drop(bisect.bisect_left(more, -BUCKETS, key=lambda bits: -_distinct(self.keys >> bits)))

    def _takes_known(self, keys: Keys, counts: Counts) -> bool:
        """Adds counts in place if every key is there already, as is usual after the first rows."""
        if not len(self.keys):
            return not len(keys)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        if not np.array_equal(self.keys[places], keys):
            return False
        # The same key twice: of 0.0 and -0.0, or of values that one bucket holds.
        if len(places) and np.bincount(places).max() > 1:
            np.add.at(self.counts, places, counts)
        else:
            self.counts[places] += counts
        return True

    def _passed(self) -> Passed:
        """What the keys do not tell; where they are still whole, what they do tell."""
        return Passed.of(self.keys, self.counts) if self.passed is None else self.passed

    def _drop(self, bits: int) -> None:
        self.keys, self.counts = _coarser(self.keys, self.counts, bits)
        self.dropped += bits

    @property
    def rows(self) -> int:
        """How many numbers."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Different numbers: exact where each has its own key, else an estimate with a standard error of 0.8%."""
        return len(self.keys) if self.passed is None else self.passed.sketch.estimate

    @property
    def moments(self) -> Moments:
        """Of the finite numbers; the same whatever their order where each number has its own key."""
        if self.passed is not None:
            return self.passed.moments
        return Moments.of(numbers_of(self.keys), self.counts.sum(axis=1))

    @property
    def zeros(self) -> int:
        """How many are 0."""
        return int(self.counts[self.keys == 0].sum()) if self.passed is None else self.passed.zeros

    @property
    def lowest(self) -> Floats:
        """The lowest number of each bucket, ascending; the number itself where nothing is dropped."""
        return np.nan_to_num(numbers_of(self.keys << self.dropped), nan=-np.inf, posinf=np.inf, neginf=-np.inf)

    @property
    def highest(self) -> Floats:
        """The highest number that each bucket can hold, ascending."""
        bits = (self.keys << self.dropped) | ((np.int64(1) << self.dropped) - 1)
        return np.nan_to_num(numbers_of(bits), nan=np.inf, posinf=np.inf, neginf=-np.inf)

    @property
    def infinite(self) -> tuple[int, int]:
        """How many are minus infinity, and infinity."""
        below, above = self.lowest == -np.inf, self.highest == np.inf
        return int(self.counts[below].sum()), int(self.counts[above].sum())

    def binned(self, edges: Floats) -> Counts:
        """How many lie in each bin edges[i-1] < x <= edges[i], by class; the outer bins are open.

        A bucket counts as a whole where its lowest number does, which is exact where nothing is dropped, and for
        edges of a tally on the same or a coarser grid.

        Args:
            edges: Ascending inner edges.

        Returns:
            (len(edges) + 1, 3) counts.
        """
        bins = np.searchsorted(edges, self.lowest, side="left")
        counts = np.zeros((len(edges) + 1, CLASSES), np.int64)
        np.add.at(counts, bins, self.counts)
        return counts


def counted(encoded: pa.DictionaryArray, classes: Classes) -> tuple[pa.Array, Counts]:
    """The values of a dictionary, and how often each occurred by class.

    Args:
        encoded: A value for each row; null for a missing one.
        classes: `NEGATIVE`, `POSITIVE` or `NEITHER` for each row.

    Returns:
        The values, and counts (values + 1, 3), of which the last ones are of missing values.
    """
    values, places = encoded.dictionary, encoded.indices
    if places.null_count:
        places = places.fill_null(len(values))
    cells = np.asarray(places) * np.int32(CLASSES) + classes
    return values, np.bincount(cells, minlength=(len(values) + 1) * CLASSES).reshape(-1, CLASSES)


def ordered_bits(values: Floats) -> Keys:
    """The bits of numbers, turned so that they have the numbers' order; -0.0 is 0.0.

    >>> bits = ordered_bits(np.array([-1.5, -0.0, 0.0, 2.0]))
    >>> bool(np.all(np.diff(bits) >= 0)), int(bits[1])
    (True, 0)
    """
    bits = (values + 0.0).view(np.int64)
    return bits ^ ((bits >> 63) & _MANTISSA_AND_EXPONENT)


def numbers_of(keys: Keys) -> Floats:
    """The inverse of `ordered_bits`."""
    return (keys ^ ((keys >> 63) & _MANTISSA_AND_EXPONENT)).view(np.float64)


def _distinct(ascending: Keys) -> int:
    return int(np.count_nonzero(np.diff(ascending))) + bool(len(ascending))


def _coarser(keys: Keys, counts: Counts, bits: int) -> tuple[Keys, Counts]:
    return _gathered(keys >> bits, counts) if bits and len(keys) else (keys, counts)


def _united(first: tuple[Keys, Counts], second: tuple[Keys, Counts]) -> tuple[Keys, Counts]:
    """Both, ascending, each key once."""
    keys, counts = np.concatenate([first[0], second[0]]), np.concatenate([first[1], second[1]])
    order = np.argsort(keys, kind="stable")
    return _gathered(keys[order], counts[order])


def _gathered(ascending: Keys, counts: Counts) -> tuple[Keys, Counts]:
    """Each key once, with the sum of its counts."""
    starts = np.flatnonzero(np.diff(ascending, prepend=ascending[0] - 1 if len(ascending) else 0))
    return ascending[starts], np.add.reduceat(counts, starts, axis=0) if len(starts) else counts
