"""What the feature graph makes of rows, as arrays for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from benison.components.trainer.featurize.graph import Dated, FeatureGraph, Fitted, Scaled, sources
from benison.components.trainer.featurize.raw import columns_on_scale, moments_of
from benison.components.trainer.featurize.tensors import Transform
from benison.core.signatures import NUMBER, feed

_AT_ONCE = 262_144
Whole = npt.NDArray[np.int64]


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
    for feature in graph.features:
        _usable(table, feature, graph)
    return {feature.input: _array(table, feature, made) for feature in graph.features}


def _usable(table: pa.Table, feature: Fitted, graph: FeatureGraph) -> None:
    if isinstance(feature, Scaled):
        columns_on_scale(table, feature.declared)
    if isinstance(feature, Dated):
        moments_of(table, graph.column(feature.declared.column))


def _array(table: pa.Table, feature: Fitted, made: Transform) -> npt.NDArray[Any]:
    columns = [made.graph.column(name) for name in sources(feature)]
    if all(column.type == NUMBER for column in columns):
        return _in_parts(table, feature, made)
    different, each = _different(table, [column.name for column in columns])
    found: npt.NDArray[Any] = _in_parts(different, feature, made)[each]
    return found


def _different(table: pa.Table, columns: Sequence[str]) -> tuple[pa.Table, Whole]:
    """The different rows of some columns, and for each row of the table which of them it is."""
    encoded = {name: _encoded(table[name]) for name in columns}
    if len(columns) == 1:
        ((name, (values, codes)),) = encoded.items()
        return pa.table({name: values}), codes
    together = np.zeros(table.num_rows, np.int64)
    for values, codes in encoded.values():
        # Made narrow again at every column, so that no product of two numbers of values overflows.
        together = np.unique(together * max(len(values), 1) + codes, return_inverse=True)[1].reshape(-1)
    _, first, each = np.unique(together, return_index=True, return_inverse=True)
    return table.select(columns).take(first), each.reshape(-1)


def _encoded(column: pa.ChunkedArray) -> tuple[pa.Array, Whole]:
    """A column's different values, a missing one among them, and for each row the number of its own."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = pc.dictionary_encode(column, null_encoding="encode").combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], column.type).dictionary_encode()
    return encoded.dictionary, np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)


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
