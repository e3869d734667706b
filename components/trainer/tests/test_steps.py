from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest

from benison.components.trainer import fit
from benison.components.trainer.steps.blocks import Blocks, pack
from benison.components.trainer.steps.on_tensorflow import TensorFlowSteps
from benison.components.trainer.steps.order import cut, order_of

ROOT = Path(__file__).resolve().parents[3]
RANDOM = np.random.default_rng(1)
X = RANDOM.normal(size=(90, 3)).astype(np.float32)
PLACES = RANDOM.integers(0, 4, (90, 2)).astype(np.int32)
Y = (RANDOM.random(90) < 1 / (1 + np.exp(-2 * X[:, 0]))).astype(np.int8)
ROWS = pack({"x": X, "places": PLACES}, Y)
RATE, PENALTY = 0.5, 0.01


def logistic() -> Any:
    """A logistic regression with an L2 penalty, whose steps can be done by hand."""
    keras.utils.set_random_seed(3)
    inputs = {"x": keras.Input((3,), name="x"), "places": keras.Input((2,), name="places", dtype="int32")}
    both = keras.layers.Concatenate()([inputs["x"], keras.ops.cast(inputs["places"], "float32")])
    penalty = keras.regularizers.L2(PENALTY)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid", kernel_regularizer=penalty)(both))
    model.compile(keras.optimizers.SGD(RATE), "binary_crossentropy")
    return model


def network(optimizer: Any = None) -> Any:
    """A network with all that is random, or has a state of its own."""
    fit.seeded(3)
    inputs = {"x": keras.Input((3,), name="x"), "places": keras.Input((2,), name="places", dtype="int32")}
    embedded = keras.layers.Flatten()(keras.layers.Embedding(4, 2)(inputs["places"]))
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Concatenate()([inputs["x"], embedded]))
    hidden = keras.layers.Dropout(0.3)(keras.layers.BatchNormalization()(hidden))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer or keras.optimizers.Adam(0.01), "binary_crossentropy")
    return model


def steps(model: Any, *, batch: int = 30, micro: int = 30, rows: Blocks = ROWS, **how: Any) -> TensorFlowSteps:
    return TensorFlowSteps(model, rows, batch_size=batch, micro_batch=micro, **how)


def by_hand(weights: npt.NDArray[Any], bias: float, order: npt.NDArray[np.int32]) -> tuple[list[float], Any]:
    """Gradient descent on the mean log loss of each step with a penalty, in float64."""
    z, losses = np.concatenate([X, PLACES], axis=1).astype(np.float64), []
    for rows in order:
        p = 1 / (1 + np.exp(-(z[rows] @ weights + bias)))
        losses.append(-np.log(np.where(Y[rows] == 1, p, 1 - p)).mean() + PENALTY * (weights**2).sum())
        off = (p - Y[rows]) / len(rows)
        weights, bias = weights - RATE * (z[rows].T @ off + 2 * PENALTY * weights), bias - RATE * off.sum()
    return losses, np.append(weights, bias)


def same(one: list[npt.NDArray[Any]], other: list[npt.NDArray[Any]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_an_epoch_takes_every_row_once_but_for_the_rest_of_a_batch() -> None:
    order = order_of(5, 2, 100, 30)
    assert order.shape == (3, 30)
    assert len(set(order.ravel().tolist())) == 90
    expected = np.random.Generator(np.random.PCG64([5, 2])).permutation(100)[:90]
    assert order.ravel().tolist() == expected.tolist()
    left_out = [set(range(100)) - set(order_of(5, epoch, 100, 30).ravel().tolist()) for epoch in range(2)]
    assert left_out[0] != left_out[1]


@pytest.mark.parametrize(("batch", "micro", "parts"), [(8, 8, (1, 0)), (8, 3, (2, 2)), (8, 1, (8, 0)), (8, 99, (1, 0))])
def test_a_batch_is_cut_into_micro_batches(batch: int, micro: int, parts: tuple[int, int]) -> None:
    assert cut(batch, micro) == parts
    assert parts[0] * min(micro, batch) + parts[1] == batch


def test_blocks_hold_what_was_packed_by_name() -> None:
    inputs, labels = ROWS.layout.unpack(ROWS.floats, ROWS.whole)
    assert np.array_equal(inputs["x"], X)
    assert np.array_equal(inputs["places"], PLACES)
    assert np.array_equal(np.asarray(labels)[:, 0], Y)
    assert {name: np.asarray(values).dtype.name for name, values in inputs.items()} == {
        "x": "float32",
        "places": "int32",
    }


def test_blocks_need_neither_numbers_nor_places() -> None:
    for inputs in ({"x": X}, {"places": PLACES}):
        rows = pack(inputs, Y)
        found, labels = rows.layout.unpack(rows.floats, rows.whole)
        assert found.keys() == inputs.keys()
        assert np.array_equal(np.asarray(labels)[:, 0], Y)


@pytest.mark.parametrize("micro", [30, 15, 7, 1])
def test_steps_are_gradient_descent_on_the_mean_loss_whatever_the_micro_batch(micro: int) -> None:
    model = logistic()
    order = order_of(1, 0, 90, 30)
    wanted, end = by_hand(model.get_weights()[0][:, 0].astype(np.float64), 0.0, order)
    one = steps(model, micro=micro)
    assert one.run(one.load(order)) == pytest.approx(wanted, abs=1e-5)
    assert np.append(*model.get_weights()) == pytest.approx(end, abs=1e-5)


def test_a_gradient_that_reaches_a_variable_in_no_micro_batch_leaves_it_alone() -> None:
    class Unused(keras.layers.Layer):
        def build(self, shape: Any) -> None:
            self.extra = self.add_weight(shape=(2,), initializer="ones", name="extra")

        def call(self, x: Any) -> Any:
            return x

    fit.seeded(1)
    tensor = keras.Input((3,), name="x")
    model = keras.Model({"x": tensor}, keras.layers.Dense(1, activation="sigmoid")(Unused()(tensor)))
    model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.5), "binary_crossentropy")
    one = steps(model, micro=10, rows=pack({"x": X}, Y))
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        one.run(one.load(order_of(1, 0, 90, 30)))
    assert "extra" in model.weights[0].path


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"resident": False}, {}])
def test_how_steps_are_spread_over_calls_changes_no_bit(how: dict[str, Any]) -> None:
    order = np.concatenate([order_of(1, epoch, 90, 30) for epoch in range(4)])
    at_once, in_pieces = steps(network()), steps(network(), **how)
    losses = at_once.run(at_once.load(order))
    pieces = [in_pieces.run(in_pieces.load(part)) for part in np.split(order, [1, 5, 6])]
    assert losses.tolist() == np.concatenate(pieces).tolist()
    assert same(at_once.state(), in_pieces.state())


