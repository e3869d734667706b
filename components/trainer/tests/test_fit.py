from __future__ import annotations

import dataclasses
import logging
import math
from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from benison.components.trainer import fit
from benison.components.trainer.fit import Rows, answers
from benison.config import Model as Settings
from benison.core.errors import ConfigError, DataError, ModelCodeError

SETTINGS = Settings("model.py", epochs=6, batch_size=32, patience=2, seed=5)


def rows(count: int, seed: int) -> Rows:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 1)).astype(np.float32)
    return Rows({"x": x}, (random.random(count) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(np.int8))


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
    backwards = Rows(HELD.inputs, 1 - HELD.labels)
    training = fit.fit(network(), TRAIN, backwards, dataclasses.replace(SETTINGS, epochs=15), "model.py")
    losses = [epoch.eval_loss for epoch in training.curves]
    assert len(losses) == training.best_epoch + SETTINGS.patience < 15
    assert min(losses) == losses[training.best_epoch - 1]
    assert losses[-1] > losses[0]


def test_fewer_rows_than_a_batch_are_fine() -> None:
    few = Rows({"x": TRAIN.inputs["x"][:5]}, np.array([0, 1, 0, 1, 1], np.int8))
    training = fit.fit(network(), few, few, dataclasses.replace(SETTINGS, epochs=2), "model.py")
    assert [epoch.epoch for epoch in training.curves] == [1, 2]


def test_predictions_do_not_depend_on_how_rows_are_cut(
    trained: tuple[Any, fit.Training], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit.predict(trained[0], HELD.inputs, "model.py")
    monkeypatch.setattr(answers, "PREDICTED_AT_ONCE", 50)
    assert fit.predict(trained[0], HELD.inputs, "model.py") == pytest.approx(whole, abs=1e-6)


@pytest.mark.parametrize(("label", "which"), [(0, "negative"), (1, "positive")])
def test_one_class_alone_cannot_be_trained_on(label: int, which: str) -> None:
    alone = Rows(TRAIN.inputs, np.full(300, label, np.int8))
    with pytest.raises(DataError, match=f"split train: expected rows of both classes, got {which} ones only"):
        fit.fit(network(), alone, HELD, SETTINGS, "model.py")


@pytest.mark.parametrize("split", ["train", "eval"])
def test_a_split_without_rows_is_named(split: str) -> None:
    none = Rows({"x": np.zeros((0, 1), np.float32)}, np.zeros(0, np.int8))
    splits = (none, HELD) if split == "train" else (TRAIN, none)
    with pytest.raises(DataError, match=f"split {split}: expected rows, got none\n\nhint: give it a larger share"):
        fit.fit(network(), *splits, SETTINGS, "model.py")


def test_eval_of_one_class_has_no_auc(caplog: pytest.LogCaptureFixture) -> None:
    alone = Rows(HELD.inputs, np.ones(120, np.int8))
    with caplog.at_level(logging.WARNING, "benison"):
        training = fit.fit(network(), TRAIN, alone, dataclasses.replace(SETTINGS, epochs=1), "model.py")
    assert "split eval has rows of one class only, so there is no AUC" in caplog.messages
    assert math.isnan(training.curves[0].eval_auc)
    assert training.curves[0].to_json()["eval_auc"] is None


def test_a_loss_that_is_not_finite_names_the_epoch_and_a_way_out() -> None:
    def diverging(truth: Any, answer: Any) -> Any:
        return keras.ops.log(keras.ops.mean(answer) - 0.5)

    model = network()
    model.compile(keras.optimizers.SGD(0.5), diverging, run_eagerly=True)
    with pytest.raises(ModelCodeError) as raised:
        fit.fit(model, TRAIN, HELD, SETTINGS, "model.py")
    assert str(raised.value).startswith("model.py (epoch 1): expected a finite loss, got nan on train, nan on eval")
    assert raised.value.hint == "lower the learning rate, or clip gradients"


def test_a_seed_that_numpy_cannot_take_is_named() -> None:
    with pytest.raises(ConfigError, match=r"benison.yaml \(model.seed\): expected a whole number below 4294967296"):
        fit.seeded(2**32)
