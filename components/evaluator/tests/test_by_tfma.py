"""Metrics that only TFMA has, among ours: its figures of the same rows, and what a policy makes of them."""

import json
import logging
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tensorflow_model_analysis import version
from tensorflow_model_analysis.api import model_eval_lib

from benison import config, eval_config
from benison.components.evaluator import by_tfma, engine, predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.compare import Answers
from benison.components.evaluator.predictions import Policy
from benison.config.data import Table
from benison.core import documents
from benison.core.errors import ConfigError
from benison.core.metrics import Kind, OfTfma, speaking
from benison.metrics.measure import Rows
from benison.metrics.slice import Slice
from benison.report.comparison import direction
from benison.report.evaluation import Evaluation
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table

ROWS = 400
METRICS = [
    {"className": "AUC"},
    {"className": "CoefficientOfDiscrimination"},
    {"className": "RelativeCoefficientOfDiscrimination"},
    {"className": "MeanSquaredLogarithmicError"},
    {"className": "KLDivergence", "config": '{"name": "divergence"}'},
    {"className": "CosineSimilarity", "module": "tf_keras.metrics"},
]
CONFIG = {
    "modelSpecs": [
        {"name": "new", "labelKey": "y", "predictionKey": "new", "exampleWeightKey": "w"},
        {"name": "old", "labelKey": "y", "predictionKey": "old", "exampleWeightKey": "w", "isBaseline": True},
    ],
    "slicingSpecs": [{}, {"featureKeys": ["sex"]}],
    "metricsSpecs": [{"metrics": METRICS}],
}
GATE = """
gate:
  min_rows: 50
  checks:
    - {metric: coefficient_of_discrimination, at_least: 0.05, judge: point, slices: all}
    - {metric: divergence, at_most: 10}
    - {metric: mean_squared_logarithmic_error, at_most: 0.001, judge: point}
"""


def table() -> pa.Table:
    random = np.random.default_rng(4)
    labels = (random.random(ROWS) < 0.4).astype(int)
    scores = {
        name: 1 / (1 + np.exp(-(lift * (labels - 0.5) + random.normal(size=ROWS))))
        for name, lift in (("new", 2.5), ("old", 1.0))
    }
    sexes = pa.array([None if row % 50 == 0 else "fm"[row % 2] for row in range(ROWS)])
    return pa.table({"y": labels, "sex": sexes, "w": random.choice([0.5, 1.0, 2.0], ROWS), **scores})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One evaluation by TFMA, with two models, weights and slices, which all tests look at."""
    folder = tmp_path_factory.mktemp("by_tfma")
    pq.write_table(table(), folder / "predictions.parquet")
    asked, gate = folder / "eval_config.json", folder / "gate.yaml"
    asked.write_text(json.dumps(CONFIG))
    gate.write_text(GATE)
    (folder / "evaluation").mkdir()
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    with (
        speaking(more=eval_config.declared(asked)),
        open_table(source, str(folder), Asked(), folder / "scratch") as dataset,
    ):
        policy = Policy(config.read_gate(gate), gate.name)
        columns = columns_of(Said(), asked, eval_config.read_with_models(asked), dataset.schema.names)
        predictions.run(dataset, "predictions.parquet", columns, None, policy, folder / "evaluation")
    return folder


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    return documents.read(folder / "evaluation" / "evaluation.json", "evaluation")


def expected(rows: pa.Table, column: str) -> dict[str, float]:
    """By their formulas, with weights; Keras's sums are of single precision, and it cuts 0 and 1 off by 1e-7."""
    labels, scores, weights = (rows[name].to_numpy().astype(float) for name in ("y", column, "w"))
    mean = {side: np.average(scores[labels == side], weights=weights[labels == side]) for side in (0, 1)}
    logs = np.square(np.log1p(scores) - np.log1p(labels))
    near = np.clip(labels, 1e-7, 1)
    return {
        "coefficient_of_discrimination": mean[1] - mean[0],
        "relative_coefficient_of_discrimination": mean[1] / mean[0],
        "mean_squared_logarithmic_error": float(np.average(logs, weights=weights)),
        "divergence": float(np.average(near * np.log(near / np.clip(scores, 1e-7, 1)), weights=weights)),
        "cosine_similarity": float(np.average(labels, weights=weights)),
    }


def test_figures_are_those_of_the_formulas_on_every_slice_and_model(document: dict[str, Any]) -> None:
    assert [one["slice"] for one in document["slices"]] == ["overall", "sex=f", "sex=m"]
    for one in document["slices"]:
        rows = table()
        rows = rows if not one["keys"] else rows.filter(pa.compute.equal(rows["sex"], one["keys"]["sex"]))
        assert next(iter(one["metrics"])) == "auc"
        for role, column in (("challenger", "new"), ("champion", "old")):
            for name, value in expected(rows, column).items():
                near = 1e-5 if name in ("divergence", "cosine_similarity") else 1e-9
                assert one["metrics"][name][role]["value"] == pytest.approx(value, rel=near), name


