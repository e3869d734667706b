"""Stand-ins: tables as rows that stand for several, so that figures are made of them as of any rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.tables.buckets import EDGES, Bins, Bools, Floats, Whole
from benison.components.evaluator.tables.counts import Integers
from benison.components.evaluator.tables.tables import SliceTables
from benison.measures.confusion import share


@dataclass(frozen=True)
class StandIns:
    """Rows with a prediction of one model, or of the two of a pair.

    Attributes:
        labels: Whether each is positive.
        predictions: By model; each the upper end of the bucket or bin, which no row in it exceeds: an answer at a
            threshold between two of them, or at one, is that of all the rows.
        times: For how many rows each stands, from 1.
    """

    labels: Bools
    predictions: tuple[Floats, ...]
    times: Whole


def of_model(tables: SliceTables, model: int) -> StandIns:
    """One for each class and bucket of a model in which there are rows: at most 20,002."""
    return _of(tables.histograms[model], (EDGES,))


def of_pair(tables: SliceTables, pair: int, first: Bins, second: Bins) -> StandIns:
    """One for each class and pair of bins in which there are rows: at most 32,768.

    Args:
        tables: Those of a slice.
        pair: Its number.
        first: The bins of its first model.
        second: Those of the other one.
    """
    return _of(tables.joints[pair], (first.ends, second.ends))


def _of(counts: Integers, ends: tuple[Floats, ...]) -> StandIns:
    classes, *places = np.nonzero(counts)
    predictions = tuple(of.take(place) for of, place in zip(ends, places, strict=True))
    return StandIns(classes.astype(np.bool_), predictions, counts[(classes, *places)].astype(np.int64))


def tied(tables: SliceTables, model: int) -> float:
    """The share of pairs of a positive and a negative row that lie in one bucket, so that their order is not seen.

    Each counts half for the AUC, which is off by half of this at most. NaN where one class has no rows.
    """
    negatives, positives = tables.histograms[model].astype(np.float64)
    return share(float(negatives @ positives), float(negatives.sum() * positives.sum()))
