"""Profile: TFDV's statistics of a split, and the bins and counts that later snapshots are compared with."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx_bsl.arrow import table_util

from benison.core.examples import as_text
from benison.measures.drift import bin_counts, quantile_edges

# As many values of a categorical column are kept by name; the rows of the others are counted together.
KEPT_VALUES = 100


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_profiled(kind: pa.DataType) -> bool:
    """TFDV knows numbers, booleans and text; a column of nothing but missing values counts as text."""
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(_is_number(kind) or is_text or pa.types.is_boolean(kind) or pa.types.is_null(kind))


def unprofiled(table: pa.Table) -> dict[str, str]:
    """The columns that TFDV has no statistics for, and their types."""
    return {field.name: str(field.type) for field in table.schema if not _is_profiled(field.type)}


def statistics(table: pa.Table, schema: schema_pb2.Schema | None = None) -> statistics_pb2.DatasetFeatureStatisticsList:
    """TFDV's statistics of a table, by its own generators, in memory and without Beam.

    Missing values stay missing and whole numbers whole; booleans count as 0 and 1.

    Args:
        table: Rows; columns that `unprofiled` names are left out.
        schema: What each column is meant to be, see `as_declared`; None: as the data looks.
    """
    names = [field.name for field in table.schema if _is_profiled(field.type)]
    declared = {feature.name: feature for feature in schema.feature} if schema else {}
    columns = [_single(as_declared(table[name], declared[name]) if name in declared else table[name]) for name in names]
    batch = table_util.CanonicalizeRecordBatch(pa.RecordBatch.from_arrays(columns, names))
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=schema))


def as_declared(column: pa.ChunkedArray, feature: schema_pb2.Feature) -> pa.ChunkedArray:
    """A column in the type that the schema declares if every value can be read so, otherwise as it is, for TFDV to say.

    Text files have no types: whether 3 is a whole number, a number or text is for the schema to say, not for the
    other rows of the file.
    """
    held = column.type
    number = pa.int64() if feature.type == schema_pb2.INT else pa.float64()
    if pa.types.is_string(held) and feature.type in (schema_pb2.INT, schema_pb2.FLOAT):
        is_bool = feature.WhichOneof("domain_info") == "bool_domain"
        return _read_as(column, [number, pa.bool_()] if is_bool else [number])
    if pa.types.is_integer(held) and feature.type == schema_pb2.FLOAT:
        return column.cast(pa.float64(), safe=False)
    if pa.types.is_integer(held) and feature.type == schema_pb2.BYTES:
        return column.cast(pa.string())
    return column


def _read_as(column: pa.ChunkedArray, kinds: list[pa.DataType]) -> pa.ChunkedArray:
    """Text as the first of some types that all of it can be read as; text where there is none."""
    for kind in kinds:
        with contextlib.suppress(pa.ArrowInvalid):
            return column.cast(kind)
    return column


def _single(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def profile(table: pa.Table, kinds: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What a snapshot's columns look like, as profile.json says it.

    Args:
        table: The rows of train.
        kinds: ``numeric`` or ``categorical`` by column. A column that is not there, or that TFDV cannot profile,
            is left out; text in the place of numbers is profiled as categories.

    Returns:
        A profile by column.
    """
    there = {name: kind for name, kind in kinds.items() if name in table.column_names}
    return {
        name: numeric(table[name])
        if kind == "numeric" and (_is_number(table[name].type) or pa.types.is_boolean(table[name].type))
        else categorical(table[name])
        for name, kind in there.items()
        if _is_profiled(table[name].type)
    }


def numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """A numeric column as float64; missing values are NaN."""
    return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(), dtype=np.float64)


def numeric(column: pa.ChunkedArray) -> dict[str, Any]:
    """The profile of a numeric column: moments of its finite values, quantile edges, and rows in each bin."""
    found = numbers(column)
    values = found[~np.isnan(found)]
    finite = values[np.isfinite(values)]
    edges = quantile_edges(finite)
    return {
        "kind": "numeric",
        "rows": len(found),
        "missing": len(found) - len(values),
        "mean": _moment(finite, np.mean),
        "std": _moment(finite, np.std),
        "edges": edges.tolist(),
        "counts": bin_counts(values, edges).tolist(),
    }


def _moment(values: npt.NDArray[np.float64], of: Any) -> float | None:
    """A mean or deviation; None where there is none, or none that a float64 holds."""
    if not len(values):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        moment = float(of(values))
    return moment if np.isfinite(moment) else None


def categorical(column: pa.ChunkedArray) -> dict[str, Any]:
    """The profile of a categorical column: rows by value for the most frequent ones, the others in one sum."""
    counted = pc.value_counts(pc.drop_null(as_text(column)))
    by_value = pa.table({"value": counted.field("values"), "rows": counted.field("counts")})
    kept = by_value.sort_by([("rows", "descending"), ("value", "ascending")]).slice(0, KEPT_VALUES)
    counts = dict(zip(kept["value"].to_pylist(), kept["rows"].to_pylist(), strict=True))
    valued = len(column) - column.null_count
    return {
        "kind": "categorical",
        "rows": len(column),
        "missing": column.null_count,
        "counts": counts,
        "other": valued - sum(counts.values()),
    }