def test_they_say_that_tfma_measured_them_and_have_no_interval_and_no_gain(document: dict[str, Any]) -> None:
    found = document["slices"][0]["metrics"]
    assert found["auc"]["challenger"]["lower"] is not None
    assert document["tfma_metrics"]["divergence"] == "KLDivergence"
    assert set(document["tfma_metrics"]) == set(found) - {"auc"}
    for name in document["tfma_metrics"]:
        assert found[name]["method"] == f"TFMA {version.VERSION}, without interval"
        assert found[name]["challenger"]["lower"] is found[name]["challenger"]["upper"] is None
        assert found[name]["note"].startswith("TFMA gives no interval")
        assert found[name]["gain"] == {}
    assert {tuple(gap["metrics"]) for gap in document["fairness"]} == {("auc",)}


def test_a_policy_judges_them_by_the_point_or_not_at_all(document: dict[str, Any]) -> None:
    checks = {(check["name"], check["subject"]): check for check in document["checks"]}
    assert checks[("coefficient_of_discrimination", "sex=f")]["verdict"] == "PASS"
    assert checks[("mean_squared_logarithmic_error", "overall")]["verdict"] == "FAIL"
    open_one = checks[("divergence", "overall")]
    assert open_one["verdict"] == "INCONCLUSIVE"
    assert "TFMA gives no interval; the value alone decides where the policy says  judge: point" in open_one["reason"]


def test_tfma_reads_them_among_ours(folder: Path, document: dict[str, Any]) -> None:
    read = model_eval_lib.load_eval_result(str(folder / "evaluation"), model_name="new").get_metrics_for_slice()
    assert read is not None
    value = document["slices"][0]["metrics"]["divergence"]["challenger"]["value"]
    assert float(read["divergence"]["doubleValue"]) == pytest.approx(value)
    written = json.loads((folder / "evaluation" / "eval_config.json").read_text())["evalConfig"]["metricsSpecs"][0]
    assert {"className": "KLDivergence", "config": '{"name": "divergence"}'} in written["metrics"]


def test_the_report_says_whose_figures_they_are_without_knowing_the_config(document: dict[str, Any]) -> None:
    evidence = Evaluation(document, None, "predictions.parquet")
    assert direction(evidence, "divergence") == 0
    assert evidence.made[0].startswith("TFMA measured coefficient_of_discrimination, ")
    assert evidence.made[0].endswith("whose figures have no intervals.")


def kind(class_name: str, name: str = "it") -> Kind:
    return Kind(name, (class_name,), 0, -math.inf, math.inf, tfma=OfTfma("", "{}"))


def test_one_model_alone_has_its_figures_too() -> None:
    rows = np.arange(30)
    answers = Answers(Rows.of(rows % 2 == 0), {"challenger": rows / 30}, {})
    with speaking(more=[kind("CoefficientOfDiscrimination")]):
        found = by_tfma.measured(answers, [Slice((), rows)], ["it"], "e.json")
    assert found["overall"]["it"].models["challenger"].value == pytest.approx(-1 / 30)


@pytest.mark.slow
def test_what_tfma_cannot_make_of_the_rows_is_named() -> None:
    rows = np.arange(30)
    answers = Answers(Rows.of(rows % 2 == 0), {"challenger": rows / 30}, {})
    metrics = [kind("CoefficientOfDiscrimination", "fine"), kind("MultiClassConfusionMatrixAtThresholds", "matrices")]
    with speaking(more=metrics), pytest.raises(ConfigError) as raised:
        by_tfma.measured(answers, [Slice((), rows)], ["fine", "matrices"], "e.json")
    said = str(raised.value)
    assert said.startswith("e.json (metrics_specs): expected metrics that TFMA makes of these rows, got matrices: ")


def test_without_rows_that_can_be_used_nothing_is_asked_of_tfma() -> None:
    answers = Answers(Rows.of(np.zeros(0, np.bool_)), {"challenger": np.zeros(0)}, {})
    with speaking(more=[kind("CoefficientOfDiscrimination")]):
        found = by_tfma.measured(answers, [Slice((), np.zeros(0, np.int64))], ["it"], "e.json")
    assert math.isnan(found["overall"]["it"].models["challenger"].value)


def test_tables_cannot_tell_them(folder: Path) -> None:
    source = Table("data", str(folder / "predictions.parquet"), "parquet")
    asked = folder / "unweighted.json"
    asked.write_text(json.dumps(CONFIG).replace('"exampleWeightKey": "w"', '"exampleWeightKey": ""'))
    with (
        speaking(more=eval_config.declared(asked)),
        open_table(source, str(folder), Asked(), folder / "again") as dataset,
    ):
        columns = columns_of(Said(), asked, eval_config.read_with_models(asked), dataset.schema.names)
        with pytest.raises(ConfigError) as raised:
            engine.chosen(dataset, columns, None, "tables")
    said = "--engine tables: expected what tables can tell, got coefficient_of_discrimination, which TFMA measures"
    assert str(raised.value).startswith(said)
    assert str(raised.value).endswith("hint: evaluate in memory, or by TFMA: --engine beam")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (300, "TFMA measures a, b of 300 rows, without intervals, in less than a minute on one machine"),
        (350_000, "of 350,000 rows, without intervals, in about 23 minutes on one machine"),
        (35_000_000, "in about 39 hours on one machine"),
    ],
)
def test_how_long_it_takes_is_told_before(rows: int, said: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        by_tfma.announce(["a", "b"], rows)
    assert re.search(re.escape(said), caplog.text)
