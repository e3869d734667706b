from __future__ import annotations

import dataclasses
import json
import logging
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from benison.components.trainer import fit
from benison.components.trainer.fit import Keeping, answers
from benison.components.trainer.fit.speed import whole
from benison.components.trainer.steps.blocks import Blocks, pack
from benison.components.trainer.steps.order import order_of
from benison.config import Model as Settings
from benison.core.errors import ConfigError, DataError, ModelCodeError

SETTINGS = Settings("model.py", epochs=6, batch_size=32, patience=2, seed=5)


def rows(count: int, seed: int) -> Blocks:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 1)).astype(np.float32)
    return pack({"x": x}, (random.random(count) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(np.int8))


TRAIN, HELD = rows(300, 1), rows(120, 2)


def network(*, seed: int = 5) -> Any:
    """A small model, eager, which spares the time of compiling it."""
    fit.seeded(seed)
    tensor = keras.Input((1,), name="x")
    x = keras.layers.Dropout(0.2)(keras.layers.Dense(4, activation="tanh")(tensor))
    model = keras.Model({"x": tensor}, keras.layers.Dense(1, activation="sigmoid")(x))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", run_eagerly=True)
    return model


def weights(model: Any) -> list[list[float]]:
    return [values.ravel().tolist() for values in model.get_weights()]


@pytest.fixture(scope="module")
def trained() -> tuple[Any, fit.Training]:
    model = network()
    return model, fit.fit(model, TRAIN, HELD, SETTINGS, "model.py")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_model_and_another_seed_another(trained: tuple[Any, fit.Training]) -> None:
    model, training = trained
    again = network()
    assert fit.fit(again, TRAIN, HELD, SETTINGS, "model.py") == training
    assert weights(again) == weights(model)
    other = network(seed=6)
    assert fit.fit(other, TRAIN, HELD, SETTINGS, "model.py") != training
    assert weights(other) != weights(model)
    assert [w.path for w in again.weights] == [w.path for w in other.weights]


def test_the_weights_of_the_best_epoch_are_kept(trained: tuple[Any, fit.Training]) -> None:
    model, training = trained
    best = min(training.curves, key=lambda epoch: epoch.eval_loss)
    assert training.best_epoch == best.epoch
    answers = fit.predict(model, HELD.inputs, "model.py")
    assert log_loss(HELD.labels, answers) == pytest.approx(best.eval_loss, abs=1e-6)
    assert roc_auc_score(HELD.labels, answers) == pytest.approx(best.eval_auc, abs=1e-12)


def test_training_stops_when_eval_gets_no_better() -> None:
    backwards = pack(HELD.inputs, 1 - HELD.labels)
    training = fit.fit(network(), TRAIN, backwards, dataclasses.replace(SETTINGS, epochs=15), "model.py")
    losses = [epoch.eval_loss for epoch in training.curves]
    assert len(losses) == training.best_epoch + SETTINGS.patience < 15
    assert min(losses) == losses[training.best_epoch - 1]
    assert losses[-1] > losses[0]


def test_fewer_rows_than_a_batch_are_one_step_and_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    few = pack({"x": TRAIN.inputs["x"][:5]}, np.array([0, 1, 0, 1, 1], np.int8))
    training = fit.fit(network(), few, few, dataclasses.replace(SETTINGS, epochs=2), "model.py")
    assert [epoch.epoch for epoch in training.curves] == [1, 2]
    assert [speed.steps for speed in training.speed] == [1, 1]
    assert (
        "split train has 5 rows, fewer than model.batch_size, 32: each epoch is one step of all of them" in caplog.text
    )


def test_predictions_do_not_depend_on_how_rows_are_cut(
    trained: tuple[Any, fit.Training], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit.predict(trained[0], HELD.inputs, "model.py")
    monkeypatch.setattr(answers, "PREDICTED_AT_ONCE", 50)
    assert fit.predict(trained[0], HELD.inputs, "model.py") == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize(("label", "which"), [(0, "negative"), (1, "positive")])
def test_one_class_alone_cannot_be_trained_on(label: int, which: str) -> None:
    alone = pack(TRAIN.inputs, np.full(300, label, np.int8))
    with pytest.raises(DataError, match=f"split train: expected rows of both classes, got {which} ones only"):
        fit.fit(network(), alone, HELD, SETTINGS, "model.py")


@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_split_without_rows_is_named(split: str) -> None:
    none = pack({"x": np.zeros((0, 1), np.float32)}, np.zeros(0, np.int8))
    splits = (none, HELD) if split == "train" else (TRAIN, none)
    with pytest.raises(DataError, match=f"split {split}: expected rows, got none\n\nhint: give it a larger share"):
        fit.fit(network(), *splits, SETTINGS, "model.py")


def test_eval_of_one_class_has_no_auc(caplog: pytest.LogCaptureFixture) -> None:
    alone = pack(HELD.inputs, np.ones(120, np.int8))
    with caplog.at_level(logging.WARNING, "benison"):
        training = fit.fit(network(), TRAIN, alone, dataclasses.replace(SETTINGS, epochs=1), "model.py")
    assert "split eval has rows of one class only, so there is no AUC" in caplog.messages
    assert math.isnan(training.curves[0].eval_auc)
    assert training.curves[0].to_json()["eval_auc"] is None


def test_a_loss_that_is_not_finite_stops_at_its_step_and_keeps_the_batch_aside(tmp_path: Path) -> None:
    odd = np.where(np.arange(300)[:, None] == 7, np.float32(np.nan), TRAIN.inputs["x"])
    with pytest.raises(ModelCodeError) as raised:
        fit.fit(network(), pack({"x": odd}, TRAIN.labels), HELD, SETTINGS, "model.py", keeping=Keeping(folder=tmp_path))
    told = json.loads((tmp_path / "diverged" / "diverged.json").read_text())
    step = next(n for n, rows in enumerate(order_of(5, 0, 300, 32)) if 7 in rows) + 1
    assert (told["epoch"], told["step"], told["loss"], told["rows"]) == (1, step, "nan", 32)
    said = f"model.py (epoch 1, step {step}): expected a finite loss, got nan\n\nhint: lower the learning rate, or clip"
    assert str(raised.value).startswith(said)
    file = tmp_path / "diverged" / "batch.npz"
    assert str(file) in raised.value.hint
    with np.load(file, allow_pickle=False) as batch:
        assert batch["rows"].tolist() == order_of(5, 0, 300, 32)[step - 1].tolist()
        assert np.array_equal(batch["input/x"], odd[batch["rows"]], equal_nan=True)
        assert batch["label"].tolist() == TRAIN.labels[batch["rows"]].tolist()


def test_a_loss_on_eval_that_is_not_finite_names_the_epoch_and_a_way_out() -> None:
    odd = pack({"x": np.full((120, 1), np.nan, np.float32)}, HELD.labels)
    with pytest.raises(
        ModelCodeError, match=r"model.py \(epoch 1\): expected a finite loss, got .* nan on eval"
    ) as raised:
        fit.fit(network(), TRAIN, odd, SETTINGS, "model.py")
    assert raised.value.hint == "lower the learning rate, or clip gradients"


def test_a_train_step_of_the_models_own_is_refused() -> None:
    class Own(keras.Model):
        def train_step(self, data: Any) -> Any:
            return {}

    tensor = keras.Input((1,), name="x")
    model = Own({"x": tensor}, keras.layers.Dense(1, activation="sigmoid")(tensor))
    model.compile("adam", "binary_crossentropy")
    with pytest.raises(
        ModelCodeError, match=r"model.py \(Own.train_step\): expected a model without a train_step"
    ) as raised:
        fit.fit(model, TRAIN, HELD, SETTINGS, "model.py")
    assert "override compute_loss" in raised.value.hint


def test_a_model_without_an_optimizer_is_refused() -> None:
    model = network()
    model.compile(None, "binary_crossentropy")
    with pytest.raises(ModelCodeError, match="expected a model compiled with an optimizer, got one without"):
        fit.fit(model, TRAIN, HELD, SETTINGS, "model.py")


def test_a_compute_loss_of_the_models_own_counts() -> None:
    class Doubled(keras.Model):
        def compute_loss(self, *given: Any, **named: Any) -> Any:
            return 2 * super().compute_loss(*given, **named)

    def made(kind: Any) -> Any:
        fit.seeded(5)
        tensor = keras.Input((1,), name="x")
        model = kind({"x": tensor}, keras.layers.Dense(1, activation="sigmoid")(tensor))
        model.compile(keras.optimizers.SGD(0.0), "binary_crossentropy")
        return model

    once = dataclasses.replace(SETTINGS, epochs=1)
    plain, doubled = (fit.fit(made(kind), TRAIN, HELD, once, "model.py").curves[0] for kind in (keras.Model, Doubled))
    assert (doubled.loss, doubled.eval_loss) == pytest.approx((2 * plain.loss, 2 * plain.eval_loss), rel=1e-6)


def test_callbacks_are_told_what_keras_tells_and_may_stop_the_training() -> None:
    class Told(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.said: list[Any] = []

        def on_train_begin(self, logs: Any = None) -> None:
            self.said.append(("begin", self.params["epochs"], self.params["steps"]))

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.said.append(("epoch", epoch))

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.said.append(("end", epoch, sorted(logs)))
            self.model.stop_training = epoch == 1

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.last = (batch, sorted(logs))

        def on_train_end(self, logs: Any = None) -> None:
            self.said.append("done")

    told = Told()
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))
    model = network()
    training = fit.fit(model, TRAIN, HELD, SETTINGS, "model.py", callbacks=[told, rates])
    logs = ["learning_rate", "loss", "val_auc", "val_loss"]
    assert told.said == [("begin", 6, 9), ("epoch", 0), ("end", 0, logs), ("epoch", 1), ("end", 1, logs), "done"]
    assert told.last == (8, ["loss"])
    assert len(training.curves) == 2
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(0.005)


def test_speed_is_told_of_every_epoch(trained: tuple[Any, fit.Training]) -> None:
    figures = [one.to_json() for one in trained[1].speed]
    assert len(figures) == len(trained[1].curves)
    for one, found in zip(trained[1].speed, figures, strict=True):
        assert (one.steps, one.examples) == (9, 288)
        assert found["examples_per_second"] * found["step_ms"] == pytest.approx(32_000, rel=1e-2)
        assert 0 <= found["input_wait"] <= 1
        assert found["host_peak_mb"] > 100
        assert found["device_peak_mb"] is None
    assert whole(trained[1].speed).steps == 9 * len(figures)


def test_a_seed_that_numpy_cannot_take_is_named() -> None:
    with pytest.raises(ConfigError, match=r"benison.yaml \(model.seed\): expected a whole number below 4294967296"):
        fit.seeded(2**32)
