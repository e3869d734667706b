"""How predictions compare with what happened: log loss, the ratio of their sums, and bins of a reliability curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benison.measures.intervals import Floats, Interval
from benison.measures.masses import Masses
from benison.measures.proportions import wilson, wilson_of_share
from benison.measures.quantiles import normal

Bools = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.int64]
# As Keras has it: a float32 probability of exactly 0 for what happened shall not make a mean infinite.
_SMALLEST = 1e-7
# What a row costs of which a model was certain, and wrong.
MOST_LOSS = -math.log(_SMALLEST)


def log_losses(labels: Bools | Floats, predictions: Floats) -> Floats:
    """What each row adds to the binary cross entropy: -log of the probability given to what happened.

    Args:
        labels: Whether each row is positive, or what share of it is: it then has its share of both losses.
        predictions: Probabilities of the positive class.
    """
    if labels.dtype == np.bool_:
        losses = np.subtract(predictions, ~labels, dtype=np.float64)
        # In place, by which a column too large for the processor's cache takes half the time.
        for step in (np.abs, lambda given, out: np.maximum(given, _SMALLEST, out=out), np.log, np.negative):
            step(losses, out=losses)
        return losses
    of_positive, of_negative = (-np.log(np.maximum(given, _SMALLEST)) for given in (predictions, 1 - predictions))
    return np.asarray(labels * of_positive + (1 - labels) * of_negative, dtype=np.float64)


def certain(predictions: Floats) -> Bools:
    """Of which rows a model is as certain as the log loss can tell: one that goes the other way costs `MOST_LOSS`."""
    return np.asarray((predictions <= _SMALLEST) | (predictions >= 1 - _SMALLEST), dtype=np.bool_)


@dataclass(frozen=True)
class Bin:
    """A bin of a reliability curve.

    Attributes:
        prediction: Mean prediction of its rows.
        label: Mean label of them.
        rows: How many there are.
        interval: Of the mean label; says nothing where a bin weighs nothing.
    """

    prediction: float
    label: float
    rows: int
    interval: Interval


def reliability(
    labels: Bools | Floats, predictions: Floats, masses: Masses, confidence: float, bins: int = 10
) -> list[Bin]:
    """The reliability curve, in the bins of `equal_parts`.

    Args:
        labels: Whether each row is positive, or what share of it is.
        predictions: Probabilities.
        masses: How much each counts.
        confidence: Of each bound alone; intervals are Wilson's.
        bins: At most so many.
    """
    parts = ((labels[rows], predictions[rows], masses.part(rows)) for rows in equal_parts(predictions, masses, bins))
    return [_bin(of_part, predicted, part, confidence) for of_part, predicted, part in parts]


def equal_parts(predictions: Floats, masses: Masses, most: int) -> list[Whole]:
    """Rows by prediction, the lowest first, in parts with about equally many; equal predictions are not torn apart.

    Args:
        predictions: Of each row.
        masses: Whose entries may stand for several rows.
        most: So many parts, or fewer where few predictions differ.

    Returns:
        The rows of each part, by number; none of no rows.
    """
    if not len(predictions):
        return []
    edges = np.unique(_quantiles(predictions, masses, most))
    place = np.searchsorted(edges, predictions, side="right")
    found = (np.flatnonzero(place == number) for number in range(len(edges) + 1))
    return [rows for rows in found if len(rows)]


def _quantiles(predictions: Floats, masses: Masses, bins: int) -> Floats:
    """The predictions that as many rows lie below as below each of so many equal parts of them."""
    if masses.times is None:
        aimed = (np.arange(1, bins) * len(predictions)) // bins
        return np.asarray(np.partition(predictions, aimed)[aimed])
    order = np.argsort(predictions, kind="stable")
    until = np.cumsum(masses.times[order])
    return np.asarray(
        predictions[order][np.searchsorted(until, (np.arange(1, bins) * int(until[-1])) // bins, "right")]
    )


def _bin(labels: Bools | Floats, predictions: Floats, masses: Masses, confidence: float) -> Bin:
    count = masses.entries if masses.times is None else round(float(masses.times.sum()))
    label = masses.mean(labels)
    if masses.counted and labels.dtype == np.bool_:
        interval = wilson(masses.sum(labels), masses.total, confidence)
    else:
        error = masses.error(labels - label)
        interval = wilson_of_share(label, error, masses.size(), count, normal(confidence))
    return Bin(masses.mean(predictions), label, count, interval)
