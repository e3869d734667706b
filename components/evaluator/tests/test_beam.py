"""Engine beam: TFMA's own figures of everything, beside ours of the same rows."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison import config, eval_config
from benison.components.evaluator import beam, predictions
from benison.components.evaluator.columns import Columns, Said, columns_of
from benison.components.evaluator.predictions import Policy
from benison.config.data import Table
from benison.config.own_metrics import declared
from benison.core import documents
from benison.core.errors import BenisonError, ConfigError, DataError
from benison.core.metrics import REGRESSION, speaking
from benison.report.evaluation import Evaluation, page, summary
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import Dataset, open_table

# TFMA on Beam takes seconds for each run.
pytestmark = pytest.mark.slow

ROWS = 200
CLASSES = (
    *("AUC", "AUCPrecisionRecall", "BinaryCrossEntropy", "MeanSquaredError", "Calibration", "ExampleCount", "F1Score"),
    *("FPR", "Recall", "WeightedExampleCount"),
)
MORE = [{"className": "PrecisionAtRecall", "config": '{"recall": 0.8}'}]
CONFIG: dict[str, Any] = {
    "modelSpecs": [
        {"name": "new", "labelKey": "y", "predictionKey": "new", "exampleWeightKey": "w"},
        {"name": "old", "labelKey": "y", "predictionKey": "old", "exampleWeightKey": "w", "isBaseline": True},
    ],
    "slicingSpecs": [{}, {"featureKeys": ["sex"]}, {"featureKeys": ["grade"], "featureValues": {"sex": "f"}}],
    "metricsSpecs": [{"metrics": [{"className": "KLDivergence"}, *({"className": name} for name in CLASSES), *MORE]}],
}
GATE = """
gate:
  min_rows: 20
  min_positives: 5
  checks:
    - {metric: recall, at_least: 0.1, judge: point, slices: all}
    - {metric: recall, at_least: 0.1}
    - {metric: auc, tolerance: 0.1}
  fairness:
    - {gap: recall, across: sex, at_most: 0.5}
"""


def table() -> pa.Table:
    """Scores on TFMA's thresholds, half a step off, so that no two lie in one bucket unless they are the same."""
    random = np.random.default_rng(4)
    labels = (random.random(ROWS) < 0.4).astype(int)
    scores = {
        name: (np.floor(9999 / (1 + np.exp(-(lift * (labels - 0.5) + random.normal(size=ROWS))))) + 0.5) / 9999
        for name, lift in (("new", 2.5), ("old", 1.0))
    }
    scores["new"][7], scores["old"][8] = math.nan, 1.5
    sexes = pa.array([None if row % 50 == 0 else "fm"[row % 2] for row in range(ROWS)])
    labels = pa.array([None if row == 3 else int(label) for row, label in enumerate(labels)])
    columns = {"sex": sexes, "grade": random.choice([2, 10], ROWS), "w": random.choice([0.5, 1.0, 2.0], ROWS)}
    return pa.table({"y": labels, **columns, **scores})


Run = Callable[[Dataset, Columns, Policy | None, Path], dict[str, Any]]


def in_memory(dataset: Dataset, columns: Columns, policy: Policy | None, folder: Path) -> dict[str, Any]:
    return predictions.run(dataset, "rows", columns, None, policy, folder)


def by_beam(dataset: Dataset, columns: Columns, policy: Policy | None, folder: Path) -> dict[str, Any]:
    return beam.run(dataset, "rows", columns, None, policy, folder, ["--runner=DirectRunner"])


