"""Infer: a first schema.pbtxt from data, for a person to look over."""

from __future__ import annotations

import math
from collections.abc import Collection

import pyarrow as pa
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.example_validator.measure import Asked, Cell, Measured, measure
from benison.core.profiles import ColumnProfile

# A text column with fewer rows for each of its values than this is free text or a key, not a closed set.
_ROWS_PER_VALUE = 10
# A draft must not cry wolf, and a column that is nearly gone must be seen.
_MORE_MISSING = 0.2
_HEADER = """\
# A draft, inferred from the data at hand. Look it over: which values and bounds are right is for a person to say.
# https://www.tensorflow.org/tfx/data_validation/get_started
"""


def infer_table(table: pa.Table) -> str:
    """A schema that some rows fulfil, as the text of a schema.pbtxt: see `infer_measured`.

    Columns that TFDV cannot profile are named in a comment.
    """
    left_out = unprofiled(table)
    known = table.select([name for name in table.column_names if name not in left_out])
    [(_, measured)] = measure([Cell(("rows",), lambda: iter(known.to_batches()))], Asked(known.schema))
    booleans = {field.name for field in table.schema if pa.types.is_boolean(field.type)}
    comments = "".join(f"# {name}: {kind}, not profiled\n" for name, kind in left_out.items())
    return _HEADER + comments + str(text_format.MessageToString(infer_measured(measured, booleans)))


def unprofiled(table: pa.Table) -> dict[str, str]:
    """The columns that TFDV has no statistics for, and their types."""
    return {field.name: str(field.type) for field in table.schema if not _is_profiled(field.type)}


def _is_profiled(kind: pa.DataType) -> bool:
    """TFDV knows numbers, booleans and text; a column of nothing but missing values counts as text."""
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return bool(is_number or is_text or pa.types.is_null(kind))


def infer_measured(measured: Measured, booleans: Collection[str] = ()) -> schema_pb2.Schema:
    """A schema that rows fulfil: types, presence, and the values of text columns that look like a closed set.

    Whole numbers get no bounds, since the next span's may be larger, and those that happen to be 0 and 1 are not
    taken for booleans. Where values are missing, a fifth of the rows more may lack theirs.

    Args:
        measured: The rows.
        booleans: Columns that are booleans by their type.
    """
    columns = {name: tally.profile() for name, tally in measured.tallies.items()}
    schema = tfdv.infer_schema(measured.statistics, infer_feature_shape=False)
    for feature in schema.feature:
        _loosen(feature, columns[feature.name], is_boolean=feature.name in booleans)
    used = {feature.domain for feature in schema.feature}
    domains = [domain for domain in schema.string_domain if domain.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(domains)
    return schema


def _loosen(feature: schema_pb2.Feature, values: ColumnProfile, *, is_boolean: bool) -> None:
    kind = feature.WhichOneof("domain_info")
    if (kind == "bool_domain" and not is_boolean) or kind in ("int_domain", "float_domain"):
        feature.ClearField(kind)
    if kind == "domain" and values.rows < _ROWS_PER_VALUE * values.distinct:
        feature.ClearField("domain")
    if values.present and not feature.presence.min_fraction:
        least = math.floor(100 * (values.present / values.rows - _MORE_MISSING)) / 100
        feature.presence.min_fraction = max(0.0, least)
