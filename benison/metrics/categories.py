"""Metrics of all classes at once, where models tell several apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from benison.metrics import shares
from benison.metrics.base import FEWEST, LOG, Measure, lacking
from benison.metrics.binarize import hits, of_label
from benison.metrics.matrix import exact
from benison.metrics.measure import Floats, Sample
from benison.metrics.ratios import Ratio, careful, of_ratio

# What Keras takes a smaller probability for.
_LEAST = 1e-7
_ROWS: Mapping[str, int] = {"rows": FEWEST}
_BY_PAIRS = "influence (log); gain: paired influences"


def _losses(sample: Sample) -> Floats:
    """Of what the model gave to the label, as a share of all that it gave."""
    given = of_label(sample, sample.predictions) / sample.predictions.sum(axis=1)
    return np.asarray(-np.log(np.clip(given, _LEAST, 1 - _LEAST)), dtype=np.float64)


def _squares(sample: Sample) -> Floats:
    """Brier (1950), Monthly Weather Review 78, 1-3: summed over classes."""
    of_all = np.square(sample.predictions).sum(axis=1)
    return np.asarray(of_all - 2 * of_label(sample, sample.predictions) + 1, dtype=np.float64)


RATIOS: Mapping[str, Ratio] = {
    "brier_score": Ratio(_squares, None, LOG, _BY_PAIRS),
    "categorical_crossentropy": Ratio(_losses, None, LOG, _BY_PAIRS),
}


def _accuracy(top: int) -> Measure:
    """The share of rows whose label is an answer; of how many answers is the parameter, unless it is given."""
    plain = shares.measures()["binary_accuracy"]

    def seen(sample: Sample, parameter: float) -> Sample:
        return hits(sample, top or round(parameter))

    return replace(
        plain,
        value=lambda sample, k: plain.value(seen(sample, k), 0.5),
        interval=lambda sample, k, confidence: plain.interval(seen(sample, k), 0.5, confidence),
        gain=lambda one, two, k, confidence: plain.gain(seen(one, k), seen(two, k), 0.5, confidence),
        lacks=lambda sample, k: lacking(plain, seen(sample, k), 0.5),
    )


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    rows = exact(lambda sample, _: sample.masses.total)
    return {
        "categorical_accuracy": _accuracy(1),
        "top_k_categorical_accuracy": _accuracy(0),
        "example_count": rows,
        "weighted_example_count": rows,
        **{name: careful(of_ratio(one, _ROWS)) for name, one in RATIOS.items()},
    }
