"""fit: training with every random choice governed by one seed, stopped by the split eval."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from benison.components.trainer.accept import probabilities
from benison.config import Model as Settings
from benison.core.errors import ConfigError, DataError, ModelCodeError
from benison.measures.ranking import placements

PREDICTED_AT_ONCE = 8192
_STEPS_AT_ONCE = 16
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rows:
    """What the model is fitted to.

    Attributes:
        inputs: By input name an array [n, width], as `featurize.transform` makes it.
        labels: n values, 0 or 1.
    """

    inputs: Mapping[str, npt.NDArray[Any]]
    labels: npt.NDArray[np.int8]

    @property
    def targets(self) -> npt.NDArray[np.float32]:
        """The labels as the loss takes them: float32 [n, 1]."""
        return self.labels.astype(np.float32)[:, np.newaxis]


@dataclass(frozen=True)
class Epoch:
    """One pass over train: the model's own loss on train and eval, AUC on eval (NaN where it has one class)."""

    epoch: int
    loss: float
    eval_loss: float
    eval_auc: float

    def to_json(self) -> dict[str, Any]:
        """The epoch as it stands in training.json; an AUC that is not defined is null."""
        return {**asdict(self), "eval_auc": None if math.isnan(self.eval_auc) else self.eval_auc}


@dataclass(frozen=True)
class Training:
    """The curves of a training, and the epoch whose weights were kept."""

    curves: tuple[Epoch, ...]
    best_epoch: int


def seeded(seed: int) -> None:
    """Makes Python, NumPy and TensorFlow repeat themselves; call it before the model is built."""
    if not 0 <= seed < 2**32:
        raise ConfigError("benison.yaml (model.seed)", expected=f"a whole number below {2**32}", got=str(seed))
    # Layers are numbered within a process: without this the names of variables depend on what was built before.
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def fit(model: Any, train: Rows, held: Rows, settings: Settings, where: str) -> Training:
    """Trains a compiled model and leaves the weights of the best epoch in it.

    Args:
        model: A model that was accepted.
        train: The rows it is fitted to.
        held: The rows of eval: the lowest loss on them decides on the epoch that is kept.
        settings: Epochs, batch size, patience.
        where: The file that the model comes from, for messages.

    Raises:
        DataError: Train has one class only, or a split no rows.
        ModelCodeError: The loss is not a number, or an answer is no probability.
    """
    _usable(train, held)
    if not model.run_eagerly and model.steps_per_execution == 1:
        # The way into TensorFlow and out of it costs as much as a step of a small model.
        model.steps_per_execution = _STEPS_AT_ONCE
    watch = _Watch(held, settings.patience, where)
    model.fit(
        dict(train.inputs),
        train.targets,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        validation_data=(dict(held.inputs), held.targets),
        validation_batch_size=PREDICTED_AT_ONCE,
        callbacks=[watch],
        verbose=0,
    )
    return Training(tuple(watch.curves), watch.best.epoch)


def _usable(train: Rows, held: Rows) -> None:
    for split, rows in (("train", train), ("eval", held)):
        if not len(rows.labels):
            raise DataError(f"split {split}", expected="rows", got="none", hint="give it a larger share of the data")
    if train.labels.min() == train.labels.max():
        which = "positive" if train.labels[0] else "negative"
        hint = "take more data: a larger window, or other values under label: in benison.yaml"
        raise DataError("split train", expected="rows of both classes", got=f"{which} ones only", hint=hint)
    if held.labels.min() == held.labels.max():
        _log.warning("split eval has rows of one class only, so there is no AUC")


def predict(model: Any, inputs: Mapping[str, npt.NDArray[Any]], where: str) -> npt.NDArray[np.float64]:
    """The model's probabilities, n of them, on the way that training takes.

    Raises:
        ModelCodeError: An answer is no probability.
    """
    rows = len(next(iter(inputs.values())))
    parts = [slice(start, start + PREDICTED_AT_ONCE) for start in range(0, rows, PREDICTED_AT_ONCE)]
    answers = [model.predict_on_batch({name: values[part] for name, values in inputs.items()}) for part in parts]
    return probabilities(where, np.concatenate(answers))


class _Watch(keras.callbacks.Callback):
    """After each epoch: notes the curves, keeps the best weights, stops where nothing gets better or all is lost."""

    def __init__(self, held: Rows, patience: int, where: str) -> None:
        super().__init__()
        self.held, self.patience, self.where = held, patience, where
        self.curves: list[Epoch] = []
        self.best = Epoch(0, math.inf, math.inf, math.nan)
        self.weights: list[npt.NDArray[Any]] = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        figures = logs or {}
        loss, eval_loss = float(figures["loss"]), float(figures["val_loss"])
        if not math.isfinite(loss + eval_loss):
            raise ModelCodeError(
                f"{self.where} (epoch {epoch + 1})",
                expected="a finite loss",
                got=f"{loss:g} on train, {eval_loss:g} on eval",
                hint="lower the learning rate, or clip gradients",
            )
        self._note(Epoch(epoch + 1, loss, eval_loss, self._auc()))

    def _note(self, now: Epoch) -> None:
        self.curves.append(now)
        _log.info("epoch %d: loss %.4f, on eval %.4f, AUC %.4f", now.epoch, now.loss, now.eval_loss, now.eval_auc)
        if now.eval_loss < self.best.eval_loss:
            self.best, self.weights = now, self.model.get_weights()
        elif now.epoch - self.best.epoch >= self.patience:
            self.model.stop_training = True

    def _auc(self) -> float:
        return placements(self.held.labels == 1, predict(self.model, self.held.inputs, self.where)).auc

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self.model.set_weights(self.weights)
