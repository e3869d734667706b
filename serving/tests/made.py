"""Small packages whose answers tell which of them answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import tensorflow as tf

from benison.core import documents

COLUMNS = [
    {"name": "x", "input": "x", "type": "number", "stored_as": "float_list"},
    {"name": "visits", "input": "visits", "type": "number", "stored_as": "int64_list"},
    {"name": "city", "input": "city", "type": "text", "stored_as": "bytes_list"},
]
FEATURES = {
    "label": {"column": "bought", "positive": "yes", "negative": "no"},
    "columns": COLUMNS,
    "features": [
        {
            "name": "x",
            "input": "x",
            "kind": "numeric",
            "version": 1,
            "columns": ["x"],
            "declared": {"log": False, "clip": [None, None], "normalise": "standard"},
            "fitted": {"offset": 0.0, "scale": 1.0, "fill": 0.0, "quantiles": []},
        }
    ],
}
_ANSWERED = {"nan": float("nan"), "high": 2.0}
# Longer than a server of the tests waits.
_SLEEP_SECONDS = 4
# A tenth of a second, more than copies are waited for, and some seconds.
_ROUNDS = {"late": 100, "busy": 2000, "slow": 4000}
ROW = {"x": 0.5, "visits": 2, "city": "Bonn"}


class Scaling(tf.Module):
    """Answers level * x, where x is missing level; a text of ``fails`` has its own fault.

    Args:
        level: From 0 to 1.
        fails: ``nan``, ``high``, ``late``, ``busy``, ``slow``, ``asleep`` or none: what cities of that name are
            answered with; any other: an error.
    """

    def __init__(self, level: float, fails: str = "") -> None:
        super().__init__()
        self.level, self.fails = tf.Variable(level, dtype=tf.float32), fails

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "city"),
            tf.TensorSpec([None], tf.float32, "visits"),
            tf.TensorSpec([None], tf.float32, "x"),
        ]
    )
    def serve_columns(self, city: tf.Tensor, visits: tf.Tensor, x: tf.Tensor) -> dict[str, tf.Tensor]:
        score = self.level * tf.where(tf.math.is_nan(x), 1.0, x) + 0.0 * tf.where(tf.math.is_nan(visits), 0.0, visits)
        return {"probability": self._faulty(tf.equal(city, self.fails), score) if self.fails else score}

    def _faulty(self, hit: tf.Tensor, score: tf.Tensor) -> tf.Tensor:
        if self.fails in _LATE:
            return score + 0.0 * tf.cond(tf.reduce_any(hit), _LATE[self.fails], lambda: 0.0)
        if self.fails in _ANSWERED:
            return tf.where(hit, _ANSWERED[self.fails], score)
        with tf.control_dependencies([tf.debugging.Assert(~tf.reduce_any(hit), ["out of order"])]):
            return tf.identity(score)


def _work(rounds: int) -> tf.Tensor:
    """A millisecond or so a round of work on one core, which nothing can skip."""
    start = tf.ones([300, 300]) / 300.0
    (_, worked) = tf.while_loop(lambda i, _: i < rounds, lambda i, a: (i + 1, tf.matmul(a, start)), (0, start))
    return tf.reduce_sum(worked)


def _sleep() -> tf.Tensor:
    """Some seconds of which no core hears: half of them before the one element, half before the end."""
    kinds: dict[str, Any] = {"output_types": [tf.float32], "output_shapes": [[]]}
    one = tf.raw_ops.TensorDataset(components=[tf.constant(0.0)], output_shapes=[[]])
    slept = tf.raw_ops.SleepDataset(
        input_dataset=one, sleep_microseconds=tf.constant(_SLEEP_SECONDS * 500_000, tf.int64), **kinds
    )
    return tf.raw_ops.DatasetToSingleElement(dataset=slept, **kinds)[0]


_LATE: dict[str, Callable[[], tf.Tensor]] = {
    **{name: partial(_work, rounds) for name, rounds in _ROUNDS.items()},
    "asleep": _sleep,
}


class Examples(tf.Module):
    """The same as a TFX module exports it: serialized tf.Examples in, its own graph, 10 * missing visits."""

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {
            "x": tf.io.FixedLenFeature([], tf.float32, 1.0),
            "visits": tf.io.FixedLenFeature([], tf.int64, 0),
            "city": tf.io.FixedLenFeature([], tf.string, ""),
        }
        parsed = tf.io.parse_example(examples, spec)
        of_bonn = tf.cast(tf.equal(parsed["city"], "Bonn"), tf.float32)
        return {"scores": tf.reshape(0.5 * parsed["x"] + 0.25 * of_bonn, [-1, 1])}


def scaling(folder: Path, level: float, fails: str = "") -> Path:
    """Saves a package of `Scaling`."""
    model = Scaling(level, fails)
    tf.saved_model.save(model, str(folder), signatures={"serve_columns": model.serve_columns})
    documents.write(folder / "assets.extra" / "features.json", "features", FEATURES)
    return folder


def examples(folder: Path) -> Path:
    """Saves a package of `Examples`."""
    model = Examples()
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.serve})
    told: dict[str, Any] = {**FEATURES, "features": []}
    documents.write(folder / "assets.extra" / "features.json", "features", told)
    return folder
