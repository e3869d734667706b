import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from benison.measures.calibration import log_losses, reliability
from benison.measures.masses import Masses
from benison.measures.proportions import wilson

LABELS = np.random.default_rng(1).random(500) < 0.2
PREDICTIONS = np.random.default_rng(2).beta(1, 4, size=500)


def test_log_loss_is_that_of_scikit_learn() -> None:
    assert log_losses(LABELS, PREDICTIONS).mean() == pytest.approx(log_loss(LABELS, PREDICTIONS), rel=1e-12)


def test_certainty_costs_nothing_where_it_is_right_and_much_but_not_all_where_it_is_wrong() -> None:
    losses = log_losses(np.array([True, False, True, False]), np.array([1.0, 0.0, 0.0, 1.0]))
    assert losses.tolist() == pytest.approx([0, 0, math.log(1e7), math.log(1e7)])


def test_bins_hold_about_equally_many_rows_and_all_of_them() -> None:
    bins = reliability(LABELS, PREDICTIONS, Masses(len(LABELS)), 0.95)
    assert [one.rows for one in bins] == [50] * 10
    assert sum(one.rows * one.prediction for one in bins) == pytest.approx(PREDICTIONS.sum())
    assert sum(one.rows * one.label for one in bins) == pytest.approx(LABELS.sum())
    assert [one.prediction for one in bins] == sorted(one.prediction for one in bins)
    assert bins[4].interval == wilson(round(50 * bins[4].label), 50, 0.95)


def test_equal_predictions_are_never_torn_apart() -> None:
    predictions = np.array([0.1] * 70 + [0.8] * 30)
    labels = np.arange(100) % 2 == 0
    found = reliability(labels, predictions, Masses(len(labels)), 0.95)
    assert [(one.prediction, one.label, one.rows) for one in found] == [
        (pytest.approx(0.1), 0.5, 70),
        (pytest.approx(0.8), 0.5, 30),
    ]
    assert reliability(labels[:0], predictions[:0], Masses(0), 0.95) == []


def test_a_row_of_both_classes_has_its_share_of_both_losses() -> None:
    shares, predictions = np.array([0.0, 0.25, 1.0]), np.array([0.2, 0.4, 0.7])
    of_positive, of_negative = -np.log(predictions), -np.log(1 - predictions)
    expected = shares * of_positive + (1 - shares) * of_negative
    np.testing.assert_allclose(log_losses(shares, predictions), expected, rtol=1e-12)


def test_weights_move_the_means_of_a_bin_and_not_its_rows() -> None:
    labels, predictions = np.array([True, False, False]), np.array([0.3, 0.3, 0.3])
    [found] = reliability(labels, predictions, Masses(3, weights=np.array([2.0, 1.0, 1.0])), 0.95)
    assert (found.prediction, found.label, found.rows) == (pytest.approx(0.3), 0.5, 3)
    # Three rows of which one counts twice have the error of 16 / 6 equal ones.
    expected = wilson(8 / 6, 16 / 6, 0.95)
    assert (found.interval.lower, found.interval.upper) == pytest.approx((expected.lower, expected.upper))


def test_rows_that_stand_for_several_are_binned_as_the_rows_themselves() -> None:
    random = np.random.default_rng(9)
    times = random.integers(1, 30, 400)
    labels, predictions = random.random(400) < 0.4, random.random(400)
    each = np.repeat(np.arange(400), times)
    few = reliability(labels, predictions, Masses(400, times.astype(np.float64)), 0.95)
    many = reliability(labels[each], predictions[each], Masses(len(each)), 0.95)
    for one, other in zip(few, many, strict=True):
        assert (one.prediction, one.label) == pytest.approx((other.prediction, other.label), rel=1e-12)
        assert one.rows == other.rows
        assert (one.interval.lower, one.interval.upper) == pytest.approx((other.interval.lower, other.interval.upper))
