"""Every threshold's rates against scikit-learn, and the best of them against a naive search."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

from benison.measures.levels import Levels
from benison.measures.operating_points import Curve

Floats = npt.NDArray[np.float64]


def sample(seed: int, rows: int = 300, levels: int = 1000) -> tuple[npt.NDArray[np.bool_], Floats]:
    random = np.random.default_rng(seed)
    labels = random.random(rows) < 0.3
    return labels, np.round((random.random(rows) + 0.5 * labels) * levels) / levels


def test_rates_are_those_of_scikit_learn_at_every_threshold() -> None:
    labels, scores = sample(1, levels=20)
    rates = Curve.of(Levels.of(labels, scores)).rates
    false_rate, true_rate, _ = roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(rates["false_positive_rate"], false_rate, atol=1e-12)
    np.testing.assert_allclose(rates["recall"], true_rate, atol=1e-12)
    np.testing.assert_allclose(rates["specificity"], 1 - false_rate, atol=1e-12)
    precision, recall, _ = precision_recall_curve(labels, scores)
    np.testing.assert_allclose(rates["precision"][:0:-1], precision[:-1], atol=1e-12)
    np.testing.assert_allclose(rates["recall"][:0:-1], recall[:-1], atol=1e-12)


@pytest.mark.parametrize("at", [0.0, 0.37, 0.9, 1.0])
@pytest.mark.parametrize(
    ("wanted", "bound"),
    [("precision", "recall"), ("recall", "precision"), ("recall", "false_positive_rate"), ("specificity", "recall")],
)
def test_the_best_threshold_is_that_of_a_naive_search(wanted: str, bound: str, at: float) -> None:
    labels, scores = sample(2, levels=40)
    curve = Curve.of(Levels.of(labels, scores))
    found = []
    for threshold in [1.6, *np.unique(scores) - 1e-9]:
        answers = scores > threshold
        true, false = np.sum(answers & labels), np.sum(answers & ~labels)
        rates = {"recall": true / labels.sum(), "false_positive_rate": false / (~labels).sum()}
        rates["specificity"] = 1 - rates["false_positive_rate"]
        rates["precision"] = true / (true + false) if true + false else math.nan
        reached = rates[bound] <= at if bound == "false_positive_rate" else rates[bound] >= at
        found += [rates[wanted]] if reached and not math.isnan(rates[wanted]) else []
    place = curve.best(wanted, bound, at)
    assert (place < 0) == (not found)
    if found:
        assert curve.rates[wanted][place] == pytest.approx(max(found), abs=1e-12)


def test_a_long_curve_is_thinned_without_losing_area() -> None:
    labels, scores = sample(3, rows=20_000, levels=10**6)
    curve = Curve.of(Levels.of(labels, scores))
    kept = curve.thinned(101)
    assert 90 < len(kept) <= 101
    assert (kept[0], kept[-1]) == (0, len(curve.true) - 1)
    false_rate, recall = (curve.rates[name][kept] for name in ("false_positive_rate", "recall"))
    area = float(np.sum(np.diff(false_rate) * (recall[1:] + recall[:-1]) / 2))
    assert area == pytest.approx(roc_auc_score(labels, scores), abs=1e-3)


def test_without_both_classes_no_curve_is_left() -> None:
    assert Curve.of(Levels.of(np.zeros(5, dtype=bool), np.arange(5.0))).thinned(101) == []
