"""Every metric that is measured, by name; `benison.core.metrics` says what each is called and what it can be."""

from __future__ import annotations

from collections.abc import Mapping

from benison.components.evaluator.metrics import matrix, points, scores, shares
from benison.components.evaluator.metrics.base import Measure as Measure

MEASURES: Mapping[str, Measure] = {**shares.measures(), **matrix.measures(), **scores.measures(), **points.measures()}
