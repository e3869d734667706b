"""Models that tell several classes apart: TFMA's and scikit-learn's figures, errors, files, messages."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from google.protobuf import json_format
from sklearn import metrics as sklearn_metrics
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison import eval_config
from benison.components.evaluator import predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.predictions import Policy
from benison.config import OwnMetrics, read_gate
from benison.config.data import Table
from benison.core import documents
from benison.core.metrics import MULTICLASS, better, speaking
from benison.metrics.bound import estimate, gain, value
from benison.metrics.measure import Rows, Sample
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table

NAMES = ("cat", "dog", "owl")
MACROS = ("macro", "weighted_macro")


def softmax(scores: Any) -> Any:
    shares = np.exp(scores)
    return shares / shares.sum(axis=1, keepdims=True)


def table(rows: int = 400, seed: int = 1, names: Sequence[str] = NAMES) -> pa.Table:
    """Labels of which the last class is rare, two models, weights, users and towns."""
    random = np.random.default_rng(seed)
    shares = np.linspace(2, 0.5, len(names))
    labels = random.choice(len(names), rows, p=shares / shares.sum())
    sides = np.eye(len(names))[labels]
    models = {
        model: softmax(sure * sides + random.normal(size=sides.shape)) for model, sure in (("new", 1.4), ("old", 1.1))
    }
    of_models = {f"{model}_{name}": found[:, at] for model, found in models.items() for at, name in enumerate(names)}
    town, weights = random.choice(["Ulm", "Bonn"], rows), random.choice([0.5, 1.0, 3.0], rows)
    said = {"kind": np.array(names)[labels], "town": town, "w": weights, "user": random.integers(0, rows // 4, rows)}
    return pa.table({**said, **of_models})


def sample(rows: pa.Table, model: str = "new", names: Sequence[str] = NAMES, **counted: Any) -> Sample:
    labels = np.array([names.index(label) for label in rows["kind"].to_pylist()], dtype=np.float64)
    matrix = np.column_stack([rows[f"{model}_{name}"].to_numpy() for name in names])
    return Sample(Rows.of(labels, task=MULTICLASS, classes=tuple(names), **counted), matrix)


def run(
    folder: Path,
    rows: pa.Table,
    said: Said,
    gate: str = "",
    config: dict[str, Any] | None = None,
    own: OwnMetrics | None = None,
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    pq.write_table(rows, folder / "predictions.parquet")
    written, file = folder / "evaluation", folder / "eval_config.json"
    written.mkdir()
    (folder / "gate.yaml").write_text(gate)
    file.write_text(json.dumps(config))
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    words = speaking(MULTICLASS, own.kinds if own else ())
    with words, open_table(source, str(folder), Asked(), folder / "scratch") as dataset:
        policy = Policy(read_gate(folder / "gate.yaml"), "gate.yaml") if gate else None
        read = eval_config.read_with_models(file) if config else None
        columns = columns_of(said, file if config else None, read, dataset.schema.names, own)
        predictions.run(dataset, "predictions.parquet", columns, None, policy, written)
    return documents.read(written / "evaluation.json", "evaluation")


def metrics_of(*names: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"className": name, "config": json.dumps(arguments)} for name in names]


SHARES = ("Precision", "Recall", "F1Score", "Specificity", "MatthewsCorrelationCoefficient", "TruePositives")
AREAS = metrics_of("AUC", num_thresholds=200, name="auc@200")
ALL = {"0": 1.0, "1": 1.0, "2": 1.0}
# What TFMA can be asked of several classes; each a spec of its own, since it mixes up some of them in one run.
SPECS: tuple[list[dict[str, Any]], ...] = (
    [
        {"metrics": metrics_of("ExampleCount", "WeightedExampleCount")},
        {
            "metrics": [*metrics_of(*SHARES), *metrics_of("Recall", thresholds=[0.3], name="recall@0.3"), *AREAS],
            "binarize": {"classIds": {"values": [0, 2]}, "kList": {"values": [1, 2]}},
            "aggregate": {"macroAverage": True, "classWeights": {"0": 2.0, "1": 1.0}},
        },
        {
            "metrics": metrics_of("MeanLabel", "MeanPrediction", "Calibration", "BinaryCrossEntropy"),
            "binarize": {"classIds": {"values": [0, 1, 2]}},
        },
        {"metrics": metrics_of("FPR", name="false_positive_rate")},
        {
            "metrics": [
                *metrics_of("FNR", top_k=1, class_id=1, name="false_negative_rate"),
                *metrics_of("PPV", top_k=2, name="precision"),
            ]
        },
        {
            "metrics": [*metrics_of("ThreatScore"), *AREAS],
            "aggregate": {"weightedMacroAverage": True, "classWeights": ALL},
        },
    ],
    [
        {"metrics": metrics_of("Precision", "Recall"), "binarize": {"topKList": {"values": [1, 2]}}},
        {
            "metrics": metrics_of("F1Score", "BalancedAccuracy"),
            "aggregate": {"weightedMacroAverage": True, "classWeights": {"1": 0.5, "2": 3.0}},
        },
        {"metrics": metrics_of("Recall"), "aggregate": {"macroAverage": True, "topKList": {"values": [2]}}},
    ],
    [
        {
            "metrics": metrics_of("Precision", "Recall"),
            "aggregate": {"microAverage": True, "topKList": {"values": [2]}},
        },
        {
            "metrics": [*metrics_of("Specificity", "Recall"), *AREAS],
            "aggregate": {"microAverage": True, "classWeights": {"0": 2.0, "1": 1.0}},
        },
    ],
)


@pytest.mark.parametrize(
    ("specs", "weighted"),
    [(0, True), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((1, True), (2, True), (0, False)))],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # TFMA divides by the zero rows of empty buckets
def test_every_figure_is_tfmas_and_lies_where_its_loader_looks(tmp_path: Path, specs: int, weighted: bool) -> None:
    names = ("0", "1", "2")
    drawn = [table(int(rows), 10 + seed, names) for seed, rows in enumerate([6, 12, 40, 40])]
    slices = [pa.array([f"s{at}"] * rows.num_rows) for at, rows in enumerate(drawn)]
    rows = pa.concat_tables([one.append_column("s", at) for one, at in zip(drawn, slices, strict=True)])
    spec = {"labelKey": "kind", "predictionKey": "new_{class}"} | ({"exampleWeightKey": "w"} if weighted else {})
    config = {"modelSpecs": [spec], "slicingSpecs": [{}, {"featureKeys": ["s"]}], "metricsSpecs": SPECS[specs]}
    run(tmp_path, rows, Said(), config=config)
    ours = model_eval_lib.load_eval_result(str(tmp_path / "evaluation"))
    frame = rows.select(["s", "w"]).to_pandas()
    frame["kind"] = rows["kind"].to_numpy().astype(int)
    frame["new"] = list(np.column_stack([rows[f"new_{name}"].to_numpy() for name in names]))
    theirs_asked = json_format.ParseDict(
        {**config, "modelSpecs": [{**spec, "predictionKey": "new"}]}, config_pb2.EvalConfig()
    )
    theirs = model_eval_lib.analyze_raw_data(frame, theirs_asked)
    found, expected = ({str(key): metrics[""] for key, metrics in one.slicing_metrics} for one in (ours, theirs))
    assert found.keys() == expected.keys()
    for key, of_keys in expected.items():
        for sub_key, figures in of_keys.items():
            for name, figure in figures.items():
                mine = number(found[key][sub_key][as_is(name, found[key][sub_key])])
                # Where a class is missing TFMA says 0 of an area, also in averages.
                if not ("auc" in name and math.isnan(mine) and key != "()"):
                    assert mine == pytest.approx(number(figure), rel=1e-9, nan_ok=True), (key, sub_key, name)


def as_is(name: str, known: Any) -> str:
    """TFMA files its weighted macro averages under macro averages, and what was not averaged under nothing."""
    others = (name.replace("macro_average: true", "weighted_macro_average: true"), f"micro_average: true\n_{name}")
    return next(one for one in (name, *others) if one in known)


def number(figure: Any) -> float:
    found = figure.get("boundedValue", {}).get("value", figure.get("doubleValue", 0))
    return float(found)


def of_scikit_learn(rows: pa.Table, weights: Any) -> dict[str, float]:
    """What it calls macro and weighted averages of the answer, the class with the highest prediction."""
    one = sample(rows)
    labels, matrix = one.rows.numbers, one.predictions
    answers = matrix.argmax(axis=1)
    found: dict[str, float] = {}
    for theirs, ours in (("macro", "macro"), ("weighted", "weighted_macro")):
        figures = sklearn_metrics.precision_recall_fscore_support(
            labels, answers, average=theirs, sample_weight=weights
        )
        found |= {f"{name}[{ours}]@top_1": figures[at] for at, name in enumerate(("precision", "recall", "f1_score"))}
        found[f"auc[{ours}]"] = sklearn_metrics.roc_auc_score(
            labels, matrix, average=theirs, multi_class="ovr", sample_weight=weights
        )
    of_each = sklearn_metrics.precision_recall_fscore_support(labels, answers, average=None, sample_weight=weights)
    for at, name in enumerate(("precision", "recall", "f1_score")):
        found |= {f"{name}[{kind}]@top_1": of_each[at][number] for number, kind in enumerate(NAMES)}
    for top in (1, 2):
        share = sklearn_metrics.top_k_accuracy_score(labels, matrix, k=top, sample_weight=weights)
        found |= {f"top_k_categorical_accuracy@{top}": share, f"recall@top_{top}": share}
    found["categorical_accuracy"] = sklearn_metrics.accuracy_score(labels, answers, sample_weight=weights)
    found["categorical_crossentropy"] = sklearn_metrics.log_loss(labels, matrix, sample_weight=weights)
    squares = np.square(matrix - np.eye(len(NAMES))[labels]).sum(axis=1)
    found["brier_score"] = np.average(squares, weights=weights)
    micro = sklearn_metrics.roc_auc_score(
        np.eye(len(NAMES))[labels].ravel(), matrix.ravel(), sample_weight=None if weights is None else weights.repeat(3)
    )
    return {**found, "auc[micro]": micro}


@pytest.mark.parametrize("weighted", [False, True])
def test_figures_of_the_answer_are_those_of_scikit_learn(weighted: bool) -> None:
    rows = table()
    weights = rows["w"].to_numpy() if weighted else None
    ours = sample(rows, weights=weights)
    theirs = of_scikit_learn(rows, weights)
    with speaking(MULTICLASS):
        assert {name: value(name, ours) for name in theirs} == pytest.approx(theirs, rel=1e-9)
    assert len(theirs) == 25


def test_of_equal_predictions_the_class_that_comes_first_is_the_answer() -> None:
    random = np.random.default_rng(2)
    matrix = random.choice([0.2, 0.3, 0.5], (200, 4))
    labels = random.integers(0, 4, 200)
    ours = Sample(Rows.of(labels.astype(float), task=MULTICLASS, classes=("a", "b", "c", "d")), matrix)
    order = [sorted(range(4), key=lambda number: (-row[number], number)) for row in matrix]
    with speaking(MULTICLASS):
        for top in (1, 2, 3):
            right = [label in one[:top] for label, one in zip(labels, order, strict=True)]
            assert value(f"top_k_categorical_accuracy@{top}", ours) == np.mean(right)
            answered = [one for one in zip(labels, order, strict=True) if 2 in one[1][:top]]
            assert value(f"precision[c]@top_{top}", ours) == np.mean([label == 2 for label, _ in answered])
        at_2 = [(label == one[1], row[one[1]]) for label, one, row in zip(labels, order, matrix, strict=True)]
        assert value("precision[k_2]@0.25", ours) == np.mean([right for right, given in at_2 if given > 0.25])


METRICS = (
    "categorical_accuracy", "top_k_categorical_accuracy@2", "categorical_crossentropy", "brier_score", "auc[owl]",
    "recall[owl]@top_1", "auc[macro]", "auc[weighted_macro]", "auc[micro]", "recall[macro]@top_1", "recall[micro]",
    "recall[macro 0:3 2:1]@top_1", "precision[macro]@top_1", "f1_score[weighted_macro]@top_1", "f1_score[macro]",
    "recall[weighted_macro]@top_1", "matthews_correlation_coefficient[macro]@top_1", "recall@top_2",
    "precision[macro_k_2]@0.1", "precision[micro_k_2]", "brier_score[macro]",
    "balanced_accuracy[weighted_macro 0:2 1:1 2:1]@top_1",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("counted", ["plain", "weights", "units"])
def test_the_width_of_intervals_is_that_of_the_jackknife(metric: str, counted: str) -> None:
    rows = table(500, seed=4)
    units = rows["user"].to_numpy() if counted == "units" else np.arange(rows.num_rows)
    columns = {"weights": "w", "units": "user"}
    asked = {counted: rows[columns[counted]].to_numpy()} if counted != "plain" else {}
    one, two = (sample(rows, name, **asked) for name in ("new", "old"))
    with speaking(MULTICLASS):
        turned = better(metric)
        without = [np.flatnonzero(units != unit) for unit in np.unique(units)]
        parts = [(one.part(rest, one.rows.part(rest)), two.part(rest, two.rows.part(rest))) for rest in without]
        figures = np.array([[value(metric, first), value(metric, second)] for first, second in parts])
        many = len(figures)
        drawn = np.column_stack([figures[:, 0], turned * (figures[:, 0] - figures[:, 1])])
        errors = np.sqrt((many - 1) / many * np.square(drawn - drawn.mean(axis=0)).sum(axis=0))
        found, apart = estimate(metric, one, 0.95), gain(metric, one, two, 0.95)
    # Of an area whose rows hang together Newcombe's interval is the wider one, as of two classes.
    most = 4.0 if metric.startswith("auc") and counted == "units" else 2.6
    for of, error in ((found, errors[0]), (apart, errors[1])):
        assert of.interval.lower < of.value < of.interval.upper
        assert 1.6 < (of.interval.upper - of.interval.lower) / 2 / error < most, (of, error)


def population(random: np.random.Generator, rows: int, shares: Sequence[float], sure: Sequence[float]) -> list[Sample]:
    """Two models with much of their luck in common."""
    labels = random.choice(len(shares), rows, p=shares)
    sides, common = np.eye(len(shares))[labels], random.normal(size=(rows, len(shares)))
    known = Rows.of(labels.astype(float), task=MULTICLASS, classes=tuple("abcdefgh"[: len(shares)]))
    scores = [one * sides + 0.8 * common + 0.6 * random.normal(size=sides.shape) for one in sure]
    return [Sample(known, softmax(one)) for one in scores]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "shares", "sure"),
    [
        (500, (0.5, 0.3, 0.14, 0.06), (1.8, 1.6)),
        (600, (0.5, 0.3, 0.14, 0.06), (4.0, 3.7)),
        (400, (0.5, 0.3, 0.17, 0.03), (1.8, 1.6)),
        (400, (0.5, 0.3, 0.17, 0.03), (3.5, 3.5)),
    ],
)
def test_each_bound_that_is_issued_holds(rows: int, shares: Sequence[float], sure: Sequence[float]) -> None:
    random = np.random.default_rng(5)
    averaged = [f"{name}[{how}]@top_1" for name in ("recall", "precision", "f1_score") for how in MACROS]
    metrics = ["categorical_accuracy", "recall[micro]", "f1_score[micro]", "recall[macro]", *averaged]
    metrics += ["categorical_crossentropy", "brier_score", "auc[macro]", "auc[weighted_macro]"]
    asked = [(metric, pair) for metric in metrics for pair in (False, True)]
    with speaking(MULTICLASS):

        def figures(many: int, confidence: float = 0.95) -> list[Any]:
            one, two = population(random, many, shares, sure)
            return [gain(m, one, two, confidence) if pair else estimate(m, one, confidence) for m, pair in asked]

        truth = np.mean([[found.value for found in figures(100_000)] for _ in range(8)], axis=0)
        drawn = [figures(rows) for _ in range(600)]
    lower = np.array([[found.interval.lower for found in one] for one in drawn])
    upper = np.array([[found.interval.upper for found in one] for one in drawn])
    issued = ~np.isnan(lower)
    held = [((issued & side).sum(axis=0) / issued.sum(axis=0)) for side in (lower <= truth, upper >= truth)]
    least = dict(zip(asked, np.minimum(*held), strict=True))
    assert issued.sum(axis=0).min() >= 300
    # 93% but for what 600 holdouts leave to chance; docs/statistics.md names the one that holds less often.
    known = {("brier_score", False)} if min(sure) > 3 else set()
    assert {name: share for name, share in least.items() if share < (0.9 if name in known else 0.915)} == {}
