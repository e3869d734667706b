"""plot: the points of ROC and reliability curves, few enough to be drawn and kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.components.evaluator.measure import Sample
from benison.measures.calibration import reliability
from benison.measures.ranking import roc_points


def curves(samples: Mapping[str, Sample]) -> dict[str, Any]:
    """Both curves over all rows, for each model once.

    Args:
        samples: By role what each model answered on all rows.

    Returns:
        ``roc``: by role, points (false positive rate, true positive rate), at most 101; ``calibration``: by role, bins
        (mean prediction, mean label, rows), at most 10.
    """
    return {
        "roc": {role: _lists(roc_points(sample.levels)) for role, sample in samples.items()},
        "calibration": {
            role: _lists(reliability(sample.labels, sample.predictions, sample.masses))
            for role, sample in samples.items()
        },
    }


def _lists(points: list[Any]) -> list[list[float]]:
    return [list(point) for point in points]
