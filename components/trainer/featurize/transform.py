"""What the feature graph makes of rows, as arrays for training; never of more rows at once than a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf

from benison.components.trainer.featurize.graph import Dated, FeatureGraph, Fitted, Scaled, is_place, sources
from benison.components.trainer.featurize.raw import columns_on_scale, different, moments_of
from benison.components.trainer.featurize.tensors import Transform
from benison.components.trainer.steps.blocks import Blocks, Layout, allocate
from benison.core.errors import DataError
from benison.core.examples import LabelledSplit
from benison.core.signatures import NUMBER, feed

_AT_ONCE = 262_144


def layout_of(graph: FeatureGraph) -> Layout:
    """The columns of the blocks that hold what a graph makes of rows."""
    widths = {place: [(f.input, f.width) for f in graph.features if is_place(f) == place] for place in (False, True)}
    return Layout(tuple(widths[False]), tuple(widths[True]))


def transform_split(split: LabelledSplit, graph: FeatureGraph, folder: Path | None = None) -> Blocks:
    """What the model receives of a split, with the labels.

    Args:
        split: Its rows, read batch by batch.
        graph: The fitted graph.
        folder: Where the result lies; None: in memory.

    Raises:
        DataError: As `fit`.
    """
    made, blocks, start = Transform(graph), allocate(layout_of(graph), split.num_rows, folder), 0
    try:
        for table in split.batches([column.name for column in graph.columns], _AT_ONCE):
            stop = start + table.num_rows
            blocks.put(start, _transformed(table, made), split.labels[start:stop])
            start = stop
    except DataError:
        # Of a batch alone the message would count its rows from the batch's first.
        for feature in graph.features:
            _look(split.select([graph.column(name).name for name in sources(feature)]), feature, made)
        raise
    return blocks


def transform(table: pa.Table, graph: FeatureGraph) -> dict[str, npt.NDArray[Any]]:
    """What the model receives of rows in memory, by the very operations that are exported.

    Texts go through them once for each different value, since TensorFlow takes them one Python object at a time.

    Args:
        table: n rows with every column of the graph.
        graph: The fitted graph.

    Returns:
        By input name an array [n, width]: float32 quantities or int32 places.

    Raises:
        DataError: As `fit`.
    """
    return _transformed(table, Transform(graph))


def _transformed(table: pa.Table, made: Transform) -> dict[str, npt.NDArray[Any]]:
    return {feature.input: _array(table, feature, made) for feature in made.graph.features}


def _look(table: pa.Table, feature: Fitted, made: Transform) -> None:
    """Raises what is wrong with the columns of a feature."""
    columns = [made.graph.column(name) for name in sources(feature)]
    feed(table, [vars(column) for column in columns])
    if isinstance(feature, Scaled):
        columns_on_scale(table, feature.declared)
    if isinstance(feature, Dated):
        moments_of(*different(table, [columns[0].name]), columns[0])


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
