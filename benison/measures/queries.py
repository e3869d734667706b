"""Rankings of the items that were shown for queries: how good each query's order is, items of equal score in any order.

Items whose scores are equal stand in every order with the same chance, and a figure is its mean over these orders: it
does not depend on the order of rows in a file. `k` cuts a ranking after its first k places; infinity does not.

Reference:
    McSherry & Najork (2008), Computing information retrieval performance measures efficiently in the presence of tied
    scores, ECIR 2008, 414-421.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Queries:
    """Rows by the query that each was shown for.

    Attributes:
        numbers: The query of each row, from 0 without gaps.
        heads: A row of each query, which stands for it.
        gains: How relevant each row is, from 0.
    """

    numbers: Whole
    heads: Whole
    gains: Floats

    @classmethod
    def of(cls, codes: Whole, gains: Floats) -> Queries:
        """Queries by any numbers, such as those of a whole of which these rows are a part.

        >>> Queries.of(np.array([7, 3, 7]), np.zeros(3)).numbers
        array([1, 0, 1])
        """
        _, heads, numbers = np.unique(codes, return_index=True, return_inverse=True)
        return cls(np.asarray(numbers, np.int64), np.asarray(heads, np.int64), gains)

    @property
    def count(self) -> int:
        return len(self.heads)

    @cached_property
    def relevant(self) -> Floats:
        """Of each query, how many of its rows have a gain."""
        return _sums(self.numbers, self.gains > 0, self.count)

    @cached_property
    def ideal(self) -> Ranking:
        """The best there is: rows by their gain."""
        return self.ranked(self.gains)

    def ranked(self, scores: Floats) -> Ranking:
        """The rows of each query by their score, the highest first.

        Args:
            scores: Of each row, finite.
        """
        order = np.lexsort((-scores, self.numbers))
        return Ranking(self, order, scores[order])

    def at_heads(self, figures: Floats | Bools) -> Floats:
        """A figure of each query as one of each row: it stands in the query's head, and 0 in the other rows."""
        found = np.zeros(len(self.numbers))
        found[self.heads] = figures
        return found


@dataclass(frozen=True)
class Ranking:
    """The rows of queries in a model's order; places of a query follow one another.

    Attributes:
        queries: The rows.
        order: The row in each place, as one of the orders that scores allow.
        scores: Of the row in each place.
    """

    queries: Queries
    order: Whole
    scores: Floats

    @cached_property
    def query(self) -> Whole:
        """Of each place."""
        return self.queries.numbers[self.order]

    @cached_property
    def rank(self) -> Whole:
        """Of each place in its query, from 1."""
        first = np.searchsorted(self.query, np.arange(self.queries.count))
        return np.arange(1, len(self.order) + 1) - first[self.query]

    @cached_property
    def _starts(self) -> Bools:
        """Whether a place is the first of its score in its query."""
        differs = (self.query[1:] != self.query[:-1]) | (self.scores[1:] != self.scores[:-1])
        return np.concatenate([np.ones(min(len(self.order), 1), np.bool_), differs])

    @cached_property
    def _tie(self) -> Whole:
        """Which run of equal scores a place is in."""
        return np.cumsum(self._starts) - 1

    def _in_tie(self, values: Floats | Bools) -> Floats:
        """What the rows of a place's run add up to, each row in turn by place."""
        return np.asarray(_sums(self._tie, values, 0)[self._tie])

    @cached_property
    def _size(self) -> Floats:
        return self._in_tie(np.ones(len(self.order)))

    @cached_property
    def _hits(self) -> Floats:
        """Rows with a gain in a place's run."""
        return self._in_tie(self.queries.gains[self.order] > 0)

    @cached_property
    def _step(self) -> Whole:
        """Of each place in its run, from 1."""
        return np.arange(1, len(self.order) + 1) - np.flatnonzero(self._starts)[self._tie]

    @cached_property
    def _before(self) -> Floats:
        """Rows of the query with a gain before a place's run."""
        hits = np.where(self._starts, self._hits, 0.0)
        up_to = np.cumsum(hits)
        of_query = np.cumsum(self.queries.relevant)
        return np.asarray(up_to - self._hits - (of_query - self.queries.relevant)[self.query])

    @cached_property
    def gain(self) -> Floats:
        """The mean gain in each place."""
        return self._in_tie(self.queries.gains[self.order]) / self._size

    @cached_property
    def relevance(self) -> Floats:
        """The chance that the row in each place has a gain."""
        return self._hits / self._size

    @cached_property
    def first(self) -> Floats:
        """The chance that the row in each place is the first of its query that has a gain.

        In the run where the first lies, with n rows and r of them relevant, it is at step t in C(n - t, r - 1) of
        C(n, r) orders.
        """
        n, r, t = self._size, self._hits, self._step
        possible = (self._before == 0) & (r > 0) & (t <= n - r + 1)
        log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n.max(initial=0) + 1)))])

        def log_choose(many: Floats, chosen: Floats) -> Floats:
            many, chosen = many.astype(np.int64), chosen.astype(np.int64)
            return np.asarray(log_factorial[many] - log_factorial[chosen] - log_factorial[many - chosen])

        n, r, t = n[possible], r[possible], t[possible]
        found = np.zeros(len(self.order))
        found[possible] = np.exp(log_choose(n - t, r - 1) - log_choose(n, r))
        return found

    @cached_property
    def precision(self) -> Floats:
        """In each place, the mean of its relevance times the share of relevant rows down to it.

        At step t of a run with n rows and r of them relevant, c before it, a row is relevant in r / n of the orders;
        then the run has 1 + (t - 1)(r - 1) / (n - 1) relevant rows down to it.
        """
        others = np.maximum(self._size - 1, 1)
        down_to = self._before + 1 + (self._step - 1) * np.maximum(self._hits - 1, 0) / others
        return np.asarray(self.relevance * down_to / self.rank)

    def summed(self, values: Floats, k: float) -> Floats:
        """What places up to k add up to, by query."""
        return _sums(self.query, np.where(self.rank <= k, values, 0.0), self.queries.count)


