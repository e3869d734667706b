"""How predictions compare with what happened: log loss, the ratio of their sums, and bins of a reliability curve."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benison.measures.confusion import share
from benison.measures.intervals import Floats

Bools = npt.NDArray[np.bool_]
# As Keras has it: a float32 probability of exactly 0 for what happened shall not make a mean infinite.
_SMALLEST = 1e-7


def log_losses(labels: Bools, predictions: Floats) -> Floats:
    """What each row adds to the binary cross entropy: -log of the probability given to what happened.

    Args:
        labels: Whether each row is positive.
        predictions: Probabilities of the positive class.
    """
    losses = np.subtract(predictions, ~labels, dtype=np.float64)
    # In place, by which a column too large for the processor's cache takes half the time.
    for step in (np.abs, lambda given, out: np.maximum(given, _SMALLEST, out=out), np.log, np.negative):
        step(losses, out=losses)
    return losses


def calibration(labels: Bools, predictions: Floats) -> float:
    """sum(predictions) / sum(labels): over 1 where the model promises too much; NaN without positives."""
    return share(float(predictions.sum()), float(np.count_nonzero(labels)))


def calibration_influences(labels: Bools, predictions: Floats) -> Floats:
    """How the calibration ratio C answers to each row: (prediction - C label) / mean(label)."""
    answers = predictions - calibration(labels, predictions) * labels
    return np.asarray(answers / labels.mean(), dtype=np.float64)


def reliability(labels: Bools, predictions: Floats, bins: int = 10) -> list[tuple[float, float, int]]:
    """The reliability curve: (mean prediction, mean label, rows) of bins with about equally many rows.

    Rows with the same prediction are never torn apart, so that few distinct predictions give fewer bins.

    Args:
        labels: Whether each row is positive.
        predictions: Probabilities.
        bins: At most so many.
    """
    if not len(labels):
        return []
    order = np.argsort(predictions, kind="stable")
    ordered, happened = predictions[order], labels[order]
    aimed = ordered[(np.arange(1, bins) * len(ordered)) // bins]
    starts = np.unique(np.concatenate([[0], np.searchsorted(ordered, aimed, side="left")]))
    return [
        (float(ordered[start:end].mean()), float(happened[start:end].mean()), int(end - start))
        for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True)
    ]
