"""Tables: all that figures of any number of rows are made of, a few thousand counts and sums for each slice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.tables.buckets import BUCKETS, MOST_BINS, Bins
from benison.components.evaluator.tables.counts import Integers, narrow
from benison.components.evaluator.tables.sums import Sums
from benison.metrics.slice import Keys

# What can be summed: predictions, log losses and squared errors, by the names of `Sample.totals`.
SUMS = ("predictions", "losses", "squares")


@dataclass(frozen=True)
class SliceTables:
    """The rows of one slice; on each axis of two, negative rows come before positive ones.

    Attributes:
        histograms: Rows by (model, class, bucket), the buckets as `buckets_of` numbers them.
        joints: Rows by (pair, class, the first model's bin, the second's).
        sums: Of (class, model, what is summed).
    """

    histograms: Integers
    joints: Integers
    sums: Sums

    @property
    def rows(self) -> int:
        return int(self.histograms[0].sum(dtype=np.int64))

    @property
    def positives(self) -> int:
        return int(self.histograms[0, 1].sum(dtype=np.int64))

    def __add__(self, other: SliceTables) -> SliceTables:
        histograms = np.add(self.histograms, other.histograms, dtype=np.int64)
        joints = np.add(self.joints, other.joints, dtype=np.int64)
        return SliceTables(narrow(histograms), narrow(joints), self.sums + other.sums)


@dataclass(frozen=True)
class Unusable:
    """Predictions of one model that are no probabilities, of rows with a label.

    Attributes:
        missing: Those that are none, or NaN.
        outside: Those below 0 or above 1.
    """

    missing: int = 0
    outside: int = 0

    def __add__(self, other: Unusable) -> Unusable:
        return Unusable(self.missing + other.missing, self.outside + other.outside)


@dataclass(frozen=True)
class Tables:
    """What was counted of some rows. Those of several parts add up to those of the whole, exactly, in any order.

    Attributes:
        slices: Every slice that occurs, on the rows with a label on which all models gave a probability.
        bins: Of each model, in the joint tables.
        labels: Rows by their label.
        unlabelled: Rows without one.
        unusable: By model.
        sums: What is summed, of `SUMS`.
        on_grid: Of each model, whether all probabilities are edges of buckets, so that those of a bucket are equal.
        values: By column the values that occur, for messages.
    """

    slices: Mapping[Keys, SliceTables]
    bins: tuple[Bins, ...]
    labels: Mapping[str, int]
    unlabelled: int
    unusable: tuple[Unusable, ...]
    sums: tuple[str, ...]
    on_grid: tuple[bool, ...]
    values: Mapping[str, frozenset[str]]

    @property
    def rows(self) -> int:
        """Rows with a label."""
        return sum(self.labels.values())

    def __add__(self, other: Tables) -> Tables:
        return Tables(
            united(self.slices, other.slices),
            self.bins,
            Counter(self.labels) + Counter(other.labels),
            self.unlabelled + other.unlabelled,
            tuple(one + two for one, two in zip(self.unusable, other.unusable, strict=True)),
            self.sums,
            tuple(one and two for one, two in zip(self.on_grid, other.on_grid, strict=True)),
            {name: values | other.values[name] for name, values in self.values.items()},
        )


def united(one: Mapping[Keys, SliceTables], two: Mapping[Keys, SliceTables]) -> dict[Keys, SliceTables]:
    """The slices of both, and the sum of those that both have."""
    found = dict(one)
    for keys, tables in two.items():
        found[keys] = found[keys] + tables if keys in found else tables
    return found


def bytes_of(slices: int, models: int, pairs: int) -> int:
    """Memory of the tables of so many slices: a count has four bytes up to two thousand million rows."""
    return 4 * slices * 2 * (models * (BUCKETS + 1) + pairs * MOST_BINS**2)
