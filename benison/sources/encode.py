"""Encode: rows as serialized tf.Examples in TFX's convention, a missing value, or NaN, being a feature without one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.core.logs import quiet_imports

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

INTEGERS, FLOATS, TEXTS = "int64_list", "float_list", "bytes_list"
BLOCK_ROWS = 8192
_SAID = {INTEGERS: "whole numbers", FLOATS: "numbers", TEXTS: "text"}
_TYPES = {INTEGERS: pa.int64(), FLOATS: pa.float64()}


def stored_as(columns: pa.Schema, schema: schema_pb2.Schema) -> dict[str, str]:
    """Which list of a tf.Example keeps each column.

    Args:
        columns: The columns of the rows: numbers or text.
        schema: What is declared; the type of a column that it does not know is the rows' own. Text files have no types,
            and a label is text in a snapshot even where it reads 0 and 1, so what is declared counts.

    Returns:
        By column ``int64_list``, ``float_list`` or ``bytes_list``.
    """
    # Here, since a model server has no need of schemas, and TFX's package of them no place beside kserve's protobuf.
    from tensorflow_metadata.proto.v0 import schema_pb2

    lists = {schema_pb2.INT: INTEGERS, schema_pb2.FLOAT: FLOATS, schema_pb2.BYTES: TEXTS}
    declared = {feature.name: lists.get(feature.type) for feature in schema.feature}
    return {column.name: declared.get(column.name) or _natural(column.type) for column in columns}


def _natural(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return INTEGERS
    return FLOATS if pa.types.is_floating(kind) else TEXTS


def encode(table: pa.Table, kinds: Mapping[str, str]) -> list[bytes]:
    """Rows as serialized tf.Examples.

    Args:
        table: Rows with, or without, the columns of `kinds`; a column that is not there is a feature without a value.
        kinds: The features, by column the list that keeps it, see `stored_as`.

    Returns:
        One tf.Example for each row, in the table's order.

    Raises:
        DataError: A value cannot be kept so: a text where numbers belong, a fraction among whole numbers, a number
            beyond float32.
    """
    found: list[bytes] = []
    for start in range(0, table.num_rows, BLOCK_ROWS):
        rows = table.slice(start, BLOCK_ROWS)
        lists = [_lists(_column(rows, name), kind, name) for name, kind in kinds.items()]
        found += _serialized(pa.RecordBatch.from_arrays(lists, list(kinds)), kinds)
    return found


def _serialized(batch: pa.RecordBatch, kinds: Mapping[str, str]) -> list[bytes]:
    """By TFX's encoder, or where it is not installed, as beside a model server, one by one."""
    # Here, since without TensorFlow it takes a second to import, and most that import this module encode nothing.
    with quiet_imports():
        if find_spec("tfx_bsl") is None:
            return list(one_by_one(batch, kinds))
        from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder
    encoded: list[bytes] = RecordBatchToExamplesEncoder().encode(batch)
    return encoded


def one_by_one(batch: pa.RecordBatch, kinds: Mapping[str, str]) -> Iterator[bytes]:
    """Rows as serialized tf.Examples without TFX's encoder.

    Args:
        batch: Rows whose values are lists of one, or null where they are missing.
        kinds: By column the list of a tf.Example that keeps it.

    Returns:
        One for each row: the same features as TFX's encoder writes, in order of their names.
    """
    import tensorflow as tf

    columns = [(name, batch.column(name).to_pylist()) for name in sorted(kinds)]
    for row in range(batch.num_rows):
        example = tf.train.Example()
        for name, values in columns:
            feature = example.features.feature[name]
            if values[row] is not None:
                getattr(feature, kinds[name]).value.extend(values[row])
        yield example.SerializeToString(deterministic=True)


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray:
    return rows[name] if name in rows.column_names else pa.chunked_array([pa.nulls(rows.num_rows)])


def _lists(column: pa.ChunkedArray, kind: str, name: str) -> pa.Array:
    """Each value as a list of one, each missing one as no list."""
    values = _values(column, kind, name)
    missing = np.asarray(values.is_null())
    starts = np.concatenate([[0], np.cumsum(~missing)])
    starts = pa.array(starts, pa.int64(), mask=np.append(missing, False))
    return pa.LargeListArray.from_arrays(starts, values.drop_null())


def _values(column: pa.ChunkedArray, kind: str, name: str) -> pa.Array:
    """A column in the type in which a tf.Example keeps it."""
    if kind == TEXTS:
        return as_text(_whole(column)).cast(pa.large_binary())
    try:
        values = _whole(column.cast(_TYPES[kind]))
    except pa.ArrowInvalid as error:
        raise _unfit(name, kind, _first_unfit(column, kind)) from error
    if kind == INTEGERS:
        return values
    values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    with np.errstate(over="ignore"):
        narrow = values.cast(pa.float32(), safe=False)
    beyond = pc.fill_null(pc.and_(pc.is_inf(narrow), pc.invert(pc.is_inf(values))), False)
    if pc.any(beyond).as_py():
        raise _unfit(name, "numbers between -3.4e38 and 3.4e38", f"{values.filter(beyond)[0].as_py():g}")
    return narrow


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column of one block in one piece."""
    found = column.combine_chunks()
    return pa.concat_arrays(found.chunks) if isinstance(found, pa.ChunkedArray) else found


def _first_unfit(column: pa.ChunkedArray, kind: str) -> str:
    for value in column.to_pylist():
        try:
            pa.array([value], column.type).cast(_TYPES[kind])
        except pa.ArrowInvalid:
            return repr(value)
    return str(column.type)


def _unfit(name: str, kind: str, got: str) -> DataError:
    hint = "mend the data, or what schema.pbtxt says of the column"
    return DataError(
        f"column {name!r}", expected=f"{_SAID.get(kind, kind)}, to be kept in tf.Examples", got=got, hint=hint
    )
