import math
from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as sklearn

from benison.components.evaluator.compare import Answers, compare
from benison.core.metrics import KINDS, USUAL, VOCABULARIES, better
from benison.measures.intervals import Interval
from benison.metrics import MEASURES
from benison.metrics.bound import Estimate, estimate, gain, value
from benison.metrics.measure import Rows, Sample
from benison.metrics.slice import Slice

METRICS = tuple(name for name, kind in KINDS.items() if not kind.needs)
DIRECTED = tuple(metric for metric in METRICS if better(metric))
OF_BOTH = ("balanced_accuracy", "matthews_correlation_coefficient")


def models(seed: int, rows: int = 1200, share: float = 0.3) -> tuple[Sample, Sample]:
    """A better and a worse model on the same rows."""
    random = np.random.default_rng(seed)
    labels = random.random(rows) < share
    noise = random.normal(size=rows)
    scores = [2.2 * labels - 1.6 + noise, 1.2 * labels - 1.0 + 0.7 * noise + 0.7 * random.normal(size=rows)]
    better, worse = (Sample(Rows.of(labels), 1 / (1 + np.exp(-score))) for score in scores)
    return better, worse


SKLEARN: dict[str, Callable[[Sample], float]] = {
    "auc": lambda of: sklearn.roc_auc_score(of.labels, of.predictions),
    "binary_accuracy": lambda of: sklearn.accuracy_score(of.labels, of.predictions > 0.5),
    "binary_crossentropy": lambda of: sklearn.log_loss(of.labels, of.predictions),
    "example_count": lambda of: len(of.labels),
    "f1_score": lambda of: sklearn.f1_score(of.labels, of.predictions > 0.5),
    "false_negative_rate": lambda of: 1 - sklearn.recall_score(of.labels, of.predictions > 0.5),
    "false_positive_rate": lambda of: 1 - sklearn.recall_score(~of.labels, of.predictions <= 0.5),
    "precision": lambda of: sklearn.precision_score(of.labels, of.predictions > 0.5),
    "recall": lambda of: sklearn.recall_score(of.labels, of.predictions > 0.5),
    "specificity": lambda of: sklearn.recall_score(~of.labels, of.predictions <= 0.5),
}


@pytest.mark.parametrize("metric", SKLEARN)
@pytest.mark.parametrize("seed", [1, 2])
def test_values_are_those_of_scikit_learn(metric: str, seed: int) -> None:
    for sample in models(seed):
        assert value(metric, sample) == pytest.approx(SKLEARN[metric](sample), rel=1e-12)


@pytest.mark.parametrize(
    ("labels", "predictions", "undefined"),
    [
        ([], [], set(USUAL) - {"example_count"}),
        ([1, 1], [0.9, 0.2], {"auc", "false_positive_rate", "specificity", *OF_BOTH}),
        ([0, 0], [0.4, 0.2], {
            *OF_BOTH, "auc", "auc_precision_recall",
            "calibration", "f1_score", "false_negative_rate", "precision", "recall"
        }),
        ([0, 1], [0.4, 0.5], {"precision", "matthews_correlation_coefficient"}),
    ],
)  # fmt: skip
def test_what_has_a_denominator_of_zero_is_undefined_and_not_zero(
    labels: list[int], predictions: list[float], undefined: set[str]
) -> None:
    sample = Sample(Rows.of(np.array(labels, dtype=bool)), np.array(predictions, dtype=float))
    assert {metric for metric in USUAL if math.isnan(value(metric, sample))} == undefined


@pytest.mark.parametrize("metric", ["positive_likelihood_ratio", "diagnostic_odds_ratio"])
def test_what_is_undefined_on_many_rows_has_no_interval_and_says_why(metric: str) -> None:
    labels = np.arange(400) < 100
    never_wrong, other = (
        Sample(Rows.of(labels), np.where(right, labels * 0.8 + 0.1, 0.9)) for right in (labels | True, labels)
    )
    found, lead = estimate(metric, never_wrong, 0.95), gain(metric, never_wrong, other, 0.95)
    for one in (found, lead):
        assert math.isnan(one.value)
        assert not one.interval.known
    assert found.note == "undefined: its denominator is 0"


