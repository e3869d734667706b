"""Against TFMA itself on many small random populations: each is a slice, so that one run of TFMA tells of all."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf import json_format
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison.core.metrics import KINDS, THRESHOLD, Metric
from benison.measures.levels import buckets
from benison.metrics.bound import value
from benison.metrics.measure import Rows, Sample

POPULATIONS = 30
AREAS = ("auc", "auc_precision_recall")
BY_NEGATIVES = ("recall_at_false_positive_rate", "sensitivity_at_specificity", "specificity_at_sensitivity")


def population(random: np.random.Generator, number: int, *, weighted: bool, shares: bool) -> pa.Table:
    """Few or many rows, ties or none, one class or both, scores all over or in a corner."""
    rows = int(random.choice([1, 2, 7, 40]))
    labels = (random.random(rows) < random.choice([0.0, 0.1, 0.5, 1.0])).astype(float)
    if shares:
        labels = random.choice([0.0, 0.25, 0.5, 1.0], rows)
    # A probability below 1e-7 counts as 1e-7, as in Keras.
    scores = np.maximum(random.random(rows) ** float(random.choice([1, 4])), 1e-6)
    if random.random() < 0.5:
        scores = np.round(scores * 4) / 4
    weights = random.choice([0.0, 0.5, 1.0, 3.0], rows) if weighted else np.ones(rows)
    weights[0] = 1.0
    return pa.table({"population": [f"p{number}"] * rows, "label": labels, "score": scores, "weight": weights})


def populations(seed: int, *, weighted: bool, shares: bool) -> list[pa.Table]:
    random = np.random.default_rng(seed)
    return [population(random, number, weighted=weighted, shares=shares) for number in range(POPULATIONS)]


def asked() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every metric as TFMA has it, class and arguments: at several thresholds, the areas over its buckets."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for kind in KINDS.values():
        for threshold in (0.25, 0.5, 0.8) if kind.parameter == THRESHOLD else ():
            found[Metric(kind, threshold).name] = kind.classes[0], {kind.argument: threshold}
        for bound in (0.3, 0.5, 0.8, 1.0) if kind.needs else ():
            found[Metric(kind, bound).name] = kind.classes[0], {kind.parameter: bound}
        if not kind.parameter:
            found[kind.name] = kind.classes[0], {}
    for area in AREAS:
        for number in (200, 10_000):
            found[f"{area}@{number}"] = KINDS[area].classes[0], {"num_thresholds": number}
    return found


ASKED = asked()


def of_tfma(table: pa.Table, *, weighted: bool) -> dict[str, dict[str, float]]:
    metrics = [
        {"className": name, "config": json.dumps({"name": metric, **arguments})}
        for metric, (name, arguments) in ASKED.items()
    ]
    spec = {"labelKey": "label", "predictionKey": "score"} | ({"exampleWeightKey": "weight"} if weighted else {})
    config = {
        "modelSpecs": [spec],
        "slicingSpecs": [{"featureKeys": ["population"]}],
        "metricsSpecs": [{"metrics": metrics}],
    }
    frame = (table if weighted else table.drop(["weight"])).to_pandas()
    result = model_eval_lib.analyze_raw_data(frame, json_format.ParseDict(config, config_pb2.EvalConfig()))
    return {
        key[0][1]: {name: float(found.get("doubleValue", 0)) for name, found in metrics.items()}
        for key, metrics in result.get_metrics_for_all_slices().items()
    }


def ours(table: pa.Table) -> Sample:
    weights = table["weight"].to_numpy()
    rows = Rows.of(table["label"].to_numpy(), weights=None if np.all(weights == 1) else weights)
    return Sample(rows, table["score"].to_numpy())


def by_its_thresholds(sample: Sample) -> Sample:
    """The same rows, each with the highest of TFMA's 10,000 thresholds that answers it positive as its score."""
    return Sample(sample.rows, buckets(sample.predictions, 10_000) / 9_999)


def differs_on_purpose(metric: str, sample: Sample) -> bool:
    """Where a class is missing TFMA says 0 of an area; a probability of exactly 0 or 1 costs it infinity, or NaN."""
    positives = sample.masses.sum(sample.labels)
    if KINDS[metric.partition("@")[0]].needs:
        return positives == 0 or (positives == sample.masses.total and metric.startswith(BY_NEGATIVES))
    if metric == "binary_crossentropy":
        return bool(np.any((sample.predictions == 0) | (sample.predictions == 1)))
    if metric.startswith("auc_precision_recall"):
        return positives == 0
    return metric.startswith("auc") and not 0 < positives < sample.masses.total


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # TFMA divides by the zero rows of empty buckets
@pytest.mark.parametrize(
    ("weighted", "shares"),
    [
        (True, True),
        pytest.param(False, False, marks=pytest.mark.slow),
        pytest.param(True, False, marks=pytest.mark.slow),
        pytest.param(False, True, marks=pytest.mark.slow),
    ],
)
def test_every_figure_is_tfmas_on_any_rows(weighted: bool, shares: bool) -> None:
    drawn = populations(3 + 2 * weighted + shares, weighted=weighted, shares=shares)
    theirs = of_tfma(pa.concat_tables(drawn), weighted=weighted)
    assert len(theirs) == POPULATIONS
    for number, rows in enumerate(drawn):
        name, sample = f"p{number}", ours(rows)
        snapped = by_its_thresholds(sample)
        for metric in ASKED:
            at_point = KINDS[metric.partition("@")[0]].needs
            found, expected = value(metric, snapped if at_point else sample), theirs[name][metric]
            if differs_on_purpose(metric, sample):
                assert found != expected, (name, metric)
            else:
                assert found == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True), (name, metric)


def test_points_of_the_curve_are_those_of_tfmas_thresholds_where_these_tell_the_scores_apart() -> None:
    told_apart = 0
    for rows in populations(11, weighted=True, shares=True):
        sample = ours(rows)
        snapped = by_its_thresholds(sample)
        if snapped.levels.count == sample.levels.count:
            told_apart += 1
            for metric in [one for one in ASKED if KINDS[one.partition("@")[0]].needs]:
                near = 2e-4 if metric.startswith("threshold") else 1e-12
                assert value(metric, sample) == pytest.approx(value(metric, snapped), abs=near, nan_ok=True), metric
    assert told_apart > POPULATIONS / 2


def test_points_of_the_curve_are_found_among_scores_that_tfma_takes_for_one() -> None:
    labels = np.array([False, False, False, True, True])
    sample = Sample(Rows.of(labels), np.array([1e-6, 2e-6, 3e-6, 4e-6, 5e-6]))
    assert value("recall_at_false_positive_rate@0.1", sample) == 1.0
    assert value("recall_at_false_positive_rate@0.1", by_its_thresholds(sample)) == 0.0
    threshold = value("threshold_at_recall@1", sample)
    assert np.count_nonzero(sample.predictions > threshold) == 2
    assert threshold == pytest.approx(4e-6, rel=1e-12)
