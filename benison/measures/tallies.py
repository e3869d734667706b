"""A tally of one column: small, put together from any parts, and enough for its profile and for comparisons."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from benison.core.profiles import CATEGORICAL, DATETIME, NUMERIC, QUANTILES, ColumnProfile
from benison.measures.numbers import CLASSES, NEGATIVE, NEITHER, POSITIVE, Classes, Counts, Floats, NumberTally, counted
from benison.measures.separation import separation
from benison.measures.texts import TextTally
from benison.measures.times import seconds

__all__ = ["NEGATIVE", "NEITHER", "POSITIVE", "ColumnTally", "NumberTally", "TextTally", "edges_of", "quantiles_of"]

BINS = 10
# As many values of a categorical column are kept by name; the rows of the others are counted together.
KEPT_VALUES = 100
# How near a value must be to a column's only value to count as the same one.
_SAME = 1e-9


@dataclass
class ColumnTally:
    """The values of one column, by class of their rows.

    A column of texts is of times if all of them are; both tallies are kept until the end, so that the answer does not
    depend on the part that was read first.

    Attributes:
        missing: Rows without a value, or with NaN, by class, (3,).
        nan: Rows among the missing ones that have NaN.
        figures: Of a column of numbers.
        texts: Of a column of texts.
        times: Of a column of texts as long as all of them are times: seconds since 1970 in UTC.
    """

    missing: Counts = field(default_factory=lambda: np.zeros(CLASSES, np.int64))
    nan: int = 0
    figures: NumberTally | None = None
    texts: TextTally | None = None
    times: NumberTally | None = None

    @classmethod
    def of(cls, kind: pa.DataType) -> ColumnTally:
        """An empty one for a column of this type: numbers and booleans, or text."""
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind):
            return cls(figures=NumberTally())
        return cls(texts=TextTally(), times=NumberTally())

    @property
    def kind(self) -> str:
        """``numeric``, ``datetime`` or ``categorical``; a column without a value is what its type is."""
        if self.figures is not None:
            return NUMERIC
        return DATETIME if self.times is not None and self.times.rows else CATEGORICAL

    @property
    def numbers(self) -> NumberTally | None:
        """The tally of a numeric column, or of a datetime one in seconds; None of a categorical one."""
        if self.figures is not None:
            return self.figures
        return self.times if self.kind == DATETIME else None

    @property
    def present(self) -> int:
        """Rows with a value."""
        if self.figures is not None:
            return self.figures.rows
        return self.texts.rows if self.texts is not None else 0

    @property
    def rows(self) -> int:
        """All of them."""
        return self.present + int(self.missing.sum())

    def add(self, column: pa.Array, classes: Classes) -> Floats:
        """Takes in rows.

        Args:
            column: Of the type that the tally was made for; null, and NaN, for missing.
            classes: `NEGATIVE`, `POSITIVE` or `NEITHER` for each row.

        Returns:
            The numbers that were there, of a column whose tally is not exact now; none of any other.
        """
        if pa.types.is_null(column.type):
            self.missing += np.bincount(classes, minlength=CLASSES)
        elif self.figures is not None:
            return self._add_numbers(self.figures, column, classes)
        elif self.texts is not None:
            column = column.cast(pa.string()) if pa.types.is_large_string(column.type) else column
            self._add_texts(self.texts, column, classes)
        return np.empty(0)

    def _add_numbers(self, tally: NumberTally, column: pa.Array, classes: Classes) -> Floats:
        """Each different number once as long as there are few, since most columns have few."""
        if tally.passed is None:
            different, counts = counted(column.dictionary_encode(), classes)
            values = _numbers(different)
            known = ~np.isnan(values)
            self.missing += counts[-1] + counts[:-1][~known].sum(axis=0)
            self.nan += int(counts[:-1][~known].sum())
            tally.add_counts(values[known], counts[:-1][known])
            if tally.passed is None:
                return np.empty(0)
            values = _numbers(column)
            return values[~np.isnan(values)]
        values = _numbers(column)
        there = ~np.isnan(values)
        if not there.all():
            missing = np.bincount(classes[~there], minlength=CLASSES)
            self.missing += missing
            self.nan += int(missing.sum()) - column.null_count
            values, classes = values[there], classes[there]
        tally.add(values, classes)
        return values

    def _add_texts(self, tally: TextTally, column: pa.Array, classes: Classes) -> None:
        different, counts = counted(column.dictionary_encode(), classes)
        self.missing += counts[-1]
        tally.add_counts(different, counts[:-1])
        found = seconds(different) if self.times is not None else None
        if found is not None and self.times is not None:
            self.times.add_counts(found, counts[:-1])
        else:
            self.times = None

    def merge(self, other: ColumnTally) -> None:
        """Takes in what another tally of the same column has seen."""
        self.missing = self.missing + other.missing
        self.nan += other.nan
        if self.figures is not None and other.figures is not None:
            self.figures.merge(other.figures)
        if self.texts is not None and other.texts is not None:
            self.texts.merge(other.texts)
        if self.times is not None and other.times is not None:
            self.times.merge(other.times)
        else:
            self.times = None

    def profile(self) -> ColumnProfile:
        """What is kept of the column for ever."""
        if self.numbers is not None:
            return self._profile_of_numbers(self.numbers)
        texts = self.texts if self.texts is not None else TextTally()
        named = texts.distinct > KEPT_VALUES and texts.distinct * 2 > self.present
        values = {} if named else texts.most_frequent(KEPT_VALUES)
        return ColumnProfile(
            kind=CATEGORICAL,
            rows=self.rows,
            missing=int(self.missing.sum()),
            distinct=min(texts.distinct, self.present),
            values=values,
            other=self.present - sum(values.values()),
        )

    def _profile_of_numbers(self, tally: NumberTally) -> ColumnProfile:
        edges = edges_of(tally)
        moments = tally.moments
        return ColumnProfile(
            kind=self.kind,
            rows=self.rows,
            missing=int(self.missing.sum()),
            distinct=min(tally.distinct, self.present),
            mean=_finite(moments.mean) if moments.count else None,
            std=_finite(moments.deviation),
            minimum=_finite(moments.minimum),
            maximum=_finite(moments.maximum),
            quantiles=quantiles_of(tally, QUANTILES),
            zeros=tally.zeros,
            edges=tuple(edges.tolist()),
            counts=tuple(tally.binned(edges).sum(axis=1).tolist()),
            label_auc=_finite(separation(tally.counts[:, [NEGATIVE, POSITIVE]]).auc),
        )

    def binned(self, reference: ColumnProfile) -> Counts:
        """Rows in the bins that a reference profile fixed; missing ones in the last.

        Args:
            reference: Of the same kind of column.

        Returns:
            Numeric, datetime: a count for each bin; categorical: for each of its values, then for all others. And one
            for missing values.

        Raises:
            ValueError: The kinds differ.
        """
        if reference.kind != self.kind:
            raise ValueError(f"a {self.kind} column has no place in the bins of a {reference.kind} one")
        if self.numbers is not None:
            found = self.numbers.binned(np.array(reference.edges, np.float64)).sum(axis=1)
        else:
            texts = self.texts if self.texts is not None else TextTally()
            named = texts.count(list(reference.values)).sum(axis=1)
            found = np.append(named, self.present - named.sum())
        return np.append(found, self.missing.sum()).astype(np.int64)


def _numbers(column: pa.Array) -> Floats:
    """Numbers as float64; NaN where one is missing."""
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def edges_of(tally: NumberTally, bins: int = BINS) -> Floats:
    """Inner edges that cut the finite numbers into bins of rows as equal in number as ties and grid allow.

    Bin i holds edges[i-1] < x <= edges[i]. Each edge is the highest number of a bucket, of that whose rank is nearest
    to a quantile i/bins, and never of the last. A column with a single number gets an edge just below and just above
    it, so that leaving it is seen.

    Args:
        tally: Numbers.
        bins: At most so many bins.

    Returns:
        Ascending, distinct edges, at most bins - 1; none for no finite numbers.
    """
    numbers, rows = _finite_buckets(tally)
    if len(numbers) == 0:
        return np.empty(0)
    if len(numbers) == 1:
        nearby = _SAME * max(1.0, abs(numbers[0]))
        return np.array([numbers[0] - nearby, numbers[0] + nearby])
    ranks = np.cumsum(rows)[:-1]
    wanted = rows.sum() * np.arange(1, bins) / bins
    above = np.minimum(np.searchsorted(ranks, wanted), len(ranks) - 1)
    below = np.maximum(above - 1, 0)
    nearest = np.where(wanted - ranks[below] < ranks[above] - wanted, below, above)
    return np.asarray(numbers[np.unique(nearest)], dtype=np.float64)


def quantiles_of(tally: NumberTally, shares: tuple[float, ...]) -> tuple[float, ...]:
    """The smallest finite numbers that at least these shares of rows do not exceed.

    Args:
        tally: Numbers.
        shares: Between 0 and 1.

    Returns:
        One for each share, exact where nothing is dropped, else at most a bucket's width above it; none for no numbers.
    """
    numbers, rows = _finite_buckets(tally)
    if len(numbers) == 0:
        return ()
    ranks = np.cumsum(rows)
    # A rank that a share of the rows meets in exact arithmetic must not be missed by a rounding.
    places = np.searchsorted(ranks, np.asarray(shares) * ranks[-1] * (1 - 1e-12))
    return tuple(np.minimum(numbers[places], tally.moments.maximum).tolist())


def _finite_buckets(tally: NumberTally) -> tuple[Floats, Counts]:
    """The highest number of each bucket of finite numbers, and its rows."""
    finite = np.isfinite(tally.lowest) & np.isfinite(tally.highest)
    return tally.highest[finite], tally.counts[finite].sum(axis=1)
