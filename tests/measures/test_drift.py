"""The oracles: SciPy's chi-square law and false discovery control, naive loops, and seeded simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benison.measures import drift

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=60)


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 10, 50, 101])
@pytest.mark.parametrize("statistic", [0.0, 1e-6, 0.5, 3.0, 20.0, 150.0, 5000.0])
def test_survival_is_that_of_scipy(freedom: int, statistic: float) -> None:
    expected = float(stats.chi2.sf(statistic, freedom))
    assert drift.chi_square_survival(statistic, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusted_p_values_are_those_of_scipy(p_values: list[float]) -> None:
    np.testing.assert_allclose(drift.benjamini_hochberg(p_values), stats.false_discovery_control(p_values), atol=1e-12)


def test_adjusting_no_p_values_gives_none() -> None:
    assert len(drift.benjamini_hochberg([])) == 0


def naive_bins(values: list[float], edges: list[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[sum(edge < value for edge in edges)] += 1
    return counts


@settings(max_examples=200, deadline=None)
@given(NUMBERS, NUMBERS)
def test_every_value_lies_in_the_bin_that_a_naive_loop_finds(reference: list[float], values: list[float]) -> None:
    edges = drift.quantile_edges(np.array(reference))
    assert drift.bin_counts(np.array(values), edges).tolist() == naive_bins(values, edges.tolist())


@settings(max_examples=200, deadline=None)
@given(NUMBERS, st.integers(2, 12))
def test_edges_ascend_and_leave_no_bin_of_the_reference_empty(values: list[float], bins: int) -> None:
    edges = drift.quantile_edges(np.array(values), bins)
    assert np.all(np.diff(edges) > 0)
    if len(set(values)) > 1:
        assert len(edges) < bins
        assert drift.bin_counts(np.array(values), edges).min() > 0


def test_values_without_ties_fall_into_ten_equal_bins() -> None:
    values = np.random.default_rng(1).permutation(np.arange(1000.0))
    edges = drift.quantile_edges(values)
    assert drift.bin_counts(values, edges).tolist() == [100] * 10


def test_a_value_that_most_rows_have_does_not_swallow_the_others() -> None:
    mostly_low = np.array([0.0] * 92 + list(range(1, 9)))
    mostly_high = np.array(list(range(5)) + [40.0] * 95)
    for values, most in ((mostly_low, 92), (mostly_high, 95)):
        assert drift.bin_counts(values, drift.quantile_edges(values)).max() == most


def test_leaving_the_only_value_of_a_constant_column_is_drift() -> None:
    constant = np.full(1000, 7.0)
    edges = drift.quantile_edges(constant)
    assert drift.bin_counts(constant, edges).tolist() == [0, 1000, 0]
    for shifted in (constant + 1, constant - 1):
        found = drift.compare(drift.bin_counts(constant, edges), drift.bin_counts(shifted, edges))
        assert found.psi > 1 and found.p_value < 1e-6


def test_no_values_have_no_edges_and_one_empty_bin() -> None:
    edges = drift.quantile_edges(np.empty(0))
    assert drift.bin_counts(np.empty(0), edges).tolist() == [0]


def test_infinite_values_lie_in_the_outer_bins() -> None:
    values = np.array([-math.inf, 0.5, math.inf])
    assert drift.bin_counts(values, np.array([0.0, 1.0])).tolist() == [1, 1, 1]


def naive_psi(reference: list[int], sample: list[int]) -> float:
    n, m, bins = sum(reference), sum(sample), len(reference)
    total = 0.0
    for before, after in zip(reference, sample, strict=True):
        p, q = (before + 0.5) / (n + 0.5 * bins), (after + 0.5) / (m + 0.5 * bins)
        total += (q - p) * math.log(q / p)
    return total


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(60, 500), st.integers(60, 500)), min_size=2, max_size=12))
def test_psi_is_that_of_a_naive_loop(pairs: list[tuple[int, int]]) -> None:
    reference, sample = map(list, zip(*pairs, strict=True))
    found = drift.compare(np.array(reference), np.array(sample))
    assert found.bins == len(pairs)
    assert found.psi == pytest.approx(naive_psi(reference, sample), abs=1e-12)


def test_psi_of_known_shares() -> None:
    shares = drift.compare(np.array([500_000, 500_000]), np.array([400_000, 600_000]))
    assert shares.psi == pytest.approx(0.1 * math.log(1.2) - 0.1 * math.log(0.8), rel=1e-4)
    assert shares.bins == 2


def test_equal_samples_have_no_drift() -> None:
    same = np.array([10, 20, 30])
    assert drift.compare(same, same) == drift.Drift(0.0, 1.0, 3, enough=True)


def test_two_samples_in_one_bin_have_no_drift() -> None:
    assert drift.compare(np.array([5, 0]), np.array([9, 0])) == drift.Drift(0.0, 1.0, 1, enough=True)


def test_rows_too_few_for_two_bins_tell_nothing() -> None:
    assert drift.compare(np.ones(10, int), np.ones(10, int)) == drift.Drift(0.0, 1.0, 1, enough=False)


def test_few_rows_that_all_moved_into_one_bin_tell_something() -> None:
    found = drift.compare(np.array([5, 5, 5, 5]), np.array([0, 0, 0, 12]))
    assert found.enough and found.bins == 2 and found.p_value < 0.01


@pytest.mark.parametrize(("reference", "sample"), [([1, 1], [1, 1, 1]), ([0, 0], [1, 1]), ([1, 1], [0, 0])])
def test_what_cannot_be_compared_is_refused(reference: list[int], sample: list[int]) -> None:
    with pytest.raises(ValueError, match="two samples over the same bins, neither empty"):
        drift.compare(np.array(reference), np.array(sample))


RARE = np.append(1 / np.arange(1, 31) ** 2, [1e-4, 1e-4])


@pytest.mark.parametrize("sizes", [(50, 50), (5000, 50), (50, 5000), (1000, 1000)])
@pytest.mark.parametrize(
    "shares", [np.full(10, 0.1), np.array([0.92, 0.08]), np.array([0.98, 0.02]), RARE / RARE.sum()]
)
def test_without_drift_alarms_are_no_more_frequent_than_their_level(sizes: tuple[int, int], shares: np.ndarray) -> None:
    rng = np.random.default_rng(20)
    references, samples = (rng.multinomial(size, shares, 3000) for size in sizes)
    p_values = np.array([drift.compare(*pair).p_value for pair in zip(references, samples, strict=True)])
    for level in (0.05, 0.01):
        slack = 3 * math.sqrt(level * (1 - level) / len(p_values))
        assert np.mean(p_values < level) <= level + slack


def binned(reference: np.ndarray, sample: np.ndarray) -> drift.Drift:
    edges = drift.quantile_edges(reference)
    return drift.compare(drift.bin_counts(reference, edges), drift.bin_counts(sample, edges))


def test_bins_fitted_to_the_reference_keep_the_level_too() -> None:
    rng = np.random.default_rng(21)
    p_values = [binned(rng.normal(size=300), rng.normal(size=200)).p_value for _ in range(2000)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_a_shift_by_one_deviation_is_found_and_one_outlier_does_not_hide_it() -> None:
    rng = np.random.default_rng(22)
    reference, shifted = rng.normal(size=1000), rng.normal(size=1000) + 1
    found = binned(reference, shifted)
    assert found.psi > 0.5 and found.p_value < 1e-12
    shifted[17] = 1e9
    reference[5] = -1e9
    assert binned(reference, shifted).psi == pytest.approx(found.psi, rel=0.05)


def test_values_that_went_missing_are_drift() -> None:
    found = drift.compare(np.array([500, 500, 0]), np.array([25, 25, 950]))
    assert found.psi > 1 and found.p_value < 1e-12
