import math

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import average_precision_score

from benison.measures.levels import Levels
from benison.measures.masses import Masses
from benison.measures.precision_recall import precision_recall

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def sample(seed: int, rows: int = 60, levels: int = 0) -> tuple[Bools, Floats]:
    random = np.random.default_rng(seed)
    labels = random.random(rows) < 0.35
    scores = labels + random.normal(size=rows)
    return labels, np.round(scores * levels) / levels if levels else scores


def weighted_area(labels: Bools, scores: Floats, weights: Floats) -> float:
    """Davis and Goadrich's area, threshold by threshold, each row with a weight."""
    area = true = answered = 0.0
    for threshold in np.unique(scores)[::-1]:
        at = scores == threshold
        more_true, more = float(weights[at & labels].sum()), float(weights[at].sum())
        slope = more_true / more
        log = math.log((answered + more) / answered) if answered else 0.0
        area += slope * (more_true + (true - slope * answered) * log)
        true, answered = true + more_true, answered + more
    return area / float(weights[labels].sum())


@pytest.mark.parametrize("levels", [0, 3])
def test_the_area_is_that_of_a_loop_over_thresholds(levels: int) -> None:
    labels, scores = sample(1, levels=levels)
    found = precision_recall(Levels.of(labels, scores)).area
    assert found == pytest.approx(weighted_area(labels, scores, np.ones(len(labels))), abs=1e-12)


@pytest.mark.parametrize("levels", [0, 3])
def test_influences_are_how_the_area_answers_to_a_little_more_weight(levels: int) -> None:
    labels, scores = sample(2, levels=levels)
    found, step = precision_recall(Levels.of(labels, scores)), 1e-6
    for row in range(len(labels)):
        weights = np.ones(len(labels))
        weights[row] += step
        above = weighted_area(labels, scores, weights)
        weights[row] -= 2 * step
        slope = (above - weighted_area(labels, scores, weights)) / (2 * step)
        assert found.influences[row] == pytest.approx(slope * len(labels), abs=1e-6)


def test_influences_add_up_to_nothing() -> None:
    labels, scores = sample(3, rows=4000)
    assert abs(precision_recall(Levels.of(labels, scores)).influences.sum()) < 1e-9


def test_the_area_comes_near_average_precision_on_many_rows() -> None:
    labels, scores = sample(4, rows=20_000)
    found = precision_recall(Levels.of(labels, scores)).area
    assert found == pytest.approx(average_precision_score(labels, scores), abs=2e-4)


def test_the_error_is_that_of_many_samples() -> None:
    random, areas, errors = np.random.default_rng(5), [], []
    for _ in range(400):
        labels, scores = sample(int(random.integers(1 << 30)), rows=800)
        found = precision_recall(Levels.of(labels, scores))
        areas.append(found.area)
        errors.append(Masses(len(labels)).error(found.influences))
    assert np.mean(errors) == pytest.approx(np.std(areas), rel=0.1)


def test_perfect_and_single_classes() -> None:
    assert precision_recall(Levels.of(np.array([True, False]), np.array([0.9, 0.1]))).area == 1.0
    assert precision_recall(Levels.of(np.array([True, True]), np.array([0.9, 0.1]))).area == 1.0
    assert math.isnan(precision_recall(Levels.of(np.array([False, False]), np.array([0.9, 0.1]))).area)
    assert math.isnan(precision_recall(Levels.of(np.zeros(0, dtype=bool), np.zeros(0))).area)


def test_weights_and_shares_of_a_row_count_as_so_much_of_it() -> None:
    random = np.random.default_rng(6)
    scores, weights = random.integers(0, 12, 80) / 7, random.integers(0, 4, 80).astype(float)
    shares = random.choice([0.0, 0.25, 1.0], 80)
    found = precision_recall(Levels.of(shares, scores, weights))
    both = np.concatenate([np.ones(80, bool), np.zeros(80, bool)])
    counted = np.concatenate([weights * shares, weights * (1 - shares)])
    kept = counted > 0
    expected = weighted_area(both[kept], np.tile(scores, 2)[kept], counted[kept])
    assert found.area == pytest.approx(expected, abs=1e-12)
    assert abs(float(weights @ found.influences)) < 1e-9
