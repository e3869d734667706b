"""measure: what a model answered on the rows of a slice, and what several metrics need of it, worked out once."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benison.core.metrics import BINARY
from benison.measures import calibration, confusion
from benison.measures.confusion import THRESHOLD, Counts
from benison.measures.levels import Levels, buckets
from benison.measures.masses import Masses
from benison.measures.operating_points import Curve
from benison.measures.precision_recall import PrecisionRecall, precision_recall
from benison.measures.products import dot
from benison.measures.queries import Queries, Ranking
from benison.measures.ranking import RocArea, roc_area

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Rows:
    """The rows of a slice, which all models have answered.

    Attributes:
        labels: Whether each is positive; or what share of it is, from 0 to 1, and it counts in both classes; or its
            number, where models answer numbers; or its class, by number, where they tell several apart; or its gain,
            where they rank.
        masses: How much each counts.
        task: What models answer.
        classes: Their names, by number, where models tell several apart.
        query: The query of each, by number, where models rank; None: they do not.
    """

    labels: Bools | Floats
    masses: Masses
    task: str = BINARY
    classes: tuple[str, ...] = ()
    query: Whole | None = None

    @classmethod
    def of(
        cls,
        labels: Bools | Floats,
        *,
        times: Floats | None = None,
        weights: Floats | None = None,
        squares: Floats | None = None,
        units: Whole | None = None,
        task: str = BINARY,
        classes: tuple[str, ...] = (),
        query: Whole | None = None,
    ) -> Rows:
        """Rows with what `Masses` says of them; labels that are all 0 or 1 are told apart as classes.

        Rows of one query hang together, unless units say which queries do.
        """
        units = query if units is None else units
        if task == BINARY and labels.dtype != np.bool_ and bool(np.all((labels == 0) | (labels == 1))):
            labels = labels == 1
        return cls(labels, Masses(len(labels), times, weights, squares, units), task, classes, query)

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: Whole) -> Rows:
        """Some of them, by number."""
        query = None if self.query is None else self.query[rows]
        return Rows(self.labels[rows], self.masses.part(rows), self.task, self.classes, query)

    @property
    def classed(self) -> bool:
        """Whether each is of one class, and independent."""
        return self.masses.units is None and self.labels.dtype == np.bool_

    @property
    def simple(self) -> bool:
        """Whether each is of one class, independent, and weighs the same: figures are made of whole counts."""
        return self.masses.counted and self.labels.dtype == np.bool_

    @cached_property
    def others(self) -> Bools | Floats:
        """Whether each is negative, or what share of it is."""
        return ~self.labels if self.labels.dtype == np.bool_ else np.asarray(1.0 - self.labels)

    @cached_property
    def count(self) -> int:
        """How many there are."""
        return len(self) if self.masses.times is None else round(float(self.masses.times.sum()))

    @cached_property
    def positives(self) -> int | None:
        """How many are positive, at least half; None where labels are no classes of two."""
        if self.task != BINARY:
            return None
        positive = self.labels if self.labels.dtype == np.bool_ else self.labels >= THRESHOLD
        times = self.masses.times
        return int(np.count_nonzero(positive)) if times is None else round(dot(times, positive))

    @cached_property
    def queries(self) -> Queries:
        """The rows by query, where models rank."""
        assert self.query is not None
        return Queries.of(self.query, np.asarray(self.labels, dtype=np.float64))

    @cached_property
    def judged(self) -> Floats:
        """1 in one row of each query that has a gain, 0 in all others: figures of queries are means over these."""
        return self.queries.at_heads(self.queries.relevant > 0)

    @cached_property
    def numbers(self) -> Whole:
        """The class of each, by number, where models tell several apart."""
        return np.asarray(self.labels, dtype=np.int64)

    @cached_property
    def by_class(self) -> dict[str, int]:
        """How many are of each class, where models tell several apart; else none."""
        counts = np.bincount(self.numbers, minlength=len(self.classes)) if self.classes else ()
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}

    @cached_property
    def sizes(self) -> dict[str, float]:
        """How many independent rows of equal weight would tell as much: of all, of positives and of negatives.

        Where models rank, how many queries would.
        """
        size = self.masses.size
        if self.query is not None:
            return {"rows": size(), "queries": size(self.judged)}
        if self.task != BINARY:
            return {"rows": size()}
        return {"rows": size(), "positives": size(self.labels), "negatives": size(self.others)}


@dataclass(frozen=True)
class Sample:
    """What one model answered on the rows of one slice.

    Attributes:
        rows: The rows.
        predictions: The probability that the model gives to each, in [0, 1]; of several classes [rows, classes].
        whole: The same model on all rows, where these are some of them.
        places: Which; of no meaning without `whole`.
        binned: Whether rows stand for others whose predictions lie near theirs, not at them.
        totals: Sums over rows that are known better than their stand-ins tell, by the name of a column of `Sample`.
        finer: The same model on the same rows, in bins that are finer: values come from there; None: from here.
        added: What each row adds above and below the line of metrics that the user wrote; none of a part.
    """

    rows: Rows
    predictions: Floats
    whole: Sample | None = None
    places: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    binned: bool = False
    totals: Mapping[str, float] = field(default_factory=dict)
    finer: Sample | None = None
    added: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict, compare=False)
    _by_threshold: dict[float, tuple[Bools, Counts]] = field(default_factory=dict, compare=False)
    _latest: dict[object, Floats] = field(default_factory=dict, compare=False)
    _kept: dict[object, Any] = field(default_factory=dict, compare=False)

    def part(self, places: Whole, rows: Rows) -> Sample:
        """The same model on some of the rows.

        Args:
            places: Which, by number.
            rows: The same rows.
        """
        return Sample(rows, self.predictions[places], self, places)

    def __len__(self) -> int:
        return len(self.predictions)

    @property
    def finest(self) -> Sample:
        """The finest there is of the same model on the same rows."""
        return self.finer or self

    @property
    def labels(self) -> Bools | Floats:
        return self.rows.labels

    @property
    def masses(self) -> Masses:
        return self.rows.masses

    def latest(self, key: object, make: Callable[[], Floats]) -> Floats:
        """What was made under a key, which is kept until another is asked for: one metric needs it several times over.

        Args:
            key: Says what it is.
            make: Makes it.
        """
        if key not in self._latest:
            self._latest.clear()
            self._latest[key] = make()
        return self._latest[key]

    def kept(self, key: object, make: Callable[[], Kept]) -> Kept:
        """What was made under a key, for as long as the sample is there: many metrics need it.

        Args:
            key: Says what it is.
            make: Makes it.
        """
        if key not in self._kept:
            self._kept[key] = make()
        found: Kept = self._kept[key]
        return found

    def terms(self, metric: str) -> tuple[Floats, Floats]:
        """What each row adds above and below the line of a metric that the user wrote."""
        if self.whole is None:
            return self.added[metric]
        above, below = self.whole.added[metric]
        return above[self.places], below[self.places]

    @cached_property
    def levels(self) -> Levels:
        """The rows by their prediction."""
        if self.whole:
            return self.whole.levels.part(self.places)
        return Levels.of(self.labels, self.predictions, self.masses.each)

    def levels_at(self, thresholds: float) -> Levels:
        """The rows by the bucket that TFMA deals their prediction to.

        Args:
            thresholds: How many; NaN: by the prediction itself.
        """
        if math.isnan(thresholds):
            return self.levels
        return Levels.of(self.labels, buckets(self.predictions, round(thresholds)), self.masses.each)

    def answers(self, threshold: float = THRESHOLD) -> Bools:
        """Which rows are answered positive."""
        return self._answered(threshold)[0]

    def counts(self, threshold: float = THRESHOLD) -> Counts:
        """The confusion matrix, in what rows weigh."""
        return self._answered(threshold)[1]

    def _answered(self, threshold: float) -> tuple[Bools, Counts]:
        found = self._by_threshold.get(threshold)
        if found is None:
            answers = confusion.answered_positive(self.predictions, threshold)
            found = self._by_threshold[threshold] = answers, confusion.counts(self.labels, answers, self.masses)
        return found

    def size(self, what: str, threshold: float = THRESHOLD) -> float:
        """How many independent rows of equal weight would tell as much.

        Args:
            what: ``rows``, ``positives``, ``negatives``; ``predicted_positives`` and ``predicted_negatives`` at the
                threshold; or a metric that the user wrote: those that add to its sum below the line.
            threshold: Of rows that are answered so.
        """
        if what in self.rows.sizes:
            return self.rows.sizes[what]
        if what in ("predicted_positives", "predicted_negatives"):
            answers = self.answers(threshold)
            return self.masses.size(answers if what == "predicted_positives" else ~answers)
        return self.masses.size(self.terms(what)[1] > 0)

    @cached_property
    def ranking(self) -> Ranking:
        """The rows of each query in the model's order."""
        return self.rows.queries.ranked(self.predictions)

    @cached_property
    def area(self) -> RocArea:
        """The area under the ROC curve."""
        return self.area_of(self.levels)

    def area_of(self, levels: Levels) -> RocArea:
        """The area under the ROC curve by other levels than those of the predictions themselves."""
        return roc_area(levels, self.size("positives"), self.size("negatives"))

    @cached_property
    def curve(self) -> PrecisionRecall:
        """The area under the precision-recall curve."""
        return precision_recall(self.levels)

    @cached_property
    def rates(self) -> Curve:
        """The confusion matrix at every threshold."""
        return Curve.of(self.levels)

    @cached_property
    def losses(self) -> Floats:
        """The log loss of each row."""
        return calibration.log_losses(self.labels, self.predictions)

    @property
    def squares(self) -> Floats:
        """The squared error of each row."""
        return np.asarray(np.square(self.predictions - self.labels), dtype=np.float64)


