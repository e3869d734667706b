import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from benison.measures.levels import Levels
from benison.measures.quantiles import cautious, normal, student
from benison.measures.ranking import (
    Placements,
    auc_gain_interval,
    auc_interval,
    delong_error,
    newcombe_interval,
    placements,
    roc_points,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
CONFIDENCE = 0.95


def sample(seed: int, rows: int = 300, levels: int = 0, lift: float = 1.2) -> tuple[Bools, Floats]:
    random = np.random.default_rng(seed)
    labels = random.random(rows) < 0.3
    labels[:2] = [True, False]
    scores = 1 / (1 + np.exp(-(lift * labels + random.normal(size=rows))))
    return labels, np.round(scores * levels) / levels if levels else scores


def psi(positive: float, negative: float) -> float:
    return float(positive > negative) + 0.5 * float(positive == negative)


def pairwise(labels: Bools, scores: Floats) -> Floats:
    """Every positive against every negative, one by one."""
    return np.array([[psi(one, two) for two in scores[~labels]] for one in scores[labels]])


@pytest.mark.parametrize("levels", [0, 5, 1])
def test_auc_is_that_of_scikit_learn_with_and_without_ties(levels: int) -> None:
    labels, scores = sample(1, levels=levels)
    assert placements(Levels.of(labels, scores)).auc == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40))
