"""How surprising a window is: Student's law against SciPy's, distances against sums, p values against simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from benison.measures import surprise
from benison.measures.surprise import FEWEST, Distance, distance, habit


@pytest.mark.parametrize(("freedom", "more"), [(6, 0.31), (19, 0.03), (100, 0.03), (671, 0.03)])
def test_students_law_is_scipys_or_a_little_more(freedom: int, more: float) -> None:
    for p in (0.3, 1e-2, 1e-4, 1e-6):
        value = stats.t.isf(p, freedom)
        assert 0.998 * p <= surprise.survival(value, freedom) <= (1 + more) * p
        assert surprise.survival(surprise.quantile(p, freedom), freedom) == pytest.approx(p, rel=1e-6)
    assert surprise.survival(-2.0, freedom) == pytest.approx(1 - surprise.survival(2.0, freedom))


def test_a_distance_is_the_jensen_shannon_divergence() -> None:
    before, now = np.array([500, 300, 200]), np.array([40, 40, 20])
    found = distance(before, now, 4)
    assert found is not None and (found.bins, found.windows) == (3, 4)
    exact = float(jensenshannon(before, now, base=2)) ** 2
    assert found.effect_of(found.value) == pytest.approx(exact - found.sampling * 2 / (8 * np.log(2)))


def test_of_nothing_there_is_no_distance() -> None:
    assert distance(np.zeros(3, np.int64), np.array([1, 2, 3]), 3) is None
    assert distance(np.array([1, 2, 3]), np.zeros(3, np.int64), 3) is None


def test_the_bound_of_a_share_is_never_below_the_binomials_tail() -> None:
    for rows in (1, 5, 40, 1000):
        for hits in range(0, rows + 1, max(1, rows // 20)):
            exact = special.bdtrc(hits - 1, rows, 0.01) if hits else 1.0
            assert surprise.share_tail(hits, rows, 0.01) >= exact * (1 - 1e-9)


def test_few_predictions_teach_nothing() -> None:
    assert habit(np.ones((FEWEST - 1, 4))) is None


def simulated(random: np.random.Generator, many: int, between: float) -> list[Distance]:
    """Windows of rows that vary by more than drawing them by lot: Dirichlet shares, each against eight others."""
    shares, found = np.full(10, 0.1), []
    for _ in range(many):
        drawn = random.dirichlet(shares * (1 / between - 1), 9)
        rows = random.integers(500, 4000)
        counts = np.array([random.multinomial(rows, one) for one in drawn])
        one = distance(counts[:8].sum(axis=0), counts[8], 8)
        assert one is not None
        found.append(one)
    return found


@pytest.mark.parametrize("between", [1e-6, 5e-3])
def test_p_values_are_held_whether_windows_vary_or_not(between: float) -> None:
    random = np.random.default_rng(5)
    past = simulated(random, 300, between)
    usual = habit(np.array([(one.value, one.sampling, one.windows, one.bins) for one in past]))
    assert usual is not None
    p = np.array([usual.p_value(one) for one in simulated(random, 2000, between)])
    assert 0.02 <= (p < 0.05).mean() <= 0.08
    assert (p < 0.001).mean() <= 0.004
    one = past[0]
    assert usual.p_value(Distance(usual.reaches(one, 1e-4), *list(vars(one).values())[1:])) == pytest.approx(1e-4)