def test_every_metric_that_has_a_name_is_measured() -> None:
    for task, known in VOCABULARIES.items():
        assert set(MEASURES[task]) == set(known.kinds)
        assert all(measure.method for measure in MEASURES[task].values())


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_the_interval_lies_about_the_value_and_narrows_with_less_confidence(metric: str, seed: int) -> None:
    for sample in models(seed):
        wide, narrow = estimate(metric, sample, 0.975), estimate(metric, sample, 0.9)
        assert wide.interval.lower <= narrow.interval.lower <= wide.value <= narrow.interval.upper
        assert narrow.interval.upper <= wide.interval.upper
        assert wide.note == ""


@pytest.mark.parametrize("metric", DIRECTED)
@pytest.mark.parametrize("seed", [6, 7, 8])
def test_the_better_model_gains_and_the_gain_turns_round_with_the_models(metric: str, seed: int) -> None:
    better, worse = models(seed, rows=4000)
    found, turned = gain(metric, better, worse, 0.95), gain(metric, worse, better, 0.95)
    assert found.value == pytest.approx(abs(value(metric, better) - value(metric, worse)))
    assert found.interval.lower < found.value < found.interval.upper
    assert (turned.value, turned.interval.lower) == pytest.approx((-found.value, -found.interval.upper))
    assert turned.interval.upper == pytest.approx(-found.interval.lower)


@pytest.mark.parametrize("metric", [metric for metric in DIRECTED if metric != "max_recall"])
def test_a_gain_is_known_better_than_the_two_values(metric: str) -> None:
    better, worse = models(9)
    own = [estimate(metric, sample, 0.95).interval for sample in (better, worse)]
    apart = math.hypot(*(one.upper - one.lower for one in own))
    found = gain(metric, better, worse, 0.95).interval
    assert 0.3 * apart < found.upper - found.lower < 1.1 * apart


@pytest.mark.parametrize("metric", [metric for metric in DIRECTED if better(metric) < 0])
def test_less_of_a_loss_is_a_gain(metric: str) -> None:
    better, worse = models(10)
    assert value(metric, better) < value(metric, worse)
    assert gain(metric, better, worse, 0.95).value > 0


@pytest.mark.parametrize(
    ("metric", "rows", "positives", "note"),
    [
        ("auc", 500, 19, "19 positives where an interval needs 20"),
        ("auc", 30, 25, "5 negatives where an interval needs 20"),
        ("auc_precision_recall", 199, 60, "199 rows where an interval needs 200"),
        ("binary_accuracy", 19, 9, "19 rows where an interval needs 20"),
        ("recall", 500, 19, "19 positives where an interval needs 20"),
        ("false_positive_rate", 30, 25, "5 negatives where an interval needs 20"),
        ("recall", 30, 25, ""),
        ("f1_score", 30, 30, ""),
        ("binary_crossentropy", 500, 10, "10 positives where an interval needs 20"),
    ],
)
def test_with_too_few_rows_of_its_own_denominator_a_metric_has_no_interval(
    metric: str, rows: int, positives: int, note: str
) -> None:
    labels = np.arange(rows) < positives
    random = np.random.default_rng(1)
    one, two = (Sample(Rows.of(labels), random.random(rows)) for _ in range(2))
    found, lead = estimate(metric, one, 0.95), gain(metric, one, two, 0.95)
    assert (found.note, lead.note) == (note, note)
    assert found.interval.known == lead.interval.known == (note == "")
    assert not math.isnan(found.value)


def test_precision_counts_the_rows_that_are_answered_positive() -> None:
    labels = np.arange(400) < 100
    many, few = (
        Sample(Rows.of(labels), np.where(np.arange(400) < 150, 0.9, 0.1)),
        Sample(Rows.of(labels), np.linspace(0.52, 0, 400)),
    )
    assert estimate("precision", many, 0.95).note == ""
    assert gain("precision", many, few, 0.95).note == "16 rows answered positive where an interval needs 20"


def test_an_area_of_one_has_no_error_that_could_be_estimated() -> None:
    labels = np.arange(400) < 100
    found = estimate("auc_precision_recall", Sample(Rows.of(labels), labels * 0.8 + 0.1), 0.95)
    assert (found.value, found.note) == (1.0, "no error can be estimated at 1")
    assert not found.interval.known


