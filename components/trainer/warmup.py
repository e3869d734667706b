"""warmup: requests that TensorFlow Serving answers before it takes traffic, so that no caller waits for the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf

from benison.components.trainer.agree import as_examples
from benison.components.trainer.featurize.graph import FeatureGraph, Fitted, Indexed, RawColumn, Scaled, sources
from benison.components.trainer.featurize.transform import tensors
from benison.core.signatures import NUMBER, SECONDS, SERVE_COLUMNS, SERVE_EXAMPLES, TEXT

FILE = "tf_serving_warmup_requests"
# Batches of one row, and of some: TensorFlow Serving prepares for both.
_BATCHES = (1, 64)


def write(graph: FeatureGraph, model: str, folder: Path) -> None:
    """Writes the requests where TensorFlow Serving looks for them.

    Args:
        graph: The fitted graph, whose own figures make up the rows: nobody's data are in a package.
        model: The name that the model is served under.
        folder: The package's ``assets.extra``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / FILE)) as writer:
        for record in requests(graph, model):
            writer.write(record)


def requests(graph: FeatureGraph, model: str) -> Iterator[bytes]:
    """Serialized PredictionLogs: a typical row, alone and among rows without any value, by both signatures."""
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    for batch in _BATCHES:
        rows = typical(graph, batch)
        inputs = {
            SERVE_EXAMPLES: {"examples": tf.constant(as_examples(rows, graph))},
            SERVE_COLUMNS: tensors(rows, graph.columns),
        }
        for signature, by_name in inputs.items():
            request = predict_pb2.PredictRequest()
            request.model_spec.name, request.model_spec.signature_name = model, signature
            for name, tensor in by_name.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(tensor))
            log = prediction_log_pb2.PredictLog(request=request)
            yield prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString()


def typical(graph: FeatureGraph, rows: int) -> pa.Table:
    """Rows of the graph's own figures: the mean and the most frequent value, and every second one without any value."""
    values = {column.name: _typical(column, graph.features) for column in graph.columns}
    return pa.table(
        {
            column.name: pa.array([(None if row % 2 else values[column.name]) for row in range(rows)], _kind(column))
            for column in graph.columns
        }
    )


def _kind(column: RawColumn) -> Any:
    if column.type == TEXT:
        return pa.string()
    return {"int64_list": pa.int64(), "float_list": pa.float64()}.get(column.stored_as, pa.string())


def _typical(column: RawColumn, features: tuple[Fitted, ...]) -> Any:
    own = [feature for feature in features if sources(feature) == (column.name,)]
    if column.type == NUMBER:
        mean = next((_mean(feature) for feature in own if isinstance(feature, Scaled)), 0.0)
        return int(mean) if column.stored_as == "int64_list" else mean
    if column.type == SECONDS:
        return 0
    words = [feature.vocabulary[:1] for feature in own if isinstance(feature, Indexed)]
    if words and words[0]:
        return words[0][0]
    if column.stored_as == "int64_list":
        return "0"
    return "1970-01-01" if any(f.kind == "date" for f in own) else "a"


def _mean(feature: Scaled) -> float:
    normal = feature.offset + feature.scale * feature.fill
    return float(np.expm1(normal)) if feature.declared.log else normal
