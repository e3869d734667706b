"""accept: is what build_model returned a model that can be trained, exported and judged?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from benison.components.trainer.load import BUILD
from benison.core.errors import ModelCodeError
from benison.core.spelling import nearest

_DICT = "keras.Model({feature.name: its input for every feature}, output)"
_SIGMOID = 'end with  keras.layers.Dense(1, activation="sigmoid")'


def accept(model: Any, module: str, sample: Mapping[str, npt.NDArray[Any]]) -> None:
    """Holds a model to what the trainer asks of it.

    Args:
        model: What ``build_model`` returned.
        module: The file that it comes from, for messages.
        sample: A few transformed rows of train.

    Raises:
        ModelCodeError: It is no compiled `keras.Model` that makes one probability [n, 1] of all features by name.
    """
    where = f"{module} ({BUILD})"
    if not isinstance(model, keras.Model):
        raise _error(where, "a keras.Model", f"{type(model).__module__}.{type(model).__name__}", _return_hint(model))
    if not model.compiled:
        raise _error(where, "a compiled model", "one that is not", 'call  model.compile(loss="binary_crossentropy")')
    _inputs(where, model, set(sample))
    answer = _answer(where, model, sample)
    rows = len(next(iter(sample.values())))
    if np.shape(answer) != (rows, 1):
        shape = (None, *np.shape(answer)[1:])
        raise _error(where, "one output of shape (None, 1)", str(shape), _SIGMOID)
    probabilities(where, np.asarray(answer))


def _return_hint(model: Any) -> str:
    if model is None:
        return "end build_model with  return model"
    legacy = "tf_keras" in type(model).__module__ or "tensorflow.python" in type(model).__module__
    return "import keras, which is Keras 3, instead of tf_keras" if legacy else ""


def _inputs(where: str, model: Any, features: set[str]) -> None:
    """A functional model's inputs must be the features; one of its own class is tried out instead."""
    struct = getattr(model, "input", None) if isinstance(model, keras.Function) else None
    if isinstance(model, keras.Sequential):
        raise _error(where, "a model with one input for each feature", "a keras.Sequential", f"use  {_DICT}")
    if struct is None:
        return
    if not isinstance(struct, Mapping):
        raise _error(where, "inputs as a dict by feature name", type(struct).__name__, f"use  {_DICT}")
    if strange := sorted(set(struct) - features):
        raise _error(where, "inputs that are features", f"input {strange[0]!r}", nearest(strange[0], features))
    if missing := sorted(features - set(struct)):
        hint = "use it, or remove it under features: in benison.yaml"
        raise _error(where, f"an input {missing[0]!r}", "none", hint)


def _answer(where: str, model: Any, sample: Mapping[str, npt.NDArray[Any]]) -> Any:
    answer = model(dict(sample), training=False)
    if isinstance(answer, (Mapping, list, tuple)):
        raise _error(where, "one output of shape (None, 1)", f"a {type(answer).__name__} of {len(answer)}", _SIGMOID)
    return keras.ops.convert_to_numpy(answer)


def probabilities(where: str, answer: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """A model's answers [n, 1] as n probabilities.

    Raises:
        ModelCodeError: One of them is not a number from 0 to 1.
    """
    flat = answer.reshape(-1).astype(np.float64)
    if np.isnan(flat).any():
        raise _error(where, "probabilities", "not a number", "scale or clip what the model computes with")
    outside = flat[(flat < 0) | (flat > 1)]
    if len(outside):
        raise _error(where, "probabilities from 0 to 1", f"{outside[0]:g}", f"these may be logits: {_SIGMOID}")
    return flat


def _error(where: str, expected: str, got: str, hint: str) -> ModelCodeError:
    return ModelCodeError(where, expected=expected, got=got, hint=hint)
