"""Every metric that is measured, by name; `benison.core.metrics` says what each is called and what it can be."""

from __future__ import annotations

from collections.abc import Mapping

from benison.core.metrics import BINARY, MULTICLASS, RANKING, REGRESSION, Metric
from benison.metrics import categories, matrix, numbers, points, rankings, scores, shares
from benison.metrics.averages import of_classes
from benison.metrics.base import Measure as Measure
from benison.metrics.ratios import of_own

MEASURES: Mapping[str, Mapping[str, Measure]] = {
    BINARY: {**shares.measures(), **matrix.measures(), **scores.measures(), **points.measures()},
    REGRESSION: numbers.measures(),
    MULTICLASS: categories.measures(),
    RANKING: rankings.measures(),
}


def measure_of(asked: Metric) -> Measure:
    """How a metric is measured."""
    if asked.kind.own:
        return of_own(asked.kind)
    plain = MEASURES[asked.kind.task][asked.kind.name]
    return of_classes(asked, plain) if asked.of or asked.top else plain
