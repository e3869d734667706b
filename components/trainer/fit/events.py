"""The project's callbacks, told what Keras tells them, and what of them a checkpoint keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from benison.components.trainer.fit.progress import Epoch

_NOT_STATE = {"params", "_model", "model", "validation_data"}


class Events:
    """Tells callbacks of a training; a batch event stands for a call of several steps, as under steps_per_execution.

    Args:
        callbacks: The project's.
        model: The model that is trained.
        epochs: At most so many.
        steps: Of an epoch.
    """

    def __init__(self, callbacks: Sequence[Any], model: Any, epochs: int, steps: int) -> None:
        self._model, self._callbacks = model, list(callbacks)
        self._list = keras.callbacks.CallbackList(
            self._callbacks, add_history=False, model=model, epochs=epochs, steps=steps, verbose=0
        )

    def begin(self, kept: Sequence[Mapping[str, Any]] = ()) -> None:
        """Training begins, or goes on with callbacks as they were."""
        self._model.stop_training = False
        self._list.on_train_begin()
        for callback, attributes in zip(self._callbacks, kept, strict=False):
            vars(callback).update(attributes)

    def epoch_begins(self, epoch: int) -> None:
        self._list.on_epoch_begin(epoch)

    def call_begins(self, step: int) -> None:
        self._list.on_train_batch_begin(step)

    def call_ends(self, step: int, loss: float) -> None:
        self._list.on_train_batch_end(step, {"loss": loss})

    def epoch_ends(self, epoch: Epoch) -> None:
        """Tells of an epoch, counted from 0 as Keras does."""
        logs = {"loss": epoch.loss, "val_loss": epoch.eval_loss, "val_auc": epoch.eval_auc}
        rate = getattr(self._model.optimizer, "learning_rate", None)
        if getattr(rate, "shape", None) == ():
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(rate))
        self._list.on_epoch_end(epoch.epoch - 1, logs)

    def end(self) -> None:
        self._list.on_train_end()

    @property
    def stop(self) -> bool:
        """Whether a callback wants no more."""
        return bool(self._model.stop_training)

    def state(self) -> list[dict[str, Any]]:
        """Of each callback the attributes that JSON can hold."""
        return [
            {name: value for name, value in vars(callback).items() if name not in _NOT_STATE and _is_json(value)}
            for callback in self._callbacks
        ]


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False
