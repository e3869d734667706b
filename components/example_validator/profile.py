"""Profile: TFDV's statistics of a table that is in memory."""

from __future__ import annotations

import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from benison.components.example_validator.measure import Asked, Cell, measure


def _is_profiled(kind: pa.DataType) -> bool:
    """TFDV knows numbers, booleans and text; a column of nothing but missing values counts as text."""
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(is_number or is_text or pa.types.is_null(kind))


def unprofiled(table: pa.Table) -> dict[str, str]:
    """The columns that TFDV has no statistics for, and their types."""
    return {field.name: str(field.type) for field in table.schema if not _is_profiled(field.type)}


def statistics(table: pa.Table, schema: schema_pb2.Schema | None = None) -> statistics_pb2.DatasetFeatureStatisticsList:
    """TFDV's statistics of a table.

    Missing values stay missing and whole numbers whole; booleans count as 0 and 1.

    Args:
        table: Rows; columns that `unprofiled` names are left out.
        schema: What each column is meant to be, see `declared`; None: as the data looks.
    """
    known = table.select([field.name for field in table.schema if _is_profiled(field.type)])
    cell = Cell(("rows",), lambda: iter(known.to_batches()))
    [(_, measured)] = measure([cell], Asked(known.schema, schema))
    return measured.statistics
