"""Simulated days of labels, asked by the monitor's own code: how often it is wrong, and whether it sees decay."""

import pytest

from benchmarks.quality_alarms import simulate


@pytest.mark.slow
def test_noisy_labels_of_a_model_that_is_as_it_was_are_no_alarm() -> None:
    found = simulate(120, seed=3, rows=1000, noise=0.1, loss=0.0)
    # One day in 720 may be.
    assert found.false_days <= 1
    assert found.verdicts["PASS"] > 0


@pytest.mark.slow
def test_decay_is_told_within_days() -> None:
    found = simulate(20, seed=3, rows=2000, noise=0.05, loss=0.4)
    assert found.days_until_told is not None and found.days_until_told <= 3
    assert found.false_days == 0
