import math

import numpy as np
import pytest
from sklearn.metrics import log_loss

from benison.measures.calibration import calibration, calibration_influences, log_losses, reliability

LABELS = np.random.default_rng(1).random(500) < 0.2
PREDICTIONS = np.random.default_rng(2).beta(1, 4, size=500)


def test_log_loss_is_that_of_scikit_learn() -> None:
    assert log_losses(LABELS, PREDICTIONS).mean() == pytest.approx(log_loss(LABELS, PREDICTIONS), rel=1e-12)


def test_certainty_costs_nothing_where_it_is_right_and_much_but_not_all_where_it_is_wrong() -> None:
    losses = log_losses(np.array([True, False, True, False]), np.array([1.0, 0.0, 0.0, 1.0]))
    assert losses.tolist() == pytest.approx([0, 0, math.log(1e7), math.log(1e7)])


def test_calibration_is_promised_over_happened() -> None:
    assert calibration(LABELS, PREDICTIONS) == pytest.approx(PREDICTIONS.sum() / LABELS.sum())
    assert math.isnan(calibration(np.zeros(3, dtype=bool), np.ones(3)))


def test_calibration_influences_are_the_jackknife_in_the_limit() -> None:
    rows, whole = len(LABELS), calibration(LABELS, PREDICTIONS)
    keep = ~np.eye(rows, dtype=bool)
    left_out = np.array([calibration(LABELS[one], PREDICTIONS[one]) for one in keep])
    jackknife = (rows - 1) * (whole - left_out)
    influences = calibration_influences(LABELS, PREDICTIONS)
    np.testing.assert_allclose(influences, jackknife, rtol=0.02, atol=0.01)
    assert abs(influences.sum()) < 1e-9


def test_bins_hold_about_equally_many_rows_and_all_of_them() -> None:
    bins = reliability(LABELS, PREDICTIONS)
    assert [rows for _, _, rows in bins] == [50] * 10
    assert sum(rows * mean for mean, _, rows in bins) == pytest.approx(PREDICTIONS.sum())
    assert sum(rows * happened for _, happened, rows in bins) == pytest.approx(LABELS.sum())
    assert [mean for mean, _, _ in bins] == sorted(mean for mean, _, _ in bins)


def test_equal_predictions_are_never_torn_apart() -> None:
    predictions = np.array([0.1] * 70 + [0.8] * 30)
    labels = np.arange(100) % 2 == 0
    assert reliability(labels, predictions) == [(pytest.approx(0.1), 0.5, 70), (pytest.approx(0.8), 0.5, 30)]
    assert reliability(labels[:0], predictions[:0]) == []
