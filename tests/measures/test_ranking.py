import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from benison.measures.levels import Levels, buckets
from benison.measures.masses import Masses
from benison.measures.quantiles import cautious, normal, student
from benison.measures.ranking import auc_interval, newcombe_interval, own_interval, roc_area, tied

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
    assert roc_area(Levels.of(labels, scores)).area == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=40))
def test_the_area_is_that_of_a_loop_over_pairs(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=float)
    found = roc_area(Levels.of(labels, scores)).area
    if not labels.any() or labels.all():
        assert math.isnan(found)
        return
    assert found == pytest.approx(pairwise(labels, scores).mean(), abs=1e-12)


def delong(table: Floats) -> float:
    """DeLong's error from a table of every positive against every negative."""
    rows, columns = table.shape
    of_positives = sum((row.mean() - table.mean()) ** 2 for row in table) / (rows - 1)
    of_negatives = sum((column.mean() - table.mean()) ** 2 for column in table.T) / (columns - 1)
    return math.sqrt(of_positives / rows + of_negatives / columns)


@pytest.mark.parametrize("levels", [0, 8])
def test_the_error_is_delongs_of_one_model_and_of_a_pair(levels: int) -> None:
    labels, scores = sample(2, levels=levels)
    _, others = sample(3, levels=levels)
    one, two, masses = roc_area(Levels.of(labels, scores)), roc_area(Levels.of(labels, others)), Masses(len(labels))
    assert masses.error(one.influences) == pytest.approx(delong(pairwise(labels, scores)), rel=1e-12)
    difference = pairwise(labels, scores) - pairwise(labels, others)
    assert masses.error(one.influences - two.influences) == pytest.approx(delong(difference), rel=1e-12)


@pytest.mark.parametrize("levels", [0, 8])
def test_a_row_with_a_weight_counts_as_so_many_rows(levels: int) -> None:
    labels, scores = sample(4, levels=levels)
    times = np.random.default_rng(1).integers(0, 4, len(labels))
    found = roc_area(Levels.of(labels, scores, times.astype(float)))
    expected = roc_area(Levels.of(np.repeat(labels, times), np.repeat(scores, times)))
    assert found.area == pytest.approx(expected.area, abs=1e-12)
    np.testing.assert_allclose(np.repeat(found.influences, times), expected.influences, atol=1e-12)


def test_a_row_of_both_classes_counts_in_both() -> None:
    _, scores = sample(5, levels=9)
    shares = np.random.default_rng(2).choice([0.0, 0.25, 0.5, 1.0], len(scores))
    found = roc_area(Levels.of(shares, scores), 1, 1)
    both = np.concatenate([np.ones(len(scores), bool), np.zeros(len(scores), bool)])
    expected = roc_area(Levels.of(both, np.tile(scores, 2), np.concatenate([shares, 1 - shares])))
    assert found.area == pytest.approx(expected.area, abs=1e-12)
    assert found.influences.sum() == pytest.approx(0, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.sampled_from([3, 200, 10_000]))
def test_buckets_keep_the_order_of_predictions(predictions: list[float], thresholds: int) -> None:
    ordered = np.sort(np.array(predictions))
    found = buckets(ordered, thresholds)
    assert np.all(np.diff(found) >= 0)
    assert found[0] >= 0
    assert found[-1] <= thresholds - 2


def test_newcombe_ends_where_its_own_variance_refuses() -> None:
    auc, positives, negatives = 0.87, 40, 110
    found = newcombe_interval(auc, positives, negatives, CONFIDENCE)
    for bound in (found.lower, found.upper):
        spread = (bound * (1 - bound) ** 2 / (2 - bound), bound**2 * (1 - bound) / (1 + bound))
        half = (positives + negatives) / 2 - 1
        variance = (bound * (1 - bound) + half * sum(spread)) / (positives * negatives)
        assert abs(auc - bound) / math.sqrt(variance) == pytest.approx(normal(CONFIDENCE), abs=1e-9)


def test_perfectly_separated_classes_have_an_interval_all_the_same() -> None:
    found = auc_interval(1.0, 0.0, 30, 30, CONFIDENCE)
    assert found == newcombe_interval(1.0, 30, 30, CONFIDENCE) == own_interval(1.0, 0.0, 30, 30, CONFIDENCE)
    assert found.upper == 1.0
    assert 0.9 < found.lower < 0.99


def test_the_auc_interval_claims_no_more_than_delong_on_the_logit_scale_and_newcombe() -> None:
    found, own = (of(0.8, 0.03, 90, 210, CONFIDENCE) for of in (auc_interval, own_interval))
    logit, half = math.log(0.8 / 0.2), cautious(CONFIDENCE, 90) * 0.03 / (0.8 * 0.2)
    assert (own.lower, own.upper) == pytest.approx(
        [1 / (1 + math.exp(half - logit)), 1 / (1 + math.exp(-half - logit))]
    )
    newcombe = newcombe_interval(0.8, 90, 210, CONFIDENCE)
    assert (found.lower, found.upper) == (min(own.lower, newcombe.lower), max(own.upper, newcombe.upper))


@pytest.mark.parametrize("positives", [0, 1])
def test_with_a_class_of_fewer_than_two_nothing_is_said(positives: int) -> None:
    assert not auc_interval(0.7, 0.1, positives, 29, CONFIDENCE).known


def test_an_order_preserving_change_of_scores_changes_nothing() -> None:
    labels, scores = sample(9)
    one, two = roc_area(Levels.of(labels, scores)), roc_area(Levels.of(labels, np.log(scores) * 7))
    np.testing.assert_array_equal(one.influences, two.influences)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.975])
@pytest.mark.parametrize("size", [2, 20, 5000])
def test_quantiles_are_those_of_scipy(confidence: float, size: int) -> None:
    assert normal(confidence) == pytest.approx(stats.norm.ppf(confidence), abs=1e-9)
    assert student(confidence, size) == pytest.approx(stats.t.ppf(confidence, size - 1), rel=1e-9)
    assert cautious(confidence, size) == pytest.approx(student(confidence, size) * (1 + size**-0.5), rel=1e-12)


def test_a_class_that_is_missing_leaves_the_auc_undefined() -> None:
    assert math.isnan(roc_area(Levels.of(np.zeros(3, dtype=bool), np.arange(3.0))).area)


def test_tied_pairs_are_counted_and_bound_what_their_order_makes_of_the_area() -> None:
    labels, scores = sample(5, levels=20)
    rows = Levels.of(labels, scores)
    pairs = scores[labels][:, None] == scores[~labels][None, :]
    assert tied(rows) == pytest.approx(pairs.mean(), rel=1e-12)
    low, high = (roc_area(rows.apart(positives_above=above)).area for above in (False, True))
    assert high - low == pytest.approx(tied(rows), rel=1e-9)
    assert math.isnan(tied(Levels.of(labels[labels], scores[labels])))
