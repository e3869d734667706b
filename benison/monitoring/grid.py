"""The bins that windows are counted in: fixed by what the champion was trained on, so that counts add up for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core import digests
from benison.core.profiles import CATEGORICAL, NUMERIC, ColumnProfile

Counts = npt.NDArray[np.int64]

PRESENCE = "presence"
# So many numbers stay in the nearest cache while they are compared with one edge after the other.
_PIECE = 4096
# Finer near 0 and 1, where the answers of most models lie.
SCORE_EDGES = (
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    0.999,
)


@dataclass(frozen=True)
class Bins:
    """Those of one column.

    Attributes:
        kind: ``numeric``, ``categorical``, or ``presence``: whether there is a value is all that is counted.
        edges: Numeric: ascending; bin i holds edges[i-1] < x <= edges[i]. The outer ones hold what training never had.
        values: Categorical: one bin for each, then one for all others.
        reference: Rows of the training in each bin; those without a value last.
    """

    kind: str
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()
    reference: tuple[int, ...] = ()

    @classmethod
    def of(cls, profile: ColumnProfile, *, comparable: bool = True) -> Bins:
        """The bins that a column's profile leaves.

        Args:
            profile: Of the rows that the champion was trained on.
            comparable: False where live values are not those of training, as hashed ones are.
        """
        if comparable and profile.kind == NUMERIC and profile.edges:
            edges, counts = _with_ends(profile)
            return cls(NUMERIC, edges=edges, reference=(*counts, profile.missing))
        if comparable and profile.kind == CATEGORICAL and profile.values:
            named = dict(sorted(profile.values.items()))
            reference = (*named.values(), profile.other, profile.missing)
            return cls(CATEGORICAL, values=tuple(named), reference=reference)
        return cls(PRESENCE, reference=(profile.present, profile.missing))

    @property
    def many(self) -> int:
        """How many there are, that of missing values among them."""
        return len(self.reference)

    def count(self, column: pa.Array) -> Counts:
        """Rows in each bin; null and NaN, and what is no number among numbers, in the last.

        Args:
            column: Live values, of whatever type they came in.
        """
        if self.kind == NUMERIC:
            return self._of_numbers(column)
        missing = column.null_count
        if self.kind == PRESENCE:
            return np.array([len(column) - missing, missing], np.int64)
        return self._of_texts(column, missing)

    def _of_numbers(self, column: pa.Array) -> Counts:
        """Counts what is above each edge, piece by piece: few edges take less than a search for each value."""
        values, above = numbers_of(column), np.zeros(len(self.edges) + 2, np.int64)
        for begin in range(0, len(values), _PIECE):
            piece = values[begin : begin + _PIECE]
            # What is NaN is above nothing, and unlike itself.
            above[0] += np.count_nonzero(piece == piece)
            above[1:-1] += [np.count_nonzero(piece > edge) for edge in self.edges]
        return np.append(-np.diff(above), len(values) - above[0])

    def _of_texts(self, column: pa.Array, missing: int) -> Counts:
        if not pa.types.is_string(column.type):
            column = column.cast(pa.string())
        places = pc.index_in(column, value_set=self._values)
        found = np.bincount(np.asarray(places.drop_null()), minlength=len(self.values))
        return np.array([*found, len(column) - missing - found.sum(), missing], np.int64)

    @cached_property
    def _values(self) -> pa.Array:
        return pa.array(self.values, pa.string())


def _with_ends(profile: ColumnProfile) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Edges and counts with a bin below the least number of training, and one above the greatest."""
    least, most = profile.minimum, profile.maximum
    if least is None or most is None or least == most or not profile.edges[0] >= least or profile.edges[-1] >= most:
        return profile.edges, profile.counts
    return (float(np.nextafter(least, -np.inf)), *profile.edges, most), (0, *profile.counts, 0)


def numbers_of(column: pa.Array) -> npt.NDArray[np.float64]:
    """Numbers as float64; NaN where one is missing, or where a column holds what is none."""
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    try:
        found = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.full(len(column), np.nan)
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class Grid:
    """The bins of all columns that are watched.

    Attributes:
        snapshot: The digest of the data that they are made of.
        columns: By name, sorted.
    """

    snapshot: str
    columns: Mapping[str, Bins]

    @classmethod
    def of(
        cls,
        snapshot: str,
        profiles: Mapping[str, ColumnProfile],
        features: Iterable[str],
        redacted: Iterable[str] = (),
    ) -> Grid:
        """The grid of some columns of a training.

        Args:
            snapshot: Its digest.
            profiles: Its columns.
            features: Those that are watched, each among the profiles.
            redacted: Columns whose live values are hashes.
        """
        hidden = set(redacted)
        columns = {name: Bins.of(profiles[name], comparable=name not in hidden) for name in sorted(features)}
        return cls(snapshot, columns)

    @cached_property
    def digest(self) -> str:
        """What the bins are, by content; whatever is counted in equal bins can be added."""
        bins = {name: [one.kind, list(one.edges), list(one.values)] for name, one in self.columns.items()}
        return digests.of_json(bins)
