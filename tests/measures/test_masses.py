import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benison.measures.masses import Masses

RANDOM = np.random.default_rng(1)
VALUES = RANDOM.normal(size=60)
INFLUENCES = VALUES - VALUES.mean()


def test_rows_that_weigh_the_same_have_the_error_of_a_mean() -> None:
    masses = Masses(60)
    assert masses.counted
    assert masses.mean(VALUES) == pytest.approx(VALUES.mean())
    assert masses.error(INFLUENCES) == pytest.approx(VALUES.std() / math.sqrt(60))
    assert masses.size(VALUES > 0) == np.count_nonzero(VALUES > 0)


@given(st.lists(st.integers(0, 5), min_size=60, max_size=60).filter(any))
def test_a_row_that_stands_for_several_counts_as_so_many(times: list[int]) -> None:
    some, all_of_them = Masses(60, times=np.array(times, float)), np.repeat(VALUES, times)
    written_out = Masses(len(all_of_them))
    assert some.counted
    assert some.total == written_out.total
    assert some.mean(VALUES) == pytest.approx(all_of_them.mean(), abs=1e-12)
    assert some.size(VALUES > 0) == np.count_nonzero(all_of_them > 0)
    assert some.error(VALUES) == pytest.approx(written_out.error(all_of_them), rel=1e-12)


def test_weights_have_the_error_of_a_weighted_mean_and_kishs_size() -> None:
    weights = RANDOM.random(60) + 0.1
    masses = Masses(60, weights=weights)
    mean = float(weights @ VALUES) / weights.sum()
    error = math.sqrt(float(np.square(weights) @ np.square(VALUES - mean))) / weights.sum()
    assert not masses.counted
    assert masses.mean(VALUES) == pytest.approx(mean)
    assert masses.error(VALUES - mean) == pytest.approx(error)
    assert masses.size() == pytest.approx(weights.sum() ** 2 / np.square(weights).sum())
    assert Masses(60, weights=np.full(60, 7.0)).size() == pytest.approx(60)


def test_rows_of_one_unit_are_worth_one() -> None:
    units = np.repeat(np.arange(20), 3)
    of_units = INFLUENCES.reshape(20, 3)[:, 0]
    masses, alone = Masses(60, units=units), Masses(20)
    tripled = np.repeat(of_units, 3)
    assert masses.error(tripled) == pytest.approx(alone.error(of_units) * math.sqrt(20 / 19))
    assert masses.size() == pytest.approx(20)
    assert masses.size(units < 7) == pytest.approx(7)


def test_units_that_do_not_occur_in_a_part_are_not_counted() -> None:
    units = np.repeat(np.arange(20), 3)
    rows = np.flatnonzero(units % 4 == 0)
    part, alone = Masses(60, units=units).part(rows), Masses(len(rows), units=units[rows] // 4)
    assert part.error(INFLUENCES[rows]) == pytest.approx(alone.error(INFLUENCES[rows]), rel=1e-12)
    assert part.size() == pytest.approx(5)


def test_sums_of_squared_weights_stand_for_the_rows_that_were_summed() -> None:
    weights, of_cell = RANDOM.random(60), RANDOM.integers(0, 4, 60)
    values = np.array([1.0, -2.0, 0.5, 3.0])
    sums, squares = (np.bincount(of_cell, one) for one in (weights, np.square(weights)))
    cells = Masses(4, times=np.bincount(of_cell).astype(float), weights=sums, squares=squares)
    rows = Masses(60, weights=weights)
    assert cells.error(values) == pytest.approx(rows.error(values[of_cell]), rel=1e-12)
    assert cells.size(values > 0) == pytest.approx(rows.size(values[of_cell] > 0))


def test_the_correlation_is_numpys_and_nothing_is_claimed_of_what_has_no_error() -> None:
    other = INFLUENCES + RANDOM.normal(size=60)
    other -= other.mean()
    masses = Masses(60)
    assert masses.correlation(INFLUENCES, other) == pytest.approx(np.corrcoef(INFLUENCES, other)[0, 1])
    assert masses.correlation(INFLUENCES, np.zeros(60)) == 0.0
    assert masses.correlation(INFLUENCES, -INFLUENCES) == -1.0


def test_of_nothing_there_is_no_error_and_one_unit_has_none_either() -> None:
    assert math.isnan(Masses(0).error(np.zeros(0)))
    assert math.isnan(Masses(3, units=np.zeros(3, int)).error(np.array([1.0, -1.0, 0.0])))
    assert Masses(0).size() == 0.0


def test_the_freedom_of_an_error_is_the_effective_size_of_its_squared_parts() -> None:
    random = np.random.default_rng(8)
    weights, influences = random.lognormal(0, 0.7, 500), random.normal(size=500)
    parts = np.square(weights * influences)
    expected = parts.sum() ** 2 / np.square(parts).sum()
    assert Masses(500, weights=weights).freedom(influences) == pytest.approx(expected)
    units = random.integers(0, 60, 500)
    sums = np.square(np.bincount(units, weights * influences))
    found = Masses(500, weights=weights, units=units).freedom(influences)
    assert found == pytest.approx(sums.sum() ** 2 / np.square(sums).sum())
    assert Masses(500).freedom(influences) == np.inf


def test_the_skewness_of_a_mean_is_that_of_its_rows_over_the_root_of_their_number() -> None:
    random = np.random.default_rng(9)
    drawn, units = random.exponential(size=800), random.integers(0, 90, 800)
    influences = drawn - drawn.mean()
    assert Masses(800).skewness(influences) == pytest.approx(stats.skew(drawn) / math.sqrt(800))
    weights = random.lognormal(0, 0.5, 800)
    weighed = weights * influences
    expected = np.sum(weighed**3) / np.sum(weighed**2) ** 1.5
    assert Masses(800, weights=weights).skewness(influences) == pytest.approx(expected)
    sums, many = np.bincount(units, weighed), len(np.unique(units))
    expected = np.sum(sums**3) / (np.sum(sums**2) * many / (many - 1)) ** 1.5
    assert Masses(800, weights=weights, units=units).skewness(influences) == pytest.approx(expected)


def test_one_row_alone_is_as_lopsided_as_can_be_and_no_error_is_not() -> None:
    assert Masses(3).skewness(np.array([-2.0, 0.0, 0.0])) == -1.0
    assert Masses(3).skewness(np.zeros(3)) == 0.0


def test_sums_of_higher_powers_stand_for_the_rows_that_were_summed() -> None:
    weights, cells = np.array([1.0, 3.0, 2.0, 2.0, 5.0]), np.array([0, 0, 1, 1, 1])
    of_cells = np.array([0.4, -1.1])
    summed = (np.bincount(cells, weights**power) for power in (1, 2, 3, 4))
    total, squares, cubes, fourths = summed
    few = Masses(2, np.array([2.0, 3.0]), total, squares, fourths=fourths, cubes=cubes)
    many = Masses(5, weights=weights)
    assert few.freedom(of_cells) == pytest.approx(many.freedom(of_cells[cells]))
    assert few.skewness(of_cells) == pytest.approx(many.skewness(of_cells[cells]))
    assert few.unevenness == pytest.approx(many.unevenness)
    assert many.unevenness == pytest.approx(np.mean(weights**4) / np.mean(weights**2) ** 2)


def test_weights_that_are_all_the_same_are_even() -> None:
    assert Masses(7, weights=np.full(7, 3.0)).unevenness == pytest.approx(1.0)
