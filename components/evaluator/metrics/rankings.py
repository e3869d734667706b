"""Metrics of models that rank: means over the queries that have a gain, each weighed as its rows are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.measure import Floats, Sample
from benison.components.evaluator.metrics.base import FEWEST, LOGIT, Measure, of_influences
from benison.components.evaluator.metrics.matrix import exact
from benison.components.evaluator.metrics.ratios import careful, paired_gain
from benison.measures import queries
from benison.measures.confusion import share
from benison.measures.queries import Ranking

_QUERIES: Mapping[str, int] = {"queries": FEWEST}
_METHOD = "mean over queries: influence (logit); gain: paired influences"


@dataclass(frozen=True)
class _Mean:
    """A metric that is the mean of a figure over queries.

    Attributes:
        figure: Of each query in a ranking, up to its k-th place.
    """

    figure: Callable[[Ranking, float], Floats]

    def value(self, sample: Sample, k: float) -> float:
        """NaN where no query has a gain."""
        return share(sample.masses.sum(self._by_row(sample, k)), sample.masses.sum(sample.rows.judged))

    def influences(self, sample: Sample, k: float) -> Floats:
        """Of each row: those of a query stand in one of its rows."""
        judged = sample.rows.judged
        apart = self._by_row(sample, k) - self.value(sample, k) * judged
        return np.asarray(apart / sample.masses.mean(judged), dtype=np.float64)

    def _by_row(self, sample: Sample, k: float) -> Floats:
        def made() -> Floats:
            found = self.figure(sample.ranking, math.inf if math.isnan(k) else k)
            # Means over orders may come to a little more than what no order exceeds.
            return sample.rows.queries.at_heads(np.minimum(found, 1.0)) * sample.rows.judged

        return sample.latest((self, k), made)

    @property
    def measure(self) -> Measure:
        """How it is measured."""
        found = of_influences(self.value, self.influences, LOGIT, _QUERIES, _METHOD)
        gain = paired_gain(self.value, self.influences, _QUERIES)
        return careful(Measure(found.value, found.interval, gain, _QUERIES, _METHOD))


_MEANS: Mapping[str, _Mean] = {
    "ndcg": _Mean(queries.ndcg),
    "hit_rate": _Mean(queries.hit),
    "mean_average_precision": _Mean(queries.average_precision),
    "mean_reciprocal_rank": _Mean(queries.reciprocal_rank),
    "precision": _Mean(queries.precision),
    "recall": _Mean(queries.recall),
}


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    rows = exact(lambda sample, _: sample.masses.total)
    return {
        "query_count": exact(lambda sample, _: float(sample.rows.queries.count)),
        "example_count": rows,
        "weighted_example_count": rows,
        **{name: one.measure for name, one in _MEANS.items()},
    }
