"""Declared: columns in the types that the schema says they have, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2


def types_to_read(feature: schema_pb2.Feature, held: pa.DataType) -> tuple[pa.DataType, ...]:
    """The types that a column may be read as, best first; the last one is its own if the declared one may not fit.

    Text files have no types: whether 3 is a whole number, a number or text is for the schema to say, not for the
    other rows of the file. But a text is a number only if every value of the column is one; if not, it stays text, for
    TFDV to say so.

    Args:
        feature: What the schema says of the column.
        held: Its type in the data.
    """
    number = pa.int64() if feature.type == schema_pb2.INT else pa.float64()
    if pa.types.is_string(held) and feature.type in (schema_pb2.INT, schema_pb2.FLOAT):
        is_bool = feature.WhichOneof("domain_info") == "bool_domain"
        return (number, pa.bool_(), held) if is_bool else (number, held)
    if pa.types.is_integer(held) and feature.type == schema_pb2.FLOAT:
        return (pa.float64(),)
    if pa.types.is_integer(held) and feature.type == schema_pb2.BYTES:
        return (pa.string(),)
    return (held,)


def declared_types(columns: pa.Schema, schema: schema_pb2.Schema | None) -> dict[str, tuple[pa.DataType, ...]]:
    """The types that each column may be read as, best first; its own where the schema does not know it."""
    known = {feature.name: feature for feature in schema.feature} if schema else {}
    return {one.name: types_to_read(known[one.name], one.type) if one.name in known else (one.type,) for one in columns}


def read_as(batch: pa.RecordBatch, held: pa.Schema) -> pa.RecordBatch:
    """Rows in the types that their columns are read as."""
    return pa.RecordBatch.from_arrays([_cast(batch[one.name], one.type) for one in held], held.names)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column if column.type == kind else column.cast(kind, safe=not pa.types.is_integer(column.type))


def readings(batches: Iterable[pa.RecordBatch], candidates: Mapping[str, tuple[pa.DataType, ...]]) -> dict[str, int]:
    """Which of its types each column can be read as, all of it.

    Args:
        batches: Rows.
        candidates: What `types_to_read` says, by column.

    Returns:
        By column the place of the first type that no value objects to.
    """
    found = dict.fromkeys(candidates, 0)
    for batch in batches:
        for name, kinds in candidates.items():
            while not _fits(batch[name], kinds[found[name]]):
                found[name] += 1
    return found


def _fits(column: pa.Array, kind: pa.DataType) -> bool:
    try:
        _cast(column, kind)
    except pa.ArrowInvalid:
        return False
    return True
