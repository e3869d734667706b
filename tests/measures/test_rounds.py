"""Bounds of a median of rounds."""

import math

import numpy as np
import pytest
from scipy import stats

from benison.measures.rounds import median_interval


@pytest.mark.parametrize("many", [5, 7, 8, 13, 40])
def test_bounds_are_the_farthest_in_that_hold_by_the_binomial_law(many: int) -> None:
    found = median_interval([float(value) for value in range(many)], 0.95)
    rank = int(found.lower)
    assert found.upper == many - 1 - rank
    assert stats.binom.cdf(rank, many, 0.5) <= 0.05 < stats.binom.cdf(rank + 1, many, 0.5)


@pytest.mark.parametrize("draw", ["lognormal", "standard_cauchy", "exponential"])
def test_each_bound_holds_as_often_as_it_says_whatever_the_distribution(draw: str) -> None:
    random = np.random.default_rng(3)
    rounds = getattr(random, draw)(size=(4000, 8))
    median = {"lognormal": 1.0, "standard_cauchy": 0.0, "exponential": math.log(2)}[draw]
    found = [median_interval(list(values), 0.95) for values in rounds]
    exact = 1 - stats.binom.cdf(1, 8, 0.5)
    assert np.mean([one.lower <= median for one in found]) == pytest.approx(exact, abs=0.01)
    assert np.mean([one.upper >= median for one in found]) == pytest.approx(exact, abs=0.01)


def test_too_few_rounds_say_nothing() -> None:
    assert not median_interval([1.0, 2.0, 3.0, 4.0], 0.95).known
    assert not median_interval([1.0] * 5, 0.99).known