def by_cell(samples: Sequence[Sample], threshold: float) -> list[Sample]:
    """The same models on as few rows as tell their answers: rows of one label and the same answers are one.

    Args:
        samples: One or two models on the same rows, which are of one class each and independent.
        threshold: Answers are positive above it, and 1 in what is returned, else 0.
    """
    rows = samples[0].rows
    columns = [rows.labels, *(sample.answers(threshold) for sample in samples)]
    number = 2 ** len(columns)
    # The bit of the label comes first, then those of the models' answers.
    bits = [((np.arange(number) >> place) & 1).astype(np.bool_) for place in reversed(range(len(columns)))]
    few = Rows(bits[0], _by_cell(rows.masses, columns))
    return [Sample(few, bit.astype(np.float64)) for bit in bits[1:]]


def _by_cell(masses: Masses, columns: Sequence[npt.NDArray[Any]]) -> Masses:
    if masses.each is None:
        return Masses(2 ** len(columns), _counts_of(columns))
    cells = np.zeros(masses.entries, np.int64)
    for column in columns:
        cells = 2 * cells + column

    def summed(values: Floats | None) -> Floats:
        return np.bincount(cells, values, minlength=2 ** len(columns)).astype(np.float64)

    times = summed(masses.times)
    if masses.weights is None:
        return Masses(len(times), times)
    squares, fourths, cubes = (summed(one) for one in (masses.square, masses.fourth, masses.cube))
    return Masses(len(times), times, summed(masses.weights), squares, fourths=fourths, cubes=cubes)


def _counts_of(columns: Sequence[Bools]) -> Floats:
    """How many rows have each combination: from those with at least some of the columns, which are quick to count."""
    least = [np.ones(len(columns[0]), np.bool_)]
    for column in columns:
        least = [one for mask in least for one in (mask, mask & column)]
    found = np.array([np.count_nonzero(mask) for mask in least], dtype=np.float64)
    for place in range(len(columns)):
        of_place = found.reshape(-1, 2, 2**place)
        of_place[:, 0] -= of_place[:, 1]
    return found