def evaluated(folder: Path, rows: pa.Table, asked: dict[str, Any], run: Run, gate: str = "") -> dict[str, Any]:
    pq.write_table(rows, folder / "rows.parquet", row_group_size=100)
    path, written = folder / "eval_config.json", folder / run.__name__
    path.write_text(json.dumps(asked))
    (folder / "gate.yaml").write_text(gate)
    written.mkdir()
    source, task = Table("data", str(folder / "rows.parquet"), "parquet"), eval_config.task_in(path)
    with (
        speaking(task or "binary", eval_config.declared(path, task or "binary")),
        open_table(source, str(folder), Asked(), folder / f"scratch-{run.__name__}") as dataset,
    ):
        policy = Policy(config.read_gate(folder / "gate.yaml"), "gate.yaml") if gate else None
        columns = columns_of(Said(), path, eval_config.read_with_models(path), dataset.schema.names)
        run(dataset, columns, policy, written)
    return documents.read(written / "evaluation.json", "evaluation")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same evaluation in memory and by TFMA on Beam, with two models, weights, slices and a policy."""
    folder = tmp_path_factory.mktemp("beam")
    ours = evaluated(folder, table(), CONFIG, in_memory, GATE)
    return ours, evaluated(folder, table(), CONFIG, by_beam, GATE)


def test_every_figure_and_gain_is_that_in_memory(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    ours, theirs = both
    assert [one["slice"] for one in theirs["slices"]] == [
        *("overall", "sex=f", "sex=m", "grade=2, sex=f", "grade=10, sex=f")
    ]
    for one, other in zip(ours["slices"], theirs["slices"], strict=True):
        assert {**one, "metrics": None} == {**other, "metrics": None}
        assert list(one["metrics"]) == list(other["metrics"])
        for name, found in one["metrics"].items():
            # Between the points of the curve of precision TFMA interpolates, and we do not.
            rel, least = (2e-2, 2e-2) if name == "auc_precision_recall" else (1e-9, 1e-12)
            there = other["metrics"][name]
            assert set(found["gain"]) == set(there["gain"])
            pairs = [(found[role], there[role]) for role in ("challenger", "champion")]
            pairs += [(gain, there["gain"][role]) for role, gain in found["gain"].items()]
            for mine, theirs_one in pairs:
                assert theirs_one["value"] == pytest.approx(mine["value"], rel=rel, abs=least), name


def test_predictions_that_are_none_fail_the_check_as_in_memory(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    ours, theirs = both
    assert theirs["checks"][:2] == ours["checks"][:2]
    assert [check["verdict"] for check in theirs["checks"][:2]] == ["FAIL", "FAIL"]
    assert theirs["holdout"] == ours["holdout"]
    told = [{**one["predictions"], "engine": None} for one in both]
    assert told[0] == told[1]
    assert theirs["predictions"]["engine"] == {"name": "beam", "options": ["--runner=DirectRunner"]}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Only rows that both models have answered, so that the policy judges; among them a slice of one class."""
    rows = table()
    answered = pa.compute.and_(pa.compute.is_finite(rows["new"]), pa.compute.less(rows["old"], 1))
    rows = rows.filter(pa.compute.and_(answered, pa.compute.is_valid(rows["y"]))).drop(["w"])
    of_one = pa.compute.if_else(pa.compute.equal(rows["y"], 0), "none", "some")
    rows = rows.append_column("class", of_one)
    models = [{key: value for key, value in spec.items() if key != "exampleWeightKey"} for spec in CONFIG["modelSpecs"]]
    metrics = [{"className": name} for name in ("AUC", "Recall")]
    slicings = [{}, {"featureKeys": ["sex"]}, {"featureKeys": ["class"]}]
    asked = {"modelSpecs": models, "slicingSpecs": slicings, "metricsSpecs": [{"metrics": metrics}]}
    return evaluated(tmp_path_factory.mktemp("judged"), rows, asked, by_beam, GATE)


def test_a_policy_judges_by_the_point_and_says_why_it_does_not_otherwise(judged: dict[str, Any]) -> None:
    checks = {(one["name"], one["subject"], one["verdict"]): one["reason"] for one in judged["checks"]}
    assert ("recall", "sex=f", "PASS") in checks
    assert "TFMA gives no interval" in checks[("recall", "overall", "INCONCLUSIVE")]
    assert "TFMA gives no interval" in checks[("auc_gain_over_champion", "overall", "INCONCLUSIVE")]
    assert "TFMA gives no interval" in checks[("recall_gap", "across sex", "INCONCLUSIVE")]


def test_an_area_without_positives_is_undefined_and_not_0(judged: dict[str, Any]) -> None:
    found = next(one for one in judged["slices"] if one["slice"] == "class=none")
    assert found["positives"] == 0
    assert found["metrics"]["auc"]["challenger"]["value"] is None


def test_report_and_summary_say_that_nothing_has_an_interval(judged: dict[str, Any]) -> None:
    evidence = Evaluation({**judged, "verdict": None, "policy": None}, None, "rows")
    said = " ".join(summary.lines(evidence))
    assert "TFMA measured every figure, on Apache Beam: none has an interval." in said
    assert "TFMA measured every figure" in page.render(evidence)


