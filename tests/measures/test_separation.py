"""The oracle is scikit-learn's AUC of the rows, one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from benison.measures.separation import by_rate, in_order, rates, separation

COUNTS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8).map(np.array)


def of_rows(counts: np.ndarray, scores: list[float]) -> float:  # type: ignore[type-arg]
    labels = np.concatenate([np.repeat([0, 1], pair) for pair in counts])
    spread = np.concatenate([np.full(sum(pair), score) for pair, score in zip(counts, scores, strict=True)])
    return float(roc_auc_score(labels, spread))


@given(COUNTS)
def test_equals_the_auc_of_the_rows(counts: np.ndarray) -> None:  # type: ignore[type-arg]
    found = separation(counts)
    assert (found.negatives, found.positives) == tuple(counts.sum(axis=0))
    if counts.sum(axis=0).min() == 0:
        assert np.isnan(found.auc)
    else:
        assert found.auc == pytest.approx(of_rows(counts, list(range(len(counts)))), abs=1e-12)


@given(COUNTS, st.randoms(use_true_random=False))
def test_by_rate_equals_the_auc_of_the_learned_rates(counts: np.ndarray, random) -> None:  # type: ignore
    measured = np.array([[random.randint(1, 5), random.randint(1, 5)] for _ in counts])
    prior = counts[:, 1].sum() / max(counts.sum(), 1)
    expected = of_rows(measured, rates(counts, prior).tolist())
    assert by_rate(counts, measured).auc == pytest.approx(expected, abs=1e-12)


def test_a_rate_of_few_rows_is_drawn_to_that_of_all() -> None:
    assert rates(np.array([[0, 0], [0, 1], [0, 1000]]), 0.2) == pytest.approx([0.2, 3 / 11, 1002 / 1010])


def test_values_of_their_own_tell_nothing_of_other_rows() -> None:
    """Each row has a value that no other has: perfect on the rows learned from, nothing on others."""
    learned = np.concatenate([np.tile([[1, 0], [0, 1]], (50, 1)), np.zeros((100, 2), int)])
    assert by_rate(learned, learned).auc == 1.0
    assert by_rate(learned, learned[::-1].copy()).auc == 0.5


def test_the_direction_is_learned_from_other_rows() -> None:
    falling, rising = np.array([[0, 9], [9, 0]]), np.array([[9, 0], [0, 9]])
    assert [in_order(falling, falling).auc, in_order(falling, rising).auc] == [1.0, 0.0]
    assert in_order(rising, rising).auc == 1.0


def test_chance_is_inside_of_the_interval_of_few_rows() -> None:
    assert separation(np.array([[5, 0], [0, 3]])).interval(0.99).lower < 0.6
    assert separation(np.array([[500, 0], [0, 300]])).interval(0.99).lower > 0.98
