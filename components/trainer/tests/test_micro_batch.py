from __future__ import annotations

import dataclasses
import logging
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from benison.components.trainer import fit
from benison.components.trainer.fit.micro_batch import first, found
from benison.components.trainer.steps.blocks import Blocks, pack
from benison.components.trainer.steps.on_tensorflow import TensorFlowSteps
from benison.components.trainer.steps.order import order_of
from benison.config import Model as Settings
from benison.core.errors import ModelCodeError

SETTINGS = Settings("model.py", epochs=3, batch_size=128, patience=9, seed=5)
OUT = "benison.components.trainer.fit.micro_batch"


class Memory(keras.layers.Layer):
    """Memory for so many rows in training; with more of them TensorFlow itself says that it has none left.

    Args:
        rows: As many fit.
        while_tracing: It shows when the graph is built rather than when it runs.
        after: Steps for which everything fits.
    """

    def __init__(self, rows: int, *, while_tracing: bool = False, after: int = 0) -> None:
        super().__init__()
        self.room, self.while_tracing, self.after = rows, while_tracing, after
        self.calls = tf.Variable(0, trainable=False)

    def call(self, x: Any, training: bool = False) -> Any:
        if not training:
            return x
        if self.while_tracing:
            if x.shape[0] is not None and x.shape[0] > self.room:
                raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
            return x
        full = (tf.shape(x)[0] > self.room) & (self.calls.assign_add(1) > self.after)
        # A petabyte, which no allocator has.
        return x + tf.reduce_max(tf.fill([tf.where(full, tf.constant(1 << 48, tf.int64), 1)], 0.0))


def rows(count: int, seed: int) -> Blocks:
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, 2)).astype(np.float32)
    return pack({"x": x}, (random.random(count) < 1 / (1 + np.exp(-2 * x[:, 0]))).astype(np.int8))


TRAIN, HELD = rows(640, 1), rows(100, 2)


def network(memory: Memory | None = None) -> Any:
    fit.seeded(5)
    tensor = keras.Input((2,), name="x")
    hidden = keras.layers.Dense(4, activation="tanh")(tensor)
    hidden = memory(hidden) if memory else hidden
    model = keras.Model({"x": tensor}, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    return model


def trained(memory: Memory | None = None, **settings: Any) -> tuple[Any, fit.Training]:
    model = network(memory)
    return model, fit.fit(model, TRAIN, HELD, dataclasses.replace(SETTINGS, **settings), "model.py")


@pytest.fixture(scope="module")
def plain() -> tuple[Any, fit.Training]:
    return trained()


@pytest.mark.slow
@pytest.mark.parametrize("memory", [Memory(40), Memory(40, while_tracing=True), Memory(40, after=7)])
def test_out_of_memory_halves_the_micro_batch_and_leaves_the_model_as_it_would_be(
    plain: tuple[Any, fit.Training], memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        model, training = trained(memory)
    halved = [f"out of memory with micro-batches of {rows} rows: half of it from here on" for rows in (128, 64)]
    assert [message for message in caplog.messages if "memory" in message] == halved
    assert training.micro_batch == 32
    assert [epoch.loss for epoch in training.curves] == pytest.approx(
        [epoch.loss for epoch in plain[1].curves], abs=1e-5
    )
    for one, other in zip(model.get_weights(), plain[0].get_weights(), strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_a_model_that_does_not_fit_with_one_row_is_an_error() -> None:
    with pytest.raises(ModelCodeError, match="expected a model that fits into memory with one row at a time") as raised:
        trained(Memory(0), batch_size=2)
    assert raised.value.hint == "take a smaller model, or a machine with more memory"


def test_what_is_asked_for_is_taken_and_the_whole_batch_where_training_must_repeat() -> None:
    steps = TensorFlowSteps(network(), TRAIN, batch_size=128, micro_batch=128)
    order = order_of(1, 0, 640, 128)
    assert first(SETTINGS, steps, order) == 128
    assert first(dataclasses.replace(SETTINGS, micro_batch=48), steps, order) == 48
    assert trained(micro_batch=48)[1].micro_batch == 48


def test_the_search_ends_where_the_memory_does_and_leaves_everything_as_it_was() -> None:
    steps = TensorFlowSteps(network(Memory(64)), TRAIN, batch_size=128, micro_batch=128)
    before = steps.state()
    assert found(steps, order_of(1, 0, 640, 128)) in (32, 64)
    assert all(np.array_equal(one, other) for one, other in zip(before, steps.state(), strict=True))


def test_a_training_that_need_not_repeat_looks_for_its_micro_batch(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, OUT):
        training = trained(deterministic=False)[1]
    assert f"micro-batch: {training.micro_batch} of 128 rows" in caplog.text
