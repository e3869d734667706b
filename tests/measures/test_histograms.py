"""Histograms against NumPy's, against rows that are repeated, and against what round edges have to be."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.measures.histograms import MOST_EDGES, columns, edges, quantiles

SHARES = (0.005, 0.05, 0.1, 0.5, 0.9, 0.95, 0.995)
WIDTHS = [Fraction(f"{factor}e{power}") for power in range(-309, 14) for factor in (1, 2, 5)]
NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)


@pytest.mark.parametrize("many", [1, 2, 19, 20, 601])
def test_quantiles_are_those_of_numpys_inverse_of_the_distribution(many: int) -> None:
    values = np.random.default_rng(many).normal(size=many)
    expected = np.quantile(values, SHARES, method="inverted_cdf")
    assert quantiles(values, SHARES).tolist() == expected.tolist()
    assert quantiles(values, SHARES, np.full(many, 0.25)).tolist() == expected.tolist()


def test_a_weight_counts_as_so_many_equal_values_and_one_of_0_not_at_all() -> None:
    random = np.random.default_rng(2)
    values, times = random.normal(size=301).round(1), random.integers(0, 5, 301)
    values[:3], times[:3] = (-99.0, 99.0, 0.0), 0
    repeated = quantiles(np.repeat(values, times), SHARES)
    assert quantiles(values, SHARES, times.astype(np.float64)).tolist() == repeated.tolist()
    assert np.abs(repeated).max() < 99


@pytest.mark.parametrize(("values", "weights"), [([], None), ([], []), ([1.0, 2.0], [0.0, 0.0])])
def test_of_what_weighs_nothing_no_quantile_is_known(values: list[float], weights: list[float] | None) -> None:
    found = quantiles(np.array(values), (0.5, 0.9), None if weights is None else np.array(weights))
    assert np.isnan(found).tolist() == [True, True]


@given(NUMBERS, NUMBERS)
def test_edges_hold_the_range_are_few_and_stand_half_way_between_multiples_of_a_round_width(
    one: float, two: float
) -> None:
    low, high = min(one, two), max(one, two)
    found = edges(low, high).tolist()
    assert 2 <= len(found) <= MOST_EDGES
    assert found == sorted(set(found))
    assert found[0] <= low and high <= found[-1]
    if len(found) > 2 and high - low > 1e-9 * max(abs(low), abs(high)):
        width = next(
            one for one in WIDTHS if one > Fraction((found[-1] - found[0]) / (len(found) - 1)) * Fraction(9, 10)
        )
        halves = [(Fraction(repr(edge)) / width) % 1 for edge in found]
        assert {abs(half - Fraction(1, 2)) < Fraction(1, 1000) for half in halves} == {True}


def test_bins_are_symmetric_about_0_where_the_range_is() -> None:
    found = edges(-3.0, 3.0)
    assert (found + found[::-1]).tolist() == [0.0] * len(found)
    assert (np.diff(found).round(12) == 0.2).all()


@pytest.mark.parametrize(
    ("low", "high", "first", "last"),
    [
        (0.0, 0.0, -1.05, 1.05),
        (-7.0, -7.0, -7.725, -6.275),
        (0.0, 1e-310, -1.05, 1.05),
        (3.0, 3.0000000000000004, 3.0, 3.0),
    ],
)
def test_a_range_of_one_value_has_room_beside_it(low: float, high: float, first: float, last: float) -> None:
    found = edges(low, high)
    assert (found[0], found[-1]) == (pytest.approx(first), pytest.approx(last))
    assert found[0] <= low <= high <= found[-1]
    assert len(found) >= 2


@pytest.mark.parametrize(("low", "high"), [(math.nan, math.nan), (-math.inf, 1.0), (0.0, math.inf), (-1e301, 0.0)])
def test_a_range_that_is_none_has_no_edges(low: float, high: float) -> None:
    assert edges(low, high).tolist() == []


@given(st.lists(st.integers(-12, 12), max_size=60), st.booleans())
def test_columns_are_numpys_and_what_it_leaves_out(values: list[int], weighted: bool) -> None:
    numbers, bounds = np.array(values, dtype=np.float64) / 2, np.array([-4.0, -2.5, 0.0, 0.5, 3.0])
    weights = np.arange(len(values)) + 0.5 if weighted else None
    found = columns(numbers, bounds, weights)
    each = np.ones(len(values)) if weights is None else weights
    inside, _ = np.histogram(numbers, bounds, weights=each)
    assert found.tolist() == [each[numbers < -4].sum(), *inside, each[numbers > 3].sum()]
