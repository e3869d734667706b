"""Several classes from columns to files: patterns, labels, what is counted as unsound, gates, plots, and messages."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf import json_format
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

from benison.components.evaluator.classes import columns_of_classes, names_of, numbers_of_labels
from benison.components.evaluator.columns import Said
from benison.components.evaluator.tests.test_classes import metrics_of, run, sample, table
from benison.config import declared
from benison.core.errors import BenisonError, ConfigError, DataError
from benison.core.metrics import MULTICLASS, speaking
from benison.metrics.bound import estimate

SAID = Said("kind", "new_{class}", ("old_{class}",), ("town",))


def replaced(rows: pa.Table, **columns: Any) -> pa.Table:
    for name, values in columns.items():
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(values))
    return rows


def test_slices_gains_gate_gaps_and_files(tmp_path: Path) -> None:
    gate = (
        'gate: {min_rows: 100, checks: [{metric: "recall[macro]@top_1", tolerance: 0.15, slices: all}, '
        '{metric: "recall[owl]@top_1", at_least: 0.99}], '
        'fairness: [{gap: "recall[cat]@top_1", across: town, at_most: 0.3}]}'
    )
    found = run(tmp_path, table(), SAID, gate)
    assert (found["task"], found["holdout"]["positives"]) == ("multiclass", None)
    assert sum(one["rows"] for one in found["holdout"]["classes"]) == found["holdout"]["rows"] == 400
    verdicts = {(check["name"], check["subject"]): check["verdict"] for check in found["checks"]}
    assert verdicts[("recall[macro]@top_1_gain_over_champion", "town=Ulm")] == "PASS"
    assert verdicts[("recall[owl]@top_1", "overall")] == found["verdict"] == "FAIL"
    assert "PASS" in [verdict for (name, _), verdict in verdicts.items() if name.startswith("recall[cat]@top_1_gap")]
    gaps = {name for gap in found["fairness"] for name in gap["metrics"]}
    assert {"auc[macro]", "recall[owl]@top_1"} <= gaps and "example_count" not in gaps
    read = model_eval_lib.load_eval_result(str(tmp_path / "evaluation"), model_name="new")
    of_owl = read.get_metrics_for_slice(class_id=2)
    assert of_owl is not None and "boundedValue" in of_owl["auc"]
    ours = found["slices"][0]["metrics"]["recall[owl]@top_1"]["challenger"]["value"]
    of_answer = dict(read.slicing_metrics)[()][""]["classId:2 topK:1"]
    assert float(of_answer["recall"]["boundedValue"]["value"]) == ours
    validation = model_eval_lib.load_validation_result(str(tmp_path / "evaluation"))
    [failure] = [one for of in validation.metric_validations_per_slice for one in of.failures]
    key = failure.metric_key
    assert (key.name, key.sub_key.class_id.value, key.sub_key.top_k.value) == ("recall", 2, 1)


@pytest.mark.slow
def test_the_confusion_matrix_of_all_classes_is_tfmas(tmp_path: Path) -> None:
    names = ("0", "1", "2")
    rows = table(200, names=names)
    config = {
        "modelSpecs": [{"labelKey": "kind", "predictionKey": "new_{class}", "exampleWeightKey": "w"}],
        "metricsSpecs": [{"metrics": metrics_of("ExampleCount", "MultiClassConfusionMatrixPlot")}],
    }
    found = run(tmp_path, rows, Said(), config=config)
    ours = model_eval_lib.load_eval_result(str(tmp_path / "evaluation")).plots
    frame = rows.select(["w"]).to_pandas()
    frame["kind"] = rows["kind"].to_numpy().astype(int)
    frame["new"] = list(np.column_stack([rows[f"new_{name}"].to_numpy() for name in names]))
    config["modelSpecs"] = [{"labelKey": "kind", "predictionKey": "new", "exampleWeightKey": "w"}]
    theirs = model_eval_lib.analyze_raw_data(frame, json_format.ParseDict(config, config_pb2.EvalConfig())).plots
    assert ours == theirs
    matrix = found["plots"]["slices"][0]["models"]["challenger"]["answers"]
    naive = np.zeros((3, 3))
    for label, scores, weight in zip(frame["kind"], frame["new"], frame["w"], strict=True):
        naive[label, int(np.argmax(scores))] += weight
    assert matrix == naive.tolist()


def test_rows_without_sound_probabilities_are_counted_fail_and_are_left_out(tmp_path: Path) -> None:
    rows = table()
    kinds, cats, dogs = (rows[name].to_pylist() for name in ("kind", "new_cat", "new_dog"))
    kinds[0], cats[1], cats[2], dogs[2], dogs[3] = None, math.nan, -0.2, dogs[2] + cats[2] + 0.2, dogs[3] + 0.01
    kinds[4] = kinds[5] = "elk"
    rows = replaced(rows, kind=kinds, new_cat=cats, new_dog=dogs)
    found = run(tmp_path, rows, Said("kind", "new_{class}", ("old_{class}",)))
    checks = {check["subject"]: check for check in found["checks"]}
    assert checks["new"]["verdict"] == checks["old"]["verdict"] == "FAIL"
    observed = "1 with NaN, 1 outside of 0 to 1, 1 not adding up to 1 and 2 of a class that it does not have"
    assert checks["new"]["observed"] == observed
    assert checks["old"]["reason"] == "among 399 rows of old are 2 of a class that it does not have"
    assert found["slices"][0]["rows"] == 399 - 5
    assert found["predictions"]["without_label"] == 1
    assert {"name": "elk", "rows": 2} in found["holdout"]["classes"]


def test_classes_are_the_same_whether_labels_are_texts_or_numbers() -> None:
    for labels in (["10", "2", None], [10, 2, None], [10.0, 2.0, None]):
        column = pa.chunked_array([pa.array(labels)])
        names = names_of(column, "label column 'kind'", [("2", "3")])
        known, numbers = numbers_of_labels(column, names)
        assert (names, known.tolist(), numbers.tolist()) == (("2", "3", "10"), [True, True, False], [2, 0])


def test_a_column_is_that_of_the_pattern_which_names_it_most_closely() -> None:
    known = ["p_cat", "p_dog", "p_old_cat", "p_old_dog", "p_w", "kind"]
    assert list(columns_of_classes("p_{class}", ["p_old_{class}", "p_w"], known)) == ["cat", "dog"]
    assert list(columns_of_classes("p_old_{class}", ["p_{class}"], known)) == ["cat", "dog"]
    assert columns_of_classes("{class}_p", [], known) == {}


def test_a_class_with_too_few_rows_has_no_interval_and_leaves_averages_without_one() -> None:
    rows = table(400)
    few = rows.filter(pa.array([kind != "owl" or at < 40 for at, kind in enumerate(rows["kind"].to_pylist())]))
    count = few["kind"].to_pylist().count("owl")
    assert 0 < count < 10
    with speaking(MULTICLASS):
        notes = {
            metric: estimate(metric, sample(few), 0.95).note
            for metric in ("recall[owl]@top_1", "recall[macro]@top_1", "auc[macro]", "precision_at_recall[macro]@0.5")
        }
        assert estimate("recall[micro]", sample(few), 0.95).interval.known
        nobody = few.filter(pa.array([kind != "owl" for kind in few["kind"].to_pylist()]))
        for metric in ("recall[macro]@top_1", "auc[weighted_macro]", "recall[weighted_macro 2:1]"):
            assert math.isnan(estimate(metric, sample(nobody), 0.95).value)
    assert notes == {
        "recall[owl]@top_1": f"{count} positives of class 'owl' where an interval needs 20",
        "recall[macro]@top_1": f"{count} positives of class 'owl' where an interval needs 10",
        "auc[macro]": f"{count} positives of class 'owl' where an interval needs 10",
        "precision_at_recall[macro]@0.5": "no error can be estimated of averages of it",
    }


COST = """
import numpy as np

