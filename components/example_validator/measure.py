"""Measure: what there is to know of some rows, in one pass over them: TFDV's statistics, tallies, labels, times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import statistics_pb2

from benison.core.profiles import RowsProfile
from benison.measures.tallies import ColumnTally


@dataclass(frozen=True)
class LabelCounts:
    """Rows by what their label is.

    Attributes:
        positives: The positive value.
        negatives: The negative one.
        missing: None.
        unknown: Third values and their rows, the most frequent ones, at most 100.
        unknown_rows: Rows of all third values.
    """

    positives: int
    negatives: int
    missing: int
    unknown: Mapping[str, int]
    unknown_rows: int


@dataclass(frozen=True)
class Measured:
    """Some rows: a split, a span, examples from serving.

    Attributes:
        rows: How many.
        statistics: TFDV's, of the columns in the types that the schema declares.
        tallies: By column, sorted by name, in the types that the data have.
        first: The earliest event by data.time, seconds since 1970 in UTC; None where no column says.
        last: The latest one.
        labels: Rows by label.
    """

    rows: int
    statistics: statistics_pb2.DatasetFeatureStatisticsList
    tallies: Mapping[str, ColumnTally]
    first: float | None
    last: float | None
    labels: LabelCounts

    def profile(self) -> RowsProfile:
        """What is kept of the rows for ever."""
        columns = {name: self.tallies[name].profile() for name in sorted(self.tallies)}
        labels = self.labels
        return RowsProfile(self.rows, self.first, self.last, labels.positives, labels.negatives, columns)
