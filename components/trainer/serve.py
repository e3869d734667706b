"""serve: feature graph and model as one, and the signatures under which they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from benison.components.trainer.featurize.graph import FeatureGraph, RawColumn, is_place
from benison.components.trainer.featurize.tensors import Transform
from benison.core.signatures import (
    NUMBER,
    PROBABILITY,
    SERVE_COLUMNS,
    SERVE_EXAMPLES,
    SERVE_TRANSFORMED,
    TEXT,
    TRANSFORM_COLUMNS,
)

_STORED = {"int64_list": tf.int64, "float_list": tf.float32, "bytes_list": tf.string}
_TYPES = {NUMBER: tf.float32, TEXT: tf.string}


class Served(tf.Module):
    """Feature graph and model; everything that a signature refers to hangs on it.

    Args:
        graph: The fitted graph.
        model: The trained Keras model.
    """

    def __init__(self, graph: FeatureGraph, model: Any) -> None:
        super().__init__(name="served")
        self.graph, self.model_call = graph, _inference(model)
        self.kept = {variable.path: variable.value for variable in model.variables}
        self.transform = Transform(graph)

    def transform_columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """What the model sees of rows given as one tensor [n] for each column: [n, width] for each feature."""
        return self.transform(columns)

    def serve_transformed(self, features: Mapping[str, Any]) -> dict[str, Any]:
        """Probabilities [n] of rows given as the model sees them."""
        return {PROBABILITY: tf.reshape(tf.cast(self.model_call(dict(features)), tf.float32), [-1])}

    def serve_columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Probabilities [n] of rows given as one tensor [n] for each column."""
        return self.serve_transformed(self.transform(columns))

    def serve_examples(self, examples: Any) -> dict[str, Any]:
        """Probabilities [n] of rows given as serialized tf.Examples, where a missing column is a missing value."""
        spec = {
            c.name: tf.io.RaggedFeature(_STORED[c.stored_as], row_splits_dtype=tf.int64) for c in self.graph.columns
        }
        parsed = tf.io.parse_example(examples, spec)
        return self.serve_columns({c.input: _single(c, parsed[c.name]) for c in self.graph.columns})

    def signatures(self) -> dict[str, Any]:
        """The traced functions by signature name."""
        columns = {c.input: tf.TensorSpec([None], _type(c), name=c.input) for c in self.graph.columns}
        features = {
            f.input: tf.TensorSpec([None, f.width], tf.int32 if is_place(f) else tf.float32, name=f.input)
            for f in self.graph.features
        }
        return {
            SERVE_EXAMPLES: _traced(self.serve_examples, tf.TensorSpec([None], tf.string, name="examples")),
            SERVE_COLUMNS: _traced(self.serve_columns, columns),
            SERVE_TRANSFORMED: _traced(self.serve_transformed, features),
            TRANSFORM_COLUMNS: _traced(self.transform_columns, columns),
        }


def _traced(function: Callable[..., Any], spec: Any) -> Any:
    """A function of one argument as a graph, of the very operations that it calls, as Keras traces its own."""
    return tf.function(function, input_signature=[spec], autograph=False).get_concrete_function()


def _inference(model: Any) -> Callable[[Any], Any]:
    """The model as a function, so that its optimizer is not saved with it."""
    return lambda inputs: model(inputs, training=False)


def _type(column: RawColumn) -> Any:
    return _TYPES.get(column.type, tf.float64)


def _single(column: RawColumn, values: Any) -> Any:
    """A column's one value of each example, or what stands for a missing one."""
    one = tf.debugging.assert_less_equal(
        values.row_lengths(), tf.constant(1, tf.int64), message=f"feature {column.name!r}: expected one value at most"
    )
    with tf.control_dependencies([one]):
        if column.type == TEXT:
            texts = values if values.dtype == tf.string else tf.ragged.map_flat_values(tf.as_string, values)
            return tf.squeeze(texts.to_tensor("", shape=(None, 1)), 1)
        return tf.squeeze(tf.cast(values, _type(column)).to_tensor(float("nan"), shape=(None, 1)), 1)
