"""plot: curves, confusion matrices and histograms of each model, on all rows and on slices, few enough to be kept."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benison.components.evaluator import residuals
from benison.components.evaluator.compare import CHALLENGER, Part, Parts
from benison.core.metrics import BINARY, REGRESSION
from benison.core.plots import Plot
from benison.measures.calibration import Bin, reliability
from benison.measures.levels import EPSILON, lower_ends
from benison.metrics.base import FEWEST
from benison.metrics.binarize import answers
from benison.metrics.measure import Floats, Sample

MOST_SLICES = 50
_POINTS, _POINTS_OF_SLICE = 101, 51
THRESHOLDS = tuple(tenth / 10 for tenth in range(1, 10))
_COLUMNS = 20
# Six digits are more than can be drawn, and a third of what a float takes.
_DIGITS = 6
_SIZES = {BINARY: ("positives", "negatives")}
# A table of more classes nobody reads.
MOST_CLASSES = 30


@dataclass(frozen=True)
class Drawn:
    """The plots of one model on one slice.

    Attributes:
        document: As they stand in evaluation.json.
        of_tfma: What TFMA's plots are made of, in the order in which they were asked for.
    """

    document: Mapping[str, Any]
    of_tfma: tuple[Floats, ...]


@dataclass(frozen=True)
class Plotted:
    """A slice with its plots.

    Attributes:
        keys: As in `Slice`.
        name: As in `Slice`.
        models: By role, those that differ from the ones before them.
    """

    keys: tuple[tuple[str, str], ...]
    name: str
    models: Mapping[str, Drawn]

    @property
    def documents(self) -> dict[str, Any]:
        """Each model's, as they stand in evaluation.json."""
        return {role: dict(of.document) for role, of in self.models.items()}


