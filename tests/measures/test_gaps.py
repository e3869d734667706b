import itertools
import math

import numpy as np
import pytest

from benison.measures.gaps import (
    Bounds,
    Figures,
    comparisons,
    differences,
    narrowest,
    ratios,
    widening,
    widest,
)
from benison.measures.intervals import Interval, mover
from benison.measures.proportions import wilson


def shares(hits: list[int], trials: list[int], confidence: float = 0.95) -> Figures:
    """One metric: shares with Wilson's intervals."""
    found = [wilson(one, of, confidence) for one, of in zip(hits, trials, strict=True)]
    values = np.array([[one / of for one, of in zip(hits, trials, strict=True)]])
    return Figures(values, np.array([[one.lower for one in found]]), np.array([[one.upper for one in found]]))


def test_the_difference_of_two_shares_is_newcombe_s() -> None:
    # Newcombe (1998b), table II, example (a), method 10.
    found = differences(shares([56, 48], [70, 80], 0.975))
    assert found.values[0, 0, 1] == pytest.approx(0.2)
    assert (found.lower[0, 0, 1], found.upper[0, 0, 1]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    theirs = mover(48 / 80, wilson(48, 80, 0.975), 56 / 70, wilson(56, 70, 0.975), 0.0)
    assert (found.lower[0, 1, 0], found.upper[0, 1, 0]) == pytest.approx((theirs.lower, theirs.upper))
    assert np.isnan(found.values[0, 0, 0])


def test_every_pair_of_several_groups_and_metrics_is_what_mover_makes_of_it() -> None:
    random = np.random.default_rng(1)
    values = random.random((2, 4))
    figures = Figures(values, values - random.random((2, 4)), values + random.random((2, 4)))
    found = differences(figures)
    for m, i, j in itertools.product(range(2), range(4), range(4)):
        if i != j:
            one, two = (Interval(figures.lower[m, k], figures.upper[m, k]) for k in (i, j))
            expected = mover(values[m, i], one, values[m, j], two, 0.0)
            assert (found.lower[m, i, j], found.upper[m, i, j]) == pytest.approx((expected.lower, expected.upper))


def test_a_ratio_is_mover_on_the_log_scale() -> None:
    figures = shares([56, 48], [70, 80])
    found = ratios(figures)
    logs = [Interval(math.log(low), math.log(high)) for low, high in zip(*figures_ends(figures), strict=True)]
    expected = mover(math.log(0.8), logs[0], math.log(0.6), logs[1], 0.0)
    assert found.values[0, 0, 1] == pytest.approx(0.8 / 0.6)
    assert found.lower[0, 0, 1] == pytest.approx(math.exp(expected.lower))
    assert found.upper[0, 0, 1] == pytest.approx(math.exp(expected.upper))
    assert found.lower[0, 0, 1] == pytest.approx(1 / found.upper[0, 1, 0])


def figures_ends(figures: Figures) -> tuple[list[float], list[float]]:
    return figures.lower[0].tolist(), figures.upper[0].tolist()


def test_a_ratio_with_a_zero_lies_between_the_ends_of_both() -> None:
    figures = shares([0, 48], [70, 80])
    found = ratios(figures)
    assert (found.values[0, 0, 1], found.lower[0, 0, 1]) == (0.0, 0.0)
    assert found.upper[0, 0, 1] == pytest.approx(figures.upper[0, 0] / figures.lower[0, 1])
    assert (found.values[0, 1, 0], found.upper[0, 1, 0]) == (math.inf, math.inf)
    nothing = ratios(shares([0, 0], [70, 80]))
    assert np.isnan(nothing.values[0, 0, 1])
    assert (nothing.lower[0, 0, 1], nothing.upper[0, 0, 1]) == (0.0, math.inf)


def test_the_widest_gap_is_corrected_at_its_lower_end_alone() -> None:
    plain, strict = shares([90, 80, 60], [100, 100, 100]), shares([90, 80, 60], [100, 100, 100], 1 - 0.05 / 6)
    assert comparisons(1, 3) == 6
    found = widest(differences(plain), differences(strict))
    for level, side in ((0.95, "upper"), (1 - 0.05 / 6, "lower")):
        theirs = mover(0.9, wilson(90, 100, level), 0.6, wilson(60, 100, level), 0.0)
        assert getattr(found, side) == pytest.approx(getattr(theirs, side))
    small = narrowest(ratios(plain), ratios(strict))
    assert small.lower == pytest.approx(ratios(plain).lower[0, 2, 0])
    assert small.upper == pytest.approx(ratios(strict).upper[0, 2, 0])


def test_groups_that_are_alike_have_a_gap_from_0_and_a_ratio_up_to_1() -> None:
    alike = shares([50, 50], [100, 100])
    assert widest(differences(alike), differences(alike)).lower == 0.0
    assert narrowest(ratios(alike), ratios(alike)).upper == 1.0


def bounds(hits: list[int], trials: int) -> Bounds:
    found = (differences(shares(hits, [trials] * len(hits), level)) for level in (0.95, 0.999))
    return Bounds(*found)


def changed(by: float) -> Figures:
    """Of two groups: the first one's lead grows."""
    pairs = np.array([[[math.nan, by], [-by, math.nan]]])
    return Figures(pairs, pairs - 0.05, pairs + 0.05)


def test_a_width_grows_as_the_pair_does_that_is_surely_the_widest() -> None:
    here, there = bounds([900, 500], 1000), bounds([900, 800], 1000)
    assert here.may_be_widest.tolist() == [[[False, True], [False, False]]]
    found = widening(changed(0.3), here, there)
    assert (found.lower, found.upper) == pytest.approx((0.25, 0.35))


def test_where_either_group_may_be_ahead_both_count() -> None:
    here = bounds([85, 80], 100)
    assert here.may_be_widest.tolist() == [[[False, True], [True, False]]]
    found = widening(changed(0.02), here, here)
    assert (found.lower, found.upper) == pytest.approx((-0.07, 0.07))


def test_a_gap_that_closes_grows_by_less_than_nothing_whichever_group_is_ahead_then() -> None:
    here, there = bounds([800, 795], 1000), bounds([850, 700], 1000)
    assert here.may_be_widest.sum() == 2
    found = widening(changed(-0.145), here, there)
    turned = here.plain.upper[0, 1, 0] - there.plain.lower[0, 0, 1]
    assert found.upper == pytest.approx(max(-0.145 + 0.05, turned))
    assert found.upper < -0.05
    back = widening(changed(0.145), there, here)
    assert (back.lower, back.upper) == pytest.approx((-found.upper, -found.lower))


def test_a_gap_of_some_pair_that_was_none_is_held_against_the_widest_one() -> None:
    here, there = bounds([8000, 8000, 8000], 10_000), bounds([8000, 8000, 5000], 10_000)
    loose = Figures(*(np.full((1, 3, 3), side) for side in (0.0, -1.0, 1.0)))
    found = widening(loose, here, there)
    pair = here.sure.upper[0, 0, 1] - np.nanmax(there.sure.lower)
    assert found.upper == pytest.approx(pair)
    assert pair < -0.2


def test_turned_round_each_end_is_the_other() -> None:
    turned = -shares([56], [70])
    assert turned.lower[0, 0] < turned.values[0, 0] < turned.upper[0, 0] < 0
