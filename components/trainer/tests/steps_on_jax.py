"""Checks of the steps on JAX, run by test_steps_on_jax.py in a process whose Keras is on JAX; it prints what failed."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from benison.components.trainer.steps.blocks import pack
from benison.components.trainer.steps.on_jax import JaxSteps
from benison.components.trainer.steps.order import order_of

RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=(90, 3)).astype(np.float32)
PLACES = RANDOM.integers(0, 4, (90, 1)).astype(np.int32)
Y = (RANDOM.random(90) < 1 / (1 + np.exp(-2 * X[:, 0]))).astype(np.int8)
ROWS, ORDER = pack({"x": X, "places": PLACES}, Y), order_of(1, 0, 90, 30)
RATE, PENALTY = 0.5, 0.01


def logistic() -> Any:
    keras.utils.set_random_seed(3)
    inputs = {"x": keras.Input((3,), name="x"), "places": keras.Input((1,), name="places", dtype="int32")}
    both = keras.layers.Concatenate()([inputs["x"], keras.ops.cast(inputs["places"], "float32")])
    penalty = keras.regularizers.L2(PENALTY)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", kernel_regularizer=penalty)(both))
    model.compile(keras.optimizers.SGD(RATE), "binary_crossentropy")
    return model


def network() -> Any:
    keras.utils.set_random_seed(3)
    inputs = {"x": keras.Input((3,), name="x"), "places": keras.Input((1,), name="places", dtype="int32")}
    embedded = keras.layers.Flatten()(keras.layers.Embedding(4, 2)(inputs["places"]))
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Concatenate()([inputs["x"], embedded]))
    hidden = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(hidden))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    return model


def equal(one: Any, other: Any) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.state(), other.state(), strict=True))


def gradient_descent_whatever_the_micro_batch() -> bool:
    z, weights, bias, wanted = np.concatenate([X, PLACES], axis=1), logistic().get_weights()[0][:, 0], 0.0, []
    for rows in ORDER:
        p = 1 / (1 + np.exp(-(z[rows] @ weights + bias)))
        wanted.append(-np.log(np.where(Y[rows] == 1, p, 1 - p)).mean() + PENALTY * (weights**2).sum())
        off = (p - Y[rows]) / len(rows)
        weights, bias = weights - RATE * (z[rows].T @ off + 2 * PENALTY * weights), bias - RATE * off.sum()
    for micro in (30, 10, 7):
        steps = JaxSteps(model := logistic(), ROWS, micro_batch=micro)
        if not np.allclose(steps.run(steps.load(ORDER)), wanted, atol=1e-5):
            return False
        if not np.allclose(np.append(*model.get_weights()), np.append(weights, bias), atol=1e-5):
            return False
    return True


def calls_and_places_change_no_bit() -> bool:
    whole, pieces = JaxSteps(network(), ROWS, micro_batch=30), JaxSteps(network(), ROWS, micro_batch=30, resident=False)
    losses = whole.run(whole.load(ORDER)).tolist()
    found = [loss for part in (ORDER[:1], ORDER[1:]) for loss in pieces.run(pieces.load(part)).tolist()]
    return bool(losses == found and equal(whole, pieces))


def a_restored_state_goes_on() -> bool:
    one, other = JaxSteps(network(), ROWS, micro_batch=30), JaxSteps(network(), ROWS, micro_batch=30)
    one.run(one.load(ORDER))
    other.restore(one.state())
    return one.run(one.load(ORDER)).tolist() == other.run(other.load(ORDER)).tolist() and equal(one, other)


def an_evaluation_is_a_mean() -> bool:
    steps = JaxSteps(model := logistic(), ROWS, micro_batch=30)
    loss, answers = steps.evaluate(ROWS)
    weights = model.get_weights()[0][:, 0]
    p = 1 / (1 + np.exp(-np.concatenate([X, PLACES], axis=1) @ weights))
    wanted = -np.log(np.where(Y == 1, p, 1 - p)).mean() + PENALTY * (weights**2).sum()
    steps.evaluated_at_once = 7
    return bool(
        abs(loss - wanted) < 1e-5
        and abs(steps.evaluate(ROWS)[0] - wanted) < 1e-5
        and np.allclose(answers[:, 0], p, atol=1e-5)
    )


def steps_end_where_a_loss_is_no_number() -> bool:
    poisoned = pack({"x": np.where(np.arange(90)[:, None] == 40, np.nan, X), "places": PLACES}, Y)
    steps = JaxSteps(logistic(), poisoned, micro_batch=30)
    losses = steps.run(steps.load(np.arange(90, dtype=np.int32).reshape(3, 30)))
    return bool(np.isfinite(losses).tolist() == [True, False])


CHECKS = [
    gradient_descent_whatever_the_micro_batch,
    calls_and_places_change_no_bit,
    a_restored_state_goes_on,
    an_evaluation_is_a_mean,
    steps_end_where_a_loss_is_no_number,
]
if __name__ == "__main__":
    print([check.__name__ for check in CHECKS if not check()])
