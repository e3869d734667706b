"""What the feature graph makes of rows, as arrays for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.components.trainer.featurize.graph import Dated, FeatureGraph, Fitted, Scaled, sources
from benison.components.trainer.featurize.raw import columns_on_scale, different, moments_of
from benison.components.trainer.featurize.tensors import Transform
from benison.core.signatures import NUMBER, feed

_AT_ONCE = 262_144


def transform(table: pa.Table, graph: FeatureGraph) -> dict[str, npt.NDArray[Any]]:
    """What the model receives, by the very operations that are exported.

    Texts go through them once for each different value, since TensorFlow takes them one Python object at a time.

    Args:
        table: n rows with every column of the graph.
        graph: The fitted graph.

    Returns:
        By input name an array [n, width]: float32 quantities or int32 places.

    Raises:
        DataError: As `fit`.
    """
    made = Transform(graph)
    return {feature.input: _array(table, feature, made) for feature in graph.features}


def _array(table: pa.Table, feature: Fitted, made: Transform) -> npt.NDArray[Any]:
    columns = [made.graph.column(name) for name in sources(feature)]
    if isinstance(feature, Scaled):
        columns_on_scale(table, feature.declared)
    if all(column.type == NUMBER for column in columns):
        return _in_parts(table, feature, made)
    values, each = different(table, [column.name for column in columns])
    if isinstance(feature, Dated):
        moments_of(values, each, columns[0])
    found: npt.NDArray[Any] = _in_parts(values, feature, made)[each]
    return found


def _in_parts(table: pa.Table, feature: Fitted, made: Transform) -> npt.NDArray[Any]:
    """A feature of some rows; so many at once that the operations between do not take memory without bound."""
    starts = range(0, max(table.num_rows, 1), _AT_ONCE)
    parts = [made.feature(feature, _tensors(table.slice(start, _AT_ONCE), feature, made)).numpy() for start in starts]
    return np.concatenate(parts)


def _tensors(table: pa.Table, feature: Fitted, made: Transform) -> Mapping[str, Any]:
    columns = [made.graph.column(name) for name in sources(feature)]
    return tensors(table, columns)


def tensors(table: pa.Table, columns: Sequence[Any]) -> dict[str, Any]:
    """Rows as the tensors that `Transform` takes, by input name."""
    kinds = {"number": tf.float32, "seconds": tf.float64, "text": tf.string}
    found = feed(table, [vars(column) for column in columns])
    return {column.input: tf.constant(found[column.input], kinds[column.type]) for column in columns}
