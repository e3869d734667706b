"""reading: labels, predictions, weights and slices of rows that are read batch by batch, in any process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.evaluator import tfma_pipeline
from benison.components.evaluator.columns import Columns
from benison.components.evaluator.compare import sound
from benison.components.evaluator.predictions import binary_labels, no_rows, numbers_of
from benison.core.casts import as_text
from benison.core.errors import ConfigError, DataError
from benison.core.metrics import BINARY
from benison.measures.confusion import THRESHOLD
from benison.measures.products import dot
from benison.metrics.measure import Bools, Floats
from benison.metrics.slice import Keys, cut_part
from benison.sources.dataset import Dataset, Part


@dataclass(frozen=True)
class Batch:
    """Some rows with a known label.

    Attributes:
        without_label: How many others there were.
        labels: Of each row.
        predictions: Likewise, by role.
        weights: Likewise; None: every row weighs 1.
        table: The same rows, with the columns that slices are cut by.
    """

    without_label: int
    labels: Floats
    predictions: dict[str, Floats]
    weights: Floats | None
    table: pa.Table

    def kept(self, task: str) -> Batch:
        """The rows that every model has answered as the task wants it."""
        kept = np.ones(len(self.labels), dtype=np.bool_)
        for found in self.predictions.values():
            kept &= sound(found, task)
        predictions = {role: found[kept] for role, found in self.predictions.items()}
        weights = None if self.weights is None else self.weights[kept]
        return Batch(0, self.labels[kept], predictions, weights, self.table.filter(pa.array(kept)))


@dataclass(frozen=True)
class Reading:
    """How rows are read.

    Attributes:
        columns: What their columns are.
        values: The label's two values, as (positive, negative); None for one that does not occur.
        numeric: Whether labels are numbers, or shares of a row.
    """

    columns: Columns
    values: tuple[str | None, str | None]
    numeric: bool

    def batches(self, dataset: Dataset, part: Part) -> Iterator[Batch]:
        """The rows of a part.

        Raises:
            DataError: A label or weight is not what it must be.
        """
        for batch in dataset.columns(part, self.columns.all):
            yield self._batch(pa.table([_plain(column) for column in batch.columns], names=list(self.columns.all)))

    def for_tfma(self, dataset: Dataset, part: Part) -> Iterator[pa.RecordBatch]:
        """The same as TFMA takes them, without the rows that a model has not answered."""
        for batch in self.batches(dataset, part):
            one = batch.kept(self.columns.task)
            slices = cut_part(one.table, self.columns.config.slicings)
            yield from tfma_pipeline.batches(one.labels, one.predictions, one.weights, slices)

    def _batch(self, table: pa.Table) -> Batch:
        known, labels = self._labels(table[self.columns.label])
        rows = table.filter(pa.array(known))
        predictions = {role: numbers_of(rows[model.column]) for role, model in self.columns.models.items()}
        weight = self.columns.config.weight
        weights = _weights(rows[weight], weight) if weight else None
        return Batch(int(np.count_nonzero(~known)), labels[known], predictions, weights, rows)

    def _labels(self, column: pa.ChunkedArray) -> tuple[Bools, Floats]:
        valid = np.asarray(column.is_valid().to_numpy(), dtype=np.bool_)
        if not self.numeric:
            positives = pc.equal(as_text(column), pa.scalar(self.values[0], pa.string()))
            return valid, np.asarray(pc.fill_null(positives, False).to_numpy(), dtype=np.float64)
        labels = numbers_of(column)
        known = valid & (~np.isnan(labels) | pa.types.is_string(column.type))
        wrong = known & ~np.isfinite(labels)
        if wrong.any():
            got = repr(column[int(np.argmax(wrong))].as_py())
            raise DataError(f"label column {self.columns.label!r}", expected="a number, or none", got=got)
        return known, labels


def reading_of(dataset: Dataset, source: str, columns: Columns, positive: str | None) -> Reading:
    """Looks at all labels, to know which of them is the positive one.

    Args:
        dataset: The rows.
        source: What the user calls them.
        columns: What their columns are.
        positive: As in `predictions.run`.

    Raises:
        ConfigError: As `predictions.run`.
        DataError: As `predictions.run`.
    """
    if not any(part.rows for part in dataset.parts):
        raise no_rows(source)
    if columns.task != BINARY:
        if positive is not None:
            raise ConfigError("--positive", expected=f"none where the task is {columns.task}", got=repr(positive))
        return Reading(columns, (None, None), numeric=True)
    values = pa.chunked_array([pa.array([], dataset.schema.field(columns.label).type)])
    for part in dataset.parts:
        for batch in dataset.columns(part, [columns.label]):
            values = pa.chunked_array([pc.unique(pa.chunked_array([*values.chunks, _plain(batch.column(0))]))])
    found = binary_labels(values, columns.label, positive)
    return Reading(columns, found.values, numeric=found.positive.dtype != np.bool_)


def _plain(column: pa.Array) -> pa.Array:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _weights(column: pa.ChunkedArray, name: str) -> Floats:
    where, expected = f"weight column {name!r}", "numbers from 0"
    if pa.types.is_string(column.type):
        raise DataError(where, expected=expected, got=f"{column.type}")
    found = numbers_of(column)
    wrong = ~(np.isfinite(found) & (found >= 0))
    if wrong.any():
        hint = "a row without a weight counts neither as 0 nor as 1"
        raise DataError(where, expected=expected, got=f"{found[int(np.argmax(wrong))]:g}", hint=hint)
    return found


@dataclass
class Counts:
    """What a slice has.

    Attributes:
        rows: That every model has answered.
        positives: How many of them are positive, at least half.
        positive: What labels weigh.
        negative: What the rest of each row weighs.
    """

    rows: int = 0
    positives: int = 0
    positive: float = 0.0
    negative: float = 0.0

    def add(self, labels: Floats, weights: Floats | None) -> None:
        """Counts some rows."""
        each = np.ones(len(labels)) if weights is None else weights
        self.rows += len(labels)
        self.positives += int(np.count_nonzero(labels >= THRESHOLD))
        self.positive += dot(each, labels)
        self.negative += dot(each, 1 - labels)


@dataclass
class Census:
    """What there is in all rows.

    Attributes:
        rows: With a label.
        positives: How many of them are positive, at least half.
        without_label: Rows without one.
        missing: By role predictions that are no number.
        outside: By role predictions that are no probability.
        slices: Every one that occurs.
        values: By column the values that occur, for messages.
        weighs: Whether any row weighs something.
    """

    rows: int = 0
    positives: int = 0
    weighs: bool = False
    without_label: int = 0
    missing: dict[str, int] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)
    slices: dict[Keys, Counts] = field(default_factory=dict)
    values: dict[str, set[str]] = field(default_factory=dict)

    def add(self, batch: Batch, columns: Columns) -> None:
        """Counts some rows."""
        self.rows += len(batch.labels)
        self.weighs |= batch.weights is None or bool(batch.weights.any())
        self.positives += int(np.count_nonzero(batch.labels >= THRESHOLD))
        self.without_label += batch.without_label
        for role, found in batch.predictions.items():
            missing = np.isnan(found) if columns.task == BINARY else ~np.isfinite(found)
            outside = ~missing & ~sound(found, columns.task)
            self.missing[role] = self.missing.get(role, 0) + int(np.count_nonzero(missing))
            self.outside[role] = self.outside.get(role, 0) + int(np.count_nonzero(outside))
        for name in columns.config.columns:
            found_values = pc.unique(as_text(batch.table[name])).to_pylist()
            self.values.setdefault(name, set()).update(value for value in found_values if value is not None)
        for one in cut_part(batch.table, columns.config.slicings):
            self.slices.setdefault(one.keys, Counts())
        kept = batch.kept(columns.task)
        for one in cut_part(kept.table, columns.config.slicings):
            weights = None if kept.weights is None else kept.weights[one.rows]
            self.slices[one.keys].add(kept.labels[one.rows], weights)


def census(dataset: Dataset, reading: Reading) -> Census:
    """Counts all rows.

    Raises:
        DataError: A label or weight is not what it must be, or nothing weighs anything.
    """
    found, weight = Census(), reading.columns.config.weight
    for part in dataset.parts:
        for batch in reading.batches(dataset, part):
            found.add(batch, reading.columns)
    if found.rows and not found.weighs:
        raise DataError(f"weight column {weight!r}", expected="a weight above 0", got="0 in every row")
    return found
