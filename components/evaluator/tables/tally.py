"""Tally: batches of rows are counted into tables, in memory that does not grow with their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benison.components.evaluator.predictions import numbers_of, says_yes
from benison.components.evaluator.tables.buckets import (
    BUCKETS,
    EDGES,
    MOST_BINS,
    Bins,
    Bools,
    Floats,
    Whole,
    buckets_of,
)
from benison.components.evaluator.tables.cells import Cells, apart, together
from benison.components.evaluator.tables.coding import Coding
from benison.components.evaluator.tables.counts import Counts, narrow
from benison.components.evaluator.tables.sums import MOST_ROWS, Sums, rounded
from benison.components.evaluator.tables.tables import SUMS, SliceTables, Tables, Unusable, united
from benison.core.errors import DataError
from benison.eval_config import Slicing
from benison.measures import calibration
from benison.measures.confusion import THRESHOLD
from benison.metrics.slice import Keys, too_many

# To how many binary digits predictions and squared errors are rounded, and log losses, of which none is over 16.2.
SHARE_BITS, LOSS_BITS = 36, 32
_WIDTH = BUCKETS + 1


@dataclass(frozen=True)
class Wanted:
    """What is counted.

    Attributes:
        label: The label's column.
        positive: Its value that counts as positive; None: 1, or true.
        models: The columns of their predictions.
        pairs: Models that are compared, by number.
        slicings: How rows are cut.
        where: Where slicings are named, for messages.
        thresholds: At which pairs are compared; edges of buckets, at most `MOST_THRESHOLDS`.
        sums: What is summed, of `SUMS`: each takes about as long as a histogram.
    """

    label: str
    positive: str | None
    models: tuple[str, ...]
    pairs: tuple[tuple[int, int], ...]
    slicings: tuple[Slicing, ...]
    where: str
    thresholds: tuple[float, ...] = (THRESHOLD,)
    sums: tuple[str, ...] = SUMS

    @property
    def cut_by(self) -> tuple[str, ...]:
        """The columns of the slicings, each once."""
        return tuple(dict.fromkeys(name for slicing in self.slicings for name in slicing.columns))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        return tuple(dict.fromkeys((self.label, *self.models, *self.cut_by)))

    def coding(self, name: str) -> Coding:
        """For a column of the slicings: numbers for those of its values that can be in a slice."""
        if any(name in slicing.keys for slicing in self.slicings):
            return Coding()
        fixed = [value for slicing in self.slicings for column, value in slicing.values if column == name]
        return Coding(tuple(dict.fromkeys(fixed)))


@dataclass(frozen=True)
class _Answers:
    """What the models said to the rows of a batch that count.

    Attributes:
        predictions: By model.
        buckets: Likewise.
        bins: Likewise, where there are pairs.
    """

    predictions: Sequence[Floats]
    buckets: Sequence[Whole]
    bins: Sequence[Whole]


class _Counted:
    """The counts of the cells of one cross."""

    def __init__(self, cells: Cells, wanted: Wanted) -> None:
        self.cells = cells
        self._pairs, self._summed = wanted.pairs, wanted.sums
        self._histograms = [Counts(_WIDTH) for _ in wanted.models]
        self._joints = [Counts(MOST_BINS**2) for _ in wanted.pairs]
        self._sums = Sums.of(np.zeros((0, len(wanted.models), len(wanted.sums))))

    def add(self, groups: Whole, answers: _Answers) -> None:
        """Counts rows by group; see `Cells.groups`."""
        self._grow(2 * len(self.cells.numbers))
        starts = groups * _WIDTH
        for histogram, buckets in zip(self._histograms, answers.buckets, strict=True):
            histogram.add(starts + buckets)
        for joint, (one, two) in zip(self._joints, self._pairs, strict=True):
            joint.add((groups * MOST_BINS + answers.bins[one]) * MOST_BINS + answers.bins[two])
        self._sums += _sums(self._summed, groups, answers.predictions, len(self._sums.high))

    def _grow(self, groups: int) -> None:
        if groups > len(self._sums.high):
            room = max(groups, 2 * len(self._sums.high))
            for counts in (*self._histograms, *self._joints):
                counts.grow(room)
            self._sums = self._sums.grown(room)

    def slices(self, codings: Sequence[Coding]) -> dict[Keys, SliceTables]:
        self._grow(2 * len(self.cells.numbers))
        found = self.cells.slices(codings)
        return {keys: self._slice(2 * np.array(cells, dtype=np.int64)) for keys, cells in found.items()}

    def _slice(self, groups: Whole) -> SliceTables:
        classes = (groups, groups + 1)
        shape = (-1, 2, MOST_BINS, MOST_BINS)
        histograms = [counts.total(rows) for counts in self._histograms for rows in classes]
        joints = [counts.total(rows) for counts in self._joints for rows in classes]
        one, two = (self._sums.total(rows) for rows in classes)
        return SliceTables(
            narrow(np.array(histograms).reshape(-1, 2, _WIDTH)),
            narrow(np.array(joints, dtype=np.int64).reshape(shape)),
            Sums(np.stack([one.high, two.high]), np.stack([one.low, two.low])),
        )


def _sums(names: Sequence[str], groups: Whole, predictions: Sequence[Floats], room: int) -> Sums:
    """What is summed of each group, by model."""
    found = np.zeros((room, len(predictions), len(names)))
    positive = (groups & 1).astype(np.bool_)
    for model, each in enumerate(predictions):
        for place, name in enumerate(names):
            found[:, model, place] = np.bincount(groups, weights=_SUMMED[name](positive, each), minlength=room)
    return Sums.of(found)


_SUMMED: Mapping[str, Callable[[Bools, Floats], Floats]] = {
    "predictions": lambda positive, predictions: rounded(predictions, SHARE_BITS),
    "losses": lambda positive, predictions: rounded(calibration.log_losses(positive, predictions), LOSS_BITS),
    "squares": lambda positive, predictions: rounded(np.square(predictions - positive), SHARE_BITS),
}


class Tally:
    """Counts batches.

    Args:
        wanted: What is counted.
        bins: Of each model, for joint tables; none where there are no pairs.
    """

    def __init__(self, wanted: Wanted, bins: tuple[Bins, ...]) -> None:
        self._wanted, self._bins = wanted, bins
        self._label = Coding()
        self._codings = {name: wanted.coding(name) for name in wanted.cut_by}
        self._counted = [_Counted(cells, wanted) for cells in together(wanted.slicings)]
        self._labels: Counter[int] = Counter()
        self._unusable = [Unusable()] * len(wanted.models)
        self._on_grid = [True] * len(wanted.models)
        self._before: dict[Keys, SliceTables] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        """Counts the rows of a batch with the columns of `Wanted.columns`, in their order.

        Raises:
            ConfigError: There are too many slices.
            DataError: The label has more than two values.
        """
        for start in range(0, batch.num_rows, MOST_ROWS):
            self._add(batch.slice(start, MOST_ROWS))

    def _add(self, batch: pa.RecordBatch) -> None:
        columns = dict(zip(self._wanted.columns, batch.columns, strict=True))
        labels = self._labelled(columns[self._wanted.label])
        codes = {name: coding.codes(columns[name]) for name, coding in self._codings.items()}
        predictions = [numbers_of(columns[name]) for name in self._wanted.models]
        usable = self._usable(predictions, labels)
        groups = self._groups(labels, codes)
        if not usable.all():
            groups, predictions = [each[usable] for each in groups], [each[usable] for each in predictions]
        answers = self._answers(predictions)
        for counted, own in zip(self._counted, groups, strict=True):
            counted.add(own, answers)

    def _labelled(self, column: pa.Array) -> Whole:
        labels = self._label.codes(column)
        if self._wanted.positive is None and pa.types.is_floating(column.type):
            self._check_classes()
        counts = {number: int(np.count_nonzero(labels == number)) for number in range(min(len(self._label.values), 4))}
        self._labels.update({number: count for number, count in counts.items() if count})
        if len(found := [text for number in self._labels if (text := self._label.values[number]) is not None]) > 2:
            got = f"more, such as {', '.join(map(repr, sorted(found)[:3]))}"
            hint = "models of yes or no are evaluated; put a label of several classes into one column for each"
            raise DataError(f"label column {self._wanted.label!r}", expected="two values", got=got, hint=hint)
        return labels

    def _check_classes(self) -> None:
        found = [float(value) for value in self._label.values if value is not None]
        shares = [value for value in found if 0 < value < 1]
        if shares and min(found) >= 0 and max(found) <= 1:
            got, hint = f"what share of a row is positive, such as {shares[0]:g}", "evaluate in memory: --engine memory"
            raise DataError(f"label column {self._wanted.label!r}", expected="two values", got=got, hint=hint)

    def _usable(self, predictions: Sequence[Floats], labels: Whole) -> Bools:
        """The rows with a label on which every model gave a probability."""
        labelled = labels > 0
        usable = labelled
        for number, each in enumerate(predictions):
            # A NaN makes both NaN.
            if len(each) and not (each.min() >= 0 and each.max() <= 1):
                inside = (each >= 0) & (each <= 1)
                missing = int(np.count_nonzero(np.isnan(each) & labelled))
                outside = int(np.count_nonzero(~inside & labelled)) - missing
                self._unusable[number] += Unusable(missing, outside)
                usable = usable & inside
        return usable

    def _groups(self, labels: Whole, codes: dict[str, Whole]) -> list[Whole]:
        """For each cross the group of each row; there are more crosses from where one of all columns is too large."""
        positive = [value is not None and says_yes(value, self._wanted.positive) for value in self._label.values]
        found: list[Whole] = []
        for counted in self._counted:
            cells = counted.cells
            columns, codings = [codes[name] for name in cells.columns], self._codings_of(cells)
            groups = cells.groups(labels, positive, columns, codings)
            if groups is not None and not any(coding.full for coding in codings):
                found.append(groups)
            elif cells.rest:
                raise too_many(cells.slicings[0], self._wanted.where)
            else:
                self._part()
                return self._groups(labels, codes)
        return found

    def _codings_of(self, cells: Cells) -> list[Coding]:
        return [self._codings[name] for name in cells.columns]

    def _part(self) -> None:
        """Goes on with one cross for each slicing; what is counted so far is added up."""
        self._before = self._slices()
        self._counted = [_Counted(cells, self._wanted) for cells in apart(self._wanted.slicings)]

    def _answers(self, predictions: Sequence[Floats]) -> _Answers:
        buckets = [buckets_of(each) for each in predictions]
        for number, on_grid in enumerate(self._on_grid):
            self._on_grid[number] = on_grid and np.array_equal(EDGES.take(buckets[number]), predictions[number])
        bins = [of.of(each, own) for of, each, own in zip(self._bins, predictions, buckets, strict=False)]
        return _Answers(predictions, buckets, bins)

    def _slices(self) -> dict[Keys, SliceTables]:
        found: dict[Keys, SliceTables] = {}
        for counted in self._counted:
            # A slice that two slicings ask for is the same in both.
            found = counted.slices(self._codings_of(counted.cells)) | found
        return united(self._before, found)

    def tables(self) -> Tables:
        """What was counted."""
        texts = [(self._label.values[number], rows) for number, rows in self._labels.items()]
        return Tables(
            self._slices(),
            self._bins,
            {text: rows for text, rows in texts if text is not None},
            self._labels[0],
            tuple(self._unusable),
            self._wanted.sums,
            tuple(self._on_grid),
            {name: coding.texts for name, coding in self._codings.items()},
        )
