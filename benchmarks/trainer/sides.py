"""One side of the comparison in a process of its own: trains two epochs, and tells the second one's speed and loss."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

NUMBERS = 5
SIZES = (10, 9, 17, 8, 42)
MODELS = {"small": ((64,), 256), "wide": ((256, 128), 1024)}
SHARD_ROWS = 100_000
EPOCHS = 2
Columns = dict[str, npt.NDArray[Any]]


def raw(rows: int, seed: int) -> tuple[Columns, npt.NDArray[np.int8]]:
    """Rows as in census: five numbers, five texts of few values, and an answer that depends on some of them."""
    rng = np.random.default_rng(seed)
    columns: Columns = {f"n{n}": rng.normal(40, 12, rows).astype(np.float32) for n in range(NUMBERS)}
    columns |= {f"c{n}": rng.integers(0, size, rows).astype(np.int32) for n, size in enumerate(SIZES)}
    z = (columns["n0"] - 40) / 12 - 1 + (columns["c1"] == 3) + np.abs(columns["n1"] - 40) / 12
    return columns, (rng.random(rows) < 1 / (1 + np.exp(-z))).astype(np.int8)


def inputs_of(columns: Columns) -> Columns:
    """What the feature graph makes of them."""
    return {
        name: ((values - 40) / 12 if name[0] == "n" else values + 2).astype(values.dtype)[:, np.newaxis]
        for name, values in columns.items()
    }


def model_of(kind: str, steps_per_execution: int = 16) -> Any:
    """The census example's kind of model: one place of its own for each value, dense layers with dropout."""
    keras.utils.set_random_seed(1)
    inputs = {f"n{n}": keras.Input((1,), name=f"n{n}") for n in range(NUMBERS)}
    inputs |= {f"c{n}": keras.Input((1,), name=f"c{n}", dtype="int32") for n in range(len(SIZES))}
    places = [keras.ops.one_hot(keras.ops.squeeze(inputs[f"c{n}"], -1), size + 2) for n, size in enumerate(SIZES)]
    hidden = keras.layers.Concatenate()([*(inputs[f"n{n}"] for n in range(NUMBERS)), *places])
    for units in MODELS[kind][0]:
        hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(units, activation="relu")(hidden))
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.001), "binary_crossentropy", steps_per_execution=steps_per_execution)
    return model


class Timed(keras.callbacks.Callback):
    """Notes how long the last epoch took."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds = time.perf_counter() - self.began


def ours(kind: str, rows: int, folder: Path) -> tuple[float, float]:
    """Benison's loop as a project has it by default, with deterministic operations."""
    from benison.components.trainer import fit
    from benison.components.trainer.steps.blocks import pack
    from benison.config import Model as Settings

    fit.seeded(1)
    columns, labels = raw(rows, 1)
    held, answers = raw(1000, 2)
    settings = Settings("model.py", epochs=EPOCHS, batch_size=MODELS[kind][1], patience=EPOCHS, seed=1)
    train, evaluated = pack(inputs_of(columns), labels), pack(inputs_of(held), answers)
    training = fit.fit(model_of(kind), train, evaluated, settings, "model.py")
    return training.speed[-1].examples / training.speed[-1].train_seconds, training.curves[-1].loss


def numpy_fit(kind: str, rows: int, folder: Path) -> tuple[float, float]:
    """`model.fit` on NumPy arrays in memory."""
    columns, labels = raw(rows, 1)
    targets = labels.astype(np.float32)[:, np.newaxis]
    timed, model = Timed(), model_of(kind)
    batch = MODELS[kind][1]
    history = model.fit(inputs_of(columns), targets, batch_size=batch, epochs=EPOCHS, verbose=0, callbacks=[timed])
    return rows / timed.seconds, history.history["loss"][-1]


def tfrecord(kind: str, rows: int, folder: Path) -> tuple[float, float]:
    """A TFX Trainer's way: tf.Examples parsed, looked up and normalised in a tf.data pipeline, in every epoch.

    The files are compressed, as ExampleGen writes them, and Keras has one step a call, as it has by default.
    """
    batch, timed, model = MODELS[kind][1], Timed(), model_of(kind, steps_per_execution=1)
    tables = {f"c{n}": _table(size) for n, size in enumerate(SIZES)}
    spec = {f"n{n}": tf.io.FixedLenFeature([1], tf.float32) for n in range(NUMBERS)}
    spec |= {name: tf.io.FixedLenFeature([1], tf.string) for name in tables}
    spec["label"] = tf.io.FixedLenFeature([1], tf.int64)

    def transformed(parsed: Any) -> Any:
        inputs = {f"n{n}": (parsed[f"n{n}"] - 40) / 12 for n in range(NUMBERS)}
        inputs |= {name: tf.cast(table.lookup(parsed[name]), tf.int32) for name, table in tables.items()}
        return inputs, tf.cast(parsed["label"], tf.float32)

    files = tf.data.Dataset.from_tensor_slices([str(shard(folder))] * max(1, rows // SHARD_ROWS))
    records = (
        tf.data.TFRecordDataset(files, compression_type="GZIP")
        .shuffle(10_000, seed=1)
        .repeat()
        .batch(batch, drop_remainder=True)
    )
    parsed = records.map(lambda raw: tf.io.parse_example(raw, spec), num_parallel_calls=tf.data.AUTOTUNE)
    ready = parsed.map(transformed, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    steps = rows // batch
    history = model.fit(ready, steps_per_epoch=steps, epochs=EPOCHS, verbose=0, callbacks=[timed])
    return steps * batch / timed.seconds, history.history["loss"][-1]


def _table(size: int) -> Any:
    keys, places = tf.constant([f"value {n}" for n in range(size)]), tf.range(2, size + 2, dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, places), 1)


def shard(folder: Path) -> Path:
    """A TFRecord file of 100,000 rows; it is written where it is missing."""
    file = folder / "rows.tfrecord.gz"
    if not file.exists():
        columns, labels = raw(SHARD_ROWS, 1)
        with tf.io.TFRecordWriter(str(file), "GZIP") as writer:
            for row in range(SHARD_ROWS):
                writer.write(_example(columns, int(labels[row]), row))
    return file


def _example(columns: Columns, label: int, row: int) -> bytes:
    features = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=[values[row]]))
        if name[0] == "n"
        else tf.train.Feature(bytes_list=tf.train.BytesList(value=[f"value {values[row]}".encode()]))
        for name, values in columns.items()
    }
    features["label"] = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    return bytes(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())


SIDES = {side.__name__: side for side in (ours, numpy_fit, tfrecord)}

if __name__ == "__main__":
    name, kind, rows, folder = sys.argv[1:]
    examples_per_second, loss = SIDES[name](kind, int(rows), Path(folder))
    gpus = tf.config.list_physical_devices("GPU")
    device = tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU") if gpus else "CPU"
    print(json.dumps({"examples_per_second": examples_per_second, "loss": float(loss), "device": device}))
