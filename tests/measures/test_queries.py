"""Rankings of queries against scikit-learn and naive loops over every order that equal scores allow."""

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from benison.measures import queries
from benison.measures.queries import Floats, Queries, Ranking, Whole

Figure = Callable[[list[float], float], float]


def table(seed: int, *, most: int = 7, levels: int = 4) -> tuple[Whole, Floats, Floats]:
    """Query, gain and score of rows that are not in the order of their queries; many scores are equal."""
    random = np.random.default_rng(seed)
    codes = np.repeat(np.arange(12) * 5, random.integers(1, most, 12))
    gains = random.integers(0, 4, len(codes)) * (random.random(len(codes)) < 0.5)
    order = random.permutation(len(codes))
    return codes[order], gains[order].astype(float), random.integers(0, levels, len(codes)) / 8


def orders(gains: Floats, scores: Floats) -> Iterator[list[float]]:
    """The gains in every order that the scores allow, equal scores in every order alike."""
    for order in itertools.permutations(range(len(gains))):
        if all(scores[one] >= scores[two] for one, two in itertools.pairwise(order)):
            yield [float(gains[row]) for row in order]


def cumulated(gains: list[float], k: float) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains) if rank < k)


def average_precision(gains: list[float], k: float) -> float:
    hits, total = 0, 0.0
    for rank, gain in enumerate(gains, start=1):
        hits += gain > 0
        total += hits / rank if gain > 0 and rank <= k else 0.0
    return total / min(k, hits)


NAIVE: dict[Callable[[Ranking, float], Floats], Figure] = {
    queries.ndcg: lambda gains, k: cumulated(gains, k) / cumulated(sorted(gains, reverse=True), k),
    queries.average_precision: average_precision,
    queries.reciprocal_rank: lambda gains, k: next(
        (1 / rank for rank, gain in enumerate(gains, start=1) if gain > 0 and rank <= k), 0.0
    ),
    queries.hit: lambda gains, k: float(any(gain > 0 for gain in gains[: int(min(k, 99))])),
    queries.precision: lambda gains, k: sum(gain > 0 for gain in gains[: int(min(k, 99))]) / k,
    queries.recall: lambda gains, k: sum(gain > 0 for gain in gains[: int(min(k, 99))]) / sum(map(bool, gains)),
}


@pytest.mark.parametrize("figure", NAIVE)
@pytest.mark.parametrize("k", [1, 3, 6, math.inf])
def test_figures_are_means_over_every_order_that_scores_allow(
    figure: Callable[[Ranking, float], Floats], k: float
) -> None:
    for seed, levels in ((1, 3), (2, 100), (3, 1)):
        codes, gains, scores = table(seed, levels=levels)
        found = Queries.of(codes, gains)
        ours = figure(found.ranked(scores), k)
        for number, code in enumerate(np.unique(codes)):
            inside = codes == code
            assert found.relevant[number] == np.count_nonzero(gains[inside])
            if gains[inside].any():
                allowed = list(orders(gains[inside], scores[inside]))
                assert ours[number] == pytest.approx(np.mean([NAIVE[figure](one, k) for one in allowed]), rel=1e-12)


@pytest.mark.parametrize("k", [1, 5, 10, None])
def test_ndcg_is_that_of_scikit_learn_with_ties(k: int | None) -> None:
    codes, gains, scores = table(7, most=60, levels=9)
    gains += np.random.default_rng(8).random(len(gains)) * (gains > 1)
    ours = queries.ndcg(Queries.of(codes, gains).ranked(scores), math.inf if k is None else k)
    for number, code in enumerate(np.unique(codes)):
        inside = codes == code
        if gains[inside].any() and inside.sum() > 1:
            theirs = ndcg_score([gains[inside]], [scores[inside]], k=k)
            assert ours[number] == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("figure", NAIVE)
def test_the_order_of_rows_does_not_matter(figure: Callable[[Ranking, float], Floats]) -> None:
    codes, gains, scores = table(5, most=40)
    shuffled = np.random.default_rng(1).permutation(len(codes))
    one = figure(Queries.of(codes, gains).ranked(scores), 4)
    two = figure(Queries.of(codes[shuffled], gains[shuffled]).ranked(scores[shuffled]), 4)
    assert one == pytest.approx(two, rel=1e-12)


def test_a_thousand_equal_scores_are_an_order_by_chance() -> None:
    gains = (np.arange(1000) < 10).astype(float)
    ranking = Queries.of(np.zeros(1000, np.int64), gains).ranked(np.zeros(1000))
    missed = math.comb(990, 5) / math.comb(1000, 5)
    assert queries.hit(ranking, 5)[0] == pytest.approx(1 - missed, rel=1e-9)
    assert queries.precision(ranking, 5)[0] == pytest.approx(0.01)


@pytest.mark.parametrize("figure", NAIVE)
def test_queries_without_a_gain_have_0_and_no_rows_have_no_query(figure: Callable[[Ranking, float], Floats]) -> None:
    assert figure(Queries.of(np.array([1, 1, 2]), np.zeros(3)).ranked(np.arange(3.0)), 2).tolist() == [0.0, 0.0]
    assert figure(Queries.of(np.zeros(0, np.int64), np.zeros(0)).ranked(np.zeros(0)), 2).tolist() == []


def test_a_figure_of_a_query_stands_in_one_of_its_rows() -> None:
    found = Queries.of(np.array([4, 2, 4, 2]), np.ones(4))
    assert found.at_heads(np.array([0.2, 0.4])).tolist() == [0.4, 0.2, 0.0, 0.0]
