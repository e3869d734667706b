"""Infer: a first schema.pbtxt from data, for a person to look over."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

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
    schema = tfdv.infer_schema(statistics(table), infer_feature_shape=False)
    for feature in schema.feature:
        _loosen(feature, table[feature.name])
    used = {feature.domain for feature in schema.feature}
    domains = [domain for domain in schema.string_domain if domain.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(domains)
    left_out = "".join(f"# {name}: {kind}, not profiled\n" for name, kind in unprofiled(table).items())
    return _HEADER + left_out + str(text_format.MessageToString(schema))


def _loosen(feature: schema_pb2.Feature, column: pa.ChunkedArray) -> None:
    """Takes back what a sample cannot know."""
    kind = feature.WhichOneof("domain_info")
    if kind == "bool_domain" and not pa.types.is_boolean(column.type):
        feature.ClearField("bool_domain")
    if kind in ("int_domain", "float_domain"):
        feature.ClearField(kind)
    if kind == "domain" and len(column) < _ROWS_PER_VALUE * pc.count_distinct(column).as_py():
        feature.ClearField("domain")
