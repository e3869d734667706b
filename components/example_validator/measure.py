"""Measure: what there is to know of some rows, in one pass over them: TFDV's statistics, tallies, labels, times."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from benison.components.example_validator.declared import declared_types, read_as, readings
from benison.components.example_validator.generators import Gathered, Generators
from benison.config import Label
from benison.core.forks import map_forked
from benison.core.profiles import RowsProfile
from benison.core.texts import spell
from benison.measures.numbers import CLASSES, NEGATIVE, NEITHER, POSITIVE, Classes, Counts, NumberTally
from benison.measures.tallies import ColumnTally
from benison.measures.texts import TextTally

# Rows that are counted at once.
BATCH_ROWS = 1 << 16
# With fewer rows than these, to fork processes takes longer than reading in this one.
FORKED_ROWS = 1 << 14
# As many third values of a label are kept by name.
KEPT_LABELS = 100


@dataclass(frozen=True)
class LabelCounts:
    """Rows by what their label is.

    Attributes:
        positives: The positive value.
        negatives: The negative one.
        missing: None.
        unknown: Third values and their rows, the most frequent ones, at most `KEPT_LABELS`.
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


@dataclass(frozen=True)
class Cell:
    """Rows that are read on their own, in one go.

    Attributes:
        groups: What they belong to: ``split train``, ``span 3``.
        batches: Reads them: int64, float64 or string, null for missing. Can be called again, in a forked process too.
        rows: How many there are; None: that is not known before they are read.
    """

    groups: tuple[str, ...]
    batches: Callable[[], Iterator[pa.RecordBatch]]
    rows: int | None = None


def workers_for(cells: Sequence[Cell]) -> int | None:
    """How many processes shall read some cells, as `map_forked` takes it: 1 where few rows are not worth a fork."""
    rows = [cell.rows for cell in cells]
    return 1 if None not in rows and sum(filter(None, rows)) < FORKED_ROWS else None


@dataclass(frozen=True)
class Asked:
    """What is to be measured.

    Attributes:
        columns: Names and types of the columns, as the cells have them.
        schema: The project's schema; None: there is none.
        label: The label; None: there is none.
        time: The column that says when a row happened; empty: none.
    """

    columns: pa.Schema
    schema: schema_pb2.Schema | None = None
    label: Label | None = None
    time: str = ""


def measure(cells: Sequence[Cell], asked: Asked, workers: int | None = None) -> Iterator[tuple[str, Measured]]:
    """Measures groups of cells: each cell is read once, by one of several processes, and merged in the order given.

    What comes out depends on the cells and their order alone, not on the number of processes.

    Args:
        cells: All rows.
        asked: What is to be measured of them.
        workers: As in `map_forked`; None: as `workers_for` says.

    Yields:
        Each group by its name, as soon as its last cell is in.
    """
    workers = workers_for(cells) if workers is None else workers
    plan = _Plan(asked, cells, workers)
    left = Counter(group for cell in cells for group in cell.groups)
    found: dict[str, _Partial] = {}
    for cell, measured in zip(cells, map_forked(plan.of, cells, workers), strict=True):
        for group in cell.groups:
            # Each group takes its own copy of a cell's figures, since merging changes them.
            partial = measured if group == cell.groups[-1] else copy.deepcopy(measured)
            if group in found:
                plan.merge(found[group], partial)
            else:
                found[group] = partial
            left[group] -= 1
            if not left[group]:
                yield group, plan.finished(found.pop(group))


@dataclass
class _Partial:
    """What is known of some rows of a group."""

    tallies: dict[str, ColumnTally]
    gathered: Gathered
    rows: int = 0
    classes: Counts = field(default_factory=lambda: np.zeros(CLASSES, np.int64))
    third_labels: TextTally = field(default_factory=TextTally)