def test_without_a_row_that_both_models_answered_every_figure_is_undefined(tmp_path: Path) -> None:
    rows = pa.table({"y": [0, 1, 1], "new": [0.1, 1.5, math.nan], "old": [1.5, 0.1, 0.2]})
    models = [{**spec, "exampleWeightKey": ""} for spec in CONFIG["modelSpecs"]]
    asked = {"modelSpecs": models, "metricsSpecs": [{"metrics": [{"className": "Recall"}, {"className": "AUC"}]}]}
    (found,) = evaluated(tmp_path, rows, asked, by_beam)["slices"]
    assert found["rows"] == 0
    assert {metric["challenger"]["value"] for metric in found["metrics"].values()} == {None}


@pytest.mark.slow
def test_models_that_answer_numbers_are_measured_too(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    prices = random.gamma(2.0, 50.0, 200)
    rows = pa.table({"price": prices, "town": random.choice(["a", "b"], 200), "p": prices + random.normal(size=200)})
    asked = {
        "modelSpecs": [{"labelKey": "price", "predictionKey": "p"}],
        "slicingSpecs": [{"featureKeys": ["town"]}],
        "metricsSpecs": [{"metrics": [{"className": "MeanAbsoluteError"}, {"className": "MeanSquaredError"}]}],
    }
    ours, theirs = (evaluated(tmp_path, rows, asked, run) for run in (in_memory, by_beam))
    assert theirs["task"] == REGRESSION
    for one, other in zip(ours["slices"], theirs["slices"], strict=True):
        for name, found in one["metrics"].items():
            value = other["metrics"][name]["challenger"]["value"]
            assert value == pytest.approx(found["challenger"]["value"], rel=1e-9)


def tried(folder: Path, rows: pa.Table, said: Said, flags: list[str], own: str = "") -> None:
    pq.write_table(rows, folder / "rows.parquet")
    (folder / "own.py").write_text(own)
    mine = declared(folder / "own.py") if own else None
    source = Table("data", str(folder / "rows.parquet"), "parquet")
    with (
        speaking(more=mine.kinds if mine else ()),
        open_table(source, str(folder), Asked(), folder / "scratch") as dataset,
    ):
        columns = columns_of(said, None, None, dataset.schema.names, mine)
        beam.run(dataset, "rows", columns, None, None, folder / "evaluation", flags)


SAID, WEIGHED, BY_SEX = Said("y", "new"), Said("y", "new", weight="w"), Said("y", "new", (), ("sex",))
OWN = "class Cost:\n    name = 'cost'\n    better = 'less'\n    def terms(self, labels, predictions, columns): ...\n"


@pytest.mark.parametrize(
    ("change", "said", "flags", "own", "error", "message"),
    [
        ({}, SAID, ["--runer=x"], "", ConfigError, "--beam-option: expected options of Apache Beam"),
        (
            {},
            SAID,
            [],
            OWN,
            ConfigError,
            "--engine beam: expected metrics that TFMA has, got metrics of",
        ),
        ({"w": -1.0}, WEIGHED, [], "", DataError, "weight column 'w': expected numbers from 0, got -1"),
        ({"w": 0.0}, WEIGHED, [], "", DataError, "weight column 'w': expected a weight above 0, got 0 in every row"),
        ({"new": None}, SAID, [], "", DataError, "prediction column 'new': expected probabilities, got no number"),
        ({"y": None}, SAID, [], "", DataError, "label column 'y': expected labels, got none in any row"),
        (
            {"sex": None},
            BY_SEX,
            [],
            "",
            ConfigError,
            "expected rows of the holdout to cut, got none with",
        ),
    ],
)
def test_what_cannot_be_is_an_error_before_beam_starts(
    tmp_path: Path,
    change: dict[str, Any],
    said: Said,
    flags: list[str],
    own: str,
    error: type[BenisonError],
    message: str,
) -> None:
    rows = table()
    for name, value in change.items():
        kind = rows.schema.field(name).type
        rows = rows.set_column(rows.column_names.index(name), name, pa.array([value] * ROWS, kind))
    with pytest.raises(error) as raised:
        tried(tmp_path, rows, said, flags, own)
    assert message in str(raised.value)
