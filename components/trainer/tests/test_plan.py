from __future__ import annotations

import logging
import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from tensorflow.python.summary.summary_iterator import summary_iterator

from benison.components.trainer import fit
from benison.components.trainer.fit import Plan, planned, scalars
from benison.components.trainer.fit.building import built, exported
from benison.components.trainer.fit.plan import environment
from benison.components.trainer.steps.blocks import pack
from benison.config import Model as Settings
from benison.core.errors import ConfigError, ModelCodeError

SETTINGS = Settings("model.py", epochs=2, batch_size=32, patience=2, seed=5)
X = np.random.default_rng(1).normal(size=(200, 2)).astype(np.float32)
ROWS = pack({"x": X}, (X[:, 0] > 0.1).astype(np.int8))
SAMPLE = {"x": X[:5]}


def maker(dtype: str | None) -> Callable[[], Any]:
    """Makes models whose answer is of a type; None: that of the policy."""

    def make() -> Any:
        tensor = keras.Input((2,), name="x")
        hidden = keras.layers.Dense(4, activation="relu")(tensor)
        model = keras.Model({"x": tensor}, keras.layers.Dense(1, activation="sigmoid", dtype=dtype)(hidden))
        model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
        return model

    return make


def test_without_a_gpu_all_is_done_in_float32_on_the_cpu() -> None:
    for accelerator in ("auto", "none"):
        plan = planned(replace(SETTINGS, accelerator=accelerator))
        assert (plan.device, plan.precision, plan.xla, plan.replicas, plan.room) == ("CPU", "float32", False, 1, None)
    assert planned(replace(SETTINGS, xla="always")).xla
    assert planned(replace(SETTINGS, precision="bfloat16")).precision == "bfloat16"


def test_a_gpu_that_is_required_and_not_there_names_what_was_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(ConfigError) as raised:
        planned(replace(SETTINGS, accelerator="required"))
    said = str(raised.value)
    assert said.startswith(
        "benison.yaml (model.accelerator): expected a GPU that TensorFlow sees, since one is required"
    )
    for part in ("CUDA, 0 of /dev/nvidia*", "CUDA_VISIBLE_DEVICES '3'", "write  accelerator: auto"):
        assert part in said


def test_what_was_computed_with_is_recorded() -> None:
    found = environment(Plan(precision="bfloat16", xla=True), 64)
    assert (found["precision"], found["xla"], found["micro_batch"], found["replicas"]) == ("bfloat16", True, 64, 1)
    assert (found["device"], found["driver"]) == ("CPU", None)
    assert min(found["threads"].values()) >= 1


def test_rows_lie_on_a_device_that_has_room_for_them() -> None:
    rows = ROWS
    assert rows.nbytes == 200 * 3 * 4
    assert [Plan(room=room).holds(rows) for room in (None, rows.nbytes, rows.nbytes - 1)] == [True, True, False]


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_model_is_trained_in_mixed_precision_and_exported_in_float32(precision: str) -> None:
    fit.seeded(5)
    plan = Plan(precision=precision)
    model, used = built(maker("float32"), SAMPLE, replace(SETTINGS, precision=precision), "model.py", plan)
    assert keras.config.dtype_policy().name == "float32"
    assert used == plan
    assert model.layers[1].compute_dtype == precision
    assert hasattr(model.optimizer, "inner_optimizer") == (precision == "float16")
    training = fit.fit(model, ROWS, ROWS, SETTINGS, "model.py", plan=used)
    assert training.curves[-1].loss < training.curves[0].loss < 1
    final = exported(maker("float32"), model, used)
    assert {layer.compute_dtype for layer in final.layers} == {"float32"}
    assert [weight.path for weight in final.weights] == [weight.path for weight in model.weights]
    assert np.allclose(fit.predict(final, SAMPLE, ""), fit.predict(model, SAMPLE, ""), atol=0.02)


def test_an_answer_in_half_precision_is_trained_in_float32_where_nobody_asked_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fit.seeded(5)
    plan = Plan(precision="bfloat16")
    with caplog.at_level(logging.WARNING, "benison"):
        model, used = built(maker(None), SAMPLE, SETTINGS, "model.py", plan)
    assert (used.precision, model.layers[1].compute_dtype) == ("float32", "float32")
    assert "model.py answers in bfloat16 in mixed precision" in caplog.text
    with pytest.raises(ModelCodeError, match=r"expected an answer in float32, .* got bfloat16") as raised:
        built(maker(None), SAMPLE, replace(SETTINGS, precision="bfloat16"), "model.py", plan)
    assert raised.value.hint == 'end with  Dense(1, activation="sigmoid", dtype="float32")'


def test_float16_on_several_devices_does_not_take_an_optimizer_that_clips() -> None:
    def clipping() -> Any:
        model = maker("float32")()
        model.compile(keras.optimizers.Adam(clipnorm=1.0), "binary_crossentropy")
        return model

    two = Plan(precision="float16", strategy=SimpleNamespace(num_replicas_in_sync=2, scope=nullcontext))
    with pytest.raises(ModelCodeError, match=r"expected an optimizer without clipnorm, .* got Adam with it"):
        built(clipping, SAMPLE, SETTINGS, "model.py", two)
    built(clipping, SAMPLE, SETTINGS, "model.py", Plan(precision="float16"))


def test_in_float32_the_trained_model_itself_is_exported() -> None:
    model, used = built(maker(None), SAMPLE, SETTINGS, "model.py", Plan())
    assert exported(maker(None), model, used) is model


def test_tensorboard_reads_a_scalar_per_epoch(tmp_path: Path) -> None:
    fit.seeded(5)
    training = fit.fit(maker(None)(), ROWS, ROWS, SETTINGS, "model.py")
    scalars.write(training, tmp_path)
    found: dict[str, list[float]] = {}
    for split in ("train", "eval"):
        (file,) = (tmp_path / "logs" / split).iterdir()
        assert file.stat().st_size < 2000
        for event in summary_iterator(str(file)):
            for value in event.summary.value:
                numbers = value.tensor.float_val or np.frombuffer(value.tensor.tensor_content, np.float32).tolist()
                found.setdefault(f"{split}/{value.tag}", []).append(numbers[0])
    assert found.keys() == {"train/loss", "train/examples_per_second", "eval/loss", "eval/auc"}
    assert found["train/loss"] == pytest.approx([epoch.loss for epoch in training.curves])
    assert found["eval/auc"] == pytest.approx([epoch.eval_auc for epoch in training.curves])
    assert math.prod(found["train/examples_per_second"]) > 0
