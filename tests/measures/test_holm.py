import numpy as np
import pytest
from scipy import stats

from benison.measures.holm import Bounds, holm, p_below, surely_below
from benison.measures.quantiles import normal


def around(value: float, error: float = 0.012) -> tuple[float, Bounds]:
    return value, (value - normal(0.95) * error, value + normal(0.95) * error)


@pytest.mark.parametrize("value", [-0.05, -0.01, 0.0, 0.02])
def test_p_is_that_of_a_normal_estimate_whose_interval_it_is(value: float) -> None:
    assert p_below(*around(value), 0.95) == pytest.approx(stats.norm.cdf(value / 0.012))


def test_p_goes_by_the_wider_side() -> None:
    wide = (-0.10, -0.03)
    assert p_below(-0.05, wide, 0.95) == pytest.approx(p_below(-0.05, (-0.10, 0.0), 0.95)) == pytest.approx(0.05)


def test_a_bound_below_0_is_certain_if_it_is_alone_and_not_among_others() -> None:
    just, other = (-0.02, (-0.04, -0.0001)), (0.01, (0.0, 0.02))
    assert surely_below([just], 0.95) == [True]
    assert surely_below([just, other], 0.95) == [False, False]
    assert surely_below([(-0.02, (-0.04, 1e-6))], 0.95) == [False]


def test_what_is_exactly_0_is_not_below_and_what_is_exactly_below_is() -> None:
    assert surely_below([(0.0, (0.0, 0.0)), (-0.1, (-0.1, -0.1))], 0.95) == [False, True]
    assert surely_below([], 0.95) == []


def test_holm_goes_on_down_the_list_for_as_long_as_each_holds() -> None:
    # The textbook's step-down: p(i) <= alpha / (m - i + 1) from the smallest, until one is not.
    random = np.random.default_rng(1)
    for _ in range(50):
        p_values = random.random(6) ** 4
        rejected, order = set(), np.argsort(p_values)
        for rank, place in enumerate(order):
            if p_values[place] > 0.05 / (6 - rank):
                break
            rejected.add(int(place))
        assert {place for place, p in enumerate(holm(p_values.tolist())) if p <= 0.05} == rejected


def test_of_slices_on_which_nothing_changed_any_is_called_harmed_one_time_in_twenty() -> None:
    random = np.random.default_rng(2)
    values = random.normal(size=(4000, 20))
    found = [any(surely_below([around(value, 1.0) for value in row], 0.95)) for row in values.tolist()]
    assert np.mean(found) == pytest.approx(0.05, abs=0.01)
    assert np.mean((values + normal(0.95) < 0).any(axis=1)) > 0.6
