"""TensorFlow itself writes; we read without it."""

from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.sources.columns import Columns
from benison.sources.dataset import open_files
from benison.sources.example_proto import Example
from tests.sources.reading import table

tf = pytest.importorskip("tensorflow")

COLUMNS = Columns(numeric=("age", "half"), text=("city",))

VALUES = {
    "bytes_list": st.binary(max_size=20),
    "float_list": st.floats(width=32, allow_nan=False),
    "int64_list": st.integers(-(2**63), 2**63 - 1),
}
FEATURE = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: st.tuples(st.just(kind), st.lists(VALUES[kind], max_size=3))
)


def theirs(features: dict[str, tuple[str, list[Any]]]) -> Any:
    message = tf.train.Example()
    for name, (kind, values) in features.items():
        getattr(message.features.feature[name], kind).value.extend(values)
        getattr(message.features.feature[name], kind).SetInParent()
    return message


@given(st.dictionaries(st.text(max_size=8), FEATURE, max_size=5))
def test_the_message_is_the_same_in_both_directions(features: dict[str, tuple[str, list[Any]]]) -> None:
    written = theirs(features).SerializeToString(deterministic=True)
    ours = Example.FromString(written)
    read_back = {
        name: (feature.WhichOneof("kind"), list(getattr(feature, feature.WhichOneof("kind")).value))
        for name, feature in ours.features.feature.items()
    }
    assert read_back == features
    assert ours.SerializeToString(deterministic=True) == written


@pytest.mark.parametrize("compression", ["", "GZIP"])
def test_a_file_that_tensorflow_wrote_is_read(tmp_path: Path, compression: str) -> None:
    rows = [{"age": age, "half": age / 2, "city": f"Köln {age}".encode()} for age in range(300)]
    path = tmp_path / ("a.gz" if compression else "a")
    with tf.io.TFRecordWriter(str(path), options=compression) as writer:
        for row in rows:
            features = {
                "age": ("int64_list", [row["age"]]),
                "half": ("float_list", [row["half"]]),
                "city": ("bytes_list", [row["city"]]),
            }
            writer.write(theirs(features).SerializeToString())
    with open_files(path.name, "tfrecord", str(tmp_path), COLUMNS, tmp_path / "scratch") as dataset:
        found = table(dataset).to_pylist()
    assert found == [{**row, "city": cast(bytes, row["city"]).decode()} for row in rows]
