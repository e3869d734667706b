import io
import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from google.protobuf import text_format
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.core.errors import DataError
from benison.sources.encode import BLOCK_ROWS, encode, one_by_one, stored_as
from benison.sources.read_tfrecord import masked_crc, read_tfrecord

NOTHING = schema_pb2.Schema()
TABLE = pa.table(
    {
        "age": pa.array([40, None, -7], pa.int64()),
        "fare": pa.array([1.5, float("inf"), None]),
        "city": pa.array(["Köln", None, ""]),
        "gone": pa.array([None, None, None], pa.float64()),
    }
)


def schema(text: str) -> schema_pb2.Schema:
    return text_format.Parse(text, schema_pb2.Schema())


def by_tensorflow(record: bytes) -> dict[str, Any]:
    """What TensorFlow's own message holds: by feature the kind of list, and its values."""
    features = tf.train.Example.FromString(record).features.feature
    kinds = {name: feature.WhichOneof("kind") for name, feature in features.items()}
    return {name: kind and (kind, list(getattr(features[name], kind).value)) for name, kind in kinds.items()}


def test_a_value_is_a_list_of_one_and_a_missing_one_a_feature_without_a_list() -> None:
    records = encode(TABLE, stored_as(TABLE.schema, NOTHING))
    infinite = ("float_list", [float("inf")])
    cities = [("bytes_list", ["Köln".encode()]), None, ("bytes_list", [b""])]
    assert [by_tensorflow(record) for record in records] == [
        {"age": ("int64_list", [40]), "fare": ("float_list", [1.5]), "city": cities[0], "gone": None},
        {"age": None, "fare": infinite, "city": cities[1], "gone": None},
        {"age": ("int64_list", [-7]), "fare": None, "city": cities[2], "gone": None},
    ]


def test_tensorflow_parses_what_is_written() -> None:
    spec = {"age": tf.io.FixedLenFeature([], tf.int64, -1), "fare": tf.io.FixedLenFeature([], tf.float32, -1.0)}
    parsed = tf.io.parse_example(encode(TABLE, stored_as(TABLE.schema, NOTHING)), spec)
    assert parsed["age"].numpy().tolist() == [40, -1, -7]
    assert parsed["fare"].numpy().tolist() == [1.5, float("inf"), -1.0]


def test_a_number_that_is_none_is_a_missing_value() -> None:
    (record,) = encode(pa.table({"fare": [float("nan")]}), {"fare": "float_list"})
    assert by_tensorflow(record) == {"fare": None}


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(-(2**63), 2**63 - 1),
            st.none() | st.floats(width=32, allow_nan=False),
            st.none() | st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])),
        ),
        min_size=1,
    )
)
def test_rows_that_are_read_again_are_the_same(rows: list[tuple[Any, ...]]) -> None:
    kinds = {"whole": pa.int64(), "float": pa.float64(), "text": pa.large_string()}
    columns = [pa.array(values, kind) for kind, values in zip(kinds.values(), zip(*rows, strict=True), strict=True)]
    table = pa.table(columns, list(kinds)).cast(pa.schema({**kinds, "text": pa.string()}))
    framed = io.BytesIO(b"".join(map(framed_record, encode(table, stored_as(table.schema, NOTHING)))))
    (block,) = read_tfrecord(framed, "rows")
    for name, wanted in zip(kinds, columns, strict=True):
        assert block[name].cast(kinds[name]).to_pylist() == wanted.to_pylist()


def framed_record(record: bytes) -> bytes:
    head = len(record).to_bytes(8, "little")
    return head + masked_crc(head).to_bytes(4, "little") + record + masked_crc(record).to_bytes(4, "little")


def test_blocks_and_chunks_change_nothing() -> None:
    rows = 2 * BLOCK_ROWS + 5
    whole = pa.table({"number": pa.array(np.arange(rows), mask=np.arange(rows) % 3 == 0)})
    pieces = pa.concat_tables([whole.slice(0, 7), whole.slice(7, BLOCK_ROWS), whole.slice(BLOCK_ROWS + 7)])
    records = encode(pieces, {"number": "int64_list"})
    assert len(records) == rows
    for place in (0, 1, 6, 7, BLOCK_ROWS, BLOCK_ROWS + 6, BLOCK_ROWS + 8, rows - 1):
        assert by_tensorflow(records[place]) == {"number": ("int64_list", [place]) if place % 3 else None}
    assert encode(whole.slice(0, 0), {"number": "int64_list"}) == []


def test_what_the_schema_declares_counts() -> None:
    declared = schema(
        'feature { name: "label" type: INT } feature { name: "age" type: FLOAT } feature { name: "code" type: BYTES }'
    )
    table = pa.table({"label": ["1", None], "age": [40, None], "code": [7.0, 0.5], "more": [True, False]})
    kinds = stored_as(table.schema, declared)
    assert kinds == {"label": "int64_list", "age": "float_list", "code": "bytes_list", "more": "int64_list"}
    one, nought = ("int64_list", [1]), ("int64_list", [0])
    assert [by_tensorflow(record) for record in encode(table, kinds)] == [
        {"label": one, "age": ("float_list", [40.0]), "code": ("bytes_list", [b"7"]), "more": one},
        {"label": None, "age": None, "code": ("bytes_list", [b"0.5"]), "more": nought},
    ]


def test_a_column_that_is_not_there_is_without_values() -> None:
    assert by_tensorflow(encode(TABLE, {"other": "float_list"})[0]) == {"other": None}


@pytest.mark.parametrize(
    ("values", "kind", "wanted", "got"),
    [
        (["1", "x"], "int64_list", "whole numbers", "'x'"),
        ([1.0, 2.5], "int64_list", "whole numbers", "2.5"),
        (["1.5", "a"], "float_list", "numbers", "'a'"),
        ([1.0, -1e300], "float_list", "numbers between -3.4e38 and 3.4e38", "-1e+300"),
    ],
)
def test_what_cannot_be_kept_is_named(values: list[Any], kind: str, wanted: str, got: str) -> None:
    said = (
        f"column 'a': expected {wanted}, to be kept in tf.Examples, got {got}\n\n"
        "hint: mend the data, or what schema.pbtxt says of the column"
    )
    with pytest.raises(DataError, match=f"^{re.escape(said)}$"):
        encode(pa.table({"a": values}), {"a": kind})


def test_rows_are_written_alike_where_tfx_s_encoder_is_not_installed() -> None:
    kinds = stored_as(TABLE.schema, NOTHING)
    lists = {
        "age": pa.array([[40], None, [-7]], pa.list_(pa.int64())),
        "fare": pa.array([[1.5], [float("inf")], None], pa.list_(pa.float32())),
        "city": pa.array([["Köln".encode()], None, [b""]], pa.list_(pa.binary())),
        "gone": pa.array([None, None, None], pa.list_(pa.float32())),
    }
    batch = pa.RecordBatch.from_arrays(list(lists.values()), list(lists))
    alike = [by_tensorflow(record) for record in one_by_one(batch, kinds)]
    assert alike == [by_tensorflow(record) for record in encode(TABLE, kinds)]
