from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from benison.components.trainer.accept import accept, probabilities
from benison.core.errors import ModelCodeError

SAMPLE = {"age": np.linspace(-2, 2, 5, dtype=np.float32)[:, np.newaxis], "city": np.arange(5, dtype=np.int32)[:, None]}


def inputs() -> dict[str, Any]:
    return {"age": keras.Input((1,), name="age"), "city": keras.Input((1,), name="city", dtype="int32")}


def joined(tensors: dict[str, Any]) -> Any:
    return keras.layers.Concatenate()([keras.ops.cast(tensor, "float32") for tensor in tensors.values()])


def compiled(model: Any) -> Any:
    model.compile("sgd", "binary_crossentropy")
    return model


def functional(head: Callable[[Any], Any]) -> Any:
    tensors = inputs()
    return compiled(keras.Model(tensors, head(joined(tensors))))


def dense(units: int = 1, activation: str | None = "sigmoid") -> Any:
    return keras.layers.Dense(units, activation=activation, kernel_initializer="ones")


class Subclassed(keras.Model):
    """A model without declared inputs, which is tried out instead."""

    def __init__(self) -> None:
        super().__init__()
        self.head = dense()

    def call(self, tensors: dict[str, Any]) -> Any:
        return self.head(keras.ops.concatenate([tensors["age"], keras.ops.cast(tensors["city"], "float32")], -1))


def unnamed() -> Any:
    tensors = inputs()
    return compiled(keras.Model(list(tensors.values()), dense()(joined(tensors))))


def with_inputs(*names: str) -> Any:
    tensors = {name: keras.Input((1,), name=name) for name in names}
    return compiled(keras.Model(tensors, dense()(keras.layers.Concatenate()(list(tensors.values())))))


def error(model: Any) -> str:
    with pytest.raises(ModelCodeError) as raised:
        accept(model, "model.py", SAMPLE)
    assert raised.value.where == "model.py (build_model)"
    return str(raised.value).partition(": ")[2]


@pytest.mark.parametrize("model", [lambda: functional(dense()), lambda: compiled(Subclassed())])
def test_a_compiled_model_of_the_features_with_one_probability_is_accepted(model: Callable[[], Any]) -> None:
    accept(model(), "model.py", SAMPLE)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (lambda: None, "expected a keras.Model, got builtins.NoneType\n\nhint: end build_model with  return model"),
        (lambda: dense(), "expected a keras.Model, got keras.src.layers.core.dense.Dense"),
        (
            lambda: Subclassed(),
            'expected a compiled model, got one that is not\n\nhint: call  model.compile(loss="binary',
        ),
        (
            lambda: compiled(keras.Sequential([keras.Input((2,)), dense()])),
            "expected a model with one input for each feature, got a keras.Sequential\n\nhint: use  keras.Model({",
        ),
        (
            unnamed,
            "expected inputs as a dict by feature name, got list\n\nhint: use  keras.Model({feature.name: its input",
        ),
        (
            lambda: with_inputs("age", "citty"),
            "expected inputs that are features, got input 'citty'\n\nhint: did you mean city?",
        ),
        (
            lambda: with_inputs("age", "age2"),
            "expected inputs that are features, got input 'age2'\n\nhint: did you mean age?",
        ),
        (
            lambda: with_inputs("age"),
            "expected an input 'city', got none\n\nhint: use it, or remove it under features: in benison.yaml",
        ),
        (
            lambda: functional(dense(2, "softmax")),
            "expected one output of shape (None, 1), got (None, 2)\n\nhint: end with",
        ),
        (
            lambda: functional(lambda tensor: keras.ops.squeeze(dense()(tensor), -1)),
            "expected one output of shape (None, 1), got (None,)",
        ),
        (
            lambda: functional(lambda tensor: [dense()(tensor), dense()(tensor)]),
            "expected one output of shape (None, 1), got a list of 2",
        ),
        (
            lambda: functional(dense(activation=None)),
            "expected probabilities from 0 to 1, got -2\n\nhint: these may be logits: end with  keras.layers.Dense(1, "
            'activation="sigmoid")',
        ),
        (
            lambda: functional(lambda tensor: dense()(keras.ops.log(tensor))),
            "expected probabilities, got not a number\n\nhint: scale or clip what the model computes with",
        ),
    ],
)
def test_anything_else_is_refused_by_name(model: Callable[[], Any], said: str) -> None:
    assert said in error(model())


@pytest.mark.parametrize(("answer", "outside"), [([0.5, 1.5], "1.5"), ([-0.01, 0.2], "-0.01")])
def test_the_answer_outside_is_named(answer: list[float], outside: str) -> None:
    with pytest.raises(ModelCodeError, match=f"got {outside}\n"):
        probabilities("model.py", np.array(answer)[:, np.newaxis])


def test_the_ends_are_probabilities() -> None:
    assert probabilities("model.py", np.array([[0.0], [1.0]], np.float32)).tolist() == [0.0, 1.0]
