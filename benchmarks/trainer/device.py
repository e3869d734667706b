"""The numeric core of training on whatever Keras runs on: step time against what the device could do at best.

    KERAS_BACKEND=jax python benchmarks/trainer/device.py --tflops 989 --gb-per-second 3350

Needs Keras and NumPy, and JAX or TensorFlow. The bounds are the device's own, in the precision that is asked for.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from benison.components.trainer.steps.blocks import Blocks, pack
from benison.components.trainer.steps.order import order_of
from benison.components.trainer.steps.protocol import Steps

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
# Read and written by Adam in each step: the weight, both moments and the gradient, in float32.
BYTES_PER_WEIGHT = 4 * (4 + 3)


def model_of(features: int, units: list[int]) -> Any:
    keras.utils.set_random_seed(1)
    tensor = keras.Input((features,), name="x")
    hidden = tensor
    for width in units:
        hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(width, activation="relu")(hidden))
    model = keras.Model({"x": tensor}, keras.layers.Dense(1, activation="sigmoid", dtype="float32")(hidden))
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy", jit_compile=False)
    return model


def steps_of(model: Any, rows: Blocks, batch: int, micro: int, *, resident: bool, xla: bool) -> tuple[Steps, str]:
    """The steps on the backend that is there, and the device's name."""
    if keras.config.backend() == "jax":
        import jax

        from benison.components.trainer.steps.on_jax import JaxSteps

        return JaxSteps(model, rows, micro_batch=micro, resident=resident), str(jax.devices()[0].device_kind)
    import tensorflow as tf

    from benison.components.trainer.steps.on_tensorflow import TensorFlowSteps

    gpus = tf.config.list_physical_devices("GPU")
    name = tf.config.experimental.get_device_details(gpus[0])["device_name"] if gpus else "CPU"
    steps = TensorFlowSteps(model, rows, batch_size=batch, micro_batch=micro, xla=xla, resident=resident)
    return steps, str(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--features", type=int, default=100)
    parser.add_argument("--units", type=int, nargs="+", default=[256, 128])
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--micro", type=int, help="rows at once; the batch by default")
    parser.add_argument("--precision", choices=sorted(POLICIES), default="float32")
    parser.add_argument("--steps", type=int, default=256, help="of a call")
    parser.add_argument("--calls", type=int, default=5)
    parser.add_argument("--from-host", action="store_true", help="rows are brought to the device for each call")
    parser.add_argument("--xla", action="store_true", help="on TensorFlow; JAX has nothing else")
    parser.add_argument("--tflops", type=float, help="the device's arithmetic, 10^12 a second")
    parser.add_argument("--gb-per-second", type=float, help="the device's memory, 10^9 bytes a second")
    print(json.dumps(measured(parser.parse_args()), indent=1))


def measured(asked: argparse.Namespace) -> dict[str, Any]:
    """The figures; times are medians over calls, of loading and running together."""
    keras.config.set_dtype_policy(POLICIES[asked.precision])
    rng = np.random.default_rng(1)
    x = rng.normal(size=(asked.rows, asked.features)).astype(np.float32)
    rows = pack({"x": x}, (x[:, 0] > rng.normal(size=asked.rows)).astype(np.int8))
    model = model_of(asked.features, asked.units)
    micro = asked.micro or asked.batch
    steps, device = steps_of(model, rows, asked.batch, micro, resident=not asked.from_host, xla=asked.xla)
    order = order_of(1, 0, asked.rows, asked.batch)[: asked.steps]
    steps.run(steps.load(order))
    times = []
    for _ in range(asked.calls):
        start = time.perf_counter()
        losses = steps.run(steps.load(order))
        times.append((time.perf_counter() - start) / len(order))
    seconds = statistics.median(times)
    operations, moved = work(asked, model)
    told = {
        "device": device,
        "backend": keras.config.backend(),
        "precision": asked.precision,
        "parameters": model.count_params(),
        "batch": asked.batch,
        "micro_batch": micro,
        "step_ms": round(1000 * seconds, 4),
        "examples_per_second": round(asked.batch / seconds),
        "tflops": operations / seconds / 1e12,
        "gb_per_second": moved / seconds / 1e9,
        "device_peak_mb": steps.device_peak_mb(),
        "loss": float(losses[-1]),
    }
    if asked.tflops:
        told["least_ms_by_arithmetic"] = operations / asked.tflops / 1e9
    if asked.gb_per_second:
        told["least_ms_by_memory"] = moved / asked.gb_per_second / 1e6
    return told


def work(asked: argparse.Namespace, model: Any) -> tuple[float, float]:
    """Operations and bytes of a step at least: three products per layer; weights, rows and what layers hand on."""
    widths = [asked.features, *asked.units, 1]
    products = sum(one * other for one, other in pairwise(widths))
    half = 4 if asked.precision == "float32" else 2
    # Each activation is written and read on the way forth and on the way back.
    activations = asked.batch * sum(widths[1:]) * half * 4
    return 6.0 * asked.batch * products, model.count_params() * BYTES_PER_WEIGHT + rows_bytes(asked) + activations


def rows_bytes(asked: argparse.Namespace) -> float:
    """The rows of a step, read from their block and written for the model."""
    return 2.0 * 4 * asked.batch * (asked.features + 1)


if __name__ == "__main__":
    main()
