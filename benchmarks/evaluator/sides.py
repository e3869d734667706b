"""One side of the comparison in a process of its own: metrics by slice, and how long they took without imports."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
# Both tables: how many values each of the columns has that slices are cut by.
TABLES = {"eighteen": (2, 5, 10), "fairness": (2, 5, 40)}
AREAS = ("auc", "auc_precision_recall")
RATES = ("false_negative_rate", "false_positive_rate", "precision", "predicted_positive_rate", "recall", "specificity")
METRICS = {
    "eighteen": (*AREAS, "binary_accuracy", "calibration", "example_count", "mean_prediction", "precision", "recall"),
    "fairness": tuple(f"{rate}@{threshold}" for rate in RATES for threshold in (0.25, 0.75)) + RATES,
}
CLASSES = {
    "auc": "AUC",
    "auc_precision_recall": "AUCPrecisionRecall",
    "binary_accuracy": "BinaryAccuracy",
    "calibration": "Calibration",
    "example_count": "ExampleCount",
    "false_negative_rate": "FNR",
    "false_positive_rate": "FPR",
    "mean_prediction": "MeanPrediction",
    "precision": "Precision",
    "predicted_positive_rate": "PredictedPositiveRate",
    "recall": "Recall",
    "specificity": "Specificity",
}


def table_of(kind: str, rows: int) -> pa.Table:
    """Labels, what two models say, and columns to cut by; TFMA's thresholds lump few of the scores together."""
    random = np.random.default_rng(1)
    labels = random.random(rows) < 0.25
    noise = random.normal(size=rows)
    columns: dict[str, Any] = {"label": labels.astype(np.float64)}
    for name, lift in (("new", 1.5), ("old", 1.4)):
        columns[name] = 1 / (1 + np.exp(1.5 - lift * labels - noise - 0.5 * random.normal(size=rows)))
    for place, values in enumerate(TABLES[kind]):
        names = np.array([f"v{number}" for number in range(values)])
        columns[f"c{place}"] = names[random.integers(0, values, rows)]
    return pa.table(columns)


def slicings(kind: str) -> list[tuple[str, ...]]:
    """All rows, and each column by itself."""
    return [(), *((f"c{place}",) for place in range(len(TABLES[kind])))]


def ours(table: pa.Table, kind: str, models: tuple[str, ...] = ("new", "old")) -> int:
    """Every metric of every slice with its interval, for two models, and every gain with its interval."""
    from benison.components.evaluator.compare import Answers, compare
    from benison.eval_config import EvalConfig, Slicing
    from benison.metrics.measure import Rows
    from benison.metrics.slice import cut

    config = EvalConfig("label", tuple(Slicing(keys) for keys in slicings(kind)), METRICS[kind])
    roles = dict(zip(("challenger", "champion"), models, strict=False))
    answers = Answers(
        Rows.of(table["label"].to_numpy()), {role: table[name].to_numpy() for role, name in roles.items()}, {}
    )
    return len(compare(answers, cut(table, config, ""), METRICS[kind], 0.95))


def ours_one_model(table: pa.Table, kind: str) -> int:
    """The same of one model alone."""
    return ours(table, kind, ("new",))


def ours_sums(table: pa.Table, kind: str) -> int:
    """Every metric of every slice of one model, without intervals, of rows in memory."""
    from benison.components.evaluator.compare import CHALLENGER, Answers, parts_of
    from benison.eval_config import EvalConfig, Slicing
    from benison.metrics.bound import value
    from benison.metrics.measure import Rows
    from benison.metrics.slice import cut

    config = EvalConfig("label", tuple(Slicing(keys) for keys in slicings(kind)), METRICS[kind])
    answers = Answers(Rows.of(table["label"].to_numpy()), {CHALLENGER: table["new"].to_numpy()}, {})
    parts = parts_of(answers, cut(table, config, ""), METRICS[kind])
    for make in parts.makes.values():
        sample = make().models[CHALLENGER]
        for metric in METRICS[kind]:
            value(metric, sample)
    return len(parts.makes)


def ours_tables(table: pa.Table, kind: str) -> int:
    """The same from tables, as of rows that stream."""
    from benison.components.evaluator.streamed import Counted, sums_of, thresholds_of
    from benison.components.evaluator.tables.tally import Tally, Wanted
    from benison.eval_config import Slicing
    from benison.metrics.bound import value

    slices = tuple(Slicing(keys) for keys in slicings(kind))
    wanted = Wanted("label", None, ("new",), (), slices, "", thresholds_of(METRICS[kind]), sums_of(METRICS[kind]))
    tally = Tally(wanted, ())
    for batch in table.select(list(wanted.columns)).to_batches():
        tally.add(batch)
    counted = Counted(tally.tables(), ("challenger",))
    for keys in counted.tables.slices:
        sample = counted.part(keys).models["challenger"]
        for metric in METRICS[kind]:
            value(metric, sample)
    return len(counted.tables.slices)


