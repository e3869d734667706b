"""Ready predictions: labels and probabilities of any spelling, the figures of others, those of the pipeline."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn import metrics as sklearn_metrics
from tensorflow_model_analysis.api import model_eval_lib

from benison.components.evaluator import predictions
from benison.components.evaluator.columns import Said, columns_of
from benison.components.evaluator.predictions import Policy, binary_labels, numbers
from benison.config import Gate, GateCheck
from benison.config.data import Table
from benison.core import documents
from benison.core.errors import ConfigError, DataError
from benison.core.verdicts import Tier
from benison.sources.columns import Columns as Asked
from benison.sources.dataset import open_table
from components.evaluator.tests.world import World

Package = Callable[..., Path]
THRESHOLD = 0.5


def table(rows: int = 800, seed: int = 1) -> pa.Table:
    random = np.random.default_rng(seed)
    labels = random.random(rows) < 0.35
    scores = {
        name: 1 / (1 + np.exp(-(lift * (labels - 0.5) + random.normal(size=rows))))
        for name, lift in (("new", 2.0), ("old", 1.2))
    }
    sex, grade = random.choice(["Female", "Male"], rows), random.integers(1, 4, rows)
    return pa.table({"y": labels.astype(int), "sex": sex, "grade": grade, **scores})


def run(
    folder: Path, rows: pa.Table, said: Said, positive: str | None = None, policy: Policy | None = None
) -> dict[str, Any]:
    path = folder / "predictions.parquet"
    pq.write_table(rows, path)
    written = folder / "evaluation"
    written.mkdir()
    with open_table(Table("data", str(path), "parquet"), str(folder), Asked(), folder / "scratch") as dataset:
        columns = columns_of(said, None, None, dataset.schema.names)
        predictions.run(dataset, path.name, columns, positive, policy, written)
    return documents.read(written / "evaluation.json", "evaluation")


def gate(**line: Any) -> Policy:
    nothing: dict[str, Any] = {"metric": "auc", "slices": ("overall",), "tier": Tier.HARD, "at_least": -math.inf}
    nothing |= {"at_most": math.inf, "tolerance": math.nan, "no_worse_than": ("champion", "reference")}
    return Policy(Gate(0.95, 50, 10, (GateCheck(**{**nothing, **line}),)), "policy.yaml")


def of_sklearn(labels: npt.NDArray[Any], scores: npt.NDArray[Any]) -> dict[str, float]:
    answers = scores > THRESHOLD
    return {
        "auc": sklearn_metrics.roc_auc_score(labels, scores),
        "binary_accuracy": sklearn_metrics.accuracy_score(labels, answers),
        "binary_crossentropy": sklearn_metrics.log_loss(labels, scores),
        "f1_score": sklearn_metrics.f1_score(labels, answers),
        "precision": sklearn_metrics.precision_score(labels, answers),
        "recall": sklearn_metrics.recall_score(labels, answers),
        "specificity": sklearn_metrics.recall_score(1 - labels, ~answers),
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_of_scikit_learn_on_every_slice(tmp_path: Path, seed: int) -> None:
    rows = table(seed=seed)
    found = run(tmp_path, rows, Said("y", "new", ("old",), ("sex", "grade")))
    frame = {name: rows[name].to_numpy() for name in rows.column_names}
    assert len(found["slices"]) == 6
    for one in found["slices"]:
        inside = np.all([frame[name].astype(str) == value for name, value in one["keys"].items()], axis=0)
        inside = np.broadcast_to(inside, len(frame["y"]))
        assert one["rows"] == np.count_nonzero(inside)
        for role, column in (("challenger", "new"), ("champion", "old")):
            for metric, theirs in of_sklearn(frame["y"][inside], frame[column][inside]).items():
                assert one["metrics"][metric][role]["value"] == pytest.approx(theirs, rel=1e-9), (one["slice"], metric)


def test_figures_intervals_and_gains_are_those_of_the_pipeline(
    tmp_path: Path, package: Package, people: Callable[..., pa.Table]
) -> None:
    world = World(tmp_path / "world")
    world.root.mkdir()
    world.holdout(people(rows=900))
    world.challenger(package(0.09, -1.3, -0.4))
    world.champion(champion=package(0.03, 0.0, -0.4), reference=package(0.01, 1.0, -0.4))
    theirs = world.run()
    rows = pq.read_table(world.root / "predictions" / "Split-holdout" / "predictions.parquet")
    ours = run(tmp_path, rows, Said("label", "challenger", ("champion", "reference"), ("sex",)))
    by_name = {one["slice"]: one["metrics"] for one in ours["slices"]}
    shared = [one for one in theirs["slices"] if one["slice"] in ("overall", "sex=Female", "sex=Male")]
    assert len(shared) == 3
    for one in shared:
        for metric, figures in one["metrics"].items():
            assert by_name[one["slice"]][metric] == figures
    drawn = {one["slice"]: one for one in theirs["plots"]["slices"]}
    assert len(ours["plots"]["slices"]) == 3
    assert all(drawn[one["slice"]] == one for one in ours["plots"]["slices"])


def test_without_a_policy_there_is_neither_verdict_nor_judgement(tmp_path: Path) -> None:
    found = run(tmp_path, table(), Said("y", "new", ("old",), ("sex",)))
    assert (found["verdict"], found["policy"], found["not_judged"], found["confidence"]) == (None, None, [], 0.95)
    assert {one["judged"] for one in found["slices"]} == {False}
    assert [check["subject"] for check in found["checks"]] == ["new", "old"]
    assert found["challenger"] == {"name": "new", "column": "new"}
    result = model_eval_lib.load_validation_result(str(tmp_path / "evaluation"))
    assert (result.validation_ok, result.missing_thresholds) == (False, True)


def test_a_policy_judges_and_its_own_digest_is_kept(tmp_path: Path) -> None:
    policy = gate(tolerance=0.01)
    found = run(tmp_path, table(), Said("y", "new", ("old",)), policy=policy)
    assert (found["verdict"], found["policy"]) == ("PASS", policy.gate.digest)
    assert [one["reason"] for one in found["not_applicable"]] == ["no reference yet"]
    assert [check["name"] for check in found["checks"]] == ["predictions", "predictions", "auc_gain_over_champion"]
    assert model_eval_lib.load_validation_result(str(tmp_path / "evaluation")).validation_ok


def test_a_tolerance_without_a_baseline_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    message = (
        "policy.yaml (gate.checks.0.tolerance): expected a baseline to compare with: champion or reference, got none"
    )
    with pytest.raises(ConfigError, match=re.escape(message)):
        run(tmp_path, table(), Said("y", "new"), policy=gate(tolerance=0.01))


def test_a_slice_that_only_the_policy_knows_names_the_policy_s_file(tmp_path: Path) -> None:
    policy = gate(at_least=0.5, slices=("sex=female",))
    with pytest.raises(
        ConfigError, match=r"policy.yaml \(gate.checks.0.slices\).*'sex=female'\n\nhint: did you mean sex=F"
    ):
        run(tmp_path, table(), Said("y", "new", (), ("sex",)), policy=policy)


def test_tfma_reads_each_model_by_its_own_name_and_the_difference(tmp_path: Path) -> None:
    rows = table()
    found = run(tmp_path, rows, Said("y", "new", ("old",), ("sex",)))
    folder = str(tmp_path / "evaluation")
    overall = found["slices"][0]["metrics"]
    for name, role in (("new", "challenger"), ("old", "champion")):
        read = model_eval_lib.load_eval_result(folder, model_name=name)
        figures = read.get_metrics_for_slice()
        assert figures is not None
        assert float(figures["auc"]["boundedValue"]["value"]) == pytest.approx(overall["auc"][role]["value"])
        assert read.model_location == name
    assert [spec.prediction_key for spec in read.config.model_specs] == ["new", "old"]
    assert [spec.is_baseline for spec in read.config.model_specs] == [False, True]
    assert read.file_format == "parquet"
    difference = model_eval_lib.load_eval_result(folder).get_metrics_for_slice()
    assert difference is not None
    gain = overall["auc"]["gain"]["champion"]["value"]
    assert float(difference["auc_diff"]["boundedValue"]["value"]) == pytest.approx(gain)


def test_what_is_no_probability_is_counted_fails_and_is_left_out_of_the_figures(tmp_path: Path) -> None:
    rows = table()
    scores = rows["new"].to_pylist()
    scores[:3] = [None, math.nan, 1.5]
    broken = rows.set_column(rows.column_names.index("new"), "new", pa.array(scores))
    found = run(tmp_path, broken, Said("y", "new"), policy=gate(at_least=0.5))
    check = found["checks"][0]
    assert (check["verdict"], check["observed"]) == ("FAIL", "2 NaN and 1 outside")
    assert check["numbers"] == {"rows": 800, "missing": 2, "outside": 1}
    assert found["verdict"] == "FAIL"
    assert found["slices"][0]["rows"] == 797
    known = rows.slice(3)
    theirs = sklearn_metrics.roc_auc_score(known["y"].to_numpy(), known["new"].to_numpy())
    assert found["slices"][0]["metrics"]["auc"]["challenger"]["value"] == pytest.approx(theirs)


def test_predictions_of_which_none_is_a_probability_leave_every_figure_undefined(tmp_path: Path) -> None:
    rows = table(50)
    logits = rows.set_column(rows.column_names.index("new"), "new", pa.array(np.full(50, 7.0)))
    found = run(tmp_path, logits, Said("y", "new", (), ("sex",)))
    assert found["checks"][0]["observed"] == "0 NaN and 50 outside"
    assert found["slices"][0]["metrics"]["auc"]["challenger"]["value"] is None


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = table(200)
    labels = pa.array([None if row < 20 else value for row, value in enumerate(rows["y"].to_pylist())])
    found = run(tmp_path, rows.set_column(0, "y", labels), Said("y", "new"))
    assert (found["predictions"]["without_label"], found["holdout"]["rows"]) == (20, 180)


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        run(tmp_path / name, table(), Said("y", "new", ("old",), ("sex",)))
    files = sorted(path.name for path in (tmp_path / "one" / "evaluation").iterdir())
    assert len(files) == 4
    for name in files:
        one, two = ((tmp_path / which / "evaluation" / name).read_bytes() for which in ("one", "two"))
        assert one == two


@pytest.mark.parametrize(
    ("values", "positive", "spelt", "expected"),
    [
        (pa.array([0, 1, 1, None]), None, ("1", "0"), [False, True, True]),
        (pa.array([0.0, 1.0]), None, ("1", "0"), [False, True]),
        (pa.array([True, False]), None, ("true", "false"), [True, False]),
        (pa.array(["True", "False"]), None, ("True", "False"), [True, False]),
        (pa.array(["no", "yes", "no"]), "yes", ("yes", "no"), [False, True, False]),
        (pa.array([1, 2]), "1", ("1", "2"), [True, False]),
        (pa.array([1, 0]), "0", ("0", "1"), [False, True]),
        (pa.array([0, 0]), None, (None, "0"), [False, False]),
        (pa.array(["yes"]), "yes", ("yes", None), [True]),
    ],
)
def test_labels_of_any_spelling(
    values: pa.Array, positive: str | None, spelt: tuple[str | None, str | None], expected: list[bool]
) -> None:
    found = binary_labels(pa.chunked_array([values]), "y", positive)
    assert found.positive.tolist() == expected
    assert found.values == spelt
    assert found.known.tolist() == values.is_valid().to_pylist()


@pytest.mark.parametrize(
    ("values", "positive", "kind", "message"),
    [
        ([0, 1, 2], None, DataError, "label column 'y': expected two values, got 3: '0', '1', '2'\n\n"
         "hint: say  --task multiclass  where labels are classes, or  --task regression  where"),
        (list("abcdefg"), "a", DataError, "got 7: 'a', 'b', 'c', 'd', 'e', ..."),
        (["no", "yes"], None, ConfigError, "--positive: expected 0 and 1 in column 'y', or its positive value, got "
         "'no', 'yes'\n\nhint: say which of them counts as positive: --positive no or --positive yes"),
        (["true", "1"], None, ConfigError, "got '1', 'true'"),
        (["0", "false"], None, ConfigError, "got '0', 'false'"),
        ([1, 2], None, ConfigError, "got '1', '2'"),
        (["no", "yes"], "Yes", ConfigError, "--positive: expected a value of column 'y', got 'Yes'\n\n"
         "hint: there are 'no', 'yes'"),
        ([None, None], None, DataError, "label column 'y': expected labels, got none in any row"),
    ],
)  # fmt: skip
def test_labels_that_cannot_be_used_are_said(
    values: list[Any], positive: str | None, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=re.escape(message)):
        binary_labels(pa.chunked_array([pa.array(values)]), "y", positive)


def test_predictions_of_any_type_are_numbers_and_what_is_none_is_nan() -> None:
    texts = pa.chunked_array([["0.5", "n/a", None, ".25", "1e-100", "inf"]])
    assert numbers(texts, "p").tolist()[:1] == [0.5]
    np.testing.assert_array_equal(numbers(texts, "p"), [0.5, math.nan, math.nan, 0.25, 1e-100, math.inf])
    np.testing.assert_array_equal(numbers(pa.chunked_array([[1, 0, None]]), "p"), [1, 0, math.nan])


@pytest.mark.parametrize(
    ("values", "got"), [(["Male", None], "text such as 'Male'"), ([None, None], "no value in any row")]
)
def test_a_column_without_one_number_is_none_of_predictions(values: list[str | None], got: str) -> None:
    with pytest.raises(DataError, match=f"prediction column 'sex': expected probabilities, got {got}"):
        numbers(pa.chunked_array([pa.array(values, pa.string())]), "sex")


def test_weights_and_units_are_in_figures_methods_and_record(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    rows = pa.table(
        {
            "y": random.integers(0, 2, 400),
            "p": random.random(400),
            "w": random.choice([0.5, 2.0], 400),
            "who": random.integers(0, 90, 400),
        }
    )
    found = run(tmp_path, rows, Said("y", "p", weight="w", unit="who"))
    assert (found["holdout"]["weight"], found["holdout"]["unit"]) == ("w", "who")
    metrics = found["slices"][0]["metrics"]
    assert metrics["example_count"]["challenger"]["value"] == pytest.approx(rows["w"].to_numpy().sum())
    assert metrics["recall"]["method"].endswith("errors from influences, weighed and summed by unit")
    config = json.loads((tmp_path / "evaluation" / "eval_config.json").read_text())
    assert config["evalConfig"]["modelSpecs"][0]["exampleWeightKey"] == "w"
