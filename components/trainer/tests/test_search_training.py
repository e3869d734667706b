from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison.components.trainer.run import run
from benison.components.trainer.search.record import FILE
from benison.core import documents
from benison.core.errors import ConfigError, InterruptedTraining, ModelCodeError

ROOT = Path(__file__).resolve().parents[3]
MakeTask = Callable[..., Any]
GIVEN = "hyperparameters: {units: 8, learning_rate: 0.01}"
SEARCH = """\
hyperparameters: {learning_rate: 0.01}
  search:
    trials: 2
    algorithm: grid
    space: {units: {choices: [1, 8]}}
"""
# Trainings are counted; in the second epoch of one of them a signal is sent to the process. After two trials the third
# training is that of the model.
CALLBACKS = """

def callbacks(hyperparameters):
    return [Ending()]


class Ending(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        import os, pathlib, signal
        count = pathlib.Path({count!r})
        if epoch == 0:
            count.write_text(count.read_text() + "+" if count.exists() else "+")
        elif epoch == 1 and count.read_text() == "+" * {training}:
            count.write_text("+" * 9)
            os.kill(os.getpid(), signal.{signal})
"""
MODEL = """\
import keras


def build_model(features, hyperparameters):
    inputs = {feature.name: feature.input() for feature in features}
    hidden = keras.layers.Concatenate()([feature.encode(inputs[feature.name]) for feature in features])
    hidden = keras.layers.Dense(hyperparameters["units"], activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.1)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(hyperparameters["learning_rate"]), "binary_crossentropy")
    return model
"""


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory, make_task: MakeTask) -> Callable[..., Any]:
    """A task whose benison.yaml says something else of hyperparameters."""

    def made(said: str, **how: Any) -> Any:
        task = make_task(tmp_path_factory.mktemp("task"), **how)
        file = task.bundle / "project" / "benison.yaml"
        file.write_text(file.read_text().replace(f"  {GIVEN}", f"  {said.strip()}"))
        return task

    return made


@pytest.fixture(scope="module")
def searched(make: Callable[..., Any]) -> Any:
    """A task that nobody disturbed."""
    task = make(SEARCH)
    run(**task.folders)
    return task


def training_of(task: Any) -> dict[str, Any]:
    return documents.read(task.model / "training.json", "training")


def ended_in(folder: Path, training: int, by: str) -> str:
    """A model.py that ends its process in a training, the first time that it comes so far."""
    values = {"{count!r}": repr(str(folder / "count")), "{training}": str(training), "{signal}": by}
    callbacks = CALLBACKS
    for name, value in values.items():
        callbacks = callbacks.replace(name, value)
    return MODEL + callbacks


def test_the_model_is_the_one_that_the_best_hyperparameters_give_when_they_are_written(
    searched: Any, make: Callable[..., Any]
) -> None:
    found = training_of(searched)
    trials, best = found["search"]["trials"], found["search"]["best"]
    assert [trial["hyperparameters"]["units"] for trial in trials] == [1, 8]
    assert best == 1 + min(range(2), key=lambda n: trials[n]["eval_loss"])
    given = json.dumps(trials[best - 1]["hyperparameters"])
    run(**(written := make(f"hyperparameters: {given}")).folders)
    plain = training_of(written)
    assert plain["search"] is None
    for same in ("model_digest", "curves", "best_epoch", "hyperparameters", "parameters"):
        assert found[same] == plain[same]
    epoch = found["curves"][found["best_epoch"] - 1]
    assert [trials[best - 1][key] for key in ("eval_loss", "eval_auc")] == [epoch["eval_loss"], epoch["eval_auc"]]


