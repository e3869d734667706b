"""Rows of one label and the same answers are one: figures at a threshold are those of all rows."""

import numpy as np
import pytest

from benison.core.metrics import BINARY, KINDS, THRESHOLD
from benison.metrics import MEASURES
from benison.metrics.measure import Rows, Sample, by_cell

RANDOM = np.random.default_rng(1)
LABELS = RANDOM.random(900) < 0.3
SCORES = [np.round(1 / (1 + np.exp(-(2 * LABELS - 1 + RANDOM.normal(size=900)))), 1) for _ in range(2)]
ROWS = {
    "plain": Rows.of(LABELS),
    "several": Rows.of(LABELS, times=RANDOM.integers(0, 4, 900).astype(float)),
    "weighted": Rows.of(LABELS, weights=RANDOM.random(900)),
}
AT_THRESHOLD = [name for name, kind in KINDS.items() if kind.parameter == THRESHOLD]


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 1.0])
def test_each_combination_counts_what_its_rows_count(rows: str, threshold: float) -> None:
    one, two = (Sample(ROWS[rows], scores) for scores in SCORES)
    first, second = by_cell([one, two], threshold)
    assert first.rows is second.rows
    assert len(first) == 8
    each = ROWS[rows].masses.each
    weights = np.ones(900) if each is None else each
    counted = first.masses.each
    assert counted is not None
    for cell in range(8):
        alike = first.labels[cell] == LABELS
        for scores, sample in zip(SCORES, (first, second), strict=True):
            alike &= (scores > threshold) == (sample.predictions[cell] == 1)
        assert counted[cell] == pytest.approx(weights[alike].sum(), abs=1e-12)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("name", AT_THRESHOLD)
def test_value_interval_and_gain_are_those_of_all_rows(rows: str, name: str) -> None:
    samples, measure = [Sample(ROWS[rows], scores) for scores in SCORES], MEASURES[BINARY][name]
    few = by_cell(samples, 0.3)
    for many, one in zip(samples, few, strict=True):
        assert measure.value(one, 0.3) == pytest.approx(measure.value(many, 0.3), rel=1e-12)
        found, expected = (measure.interval(sample, 0.3, 0.95) for sample in (one, many))
        assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper), rel=1e-9)
    found, expected = (measure.gain(first, second, 0.3, 0.95) for first, second in (few, samples))
    assert (found.lower, found.upper) == pytest.approx((expected.lower, expected.upper), rel=1e-9, abs=1e-12)
