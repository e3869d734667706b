from __future__ import annotations

import dataclasses
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from benison.components.trainer import fit
from benison.components.trainer.fit import Keeping
from benison.components.trainer.fit.checkpoints import Checkpoints, checkpoints_at
from benison.components.trainer.fit.interrupts import Termination
from benison.components.trainer.steps.blocks import Blocks, pack
from benison.config import Model as Settings
from benison.core import digests
from benison.core.errors import DataError, InterruptedTraining

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = Settings("model.py", epochs=4, batch_size=32, patience=9, seed=5, checkpoint_minutes=1e-9)
KEY = digests.of_bytes(b"this training")


def rows(count: int, seed: int) -> Blocks:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 2)).astype(np.float32)
    return pack({"x": x}, (random.random(count) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(np.int8))


TRAIN, HELD = rows(330, 1), rows(100, 2)


def network(units: int = 4) -> Any:
    fit.seeded(5)
    tensor = keras.Input((2,), name="x")
    x = keras.layers.Dropout(0.2)(keras.layers.BatchNormalization()(keras.layers.Dense(units)(tensor)))
    model = keras.Model({"x": tensor}, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model


class Terminating(keras.callbacks.Callback):
    """Sends SIGTERM to its own process after some calls or epochs; counts the epochs it has seen."""

    def __init__(self, *, calls: int = -1, epochs: int = -1) -> None:
        super().__init__()
        self.after = {"calls": calls, "epochs": epochs}
        self.seen = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._count("calls")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seen += 1
        self._count("epochs")

    def _count(self, what: str) -> None:
        self.after = {**self.after, what: self.after[what] - 1}
        if self.after[what] == 0:
            os.kill(os.getpid(), signal.SIGTERM)


def at(folder: Path, key: str = KEY) -> Checkpoints:
    found = checkpoints_at(str(folder), key, SETTINGS.checkpoint_minutes)
    assert found
    return found


def trained(folder: Path | None, *, callbacks: Any = (), model: Any = None, **settings: Any) -> tuple[Any, Any]:
    model = model or network()
    keeping = Keeping(at(folder) if folder else None)
    asked = dataclasses.replace(SETTINGS, **settings)
    return model, fit.fit(model, TRAIN, HELD, asked, "model.py", callbacks=callbacks, keeping=keeping)


def interrupted(folder: Path | None, **how: int) -> InterruptedTraining:
    with pytest.raises(InterruptedTraining) as raised:
        trained(folder, callbacks=[Terminating(**how)])
    return raised.value


def variables(model: Any) -> list[list[float]]:
    return [np.asarray(values).ravel().tolist() for values in model.get_weights()]


@pytest.fixture(scope="module")
def alone() -> tuple[Any, Any]:
    return trained(None)


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.npz"))


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"calls": 1}, {"calls": 3}, {"epochs": 1}, {"epochs": 3}, {"epochs": 4}])
def test_an_interrupted_training_goes_on_to_the_same_model(
    tmp_path: Path, alone: tuple[Any, Any], how: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    error = interrupted(tmp_path, **how)
    assert (error.exit_code, error.got) == (3, "SIGTERM")
    assert error.hint == "a retry of the task goes on from here"
    assert signal.getsignal(signal.SIGTERM) is before
    with caplog.at_level(logging.INFO, "benison"):
        model, training = trained(tmp_path, callbacks=[watching := Terminating()])
    assert "going on after epoch" in caplog.text
    assert training == alone[1]
    assert variables(model) == variables(alone[0])
    assert watching.seen == 4, "what a callback knows is kept as well"
    assert [speed.seconds > 0 for speed in training.speed] == [True] * 4


def test_a_training_that_cannot_be_kept_says_how_it_could(alone: tuple[Any, Any]) -> None:
    assert "name a checkpoint_root" in interrupted(None, calls=1).hint


def test_two_checkpoints_are_kept_and_none_when_all_is_done(tmp_path: Path) -> None:
    interrupted(tmp_path, epochs=3)
    assert len(files(tmp_path)) == 2
    at(tmp_path).clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["bit", "half", "empty"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(
    tmp_path: Path, alone: tuple[Any, Any], damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(tmp_path, epochs=2)
    newest = files(tmp_path)[-1]
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 1
    newest.write_bytes({"bit": bytes(content), "half": bytes(content[: len(content) // 2]), "empty": b""}[damage])
    with caplog.at_level(logging.INFO, "benison"):
        model, training = trained(tmp_path)
    assert f"checkpoint {newest} is not used: its bytes are not those that were written" in caplog.text
    assert "going on after epoch" in caplog.text
    assert (training, variables(model)) == (alone[1], variables(alone[0]))


@pytest.mark.slow
def test_a_checkpoint_of_another_training_or_model_is_not_taken_for_ones_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    interrupted(tmp_path, epochs=1)
    folder = files(tmp_path)[0].parent
    other = digests.of_bytes(b"another")
    folder.rename(folder.with_name(digests.as_folder_name(other)))
    assert at(tmp_path, other).newest(network()) is None
    assert "is not used: it is of another training" in caplog.text
    folder.with_name(digests.as_folder_name(other)).rename(folder)
    assert at(tmp_path).newest(network()) is not None
    assert at(tmp_path).newest(network(units=5)) is None


def test_a_place_that_is_none_is_named() -> None:
    assert checkpoints_at("", KEY, 1) is None
    with pytest.raises(
        DataError, match="checkpoint_root: expected an absolute path, file:// and one, or a URI such as"
    ):
        checkpoints_at("ftp://somewhere/else", KEY, 1)
    with pytest.raises(DataError, match="checkpoint_root: expected an absolute path, got 'here'"):
        checkpoints_at("here", KEY, 1)


def test_in_another_thread_signals_are_left_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)

    def enter() -> None:
        with Termination() as termination:
            found.append((signal.getsignal(signal.SIGTERM), termination.asked))

    found: list[Any] = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [(before, False)]


@pytest.mark.slow
def test_a_training_killed_again_and_again_ends_with_the_same_model() -> None:
    command = [sys.executable, "benchmarks/kill_training.py", "--kills", "3"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