def test_a_restored_state_goes_on_as_if_nothing_had_been() -> None:
    order = order_of(1, 0, 90, 30)
    one, other = steps(network()), steps(network())
    one.run(one.load(order))
    kept = one.state()
    losses = one.run(one.load(order))
    other.run(other.load(order[:1]))
    other.restore(kept)
    assert other.run(other.load(order)).tolist() == losses.tolist()
    assert same(one.state(), other.state())


def test_an_evaluation_is_the_mean_over_rows_however_they_are_cut() -> None:
    model = logistic()
    one = steps(model)
    loss, answers = one.evaluate(ROWS)
    z = np.concatenate([X, PLACES], axis=1).astype(np.float64)
    weights = model.get_weights()[0][:, 0].astype(np.float64)
    p = 1 / (1 + np.exp(-z @ weights))
    assert loss == pytest.approx(-np.log(np.where(Y == 1, p, 1 - p)).mean() + PENALTY * (weights**2).sum(), abs=1e-6)
    assert answers[:, 0] == pytest.approx(p, abs=1e-6)
    one.evaluated_at_once = 7
    assert one.evaluate(ROWS)[0] == pytest.approx(loss, abs=1e-6)


def test_steps_end_with_the_first_loss_that_is_no_number() -> None:
    poisoned = pack({"x": np.where(np.arange(90)[:, None] == 40, np.nan, X), "places": PLACES}, Y)
    one = steps(logistic(), rows=poisoned)
    losses = one.run(one.load(np.arange(90, dtype=np.int32).reshape(3, 30)))
    assert len(losses) == 2
    assert math.isfinite(losses[0])
    assert math.isnan(losses[1])


def test_xla_computes_the_same_within_rounding() -> None:
    order = order_of(1, 0, 90, 30)
    plain, compiled = steps(logistic()), steps(logistic(), xla=True)
    assert compiled.run(compiled.load(order)) == pytest.approx(plain.run(plain.load(order)), abs=1e-5)


@pytest.mark.slow
def test_a_step_over_two_devices_is_that_over_one() -> None:
    code = """
import logging, sys, numpy as np, tensorflow as tf
cpus = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)
sys.path.insert(0, {folder!r})
import keras, test_steps as t
order = np.concatenate([t.order_of(1, epoch, 90, 30) for epoch in range(3)])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
clipped = lambda: t.clipped(keras.optimizers.Adam(0.01, global_clipnorm=0.1))
for make, how in ((t.logistic, {{}}), (clipped, {{"micro": 7, "resident": False}})):
    one = t.steps(make())
    wanted = one.run(one.load(order))
    with strategy.scope():
        model = make()
    two = t.steps(model, strategy=strategy, **how)
    found = np.concatenate([two.run(two.load(part)) for part in (order[:4], order[4:])])
    assert np.abs(found - wanted).max() < 1e-5, (wanted, found)
    assert all(np.abs(a - b).max() < 1e-4 for a, b in zip(one.state(), two.state())), how
    assert abs(two.evaluate(t.ROWS)[0] - one.evaluate(t.ROWS)[0]) < 1e-5
print("same")
"""
    folder = str(Path(__file__).parent)
    command = [sys.executable, "-W", "ignore", "-c", code.format(folder=folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.endswith("same\n"), done.stderr[-3000:]


def clipped(optimizer: Any) -> Any:
    """A model without anything random, whose gradients are clipped."""
    model = logistic()
    model.compile(optimizer, "binary_crossentropy")
    return model
