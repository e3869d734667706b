"""binarize: rows of several classes as rows of two, as TFMA's options of this name make them.

Each is made once for a sample, since many metrics are asked of it.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from benison.measures.masses import Masses
from benison.metrics.measure import Bools, Floats, Rows, Sample, Whole

Ranks = npt.NDArray[np.int32]
Value = TypeVar("Value", np.int32, np.float64)


def ranks(sample: Sample) -> Ranks:
    """Which rank each class has in each row, from 0, by its prediction; of equals the one that comes first.

    Returns:
        [rows, classes].
    """
    return sample.kept("ranks", lambda: _ranks(sample.predictions))


def _ranks(predictions: Floats) -> Ranks:
    order = np.argsort(-predictions, axis=1, kind="stable")
    found = np.empty(order.shape, dtype=np.int32)
    np.put_along_axis(found, order, np.arange(order.shape[1], dtype=np.int32)[None, :], axis=1)
    return found


def of_label(sample: Sample, values: npt.NDArray[Value]) -> npt.NDArray[Value]:
    """Of each row, out of [rows, classes], what stands at its label."""
    return np.take_along_axis(values, sample.rows.numbers[:, None], axis=1)[:, 0]


def answers(sample: Sample) -> Whole:
    """The class with the highest prediction of each row."""
    return np.asarray(np.argmax(sample.predictions, axis=1), dtype=np.int64)


def hits(sample: Sample, top: int) -> Sample:
    """Whether the label is among the classes with the highest predictions, as rows that all should be positive."""

    def make() -> Sample:
        right = of_label(sample, ranks(sample)) < top
        return Sample(Rows(np.ones(len(sample), np.bool_), sample.masses), right.astype(np.float64))

    return sample.kept(("hits", top), make)


def one_class(sample: Sample, number: int, top: int = 0) -> Sample:
    """A class against all others.

    Args:
        sample: Of several classes.
        number: Which class.
        top: It is the answer, of prediction 1, where it is among so many with the highest predictions, else 0; 0: it
            has the model's own prediction.
    """

    def make() -> Sample:
        rows = Rows(np.asarray(sample.rows.numbers == number, dtype=np.bool_), sample.masses)
        if top:
            return Sample(rows, (ranks(sample)[:, number] < top).astype(np.float64))
        return Sample(rows, np.ascontiguousarray(sample.predictions[:, number]))

    return sample.kept(("class", number, top), make)


def all_classes(sample: Sample, weights: Floats, top: int = 0) -> Sample:
    """Every pair of a row and a class; those of one row hang together.

    Args:
        sample: Of several classes.
        weights: What each class counts; 0: not at all.
        top: As in `one_class`.
    """

    def make() -> Sample:
        counted = np.flatnonzero(weights)
        found = ranks(sample) < top if top else sample.predictions
        labels = sample.rows.numbers[:, None] == counted[None, :]
        return _together(sample, labels, found[:, counted].astype(np.float64), weights[counted])

    return sample.kept(("all", tuple(weights.tolist()), top), make)


def one_rank(sample: Sample, rank: int) -> Sample:
    """The prediction at a rank, from 1, and whether the label is the class that it is of."""

    def make() -> Sample:
        right = of_label(sample, ranks(sample)) == rank - 1
        return Sample(Rows(np.asarray(right, np.bool_), sample.masses), _ranked(sample)[:, rank - 1])

    return sample.kept(("rank", rank), make)


def down_to_rank(sample: Sample, rank: int, *, answered: bool) -> Sample:
    """Every pair of a row and a rank down to this one, from 1; those of one row hang together.

    Args:
        sample: Of several classes.
        rank: The last.
        answered: Whether all of them are answers, of prediction 1.
    """

    def make() -> Sample:
        right = of_label(sample, ranks(sample))[:, None] == np.arange(rank)[None, :]
        predictions = _ranked(sample)[:, :rank]
        return _together(sample, right, np.ones_like(predictions) if answered else predictions, np.ones(rank))

    return sample.kept(("ranks", rank, answered), make)


def _ranked(sample: Sample) -> Floats:
    return sample.kept("ranked", lambda: -np.sort(-sample.predictions, axis=1))


def _together(sample: Sample, labels: Bools, predictions: Floats, weights: Floats) -> Sample:
    """Pairs [rows, many] one after another."""
    masses, many = sample.masses, len(weights)
    each = np.ones(len(sample)) if masses.each is None else masses.each
    units = np.arange(len(sample)) if masses.units is None else masses.units
    of_pairs = None if masses.each is None and bool(np.all(weights == 1)) else np.outer(each, weights).ravel()
    counted = Masses(labels.size, weights=of_pairs, units=np.repeat(units, many))
    return Sample(Rows(np.asarray(labels.ravel(), np.bool_), counted), np.ascontiguousarray(predictions.ravel()))


def shares_of_labels(sample: Sample) -> Floats:
    """What the rows of each class weigh, as a share of all; NaN without rows.

    Returns:
        [classes].
    """
    total, many = sample.masses.total, len(sample.rows.classes)
    found = np.bincount(sample.rows.numbers, sample.masses.each, many).astype(np.float64)
    return found / total if total > 0 else np.full(len(found), math.nan)