class Cost:
    \"\"\"What is not given to the label, three times as much of an owl.\"\"\"

    name = "cost"
    better = "less"
    low = 0

    def terms(self, labels, predictions, columns):
        given = predictions[np.arange(len(labels)), labels.astype(int)]
        return (1 - given) * np.where(labels == 2, 3.0, 1.0), 1
"""


def test_a_metric_of_ones_own_sees_the_number_of_the_class_and_the_predictions_of_all(tmp_path: Path) -> None:
    (tmp_path / "costs.py").write_text(COST)
    found = run(tmp_path, table(), SAID, own=declared(tmp_path / "costs.py"))["slices"][0]["metrics"]["cost"]
    ours = sample(table())
    given = ours.predictions[np.arange(400), ours.rows.numbers]
    assert found["challenger"]["value"] == pytest.approx(np.mean((1 - given) * np.where(ours.rows.numbers == 2, 3, 1)))
    assert found["gain"]["champion"]["lower"] is not None


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        ("new_cat", "--prediction: expected a list, or a pattern with {class}, got 'new_cat'\n\nhint: write"),
        ("new_c{class}", "--prediction 'new_c{class}': expected the columns of several classes, got 'new_cat' of"),
        ("wide_{class}", "--prediction 'wide_{class}': expected the columns of several classes, got none of kind"),
        ("town", "--prediction: expected a list, or a pattern with {class}, got 'town'"),
        ("nobody", "--prediction: expected a column of the predictions, got 'nobody'"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_used_are_told(tmp_path: Path, prediction: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        run(tmp_path, table(), Said("kind", prediction))


def test_classes_that_cannot_be_asked_for_are_told() -> None:
    column = pa.chunked_array([pa.array(["cat", "macro"])])
    with pytest.raises(DataError, match=r"label column 'kind': expected classes of other names, got 'macro'"):
        names_of(column, "label column 'kind'", [])
    with pytest.raises(DataError, match=r"label column 'kind': expected labels, got none in any row"):
        names_of(pa.chunked_array([pa.array([None], pa.string())]), "label column 'kind'", [("a", "b")])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('metric: "recall[dgo]@top_1", at_least: 0.5', "gate.yaml: expected a class of labels or predictions, got 'dgo'"
         "\n\nhint: did you mean dog?"),
        ('metric: "recall[dog]@top_9", at_least: 0.5', "gate.yaml: expected at most the 3 classes there are, got rec"),
        ('metric: "recall[macro 0:1 7:1]", at_least: 0.5', "gate.yaml: expected weights of classes from 0 to 2, got"),
        ("metric: recall, at_least: 0.5", 'say of which class, or average: "recall[CLASS]", "recall[macro]"'),
        ("metric: recall[macro], at_least: 0.5", 'hint: a name with brackets stands in quotes: {metric: "recall['),
        ('metric: "recall[macro]", at_least: 1.5', "expected a number from 0 to 1, as recall[macro] is, got 1.5"),
    ],
)  # fmt: skip
def test_a_policy_that_asks_what_cannot_be_is_told(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(BenisonError, match=re.escape(message)):
        run(tmp_path, table(), SAID, f"gate: {{checks: [{{{line}}}]}}")