def test_the_same_model_in_two_roles_gains_exactly_nothing() -> None:
    better, worse = models(12)
    predictions = {"challenger": better.predictions, "champion": better.predictions, "reference": worse.predictions}
    answers = Answers(better.rows, predictions, {"champion": "challenger"})
    found = compare(answers, [Slice((), np.arange(1200))], METRICS, 0.95)[0]
    for metric in DIRECTED:
        champion, reference = (found.metrics[metric].gains[role] for role in ("champion", "reference"))
        assert (champion.value, champion.interval.lower, champion.interval.upper) == (0, 0, 0)
        assert reference == gain(metric, better, worse, 0.95)
    for metric in set(METRICS) - set(DIRECTED):
        assert found.metrics[metric].gains == {}
        assert found.metrics[metric].models["champion"] == found.metrics[metric].models["challenger"]


def test_a_reference_that_is_the_champion_has_the_same_figures() -> None:
    better, worse = models(13)
    predictions = {"challenger": better.predictions, "champion": worse.predictions, "reference": worse.predictions}
    answers = Answers(better.rows, predictions, {"reference": "champion"})
    found = compare(answers, [Slice((), np.arange(0, 1200, 2))], ("auc", "recall"), 0.95)[0]
    first, second = (Sample(Rows.of(one.labels[::2]), one.predictions[::2]) for one in (better, worse))
    for metric in ("auc", "recall"):
        assert found.metrics[metric].gains["reference"] == gain(metric, first, second, 0.95)
        assert found.metrics[metric].gains["reference"] is found.metrics[metric].gains["champion"]
        assert found.metrics[metric].models["champion"] == estimate(metric, second, 0.95)
    assert (found.rows, found.positives) == (600, int(better.labels[::2].sum()))


def test_a_model_gains_nothing_over_itself_and_nothing_is_known_where_there_is_no_figure() -> None:
    predictions = np.array([0.2, 0.8, 0.6])
    answers = Answers(
        Rows.of(np.array([False, False, False])),
        {"challenger": predictions, "champion": predictions},
        {"champion": "challenger"},
    )
    found = compare(answers, [Slice((), np.arange(3))], ("auc", "binary_accuracy"), 0.95)[0].metrics
    assert found["binary_accuracy"].gains["champion"] == Estimate(0.0, Interval(0.0, 0.0))
    assert math.isnan(found["auc"].gains["champion"].value)
    assert not found["auc"].gains["champion"].interval.known


def certain_of_some(random: np.random.Generator, rows: int = 600) -> Sample:
    """A third of the rows is predicted exactly 0, of which one in 400 is positive: it costs 16."""
    sure = random.random(rows) < 1 / 3
    labels = random.random(rows) < np.where(sure, 1 / 400, 0.5)
    return Sample(Rows.of(labels), np.where(sure, 0.0, 0.5))


def test_the_loss_of_a_model_that_is_certain_may_be_what_its_rare_mistakes_cost() -> None:
    true = (16.118 / 400 + 2 * math.log(2)) / 3
    random = np.random.default_rng(5)
    found = [estimate("binary_crossentropy", certain_of_some(random), 0.95) for _ in range(400)]
    # More than half of the holdouts have no such row, and their losses alone say nothing of them.
    assert sum(one.value < true for one in found) > 200
    assert np.mean([one.interval.upper >= true for one in found]) > 0.95
    assert np.mean([one.interval.lower <= true for one in found]) > 0.95


def test_a_gain_has_more_room_on_the_side_to_which_it_is_skewed() -> None:
    random = np.random.default_rng(6)
    labels = random.random(2000) < 0.5
    right = np.where(labels, 0.9, 0.1)
    wrong = np.where(random.random(2000) < 0.01, 1 - right, right)
    of = Rows.of(labels)
    found = gain("brier_score", Sample(of, right), Sample(of, wrong), 0.95)
    # The baseline loses much on few rows: the gain is rarely large, and more often too small in a sample.
    assert found.interval.upper - found.value > 1.05 * (found.value - found.interval.lower)
