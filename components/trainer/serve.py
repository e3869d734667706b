"""serve: the feature graph in TensorFlow, and the two signatures under which a model answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from benison.components.trainer.featurize import FIRST, MISSING, UNKNOWN, Categorical, FeatureGraph, Numeric
from benison.core.signatures import PROBABILITY, SERVE_COLUMNS, SERVE_EXAMPLES

_STORED = {"int64_list": tf.int64, "float_list": tf.float32}


class Served(tf.Module):
    """Feature graph and model as one; everything that a signature refers to hangs on it."""

    def __init__(self, graph: FeatureGraph, model: Any) -> None:
        super().__init__(name="served")
        self.graph, self.model_call = graph, _inference(model)
        self.kept = [variable.value for variable in model.variables]
        self.tables = {c.input: _table(c) for c in graph.columns if isinstance(c, Categorical)}

    def transformed(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """What `featurize.transform` makes of the same rows, in TensorFlow.

        Args:
            columns: By input name a tensor [n]: float32 with NaN for missing, or strings with "" for missing.

        Returns:
            By input name a tensor [n, 1], float32 or int32.
        """
        return {c.input: tf.expand_dims(self._transformed(c, columns[c.input]), 1) for c in self.graph.columns}

    def _transformed(self, column: Numeric | Categorical, values: Any) -> Any:
        if isinstance(column, Categorical):
            return tf.cast(self.tables[column.input].lookup(values), tf.int32)
        return _normalised(column, values)

    def serve_columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Probabilities of rows given as one tensor [n] for each feature."""
        return {PROBABILITY: tf.reshape(tf.cast(self.model_call(self.transformed(columns)), tf.float32), [-1])}

    def serve_examples(self, examples: Any) -> dict[str, Any]:
        """Probabilities of rows given as serialized tf.Examples, where a missing feature is a missing value."""
        spec = {c.name: tf.io.RaggedFeature(_stored_type(c), row_splits_dtype=tf.int64) for c in self.graph.columns}
        parsed = tf.io.parse_example(examples, spec)
        return self.serve_columns({c.input: _single(c, parsed[c.name]) for c in self.graph.columns})

    def signatures(self) -> dict[str, Any]:
        """The traced functions by signature name."""
        columns = {
            c.input: tf.TensorSpec([None], tf.string if isinstance(c, Categorical) else tf.float32, name=c.input)
            for c in self.graph.columns
        }
        examples = tf.TensorSpec([None], tf.string, name="examples")
        return {
            SERVE_EXAMPLES: _traced(self.serve_examples, examples),
            SERVE_COLUMNS: _traced(self.serve_columns, columns),
        }


def _traced(function: Callable[..., Any], spec: Any) -> Any:
    """A function of one argument as a graph, of the very operations that it calls, as Keras traces its own."""
    return tf.function(function, input_signature=[spec], autograph=False).get_concrete_function()


def _inference(model: Any) -> Callable[[Any], Any]:
    """The model as a function, so that its optimizer is not saved with it."""
    return lambda inputs: model(inputs, training=False)


def _table(column: Categorical) -> Any:
    keys = tf.constant(["", *column.vocabulary], tf.string)
    places = tf.constant([MISSING, *range(FIRST, column.size)], tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, places), UNKNOWN)


def _normalised(column: Numeric, values: Any) -> Any:
    """As in NumPy, and what would have been an error there, infinite or negative under log, counts as missing."""
    wide = tf.cast(values, tf.float64)
    known = tf.math.is_finite(wide)
    if column.log:
        known = known & (wide >= 0)
        wide = tf.math.log1p(tf.where(known, wide, tf.zeros_like(wide)))
    normal = (wide - column.mean) / column.std
    return tf.cast(tf.where(known, normal, tf.zeros_like(normal)), tf.float32)


def _stored_type(column: Numeric | Categorical) -> Any:
    return tf.string if isinstance(column, Categorical) else _STORED[column.stored_as]


def _single(column: Numeric | Categorical, values: Any) -> Any:
    """A feature's one value of each example, or what stands for a missing one."""
    one = tf.debugging.assert_less_equal(
        values.row_lengths(), tf.constant(1, tf.int64), message=f"feature {column.name!r}: expected one value at most"
    )
    with tf.control_dependencies([one]):
        if isinstance(column, Categorical):
            return tf.squeeze(values.to_tensor("", shape=(None, 1)), 1)
        return tf.squeeze(tf.cast(values, tf.float32).to_tensor(float("nan"), shape=(None, 1)), 1)
