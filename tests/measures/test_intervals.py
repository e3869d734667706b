import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.measures.intervals import (
    UNKNOWN,
    Interval,
    mover,
    on_atanh_scale,
    on_log_scale,
    on_logit_scale,
    paired,
    symmetric,
    union,
)


def test_union_takes_on_each_side_the_bound_that_claims_less() -> None:
    assert union(Interval(-1, 2), Interval(0, 3)) == Interval(-1, 3)
    assert not union(Interval(-1, 2), UNKNOWN).known
    assert not union(UNKNOWN, Interval(-1, 2)).known


@given(st.floats(0.01, 0.99), st.floats(0.001, 10), st.floats(0.5, 3))
def test_the_logit_scale_keeps_a_share_a_share_and_turns_round_with_it(
    value: float, error: float, quantile: float
) -> None:
    found = on_logit_scale(value, error, quantile)
    assert 0 <= found.lower <= value <= found.upper <= 1
    turned = on_logit_scale(1 - value, error, quantile)
    assert turned.lower == pytest.approx(1 - found.upper, abs=1e-9)


def test_a_small_error_gives_nearly_the_symmetric_interval_on_every_scale() -> None:
    plain = symmetric(0.3, 1e-5, 2.0)
    for other in (on_logit_scale(0.3, 1e-5, 2.0), on_log_scale(0.3, 1e-5, 2.0)):
        assert other.lower == pytest.approx(plain.lower, abs=1e-8)
        assert other.upper == pytest.approx(plain.upper, abs=1e-8)


@pytest.mark.parametrize("value", [0.0, 1.0, math.nan])
def test_at_the_end_of_a_scale_nothing_is_said(value: float) -> None:
    assert not on_logit_scale(value, 0.1, 2.0).known
    assert value == 1.0 or not on_log_scale(value, 0.1, 2.0).known


def test_an_error_past_all_numbers_does_not_overflow() -> None:
    assert on_log_scale(1e-3, 1e9, 2.0).lower >= 0
    assert math.isfinite(on_log_scale(1e-3, 1e9, 2.0).upper)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.9])
def test_mover_recovers_the_wald_interval_from_symmetric_ones(correlation: float) -> None:
    one, two = symmetric(0.7, 0.02, 1.6), symmetric(0.6, 0.03, 1.6)
    error = math.sqrt(0.02**2 + 0.03**2 - 2 * correlation * 0.02 * 0.03)
    found = mover(0.7, one, 0.6, two, correlation)
    assert found.lower == pytest.approx(0.1 - 1.6 * error)
    assert found.upper == pytest.approx(0.1 + 1.6 * error)


def test_on_fishers_scale_an_interval_is_symmetric_in_atanh_and_stays_between_minus_one_and_one() -> None:
    found = on_atanh_scale(0.9, 0.1, 1.645)
    centre = math.atanh(0.9)
    assert math.atanh(found.upper) - centre == pytest.approx(centre - math.atanh(found.lower))
    assert math.atanh(found.upper) - centre == pytest.approx(1.645 * 0.1 / (1 - 0.81))
    assert not on_atanh_scale(1.0, 0.0, 1.645).known


def test_a_paired_difference_claims_no_more_than_either_of_its_intervals() -> None:
    own, other = Interval(0.7, 0.95), Interval(0.6, 0.85)
    found = paired(0.9, own, 0.75, other, 0.5, symmetric(0.15, 0.02, 1.7))
    recovered = mover(0.9, own, 0.75, other, 0.5)
    assert found == union(symmetric(0.15, 0.02, 1.7), recovered)