@pytest.mark.slow
def test_what_cannot_be_built_or_trained_is_a_trial_that_failed(
    make: Callable[..., Any], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    few = '    if hyperparameters["units"] == 1:\n        raise ValueError("too few")\n    model = '
    search = SEARCH.replace("hyperparameters: {learning_rate: 0.01}", "hyperparameters: {}").replace("s: 2", "s: 9")
    search = search.replace("[1, 8]}", "[1, 8]}, learning_rate: {choices: [0.01, 1.0e+30]}")
    run(**(task := make(search, model=MODEL.replace("    model = ", few))).folders)
    found = training_of(task)["search"]
    assert (found["ended_by"], found["best"]) == ("space", 3)
    assert [trial["state"] for trial in found["trials"]] == ["failed", "failed", "completed", "failed"]
    said = "model.py:10: expected build_model to return a keras.Model, got ValueError: too few"
    assert found["trials"][0]["reason"] == said
    assert "expected a finite loss, got nan" in found["trials"][3]["reason"]
    assert not (task.model / "diverged").exists()
    assert capfd.readouterr().out == ""
    assert "retracing" not in caplog.text


def test_a_search_without_any_success_ends_the_task(make: Callable[..., Any]) -> None:
    task = make(SEARCH, model="def build_model(features, hyperparameters):\n    return None\n")
    with pytest.raises(ModelCodeError) as raised:
        run(**task.folders)
    said = (
        "no trial that did not fail; trial 2 with learning_rate 0.01, units 8: model.py (build_model): expected a keras"
    )
    assert raised.value.got.startswith(said)
    assert not (task.model / "training.json").exists()


def test_a_name_that_benisons_own_model_does_not_know_is_named_before_any_trial(make: Callable[..., Any]) -> None:
    task = make(SEARCH)
    (task.bundle / "project" / "model.py").unlink()
    with pytest.raises(ConfigError) as raised:
        run(**task.folders)
    assert str(raised.value).startswith("benison.yaml (model.search.space): expected hyperparameters of Benison's own")
    assert raised.value.got == "'units'"


def same_but_for_time(found: dict[str, Any], alone: dict[str, Any]) -> bool:
    def told(training: dict[str, Any]) -> list[Any]:
        trials = [{**one, "seconds": 0, "resumed": 0} for one in training["search"]["trials"]]
        return [training["model_digest"], training["curves"], training["search"]["best"], trials]

    return told(found) == told(alone)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("training", "resumed"), [(2, [True, False]), pytest.param(3, [True, True], marks=pytest.mark.slow)]
)
def test_a_search_that_sigterm_ends_goes_on_to_the_same_model(
    searched: Any,
    make: Callable[..., Any],
    tmp_path: Path,
    training: int,
    resumed: list[bool],
    caplog: pytest.LogCaptureFixture,
) -> None:
    task, root = make(SEARCH, model=ended_in(tmp_path, training, "SIGTERM")), tmp_path / "checkpoints"
    with pytest.raises(InterruptedTraining):
        run(**task.folders, checkpoint_root=str(root))
    assert list(root.rglob(FILE))
    with caplog.at_level(logging.INFO, "benison"):
        run(**task.folders, checkpoint_root=str(root))
    assert "going on after epoch 2" in caplog.text
    assert [trial["resumed"] for trial in training_of(task)["search"]["trials"]] == resumed
    assert same_but_for_time(training_of(task), training_of(searched))
    assert list(root.iterdir()) == [], "nothing is left where nobody needs it"


@pytest.mark.slow
def test_a_search_that_is_killed_takes_up_what_was_measured(
    searched: Any, make: Callable[..., Any], tmp_path: Path
) -> None:
    task = make(SEARCH, model=ended_in(tmp_path, 2, "SIGKILL"))
    folders = [f"--{name}={path}" for name, path in task.folders.items()]
    command = [sys.executable, "-m", "benison.components.trainer", *folders, f"--checkpoint-root={tmp_path / 'kept'}"]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [trial["resumed"] for trial in training_of(task)["search"]["trials"]] == [True, False]
    assert same_but_for_time(training_of(task), training_of(searched))