class _Plan:
    """How each column is read, and by what it is measured."""

    def __init__(self, asked: Asked, cells: Sequence[Cell], workers: int | None) -> None:
        self._asked = asked
        self._held = types_held(cells, asked, workers)
        same = [one.name for one in asked.columns if _same_values(one.type, self._held.field(one.name).type)]
        self._generators = Generators(self._held, same, asked.schema)

    def of(self, cell: Cell) -> _Partial:
        """Measures a cell."""
        tallies = {one.name: ColumnTally.of(one.type) for one in self._asked.columns}
        partial = _Partial(tallies, self._generators.start())
        for batch in _together(cell.batches()):
            self._add(partial, batch)
        return partial

    def _add(self, partial: _Partial, batch: pa.RecordBatch) -> None:
        classes = self._classes(partial, batch)
        partial.rows += batch.num_rows
        partial.classes += np.bincount(classes, minlength=CLASSES)
        for name, tally in partial.tallies.items():
            before = _exact(tally.figures)
            numbers = tally.add(batch[name], classes)
            if tally.figures is not None and tally.figures.dropped and name in self._generators.fast:
                self._generators.add_numbers(partial.gathered, name, before, numbers)
        if self._generators.needs_rows:
            self._generators.add(partial.gathered, read_as(batch, self._held))

    def _classes(self, partial: _Partial, batch: pa.RecordBatch) -> Classes:
        """The class of each row; third values are noted."""
        label = self._asked.label
        if label is None or label.column not in batch.schema.names:
            return np.full(batch.num_rows, NEITHER, np.int8)
        classes, third = label_classes(batch[label.column], label)
        partial.third_labels.add(third, np.full(len(third), NEITHER, np.int8))
        return classes

    def merge(self, one: _Partial, other: _Partial) -> None:
        """Adds later rows to earlier ones."""
        fast = set(self._generators.fast)
        before = [
            {name: _still(tally.figures) for name, tally in each.tallies.items() if name in fast and tally.figures}
            for each in (one, other)
        ]
        one.rows += other.rows
        one.classes += other.classes
        one.third_labels.merge(other.third_labels)
        for name, tally in one.tallies.items():
            tally.merge(other.tallies[name])
        merged = {name: figures for name in before[0] if (figures := one.tallies[name].figures) is not None}
        self._generators.merge(one.gathered, other.gathered, (before[0], before[1], merged))

    def finished(self, partial: _Partial) -> Measured:
        """A group whose cells are all in."""
        time = partial.tallies.get(self._asked.time)
        events = time.numbers.moments if time is not None and time.numbers is not None else None
        known = events is not None and events.count > 0
        label = partial.tallies.get(self._asked.label.column) if self._asked.label else None
        return Measured(
            rows=partial.rows,
            statistics=self._generators.statistics(partial.rows, partial.gathered, partial.tallies),
            tallies=partial.tallies,
            first=events.minimum if events is not None and known else None,
            last=events.maximum if events is not None and known else None,
            labels=LabelCounts(
                positives=int(partial.classes[POSITIVE]),
                negatives=int(partial.classes[NEGATIVE]),
                missing=int(label.missing.sum()) if label is not None else 0,
                unknown=partial.third_labels.most_frequent(KEPT_LABELS),
                unknown_rows=partial.third_labels.rows,
            ),
        )


def _together(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of about `BATCH_ROWS`: to count many at once takes half the time of many times few."""
    some: list[pa.RecordBatch] = []
    for batch in batches:
        some.append(batch)
        if sum(one.num_rows for one in some) >= BATCH_ROWS:
            yield _one(some)
            some = []
    if some:
        yield _one(some)


def _one(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    columns = [pa.concat_arrays([batch[name] for batch in batches]) for name in batches[0].schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=batches[0].schema)


def types_held(cells: Sequence[Cell], asked: Asked, workers: int | None = None) -> pa.Schema:
    """The types that columns are read as: those that the schema declares, where every value can be read so.

    Args:
        cells: All rows, which are only read where a column is text and the schema says that it is a number.
        asked: The columns and the schema.
        workers: As in `map_forked`.
    """
    kinds = declared_types(asked.columns, asked.schema)
    unsure = {name: options for name, options in kinds.items() if len(options) > 1}
    chosen = _first_fitting(cells, unsure, workers) if unsure else {}
    return pa.schema([(name, options[chosen.get(name, 0)]) for name, options in kinds.items()])


def _first_fitting(
    cells: Sequence[Cell], candidates: Mapping[str, tuple[pa.DataType, ...]], workers: int | None
) -> dict[str, int]:
    """By column the first of its types that all rows of all cells can be read as."""
    found = dict.fromkeys(candidates, 0)
    for one in map_forked(lambda cell: readings(cell.batches(), candidates), cells, workers):
        found = {name: max(place, one[name]) for name, place in found.items()}
    return found


def _same_values(held: pa.DataType, read_as: pa.DataType) -> bool:
    """Whether a tally of the one is a tally of the other: of texts, or of numbers."""
    if pa.types.is_null(held):
        return False
    return bool(held == read_as or (pa.types.is_integer(held) and pa.types.is_floating(read_as)))


def _exact(tally: NumberTally | None) -> NumberTally | None:
    """An exact tally as it stands now, whatever is added to it later; None for one that is not exact."""
    return None if tally is None or tally.dropped else _still(tally)


def _still(tally: NumberTally) -> NumberTally:
    # A tally that grows takes new arrays, and one that does not grow stays exact: nobody looks at this one then.
    return NumberTally(tally.dropped, tally.keys, tally.counts)


def label_classes(column: pa.Array, label: Label) -> tuple[Classes, pa.StringArray]:
    """The class of each row by its label, and the third values, one for each row that has one.

    Args:
        column: Labels of any flat type; a number or a truth value counts as what stands for it in a CSV: 1, true.
        label: The two values.
    """
    encoded = column.dictionary_encode()
    spelt = pa.array([spell(value) for value in encoded.dictionary.to_pylist()], pa.string())
    known = {label.negative: NEGATIVE, label.positive: POSITIVE}
    kinds = np.array([*(known.get(text, NEITHER) for text in spelt.to_pylist()), NEITHER], np.int8)
    places = np.asarray(pc.fill_null(encoded.indices, len(spelt)).to_numpy(zero_copy_only=False))
    classes = kinds[places]
    third = pa.array(places[(classes == NEITHER) & (places < len(spelt))])
    return classes, spelt.take(third)
