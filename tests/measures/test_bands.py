"""The oracles: seeded simulation of the next point, a naive MAD, and NumPy's standard errors of repeated samples."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.measures.bands import (
    FACTORS,
    FEWEST_POINTS,
    LOG,
    Band,
    band,
    deviation,
    rows_variance,
    share_error,
    stricter,
    widening,
)

POINTS = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=3, max_size=30)


@pytest.mark.slow
@pytest.mark.parametrize("points", [3, 5, 8, 12, 24])
def test_the_next_normal_point_is_outside_of_four_as_rarely_as_four_sigma_whatever_the_history(points: int) -> None:
    random, draws = np.random.default_rng(points), 10_000
    outside = 0
    for row in random.normal(size=(draws, points + 1)):
        found = abs(row[-1] - np.median(row[:-1])) / (widening(points) * deviation(row[:-1]))
        # Twice nearer than 4, which is rare enough to be counted in so few draws.
        outside += found > 2
    share = outside / draws
    assert math.erfc(4 / math.sqrt(2)) < share < math.erfc(2 / math.sqrt(2))


def test_fewer_points_make_a_wider_band() -> None:
    assert list(FACTORS) == sorted(FACTORS, reverse=True)
    assert [widening(points) for points in (3, 24, 100)] == [FACTORS[0], FACTORS[-1], FACTORS[-1]]
    assert len(FACTORS) == 24 - FEWEST_POINTS + 1


def test_fewer_than_three_points_are_refused() -> None:
    with pytest.raises(ValueError, match="a band needs 3 points, got 2"):
        band([1.0, 2.0], 0.1, 0.1)


def test_the_deviation_of_many_normal_points_is_nearly_theirs() -> None:
    points = np.random.default_rng(1).normal(5, 3, 20_000)
    assert deviation(points) == pytest.approx(3, rel=0.03)


@settings(max_examples=100, deadline=None)
@given(POINTS)
def test_the_deviation_is_never_less_than_that_of_the_median_distance(values: list[float]) -> None:
    points = np.array(values)
    mad = float(np.median(np.abs(points - np.median(points)))) * 1.4826
    assert deviation(points) >= mad * 0.9999


def test_one_stray_point_among_many_hardly_widens_the_band() -> None:
    points = np.random.default_rng(2).normal(size=16)
    assert deviation(np.append(points[:-1], 1e6)) < 2 * deviation(points)


@settings(max_examples=100, deadline=None)
@given(POINTS, st.floats(0.1, 100), st.floats(-1000, 1000))
def test_distances_do_not_depend_on_the_unit(points: list[float], factor: float, shift: float) -> None:
    value = 7.0
    one = band(points, 0.5, 0.1).distance(value)
    other = band([point * factor + shift for point in points], 0.5 * factor, 0.1 * factor)
    assert other.distance(value * factor + shift) == pytest.approx(one, rel=1e-6, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.1, 1e6), min_size=3, max_size=20), st.floats(-3, 3), st.sampled_from([1.0, -1.0]))
def test_a_place_in_a_band_is_found_again(points: list[float], away: float, sign: float) -> None:
    for found in (band(points, 0.1, 0.2), band([sign * point for point in points], 0.1, 0.2, LOG, 0.0, sign)):
        assert found.distance(found.at(away)) == pytest.approx(away, abs=1e-4)


def test_on_a_turned_axis_far_is_low() -> None:
    found = band([-10.0, -11.0, -9.0, -10.0] * 5, 0.0, 0.1, LOG, 1.0, -1.0)
    assert found.distance(-100.0) > 10 and found.distance(-2.0) < 0
    assert found.at(4) < -10 < found.at(-4)


def test_a_band_is_never_narrower_than_error_and_floor() -> None:
    still = [5.0] * 10
    assert band(still, 0.3, 0.1).scale == 0.3
    assert band(still, 0.1, 0.3).scale == 0.3
    assert band(still, 0.0, 0.0).distance(5.0) == 0 and band(still, 0.0, 0.0).distance(5.1) == math.inf


def test_a_value_without_a_logarithm_is_infinitely_far() -> None:
    assert Band(1.0, 1.0, LOG).distance(0.0) == -math.inf
    assert Band(1.0, 1.0, LOG).at(1e9) == pytest.approx(math.exp(709.0))


def test_many_checks_make_a_bound_stricter_so_that_all_together_err_as_rarely() -> None:
    assert stricter(4.0, 1) == stricter(4.0, 200) == 4.0
    assert stricter(math.inf, 5000) == math.inf
    alarms = [checks * math.erfc(stricter(4.0, checks) / math.sqrt(2)) for checks in (200, 1000, 10_000)]
    assert alarms[2] == pytest.approx(alarms[0], rel=0.3) and alarms[1] == pytest.approx(alarms[0], rel=0.3)


def test_the_variance_is_that_of_a_mean_less_the_median_of_earlier_means() -> None:
    random = np.random.default_rng(4)
    before = np.median(random.normal(0, 1 / math.sqrt(200), (100_000, 11)), axis=1)
    now = random.normal(0, 1 / math.sqrt(50), 100_000)
    assert rows_variance(50, [200] * 11) == pytest.approx(float(np.var(now - before)), rel=0.03)


def test_the_error_of_a_share_is_at_least_one_row() -> None:
    assert share_error(0.0, 50, rows_variance(50, [50] * 5)) == pytest.approx(0.02)
    assert share_error(0.5, 10_000, 1 / 10_000) == pytest.approx(0.005 + 0.0001)
