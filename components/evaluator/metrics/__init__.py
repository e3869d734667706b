"""Every metric that is measured, by name; `benison.core.metrics` says what each is called and what it can be."""

from __future__ import annotations

from collections.abc import Mapping

from benison.components.evaluator.metrics import matrix, numbers, points, rankings, scores, shares
from benison.components.evaluator.metrics.base import Measure as Measure
from benison.components.evaluator.metrics.ratios import of_own
from benison.core.metrics import BINARY, RANKING, REGRESSION, Kind

MEASURES: Mapping[str, Mapping[str, Measure]] = {
    BINARY: {**shares.measures(), **matrix.measures(), **scores.measures(), **points.measures()},
    REGRESSION: numbers.measures(),
    RANKING: rankings.measures(),
}


def measure_of(kind: Kind) -> Measure:
    """How a metric is measured."""
    return of_own(kind) if kind.own else MEASURES[kind.task][kind.name]