def tfma(table: pa.Table, kind: str, models: tuple[str, ...] = ("new", "old")) -> int:
    """TFMA's figures of two models and their differences, without intervals."""
    from google.protobuf import json_format
    from tensorflow_model_analysis.api import model_eval_lib
    from tensorflow_model_analysis.proto import config_pb2

    metrics = []
    for name in METRICS[kind]:
        rate, _, threshold = name.partition("@")
        arguments = {"name": name} | ({"thresholds": [float(threshold)]} if threshold else {})
        metrics.append({"className": CLASSES[rate], "config": json.dumps(arguments)})
    config = {
        "modelSpecs": [
            {"name": name, "labelKey": "label", "predictionKey": name, "isBaseline": name == "old"} for name in models
        ],
        "slicingSpecs": [{"featureKeys": list(keys)} for keys in slicings(kind)],
        "metricsSpecs": [{"metrics": metrics}],
    }
    frame = table.to_pandas()
    found = model_eval_lib.analyze_raw_data(frame, json_format.ParseDict(config, config_pb2.EvalConfig()))
    return len(found.get_metrics_for_all_slices())


def tfma_one_model(table: pa.Table, kind: str) -> int:
    """The same of one model alone."""
    return tfma(table.drop(["old"]), kind, ("new",))


def _sklearn_metrics(kind: str) -> dict[str, Callable[[Any, Any], float]]:
    from sklearn import metrics

    found: dict[str, Callable[[Any, Any], float]] = {}
    for name in METRICS[kind]:
        rate, _, threshold = name.partition("@")
        found[name] = _of_scikit_learn(metrics, rate, float(threshold or 0.5))
    return found


def _of_scikit_learn(metrics: Any, rate: str, at: float) -> Callable[[Any, Any], float]:
    return {
        "auc": metrics.roc_auc_score,
        "auc_precision_recall": metrics.average_precision_score,
        "binary_accuracy": lambda y, p: metrics.accuracy_score(y, p > at),
        "calibration": lambda y, p: np.sum(p) / np.sum(y),
        "example_count": lambda y, p: len(y),
        "false_negative_rate": lambda y, p: 1 - metrics.recall_score(y, p > at, zero_division=0),
        "false_positive_rate": lambda y, p: 1 - metrics.recall_score(y == 0, p <= at, zero_division=0),
        "mean_prediction": lambda y, p: np.mean(p),
        "precision": lambda y, p: metrics.precision_score(y, p > at, zero_division=0),
        "predicted_positive_rate": lambda y, p: np.mean(p > at),
        "recall": lambda y, p: metrics.recall_score(y, p > at, zero_division=0),
        "specificity": lambda y, p: metrics.recall_score(y == 0, p <= at, zero_division=0),
    }[rate]


def scikit_learn(table: pa.Table, kind: str) -> int:
    """A loop over slices and metrics of one model, without intervals."""
    labels, scores, count = table["label"].to_numpy(), table["new"].to_numpy(), 0
    for keys in slicings(kind):
        values = table[keys[0]].to_numpy() if keys else np.zeros(len(labels))
        for value in np.unique(values):
            rows = values == value
            for metric in _sklearn_metrics(kind).values():
                metric(labels[rows], scores[rows])
            count += 1
    return count


def fairlearn(table: pa.Table, kind: str) -> int:
    """MetricFrame over each column, one model, without intervals."""
    from fairlearn.metrics import MetricFrame

    labels, scores, count = table["label"].to_numpy(), table["new"].to_numpy(), 1
    for keys in slicings(kind)[1:]:
        frame = MetricFrame(
            metrics=_sklearn_metrics(kind), y_true=labels, y_pred=scores, sensitive_features=table[keys[0]].to_numpy()
        )
        count += len(frame.by_group)
    return count


SIDES: dict[str, Callable[[pa.Table, str], int]] = {
    "ours": ours,
    "ours_one_model": ours_one_model,
    "ours_sums": ours_sums,
    "ours_tables": ours_tables,
    "tfma": tfma,
    "tfma_one_model": tfma_one_model,
    "scikit_learn": scikit_learn,
    "fairlearn": fairlearn,
}


def main() -> None:
    side, kind, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
    SIDES[side](table_of(kind, 500), kind)  # imports, and what TensorFlow builds once
    table = table_of(kind, rows)
    start, cpu = time.perf_counter(), time.process_time()
    slices = SIDES[side](table, kind)
    taken, worked = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({"seconds": taken, "cpu_seconds": worked, "rows": rows, "slices": slices}))


if __name__ == "__main__":
    main()
