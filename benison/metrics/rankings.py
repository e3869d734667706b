"""Metrics of models that rank: means over the queries that have a gain, each weighed as its rows are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from benison.measures import queries
from benison.measures.confusion import share
from benison.measures.intervals import Interval, symmetric, union
from benison.measures.proportions import clopper_pearson
from benison.measures.queries import Ranking
from benison.metrics.base import FEWEST, LOGIT, Measure, quantile
from benison.metrics.matrix import exact
from benison.metrics.measure import Floats, Rows, Sample
from benison.metrics.ratios import paired_gain

_QUERIES: Mapping[str, int] = {"queries": FEWEST}
_METHOD = "mean over queries: influence (logit) and Student; gain: paired influences"
# With fewer queries that are not as good, or as bad, as can be, or that two models differ in, errors are too small.
_FEW = 10
_ROUNDING = 1e-12


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
        return sample.latest((self, k), lambda: self._placed(sample.rows, sample.ranking, k))

    def _placed(self, rows: Rows, ranking: Ranking, k: float) -> Floats:
        # Means over orders may come to a little more than what no order exceeds.
        found = np.minimum(self.figure(ranking, math.inf if math.isnan(k) else k), 1.0)
        return rows.queries.at_heads(found) * rows.judged

    def interval(self, sample: Sample, k: float, confidence: float) -> Interval:
        """On each side the wider of the logit scale's and Student's.

        Where nearly all queries are as good as can be, or at 0, one bound: no figure from 0 to 1 spreads more than a
        share with its mean does, so that the bound of a share will do.
        """
        value, figures, masses = self.value(sample, k), self._by_row(sample, k), sample.masses
        size = sample.size("queries")
        best = self._placed(sample.rows, sample.rows.queries.ideal, k)
        if masses.size(figures < best - _ROUNDING) < _FEW:
            # The best order of a query comes to 1, but for its precision.
            most = min(share(masses.sum(best), masses.sum(sample.rows.judged)), 1.0)
            bounds = (clopper_pearson(mean * size, size, confidence) for mean in (value, most))
            return Interval(next(bounds).lower, next(bounds).upper)
        if masses.size(figures > 0) < _FEW:
            return Interval(0.0, clopper_pearson(value * size, size, confidence).upper)
        influences = self.influences(sample, k)
        error, many = masses.error(influences), quantile(sample, _QUERIES, k, confidence, influences)
        return union(LOGIT(value, error, many), symmetric(value, error, many).clipped(0.0, 1.0))

    def gain(self, one: Sample, two: Sample, k: float, confidence: float) -> Interval:
        """Student's of the differences; of few queries that differ, what those lost, and those won, may come to."""
        masses, size = one.masses, one.size("queries")
        apart = self._by_row(one, k) - self._by_row(two, k)
        if masses.size(np.abs(apart) > _ROUNDING) >= _FEW:
            return paired_gain(self.value, self.influences, _QUERIES)(one, two, k, confidence)
        lost, won = (
            clopper_pearson(size * share(masses.sum(part), masses.sum(one.rows.judged)), size, confidence).upper
            for part in (np.maximum(-apart, 0.0), np.maximum(apart, 0.0))
        )
        return Interval(-lost, won)

    @property
    def measure(self) -> Measure:
        """How it is measured."""
        return Measure(self.value, self.interval, self.gain, _QUERIES, _METHOD)


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
