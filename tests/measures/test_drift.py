"""The oracles: SciPy's chi-square law and false discovery control, naive loops, and seeded simulation."""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from benison.measures import drift
from benison.measures.tallies import NEITHER, ColumnTally


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


Values = Sequence[float | str | None] | np.ndarray | pa.Array


def tally(values: Values) -> ColumnTally:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    found = ColumnTally.of(array.type)
    found.add(array, np.full(len(array), NEITHER, np.int8))
    return found


def held(before: Values, now: Values) -> drift.Drift:
    bins = drift.binned(tally(before).profile(), tally(now))
    return drift.compare(bins.first, bins.second)


def test_leaving_the_only_value_of_a_constant_column_is_drift() -> None:
    constant = np.full(1000, 7.0)
    for shifted in (constant + 1, constant - 1):
        found = held(constant, shifted)
        assert found.psi > 1 and found.p_value < 1e-6
    assert held(constant, constant).psi == 0


def test_infinite_values_lie_in_the_outer_bins() -> None:
    bins = drift.binned(tally([0.0, 1.0, 2.0, 3.0]).profile(), tally([-math.inf, 0.5, math.inf, None]))
    assert (bins.now[0], bins.now[-2], bins.now[-1]) == (1, 1, 1) and bins.now.sum() == 4


def test_categories_are_counted_by_the_values_of_the_reference_and_missing_ones_last() -> None:
    bins = drift.binned(tally(["a", "b", "b", None]).profile(), tally(["b", "new", None, None, "a", "newer"]))
    assert bins.before.tolist() == [2, 1, 0, 1]
    assert bins.now.tolist() == [1, 1, 2, 2]


def test_new_values_are_compared_one_by_one() -> None:
    bins = drift.binned(tally(["a", "b", "b", None]).profile(), tally(["b", "new", None, "new", "newer"]))
    assert bins.first.tolist() == [2, 1, 0, 0, 0, 1]
    assert bins.second.tolist() == [1, 0, 2, 1, 0, 1]


def test_a_side_without_values_is_compared_whatever_its_kind() -> None:
    numbers, nothing = [1.0, 2.0, 3.0, 4.0] * 100, [None] * 400
    for before, now in ((numbers, nothing), (nothing, numbers), (["a", "b"] * 200, nothing), (nothing, ["a"] * 400)):
        found = held(before, now)
        assert found.psi > 1 and found.p_value < 1e-12, (before[0], now[0])
    assert held(nothing, nothing).psi == 0


def test_columns_of_two_kinds_have_no_bins_in_common() -> None:
    with pytest.raises(ValueError, match="no place in the bins"):
        drift.binned(tally([1.0, 2.0]).profile(), tally(["a"]))


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


