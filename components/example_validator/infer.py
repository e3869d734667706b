"""Infer: a first schema.pbtxt from data, for a person to look over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from benison.components.example_validator.measure import Measured
from benison.components.example_validator.profile import statistics, unprofiled
from benison.core.examples import read_split

# A text column with fewer rows for each of its values than this is free text or a key, not a closed set.
_ROWS_PER_VALUE = 10
_HEADER = """\
# A draft, inferred from the data at hand. Look it over: which values and bounds are right is for a person to say.
# https://www.tensorflow.org/tfx/data_validation/get_started
"""


def infer(examples: Path) -> str:
    """A schema that the train split of an examples artifact fulfils, as the text of a schema.pbtxt.

    Args:
        examples: An examples artifact.

    Raises:
        DataError: It has no train split.
    """
    return infer_table(read_split(examples, "train"))


def infer_table(table: pa.Table) -> str:
    """The same, from rows: types, presence, and the values of text columns that look like a closed set.

    Whole numbers get no bounds, since the next span's may be larger, and those that happen to be 0 and 1 are not
    taken for booleans. Columns that TFDV cannot profile are named in a comment.

    Args:
        table: Some rows.
    """
    columns = {name: _Values(len(table), pc.count_distinct(table[name]).as_py()) for name in table.column_names}
    booleans = {field.name for field in table.schema if pa.types.is_boolean(field.type)}
    schema = _inferred(statistics(table), columns, booleans)
    left_out = "".join(f"# {name}: {kind}, not profiled\n" for name, kind in unprofiled(table).items())
    return _HEADER + left_out + str(text_format.MessageToString(schema))


def infer_measured(measured: Measured) -> schema_pb2.Schema:
    """The same, from rows that were measured."""
    columns = {name: _Values(measured.rows, tally.profile().distinct) for name, tally in measured.tallies.items()}
    return _inferred(measured.statistics, columns, set())


class _Values(NamedTuple):
    """How many rows a column has, and how many different values."""

    rows: int
    distinct: int


def _inferred(
    found: statistics_pb2.DatasetFeatureStatisticsList, columns: Mapping[str, _Values], booleans: Collection[str]
) -> schema_pb2.Schema:
    """What TFDV infers, without what a sample cannot know."""
    schema = tfdv.infer_schema(found, infer_feature_shape=False)
    for feature in schema.feature:
        _loosen(feature, columns[feature.name], is_boolean=feature.name in booleans)
    used = {feature.domain for feature in schema.feature}
    domains = [domain for domain in schema.string_domain if domain.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(domains)
    return schema


def _loosen(feature: schema_pb2.Feature, values: _Values, *, is_boolean: bool) -> None:
    kind = feature.WhichOneof("domain_info")
    if (kind == "bool_domain" and not is_boolean) or kind in ("int_domain", "float_domain"):
        feature.ClearField(kind)
    if kind == "domain" and values.rows < _ROWS_PER_VALUE * values.distinct:
        feature.ClearField("domain")