def _sums(numbers: Whole, values: Floats | Bools, many: int) -> Floats:
    return np.bincount(numbers, values, minlength=many).astype(np.float64)


def _over(above: Floats, below: Floats) -> Floats:
    """0 of queries without a gain, which are left out of every mean."""
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)


def ndcg(ranking: Ranking, k: float = math.inf) -> Floats:
    """Normalized discounted cumulative gain of each query: sum of gain / log2(rank + 1) over that of the best order.

    >>> queries = Queries.of(np.zeros(3, np.int64), np.array([1.0, 0.0, 2.0]))
    >>> ndcg(queries.ranked(np.array([0.9, 0.5, 0.1]))).round(6)
    array([0.760188])
    """

    def cumulated(one: Ranking) -> Floats:
        return one.summed(one.gain / np.log2(one.rank + 1), k)

    return _over(cumulated(ranking), cumulated(ranking.queries.ideal))


def average_precision(ranking: Ranking, k: float = math.inf) -> Floats:
    """Of each query the mean of the precision at each relevant row; of the first k places over min(k, relevant).

    Reference:
        Buckley & Voorhees (2005), Retrieval system evaluation, in TREC.
    """
    return _over(ranking.summed(ranking.precision, k), np.minimum(ranking.queries.relevant, k))


def reciprocal_rank(ranking: Ranking, k: float = math.inf) -> Floats:
    """Of each query 1 / the rank of its first relevant row; 0 where that comes after k."""
    return ranking.summed(ranking.first / ranking.rank, k)


def hit(ranking: Ranking, k: float) -> Floats:
    """Of each query whether one of the first k rows is relevant, or the chance of it."""
    return ranking.summed(ranking.first, k)


def precision(ranking: Ranking, k: float) -> Floats:
    """Of each query the relevant rows among the first k, over k, also where it has fewer rows."""
    return ranking.summed(ranking.relevance, k) / k


def recall(ranking: Ranking, k: float) -> Floats:
    """Of each query the relevant rows among the first k, over all its relevant rows."""
    return _over(ranking.summed(ranking.relevance, k), ranking.queries.relevant)
