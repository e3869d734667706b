"""What tables are made of: buckets, bins, counts, and sums that do not depend on the order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.components.evaluator.tables.buckets import BUCKETS, EDGES, WIDEST, Bins, buckets_of, fitted
from benison.components.evaluator.tables.counts import Counts
from benison.components.evaluator.tables.sums import MOST_ROWS, Sums, rounded

PROBABILITIES = (
    st.floats(0, 1)
    | st.sampled_from([0.0, 0.5, 0.5000000001, 1.0])
    | st.integers(0, BUCKETS).map(lambda number: number / BUCKETS)
)


def test_buckets_are_those_of_a_search_beside_every_edge_too() -> None:
    near = [EDGES]
    for direction in (-1.0, 2.0):
        at = EDGES
        for _ in range(3):
            at = np.nextafter(at, direction)
            near.append(at)
    close = np.concatenate(near)
    close = close[(close >= 0) & (close <= 1)]
    assert np.array_equal(buckets_of(close), np.searchsorted(EDGES, close))


@given(st.lists(PROBABILITIES, min_size=1, max_size=50), st.lists(PROBABILITIES, max_size=20))
def test_bins_are_those_of_a_search_whatever_the_cuts(values: list[float], cuts: list[float]) -> None:
    predictions, bins = np.array(values), Bins(np.unique(np.array(cuts, dtype=np.float64)))
    assert np.array_equal(bins.of(predictions, buckets_of(predictions)), np.searchsorted(bins.cuts, predictions))


@pytest.mark.parametrize("scale", [1.0, 1e-2, 1e-4, 1e-7])
def test_fitted_bins_hold_about_equally_many_rows_however_small_the_scores(scale: float) -> None:
    scores = scale * np.random.default_rng(3).beta(2, 5, 50_000)
    bins = fitted(scores, (0.5,))
    found = np.bincount(bins.of(scores, buckets_of(scores)), minlength=bins.count)
    assert 0.5 in bins.cuts
    assert bins.count <= 128
    assert found.max() < 4 * len(scores) / 128


def test_bins_of_few_scores_are_few_and_those_of_none_are_the_thresholds() -> None:
    given = EDGES[WIDEST:-1:WIDEST].tolist()
    assert fitted(np.array([0.25, 0.75]), (0.5,)).cuts.tolist() == sorted([*given, 0.25, 0.5, 0.75])
    assert fitted(np.zeros(0), (0.5,)).cuts.tolist() == sorted([*given, 0.5])
    assert fitted(np.zeros(9), (0.5,)).cuts.tolist() == sorted([*given, 0.0, 0.5])


def test_bins_are_as_fine_among_predicted_positives_as_among_the_others() -> None:
    scores = np.append(np.random.default_rng(4).beta(1, 300, 99_000), np.random.default_rng(5).beta(8, 8, 1000))
    bins = fitted(scores, (0.3, 0.5))
    high = np.unique(bins.of(scores[-1000:], buckets_of(scores[-1000:])))
    assert {0.3, 0.5} <= set(bins.cuts)
    assert len(high) > 40


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_sums_are_the_same_in_any_order(values: list[float], random: Any) -> None:
    def summed(numbers: list[float]) -> Sums:
        total = Sums.of(np.zeros(1))
        for number in numbers:
            total += Sums.of(np.array([number]))
        return total

    mixed = random.sample(values, len(values))
    one, two = summed(values), summed(mixed)
    assert (one.high, one.low) == (two.high, two.low)
    assert one.values[0] == pytest.approx(sum(values), rel=1e-14, abs=1e-20)
    whole = Sums.of(np.array(values)).total(np.arange(len(values)))
    assert (whole.high, whole.low) == (one.high[0], one.low[0])


def test_rounded_numbers_add_up_without_rounding_in_any_order() -> None:
    random = np.random.default_rng(5)
    for bits, most in ((36, 1.0), (32, 16.2)):
        values = rounded(most * random.random(MOST_ROWS), bits)
        assert np.array_equal(np.ldexp(values, bits), np.rint(np.ldexp(values, bits)))
        exact = sum(int(value) for value in np.ldexp(values, bits))
        for ordered_values in (values, np.sort(values), values[::-1]):
            assert np.bincount(np.zeros(len(values), int), weights=ordered_values)[0] * 2**bits == exact


def test_counts_go_on_beyond_two_thousand_million() -> None:
    counts = Counts(2)
    counts.grow(2)
    counts.add(np.array([3, 3]))
    assert counts.total(np.array([0, 1])).tolist() == [0, 2]
    counts._counts[1, 1] = counts._added = 2**31 - 2
    counts.add(np.array([3, 3, 3]))
    assert counts.total(np.array([1])).tolist() == [0, 2**31 + 1]
