import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benison.measures.intervals import Interval, mover
from benison.measures.proportions import paired_difference, proportion, tango, wilson

Z = 1.959963984540054


def rounded(interval: Interval, digits: int = 4) -> tuple[float, float]:
    return round(interval.lower, digits), round(interval.upper, digits)


# Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "trials", "published"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0000, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_gives_the_published_intervals(hits: int, trials: int, published: tuple[float, float]) -> None:
    assert rounded(wilson(hits, trials, 0.975)) == published


@given(st.integers(1, 400), st.data())
def test_wilson_ends_where_the_score_test_refuses(trials: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, trials))
    for bound in (wilson(hits, trials, 0.975).lower, wilson(hits, trials, 0.975).upper):
        if 0 < bound < 1:
            score = abs(hits / trials - bound) / math.sqrt(bound * (1 - bound) / trials)
            assert score == pytest.approx(Z, abs=1e-6)


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
@pytest.mark.parametrize(
    ("table", "published"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0000)),
        ((10, 10, 0, 10), (0.6075, 1.0000)),
    ],
)
def test_mover_on_wilsons_intervals_gives_the_ones_published_for_differences(
    table: tuple[int, int, int, int], published: tuple[float, float]
) -> None:
    shares = [hits / trials for hits, trials in (table[:2], table[2:])]
    one, two = (wilson(*counts, 0.975) for counts in (table[:2], table[2:]))
    assert rounded(mover(shares[0], one, shares[1], two, 0.0)) == published


def held(bound: Callable[[float, float, float], Interval], trials: int, share: float) -> tuple[float, float]:
    """With what probability each bound lies on its side of the share of all rows."""
    counts = np.arange(trials + 1)
    of = stats.binom.pmf(counts, trials, share)
    bounds = [bound(int(count), trials, 0.95) for count in counts]
    lower, upper = (np.array([getattr(one, side) for one in bounds]) for side in ("lower", "upper"))
    return float(of[lower <= share].sum()), float(of[upper >= share].sum())


@pytest.mark.parametrize(("first", "second"), [(0.3, 3.0), (3.0, 0.3), (2.0, 4.0), (1.0, 8.0), (0.5, 0.5)])
def test_both_bounds_of_a_paired_difference_hold_where_few_units_tell_two_apart(first: float, second: float) -> None:
    pairs, found = 200, np.zeros(3)
    counts = range(25)
    for one, two in itertools.product(counts, counts):
        shares = [first / pairs, second / pairs, 1 - (first + second) / pairs]
        chance = stats.multinomial.pmf([one, two, pairs - one - two], pairs, shares)
        bounds = paired_difference(one, two, pairs, 0.95)
        apart = (first - second) / pairs
        found += chance * np.array([bounds.lower <= apart, bounds.upper >= apart, 1])
    assert found[2] > 0.999
    assert found[:2].min() > 0.95
    alone = tango(0, 3, pairs, 0.95)
    assert paired_difference(0, 3, pairs, 0.95).lower <= alone.lower
    assert paired_difference(20, 30, pairs, 0.95) == tango(20, 30, pairs, 0.95)


@pytest.mark.parametrize(("trials", "least"), [(20, 0.92), (50, 0.925), (400, 0.93)])
def test_both_bounds_of_a_share_hold_wherever_it_lies(trials: int, least: float) -> None:
    shares = np.concatenate([np.geomspace(0.05 / trials, 0.5, 60), 1 - np.geomspace(0.05 / trials, 0.5, 60)])
    found = np.array([held(proportion, trials, share) for share in shares])
    # Wilson's bound on the far side holds with 80% alone, where the expected count is about a quarter.
    assert found.min() > least
    assert min(held(wilson, trials, 0.22 / trials)) < 0.83


def test_tango_gives_the_interval_published_for_airways_before_and_after() -> None:
    # Fagerland, Lydersen & Laake (2014), Statistics in Medicine 33, 2850-2875: 1 and 7 of 21 children.
    assert rounded(tango(1, 7, 21, 0.975), 3) == (-0.517, -0.026)


def likeliest_score(only_first: int, only_second: int, pairs: int, difference: float) -> float:
    """The score statistic with the nuisance share found on a grid of the likelihood, not in closed form."""
    low, high = max(-difference, 0.0), (1 - difference) / 2
    for _ in range(12):
        shares = np.linspace(low, high, 201)[1:-1]
        rest = pairs - only_first - only_second
        likelihood = (
            only_first * np.log(shares + difference)
            + only_second * np.log(shares)
            + rest * np.log(1 - 2 * shares - difference)
        )
        best = int(np.argmax(likelihood))
        low, high = shares[max(best - 1, 0)], shares[min(best + 1, len(shares) - 1)]
    share = (low + high) / 2
    variance = pairs * (2 * share + difference * (1 - difference))
    return float((only_first - only_second - pairs * difference) / math.sqrt(variance))


@pytest.mark.parametrize("table", [(1, 7, 21), (40, 20, 160), (12, 9, 500), (3, 30, 60)])
def test_tango_ends_where_the_score_of_the_likeliest_table_refuses(table: tuple[int, int, int]) -> None:
    found = tango(*table, 0.975)
    assert likeliest_score(*table, found.lower) == pytest.approx(Z, abs=1e-3)
    assert likeliest_score(*table, found.upper) == pytest.approx(-Z, abs=1e-3)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(1, 400), st.sampled_from([0.9, 0.95, 0.975]))
def test_tango_turns_round_with_the_models_and_holds_the_estimate(
    only_first: int, only_second: int, rest: int, confidence: float
) -> None:
    pairs = only_first + only_second + rest
    found = tango(only_first, only_second, pairs, confidence)
    assert -found == tango(only_second, only_first, pairs, confidence)
    assert -1 <= found.lower <= (only_first - only_second) / pairs <= found.upper <= 1


def test_tango_without_a_discordant_pair_still_claims_no_certainty() -> None:
    # With none of n pairs discordant the score interval is -+ z^2 / (n + z^2).
    square = stats.norm.ppf(0.95) ** 2
    found = tango(0, 0, 500, 0.95)
    assert found.upper == pytest.approx(square / (500 + square), rel=1e-9)
    assert found.lower == -found.upper


def test_nothing_is_said_of_nothing() -> None:
    assert not wilson(0, 0, 0.95).known
    assert not proportion(0, 0, 0.95).known
    assert not tango(0, 0, 0, 0.95).known
