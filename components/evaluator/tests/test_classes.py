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
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison import eval_config
from benison.components.evaluator import predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.measure import Rows, Sample
from benison.components.evaluator.predictions import Policy
from benison.config import read_gate
from benison.config.data import Table
from benison.core import documents
from benison.core.metrics import MULTICLASS, speaking
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table

NAMES = ("cat", "dog", "owl")


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
        model: softmax(sure * sides + random.normal(size=sides.shape)) for model, sure in (("new", 2.0), ("old", 1.5))
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
    folder: Path, rows: pa.Table, said: Said, gate: str = "", config: dict[str, Any] | None = None
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    pq.write_table(rows, folder / "predictions.parquet")
    written, file = folder / "evaluation", folder / "eval_config.json"
    written.mkdir()
    (folder / "gate.yaml").write_text(gate)
    file.write_text(json.dumps(config))
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    with speaking(MULTICLASS), open_table(source, str(folder), Asked(), folder / "scratch") as dataset:
        policy = Policy(read_gate(folder / "gate.yaml"), "gate.yaml") if gate else None
        read = eval_config.read_with_models(file) if config else None
        columns = columns_of(said, file if config else None, read, dataset.schema.names)
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


@pytest.mark.parametrize("specs", range(len(SPECS)))
@pytest.mark.parametrize("weighted", [True, pytest.param(False, marks=pytest.mark.slow)])
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
