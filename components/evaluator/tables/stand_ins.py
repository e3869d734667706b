"""Stand-ins: tables as rows that stand for several, so that figures are made of them as of any rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.tables.buckets import EDGES, MIDDLES, Bins, Bools, Floats, Whole
from benison.components.evaluator.tables.counts import Integers
from benison.components.evaluator.tables.tables import SliceTables


@dataclass(frozen=True)
class StandIns:
    """Rows with a prediction of one model, or of the two of a pair.

    Attributes:
        labels: Whether each is positive.
        predictions: By model; each within its bucket or bin, so that an answer at a threshold that is an edge is
            that of all the rows.
        times: For how many rows each stands, from 1.
    """

    labels: Bools
    predictions: tuple[Floats, ...]
    times: Whole


def of_model(tables: SliceTables, model: int, *, on_grid: bool = False) -> StandIns:
    """One for each class and bucket of a model in which there are rows: at most 20,002.

    Args:
        tables: Those of a slice.
        model: Its number.
        on_grid: Whether its probabilities are edges of buckets, as `Tables.on_grid`; these are then exact.
    """
    return _of(tables.histograms[model], (_values(on_grid),))


def of_pair(
    tables: SliceTables, pair: int, models: tuple[int, int], bins: tuple[Bins, Bins], on_grid: tuple[bool, bool]
) -> StandIns:
    """One for each class and pair of bins in which there are rows: at most 32,768.

    Args:
        tables: Those of a slice.
        pair: Its number.
        models: Those of both models.
        bins: Likewise theirs.
        on_grid: As in `of_model`.
    """
    means = [
        _means(tables.histograms[model].sum(axis=0), own, _values(grid))
        for model, own, grid in zip(models, bins, on_grid, strict=True)
    ]
    return _of(tables.joints[pair], tuple(means))


def _values(on_grid: bool) -> Floats:
    """What stands for each bucket."""
    return EDGES if on_grid else MIDDLES


def _means(rows: Whole, bins: Bins, values: Floats) -> Floats:
    """About the mean prediction in each bin, by what stands for its buckets; one for both classes, which are ranked."""
    places = np.searchsorted(bins.cuts, values)
    counts = np.bincount(places, rows, minlength=bins.count)
    sums = np.bincount(places, rows * values, minlength=bins.count)
    means = np.divide(sums, counts, out=bins.middles, where=counts > 0)
    # A mean of equal numbers may be rounded to more than each of them.
    return np.asarray(np.minimum(means, np.append(bins.cuts, 1.0)))


def _of(counts: Integers, values: tuple[Floats, ...]) -> StandIns:
    classes, *places = np.nonzero(counts)
    predictions = tuple(of.take(place) for of, place in zip(values, places, strict=True))
    return StandIns(classes.astype(np.bool_), predictions, counts[(classes, *places)].astype(np.int64))