@dataclass(frozen=True)
class Plots:
    """All that is drawn.

    Attributes:
        slices: All rows, then the slices that have enough rows, the one with the most first.
        small: How many slices have not.
        beyond: How many have, but are too many.
        same_as: As in `Answers`.
    """

    slices: Sequence[Plotted] = ()
    small: int = 0
    beyond: int = 0
    same_as: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As it stands in evaluation.json; empty: there was no model."""
        if not self.slices:
            return {}
        drawn = [{"slice": one.name, "models": one.documents} for one in self.slices]
        return {"slices": drawn, "left_out": {"small": self.small, "beyond": self.beyond}}


def plot(parts: Parts, asked: Sequence[Plot], confidence: float) -> Plots:
    """Draws each model on all rows, and on at most 50 slices with at least 20 rows, of two classes 20 of each.

    Args:
        parts: The slices, all rows first.
        asked: Which of TFMA's plots are wanted.
        confidence: Of each bound of an interval alone.
    """
    first, *others = parts.makes
    with ThreadPoolExecutor() as pool:
        sizes = dict(zip(others, pool.map(lambda name: _size(parts.makes[name]()), others), strict=True))
        large = sorted((name for name in others if sizes[name]), key=lambda name: -sizes[name])
        shown = [first, *large[:MOST_SLICES]]
        drawn = list(pool.map(lambda name: _plotted(parts.makes[name](), asked, confidence), shown))
    return Plots(drawn, len(others) - len(large), len(large) - len(shown) + 1, parts.same_as)


def _size(part: Part) -> int:
    """How many rows there are; 0 where there are too few of a class, or of several classes together."""
    rows = part.models[CHALLENGER].rows
    return rows.count if min(rows.sizes[what] for what in _SIZES.get(rows.task, ("rows",))) >= FEWEST else 0


def _plotted(part: Part, asked: Sequence[Plot], confidence: float) -> Plotted:
    if part.models[CHALLENGER].rows.task == REGRESSION:
        documents = residuals.documents(part.models, confidence)
        models = {role: Drawn(documents[role], _for_tfma(asked, sample)) for role, sample in part.models.items()}
    else:
        most = _POINTS_OF_SLICE if part.keys else _POINTS
        models = {role: _drawn(sample, asked, confidence, most) for role, sample in part.models.items()}
    return Plotted(part.keys, part.name, models)


def _drawn(sample: Sample, asked: Sequence[Plot], confidence: float, most: int) -> Drawn:
    if sample.rows.classes:
        table = answers_by_class(sample)
        return Drawn({"answers": [[_rounded(cell) for cell in row] for row in table]}, (table,) * len(asked))
    return Drawn(_document(sample, confidence, most), _for_tfma(asked, sample))


def _for_tfma(asked: Sequence[Plot], sample: Sample) -> tuple[Floats, ...]:
    return tuple(between_thresholds(one, sample) for one in asked)


def answers_by_class(sample: Sample) -> Floats:
    """What the rows of each class weigh by the class that the model answers, the one of the highest prediction.

    Returns:
        [classes of the label, classes of the answer].
    """
    many = len(sample.rows.classes)
    cells = sample.rows.numbers * many + answers(sample)
    return np.bincount(cells, sample.masses.each, many * many).astype(np.float64).reshape(many, many)


def between_thresholds(plot: Plot, sample: Sample) -> Floats:
    """What a plot of TFMA's is made of: sums over the rows below its first threshold, then from each to the next.

    Args:
        plot: Which.
        sample: A model on a slice.

    Returns:
        Of weights, of weighed labels and of weighed predictions, each [2 + number of the plot].

    Reference:
        TFMA 0.47, calibration_histogram.py, confusion_matrix_plot.py and score_distribution_plot.py.
    """
    left, right = plot.range
    thresholds = left + np.arange(plot.number + 1) * (right - left) / plot.number
    if plot.kind == "ScoreDistributionPlot":
        column = np.searchsorted(thresholds, sample.predictions, side="left")
    else:
        more = EPSILON * (thresholds > 0) if plot.kind == "ConfusionMatrixPlot" else 0.0
        column = np.searchsorted(thresholds + more, lower_ends(sample.predictions, left, right), side="right")
    each = np.ones(len(sample)) if sample.masses.each is None else sample.masses.each
    weighed = (each, each * sample.labels, each * sample.predictions)
    return np.stack([np.bincount(column, of, plot.number + 2) for of in weighed])


def _document(sample: Sample, confidence: float, most: int) -> dict[str, Any]:
    bins = reliability(sample.labels, sample.predictions, sample.masses, confidence)
    scores = np.zeros(sample.levels.count)
    scores[sample.levels.place] = sample.predictions
    return {
        "curve": _curve(sample, scores, most),
        "matrices": [_matrix(sample, scores, threshold) for threshold in THRESHOLDS],
        "calibration": [_of_bin(one) for one in bins],
        "histogram": _histogram(sample),
    }


def _curve(sample: Sample, scores: Floats, most: int) -> list[list[float | None]]:
    rates = sample.rates.rates
    names = ("false_positive_rate", "recall", "precision")
    return [
        [*(_rounded(rates[name][place]) for name in names), _rounded(scores[-place]) if place else None]
        for place in sample.rates.thinned(most)
    ]


def _matrix(sample: Sample, scores: Floats, threshold: float) -> list[float | None]:
    place = len(scores) - int(np.searchsorted(scores, threshold, side="right"))
    true, false = sample.rates.true, sample.rates.false
    cells = (true[place], false[place], false[-1] - false[place], true[-1] - true[place])
    return [threshold, *(_rounded(max(float(cell), 0.0)) for cell in cells)]


def _of_bin(one: Bin) -> list[float | None]:
    figures = (one.prediction, one.label, one.interval.lower, one.interval.upper)
    return [*(_rounded(figure) for figure in figures[:2]), one.rows, *(_rounded(figure) for figure in figures[2:])]


def _histogram(sample: Sample) -> dict[str, list[float | None]]:
    """What rows weigh, by equal bins of the prediction, for each class."""
    columns = np.minimum((sample.predictions * _COLUMNS).astype(np.int64), _COLUMNS - 1)
    found = {}
    for name, labels in (("positives", sample.labels), ("negatives", sample.rows.others)):
        weights = labels * sample.masses.each if sample.masses.each is not None else labels.astype(np.float64)
        found[name] = [_rounded(one) for one in np.bincount(columns, weights, minlength=_COLUMNS)]
    return found


def _rounded(figure: float) -> float | None:
    return round(float(figure), _DIGITS) if math.isfinite(figure) else None