def test_effects_of_known_shares() -> None:
    found = drift.compare(np.array([500_000, 500_000]), np.array([400_000, 600_000]))
    assert found.effects["psi"] == pytest.approx(0.1 * math.log(1.2) - 0.1 * math.log(0.8), rel=1e-4)
    assert found.effects["l_infinity"] == pytest.approx(0.1)
    expected = distance.jensenshannon([0.5, 0.5], [0.4, 0.6], base=2) ** 2
    assert found.effects["jensen_shannon"] == pytest.approx(expected, rel=1e-9)
    assert found.bins == 2


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(30, 500), st.integers(30, 500)), min_size=2, max_size=12))
def test_the_other_effects_are_those_of_scipy_and_of_a_naive_loop(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    found = drift.compare(first, second)
    p, q = first / first.sum(), second / second.sum()
    assert found.effects["jensen_shannon"] == pytest.approx(distance.jensenshannon(p, q, base=2) ** 2, abs=1e-12)
    assert found.effects["l_infinity"] == pytest.approx(max(abs(a - b) for a, b in zip(p, q, strict=True)))


@pytest.mark.parametrize("sizes", [(100, 100), (400, 200), (5000, 300)])
def test_what_chance_adds_is_what_it_adds_on_average(sizes: tuple[int, int]) -> None:
    random, shares = np.random.default_rng(23), np.full(10, 0.1)
    pairs = zip(*(random.multinomial(size, shares, 1000) for size in sizes), strict=True)
    found = [drift.compare(*pair) for pair in pairs]
    for measure in ("psi", "jensen_shannon"):
        assert np.mean([one.effects[measure] for one in found]) == pytest.approx(found[0].chance[measure], rel=0.1)
    left = np.mean([one.beyond_chance("l_infinity") for one in found])
    assert left < np.mean([one.effects["l_infinity"] for one in found]) * 0.85


def test_a_large_shift_is_hardly_less_beyond_chance() -> None:
    found = drift.compare(np.full(10, 100), np.array([900, *[11] * 9]))
    for measure in ("psi", "jensen_shannon", "l_infinity"):
        assert 0.95 * found.effects[measure] < found.beyond_chance(measure) <= found.effects[measure]


def test_equal_samples_have_no_drift() -> None:
    same = np.array([10, 20, 30])
    found = drift.compare(same, same)
    assert set(found.effects.values()) == {0.0}
    assert (found.p_value, found.bins, found.enough) == (1.0, 3, True)


@pytest.mark.parametrize(
    ("first", "second", "enough"),
    [([5, 0], [9, 0], True), (np.ones(10), np.ones(10), False)],
    ids=["one bin", "too few"],
)
def test_one_bin_tells_nothing_unless_there_is_but_one(first: object, second: object, enough: bool) -> None:
    found = drift.compare(np.array(first), np.array(second))
    assert (found.psi, found.p_value, found.bins, found.enough) == (0.0, 1.0, 1, enough)


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
    pairs = np.hstack([rng.multinomial(size, shares, 2000) for size in sizes])
    # Of two bins and few rows most pairs were drawn before.
    different, place = np.unique(pairs, axis=0, return_inverse=True)
    p_values = np.array([drift.compare(*np.split(pair, 2)).p_value for pair in different])[place.ravel()]
    for level in (0.05, 0.01):
        slack = 3 * math.sqrt(level * (1 - level) / len(p_values))
        assert np.mean(p_values < level) <= level + slack


def test_bins_fitted_to_the_reference_keep_the_level_too() -> None:
    rng = np.random.default_rng(21)
    p_values = [held(rng.normal(size=300), rng.normal(size=200)).p_value for _ in range(1000)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 1000)


EVEN, LONG = np.ones(1000) / 1000, (1 / np.arange(1, 1001)) / np.sum(1 / np.arange(1, 1001))


SIXTY = np.full(60, 1 / 60)


@pytest.mark.parametrize(
    ("sizes", "weights"),
    [
        *(((size, size), weights) for size in (60, 300) for weights in (EVEN, LONG, SIXTY)),
        ((300, 20_000), LONG),
        ((3000, 300), EVEN),
        ((20_000, 60), LONG),
    ],
)
def test_values_that_a_reference_had_or_kept_by_luck_are_no_drift(sizes: tuple[int, int], weights: np.ndarray) -> None:
    random = np.random.default_rng(24)
    names = pa.array([f"value {number}" for number in range(len(weights))])
    p_values = []
    for _ in range(120):
        first, second = (names.take(pa.array(random.choice(len(names), size, p=weights))) for size in sizes)
        p_values.append(held(first, second).p_value)
    assert np.mean(np.array(p_values) < 0.01) <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 120)


def test_of_many_values_those_that_all_became_others_are_drift() -> None:
    random = np.random.default_rng(25)
    names = [f"value {number}" for number in range(300)]
    before, now = (random.choice(names, 5000) for _ in range(2))
    assert held(before, now).p_value > 0.01
    assert held(before, np.char.add(now, "!")).p_value < 1e-12


def test_a_value_that_many_of_many_values_became_is_drift() -> None:
    random = np.random.default_rng(26)
    names = [f"value {number}" for number in range(1000)]
    before, now = (random.choice(names, 3000) for _ in range(2))
    now[:600] = "value 7"
    assert held(before, now).p_value < 1e-12


def test_a_shift_by_one_deviation_is_found_and_one_outlier_does_not_hide_it() -> None:
    rng = np.random.default_rng(22)
    reference, shifted = rng.normal(size=1000), rng.normal(size=1000) + 1
    found = held(reference, shifted)
    assert found.psi > 0.5 and found.p_value < 1e-12
    shifted[17] = 1e9
    reference[5] = -1e9
    assert held(reference, shifted).psi == pytest.approx(found.psi, rel=0.05)


def test_values_that_went_missing_are_drift() -> None:
    found = drift.compare(np.array([500, 500, 0]), np.array([25, 25, 950]))
    assert found.psi > 1 and found.p_value < 1e-12
