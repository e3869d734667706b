"""residuals: how far off models are that answer numbers, as it is drawn: how often, by how much, for which answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benison.measures.calibration import equal_parts
from benison.measures.histograms import columns, edges, quantiles
from benison.metrics.base import FEWEST
from benison.metrics.bound import estimate
from benison.metrics.measure import Floats, Sample, Whole
from benison.metrics.numbers import errors

Document = dict[str, Any]
# Half a percent on either side lies beyond the edges. Of a few rows that is none: there the middle says what is far.
_RANGE = (0.005, 0.1, 0.9, 0.995)
_ROOM = 2
_QUANTILES = (0.05, 0.5, 0.95)
_PARTS = 10
# More than can be drawn; counts up to a thousand million rows are whole.
_DIGITS = 9


def documents(models: Mapping[str, Sample], confidence: float) -> dict[str, Document]:
    """The plots of each model on one slice, all of them over the same edges.

    Args:
        models: By role, on the same rows.
        confidence: Of each bound of an interval alone.
    """
    first = next(iter(models.values()))
    each, labels = first.masses.each, np.asarray(first.labels, dtype=np.float64)
    residuals = {role: errors(sample) for role, sample in models.items()}
    of_residuals = _edges([*residuals.values()], each)
    of_values = _edges([labels, *(sample.predictions for sample in models.values())], each)
    of_labels = _columns(labels, of_values, each)
    return {
        role: {
            "residuals": {
                "edges": of_residuals.tolist(),
                "columns": _columns(residuals[role], of_residuals, each),
                "quantiles": _listed(quantiles(residuals[role], _QUANTILES, each)),
            },
            "predictions": {
                "edges": of_values.tolist(),
                "columns": _columns(sample.predictions, of_values, each),
                "labels": of_labels,
            },
            "by_prediction": _by_prediction(sample, residuals[role], confidence),
        }
        for role, sample in models.items()
    }


def _edges(samples: Sequence[Floats], each: Floats | None) -> Floats:
    """Edges for all of some samples, so that they can be laid over one another."""
    ends = [_range(values, each) for values in samples]
    return edges(min(low for low, _ in ends), max(high for _, high in ends))


def _range(values: Floats, each: Floats | None) -> tuple[float, float]:
    """Where nearly all values lie; eight tenths of them take a fifth of it at least, whatever outliers there are."""
    low, tenth, nine_tenths, high = quantiles(values, _RANGE, each).tolist()
    room = _ROOM * (nine_tenths - tenth)
    return (max(low, tenth - room), min(high, nine_tenths + room)) if room else (low, high)


def _columns(values: Floats, edges: Floats, each: Floats | None) -> list[float | None]:
    return _listed(columns(values, edges, each)) if len(edges) else []


def _by_prediction(sample: Sample, residuals: Floats, confidence: float) -> list[list[float | None]]:
    """Tenths of the rows by prediction; larger parts where a tenth has too few rows for an interval."""
    most = max(1, min(_PARTS, int(sample.size("rows") // FEWEST)))
    parts = equal_parts(sample.predictions, sample.masses, most)
    return [_part(sample, residuals, rows, confidence) for rows in parts]


def _part(sample: Sample, residuals: Floats, places: Whole, confidence: float) -> list[float | None]:
    rows = sample.rows.part(places)
    mean = estimate("mean_error", sample.part(places, rows), confidence)
    low, _, high = quantiles(residuals[places], _QUANTILES, rows.masses.each)
    (middle,) = quantiles(sample.predictions[places], (0.5,), rows.masses.each)
    bounds = (mean.interval.lower, mean.interval.upper)
    return [*_listed([middle, mean.value]), rows.count, *_listed([*bounds, low, high])]


def _listed(figures: Any) -> list[float | None]:
    return [_rounded(float(one)) for one in figures]


def _rounded(figure: float) -> float | None:
    """In digits that count, since nobody knows the scale."""
    return float(f"{figure:.{_DIGITS}g}") if math.isfinite(figure) else None
