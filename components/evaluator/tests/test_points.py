"""Metrics at a point of the curve: what is refused an interval, and whether bounds hold as often as they say."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import special

from benison.components.evaluator.tests.test_coverage import (
    CONFIDENCE,
    LEAST,
    POPULATIONS,
    Figures,
    Population,
    coverage,
    truth,
)
from benison.core.metrics import better
from benison.metrics.bound import estimate, gain, value
from benison.metrics.measure import Rows, Sample

POINTS = (
    "precision_at_recall@0.5",
    "precision_at_recall@0.8",
    "recall_at_false_positive_rate@0.1",
    "recall_at_precision@0.6",
    "recall_at_precision@0.9",
    "sensitivity_at_specificity@0.8",
    "specificity_at_sensitivity@0.8",
    "threshold_at_recall@0.8",
)


@dataclass(frozen=True)
class Weighed(Population):
    """The same with weights, or with four rows to a unit whose labels and scores hang together."""

    units: bool = False

    def draw(self, random: np.random.Generator, rows: int = 0) -> tuple[Sample, Sample]:
        rows = rows or self.rows
        of_unit = random.normal(size=(2, rows // 4)).repeat(4, axis=1) * self.units
        labels = random.random(rows) < special.expit(of_unit[0] + special.logit(self.share))
        noise = (of_unit[1] + random.normal(size=rows)) / (1 + self.units) ** 0.5
        one, two = (self._model(labels, noise, random, lift) for lift in self.lifts)
        weights = None if self.units else random.choice([0.5, 1.0, 3.0], rows)
        counted = Rows.of(labels, weights=weights, units=np.arange(rows) // 4 if self.units else None)
        return Sample(counted, one.predictions), Sample(counted, two.predictions)


OF_POINTS = {
    "few of each": Population(124, 0.5, (1.5, 1.2)),
    "few of 500": Population(500, 0.125, (2.0, 1.7)),
    "even classes": POPULATIONS["even classes"],
    "rare positives": POPULATIONS["rare positives"],
    "uneven spread": POPULATIONS["uneven spread"],
    "weights": Weighed(600, 0.3, (1.5, 1.2)),
    "units": Weighed(600, 0.3, (1.5, 1.2), units=True),
}


def values(one: Sample, _: Sample) -> Figures:
    return {metric: estimate(metric, one, CONFIDENCE) for metric in POINTS}


def gains(one: Sample, two: Sample) -> Figures:
    return {metric: gain(metric, one, two, CONFIDENCE) for metric in POINTS if better(metric)}


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_POINTS)
@pytest.mark.parametrize("figures", [values, gains])
def test_each_bound_of_a_point_holds(name: str, figures: Callable[[Sample, Sample], Figures]) -> None:
    found = coverage(OF_POINTS[name], truth(OF_POINTS[name], figures), figures)
    assert len(found) >= 6
    assert {metric: bounds for metric, bounds in found.items() if min(bounds) < LEAST} == {}


def drawn(rows: int, seed: int = 1) -> Sample:
    return Population(rows, 0.5, (1.5, 1.2)).draw(np.random.default_rng(seed))[0]


def test_a_bound_beyond_which_few_rows_lie_gets_no_interval() -> None:
    found = estimate("sensitivity_at_specificity@0.95", drawn(300), CONFIDENCE)
    negatives = np.count_nonzero(drawn(300).labels == 0)
    assert found.note == f"{negatives} negatives where an interval needs 200"
    assert not found.interval.known
    assert estimate("sensitivity_at_specificity@0.9", drawn(300), CONFIDENCE).interval.known


def test_a_bound_that_no_threshold_reaches_finds_nothing_and_says_so() -> None:
    labels = np.arange(200) % 2 == 0
    sample = Sample(Rows.of(labels), np.where(labels, 0.3, 0.6))
    found = estimate("recall_at_precision@0.9", sample, CONFIDENCE)
    assert (found.value, found.note) == (0.0, "no error can be estimated at 0")


@pytest.mark.parametrize(
    "metric", ["precision_at_recall@1", "recall_at_false_positive_rate@0", "threshold_at_recall@1"]
)
def test_at_the_end_of_a_rate_a_single_row_decides_and_there_is_no_interval(metric: str) -> None:
    found = estimate(metric, drawn(400), CONFIDENCE)
    assert found.value > 0
    assert (found.interval.known, found.note) == (False, f"no error can be estimated at {found.value:g}")


def test_the_highest_recall_is_that_of_every_score_above_nothing() -> None:
    labels = np.arange(200) % 2 == 0
    sample = Sample(Rows.of(labels), np.where(np.arange(200) < 20, 0.0, 0.6))
    found = estimate("max_recall", sample, CONFIDENCE)
    assert found.value == 0.9
    assert found.interval == estimate("recall", sample, CONFIDENCE).interval


def test_the_threshold_at_a_recall_answers_just_so_many_positive() -> None:
    sample = drawn(400)
    threshold = value("threshold_at_recall@0.8", sample)
    answered = sample.predictions[sample.labels] > threshold
    assert answered.mean() >= 0.8
    assert np.mean(sample.predictions[sample.labels] > np.nextafter(threshold, 1) + 1e-12) < 0.8
