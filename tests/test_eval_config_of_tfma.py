"""Metrics of an evaluation config that only TFMA knows: what they are called, and which it cannot be asked for."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benison import config, eval_config
from benison.core.errors import ConfigError
from benison.core.metrics import REGRESSION, find, speaking

TFMA = "tensorflow_model_analysis"


def write(folder: Path, *metrics: dict[str, Any]) -> Path:
    path = folder / "e.json"
    path.write_text(json.dumps({"metricsSpecs": [{"metrics": [{"className": "AUC"}, *metrics]}]}))
    return path


def read(path: Path, task: str = "binary") -> tuple[str, ...]:
    with speaking(task, eval_config.declared(path, task)):
        return eval_config.read(path).metrics


def test_they_are_called_as_tfma_calls_them_or_as_their_config_does(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {"className": "CoefficientOfDiscrimination"},
        {"className": "KLDivergence"},
        {"className": "Poisson", "module": "tf_keras.metrics", "config": '{"name": "mine"}'},
        {"className": "MeanSquaredLogarithmicError", "module": f"{TFMA}.metrics.mean_regression_error"},
        {"className": "LogCosh", "module": "tf_keras.losses"},
    )  # fmt: skip
    names = ("coefficient_of_discrimination", "kl_divergence", "mine", "mean_squared_logarithmic_error", "log_cosh")
    assert read(path) == ("auc", *names)
    with speaking(more=eval_config.declared(path)):
        found = find("mine")
        assert found is not None and found.kind.tfma is not None
        assert (found.kind.classes, found.kind.better, found.kind.tfma.module) == (("Poisson",), 0, "tf_keras.metrics")
    assert find("mine") is None


def test_metrics_that_are_measured_here_are_not_among_them(tmp_path: Path) -> None:
    assert eval_config.declared(write(tmp_path, {"className": "CalibrationPlot"}, {"className": "R2Score"})) == ()
    (tmp_path / "broken.json").write_text("{")
    assert eval_config.declared(tmp_path / "broken.json") == eval_config.declared(tmp_path / "missing.json") == ()


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ({"className": "KLDivergenc"}, "expected a metric of binary models, or one that TFMA knows, got 'KLDivergenc'"),
        ({"className": "KLDivergenc"}, "hint: did you mean KLDivergence?"),
        ({"className": "AUCC"}, "hint: did you mean AUC?"),
        ({"className": "R2Score"}, "expected a metric of binary models, got 'R2Score'"),
        ({"className": "BooleanFlipRates"}, "expected what BooleanFlipRates of TFMA takes, got "),
        ({"className": "SymmetricFlipRate"}, "expected one figure of one model, got SymmetricFlipRate"),
        ({"className": "MultiClassConfusionMatrixPlot"}, "hint: plots, samples, attributions, and what compares two"),
        ({"className": "NDCG"}, "expected a metric of binary models, got 'NDCG'"),
        ({"className": "MinLabelPosition"}, "got a query_key is required to use MinLabelPosition metric"),
        ({"className": "Poisson", "config": '{"a": 1}'}, "what Poisson of TFMA takes, got an unexpected keyword"),
        ({"className": "Poisson", "config": '{"name": "auc"}'}, "expected a name that no other metric has, got 'auc'"),
        ({"className": "Poisson", "config": '{"name": "A b"}'}, "expected a name in small letters, digits and _"),
        ({"className": "Any", "module": "os"}, "module): expected a module of TFMA or Keras, got 'os'"),
        ({"className": "Any", "module": "tf_keras.none"}, "expected a module that there is, got No module named"),
        ({"className": "KLDivergence", "module": "tf_keras"}, "expected a metric of binary models, or one that TFMA"),
        ({"className": "Poisson", "module": "keras.metrics"}, "hint: Keras 3 has metrics that TFMA does not take"),
        ({"className": "Poisson", "weight": 1}, "expected a key that is known here, got 'weight'"),
    ],
)  # fmt: skip
def test_what_tfma_cannot_be_asked_for_is_an_error(tmp_path: Path, metric: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        read(write(tmp_path, metric))


def test_two_of_a_class_need_names_of_their_own(tmp_path: Path) -> None:
    other = {"className": "Poisson", "config": '{"dtype": "float64"}'}
    with pytest.raises(ConfigError, match=r"expected a name that no other metric has, got 'poisson'"):
        read(write(tmp_path, {"className": "Poisson"}, other))
    named = {"className": "Poisson", "config": '{"dtype": "float64", "name": "exact"}'}
    assert read(write(tmp_path, {"className": "Poisson"}, named)) == ("auc", "poisson", "exact")


def test_those_of_models_that_answer_numbers_are_of_that_task(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text('{"metricsSpecs": [{"metrics": [{"className": "CosineSimilarity"}, {"className": "R2Score"}]}]}')
    assert eval_config.task_in(path) == REGRESSION
    assert read(path, REGRESSION) == ("cosine_similarity", "r2_score")


PROJECT = """
name: rides
data: {path: rides.csv}
label: {column: tipped, positive: "yes", negative: "no"}
features: {fare: numeric}
model: {}
evaluation: e.json
gate: {GATE}
"""


def project(folder: Path, gate: str) -> config.Config:
    write(folder, {"className": "KLDivergence"})
    (folder / "benison.yaml").write_text(PROJECT.replace("GATE", gate))
    return config.read(folder)


def test_a_gate_may_ask_for_one(tmp_path: Path) -> None:
    found = project(tmp_path, "checks: [{metric: kl_divergence, at_most: 0.1, judge: point}]")
    assert found.gate.metrics == ("kl_divergence",)
    with found.speaking():
        assert eval_config.read(tmp_path / found.evaluation.file).metrics == ("auc", "kl_divergence")


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("checks: [{metric: kl_divergence, tolerance: 0.1}]", "hint: TFMA does not say which way kl_divergence"),
        ("checks: [{metric: kl_divergence, better_by: 0}]", "write at_least or at_most, and  judge: point"),
        ("fairness: [{gap: kl_divergence, across: s, at_most: 0.1}]", "expected a metric with an interval"),
    ],
)  # fmt: skip
def test_what_needs_a_direction_or_an_interval_is_refused(tmp_path: Path, gate: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        project(tmp_path, gate)


@pytest.mark.parametrize(
    ("evaluation", "said"),
    [
        ("{engine: bean}", "evaluation.engine): expected one of memory, beam, got 'bean'"),
        ("{beam_options: [--runner=x]}", "evaluation.beam_options): expected engine: beam beside it, got memory"),
        ("{confg: e.json}", "hint: did you mean config?"),
        ("{config: ../e.json}", "expected a path inside the project"),
    ],
)
def test_what_measures_is_read_strictly(tmp_path: Path, evaluation: str, said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        engine_of(tmp_path, evaluation)


def engine_of(folder: Path, evaluation: str, more: str = "") -> config.Evaluation:
    text = PROJECT.replace("GATE", "checks: [{metric: auc, at_least: 0.6}]")
    (folder / "benison.yaml").write_text(text.replace("evaluation: e.json", f"evaluation: {evaluation}") + more)
    return config.read(folder).evaluation


def test_a_project_may_ask_for_beam(tmp_path: Path) -> None:
    found = engine_of(tmp_path, "{config: e.json, engine: beam, beam_options: [--runner=FlinkRunner]}")
    assert found == config.Evaluation("e.json", "beam", ("--runner=FlinkRunner",))
    assert engine_of(tmp_path, "{}") == config.Evaluation("eval_config.json")


def test_beam_has_no_metrics_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("class Cost:\n    name = 'cost'\n    better = 'less'\n"
                                     "    def terms(self, labels, predictions, columns): ...\n")  # fmt: skip
    with pytest.raises(ConfigError, match="hint: leave engine out: metrics of your own are measured in memory"):
        engine_of(tmp_path, "{engine: beam}", "metrics: own.py\n")


@pytest.mark.slow
def test_tensorflow_does_not_talk_before_a_name_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, {"className": "KLDivergenc"})
    asked = f"import pathlib; from benison import eval_config; eval_config.read(pathlib.Path({str(path)!r}))"
    left = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert left.stderr.startswith("Traceback"), left.stderr