def test_placements_are_those_of_a_loop_over_pairs(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=float)
    found = placements(Levels.of(labels, scores))
    if not labels.any() or labels.all():
        assert math.isnan(found.auc)
        return
    table = pairwise(labels, scores)
    np.testing.assert_allclose(found.positives, table.mean(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.negatives, table.mean(axis=0), atol=1e-12)


@pytest.mark.parametrize("levels", [0, 8])
def test_delong_error_is_that_of_a_loop_over_pairs(levels: int) -> None:
    labels, scores = sample(2, levels=levels)
    _, others = sample(3, levels=levels)
    one, two = placements(Levels.of(labels, scores)), placements(Levels.of(labels, others))
    difference = pairwise(labels, scores) - pairwise(labels, others)
    rows, columns = difference.shape
    of_positives = sum((row.mean() - difference.mean()) ** 2 for row in difference) / (rows - 1)
    of_negatives = sum((column.mean() - difference.mean()) ** 2 for column in difference.T) / (columns - 1)
    error = delong_error(one.positives - two.positives, one.negatives - two.negatives)
    assert error == pytest.approx(math.sqrt(of_positives / rows + of_negatives / columns), rel=1e-12)


def test_newcombe_ends_where_its_own_variance_refuses() -> None:
    auc, positives, negatives = 0.87, 40, 110
    found = newcombe_interval(auc, positives, negatives, CONFIDENCE)
    for bound in (found.lower, found.upper):
        spread = (bound * (1 - bound) ** 2 / (2 - bound), bound**2 * (1 - bound) / (1 + bound))
        half = (positives + negatives) / 2 - 1
        variance = (bound * (1 - bound) + half * sum(spread)) / (positives * negatives)
        assert abs(auc - bound) / math.sqrt(variance) == pytest.approx(normal(CONFIDENCE), abs=1e-9)


def test_perfectly_separated_classes_have_an_interval_all_the_same() -> None:
    labels = np.array([False] * 30 + [True] * 30)
    found = auc_interval(placements(Levels.of(labels, np.arange(60.0))), CONFIDENCE)
    assert found.upper == 1.0
    assert 0.9 < found.lower < 0.99


def test_the_auc_interval_claims_no_more_than_delong_on_the_logit_scale() -> None:
    labels, scores = sample(4)
    placed = placements(Levels.of(labels, scores))
    logit, error = math.log(placed.auc / (1 - placed.auc)), delong_error(placed.positives, placed.negatives)
    half = cautious(CONFIDENCE, int(labels.sum())) * error / (placed.auc * (1 - placed.auc))
    found = auc_interval(placed, CONFIDENCE)
    assert found.lower <= 1 / (1 + math.exp(half - logit)) + 1e-12
    assert found.upper >= 1 / (1 + math.exp(-half - logit)) - 1e-12


def test_the_gain_turns_round_with_the_models() -> None:
    labels, scores = sample(5)
    _, others = sample(6, lift=0.7)
    one, two = placements(Levels.of(labels, scores)), placements(Levels.of(labels, others))
    found, turned = auc_gain_interval(one, two, CONFIDENCE), auc_gain_interval(two, one, CONFIDENCE)
    assert -found.lower == pytest.approx(turned.upper, abs=1e-12)
    assert -found.upper == pytest.approx(turned.lower, abs=1e-12)
    assert found.lower < one.auc - two.auc < found.upper


def test_the_gain_of_a_model_over_one_that_ranks_alike_is_all_but_certain() -> None:
    labels, scores = sample(7)
    one, two = placements(Levels.of(labels, scores)), placements(Levels.of(labels, scores**2))
    found = auc_gain_interval(one, two, CONFIDENCE)
    assert max(abs(found.lower), abs(found.upper)) < 0.02


def test_the_gain_holds_when_one_model_separates_perfectly() -> None:
    labels, scores = sample(8)
    found = auc_gain_interval(
        placements(Levels.of(labels, labels + 0.0)), placements(Levels.of(labels, scores)), CONFIDENCE
    )
    assert 0 < found.lower < 1 - placements(Levels.of(labels, scores)).auc < found.upper <= 1


@pytest.mark.parametrize("positives", [0, 1])
def test_with_a_class_of_fewer_than_two_nothing_is_said(positives: int) -> None:
    labels = np.arange(30) < positives
    placed = placements(Levels.of(labels, np.linspace(0, 1, 30)))
    assert not auc_interval(placed, CONFIDENCE).known
    assert not auc_gain_interval(placed, placed, CONFIDENCE).known


def test_an_order_preserving_change_of_scores_changes_nothing() -> None:
    labels, scores = sample(9)
    one, two = placements(Levels.of(labels, scores)), placements(Levels.of(labels, np.log(scores) * 7))
    np.testing.assert_array_equal(one.positives, two.positives)
    np.testing.assert_array_equal(one.negatives, two.negatives)


def test_the_roc_curve_is_that_of_scikit_learn_where_it_has_few_points() -> None:
    labels, scores = sample(10, levels=12)
    false_rate, true_rate, _ = roc_curve(labels, scores, drop_intermediate=False)
    found = np.array(roc_points(Levels.of(labels, scores), most=1001))
    np.testing.assert_allclose(found, np.stack([false_rate, true_rate], axis=1), atol=1e-12)


def test_a_long_roc_curve_is_thinned_without_losing_area() -> None:
    labels, scores = sample(11, rows=20_000)
    points = np.array(roc_points(Levels.of(labels, scores)))
    assert len(points) <= 101
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    area = float(np.sum(np.diff(points[:, 0]) * (points[1:, 1] + points[:-1, 1]) / 2))
    assert area == pytest.approx(placements(Levels.of(labels, scores)).auc, abs=1e-3)


def test_without_both_classes_there_is_no_roc_curve() -> None:
    assert roc_points(Levels.of(np.zeros(5, dtype=bool), np.arange(5.0))) == []


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975])
@pytest.mark.parametrize("size", [2, 20, 5000])
def test_quantiles_are_those_of_scipy(confidence: float, size: int) -> None:
    assert normal(confidence) == pytest.approx(stats.norm.ppf(confidence), abs=1e-9)
    assert student(confidence, size) == pytest.approx(stats.t.ppf(confidence, size - 1), rel=1e-9)
    assert cautious(confidence, size) == pytest.approx(student(confidence, size) * (1 + size**-0.5), rel=1e-12)


def test_a_class_that_is_missing_leaves_the_auc_undefined() -> None:
    assert math.isnan(Placements(np.zeros(0), np.ones(3)).auc)
