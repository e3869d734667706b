from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.components.trainer import agree
from benison.components.trainer.featurize.graph import (
    Bucketed,
    Crossed,
    Dated,
    FeatureGraph,
    Hashed,
    Indexed,
    RawColumn,
    Scaled,
    Tokenized,
)
from benison.components.trainer.featurize.transform import tensors, transform
from benison.components.trainer.inputs import model_features
from benison.components.trainer.serve import Served
from benison.config.features import Buckets, Categorical, Cross, Date, Numeric, Text

BAND = Bucketed(Buckets("band", "age"), "band", (20.0, 40.0))
CITY = Indexed(Categorical("city", "city"), "city", ("Köln", "日本", " ", "?"))
GRAPH = FeatureGraph(
    (
        RawColumn("age", "age", "number", "int64_list"),
        RawColumn("größe (cm)", "gr__e__cm_", "number", "float_list"),
        RawColumn("gain", "gain", "number", "float_list"),
        RawColumn("city", "city", "text", "bytes_list"),
        RawColumn("empty", "empty", "text", "bytes_list"),
        RawColumn("opened", "opened", "text", "bytes_list"),
        RawColumn("closed", "closed", "seconds", "int64_list"),
    ),
    (
        Scaled(Numeric("age", "age"), "age", 38.6, 13.7, 0.0),
        Scaled(Numeric("größe (cm)", "größe (cm)", clip=(-1e30, 1e30)), "gr__e__cm_", -2.5, 0.01, 0.25),
        Scaled(Numeric("gain", "gain", log=True), "gain", 0.7, 2.4, 0.0),
        CITY,
        Indexed(Categorical("empty", "empty"), "empty", ()),
        Tokenized(Text("words", "empty", length=3), "words", ("a", "日本")),
        Hashed(Categorical("hashed", "city", hash=11), "hashed"),
        BAND,
        Crossed(Cross("both", ("city", "band"), hash=97), "both", (CITY, BAND)),
        Dated(Date("opened", "opened", parts=("days", "weekday")), "opened", 20_000.0, 400.0),
        Dated(Date("closed", "closed", parts=("month", "hour")), "closed"),
    ),
)
# TensorFlow's libraries flush subnormal numbers to 0.
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False)
ROW = st.fixed_dictionaries(
    {
        "age": st.one_of(st.none(), st.integers(-(2**60), 2**60)),
        "größe (cm)": st.one_of(st.none(), st.just(math.nan), FLOATS),
        "gain": st.one_of(st.none(), st.just(0.0), FLOATS.map(abs)),
        "city": st.one_of(st.none(), st.sampled_from(["", "Köln", "Koln", "日本", " ", "?", "\x00"]), st.text()),
        "empty": st.one_of(st.none(), st.text(max_size=6)),
        "opened": st.one_of(st.none(), st.datetimes().map(str)),
        "closed": st.one_of(st.none(), st.integers(-(10**9), 10**10)),
    }
)
KINDS = pa.schema(
    [
        ("age", pa.int64()),
        ("größe (cm)", pa.float64()),
        ("gain", pa.float64()),
        ("city", "string"),
        ("empty", "string"),
        ("opened", "string"),
        ("closed", pa.int64()),
    ]
)


@pytest.fixture(scope="module")
def model() -> Any:
    """A model of fixed weights that answers differently wherever a feature differs."""
    keras.utils.set_random_seed(3)
    features = model_features(GRAPH)
    inputs = {feature.name: feature.input() for feature in features}
    encoded = [keras.ops.tanh(feature.encode(inputs[feature.name])) for feature in features]
    return keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Concatenate()(encoded)))


@pytest.fixture(scope="module")
def served(model: Any) -> Served:
    return Served(GRAPH, model)


@pytest.fixture(scope="module")
def signatures(served: Served) -> dict[str, Any]:
    return served.signatures()


@given(st.lists(ROW, min_size=1, max_size=20))
@settings(max_examples=20, deadline=None)
def test_the_signature_makes_of_every_row_what_training_sees(
    signatures: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    """Training sends each different text through the graph once, the signature every row."""
    table = pa.Table.from_pylist(rows, schema=KINDS)
    expected = transform(table, GRAPH)
    found = signatures["transform_columns"](**tensors(table, GRAPH.columns))
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(found[name].numpy(), values, err_msg=name)


@pytest.mark.parametrize("strange", [math.inf, -math.inf, math.nan, -1.0])
def test_what_would_have_been_an_error_in_training_counts_as_missing_when_served(
    served: Served, strange: float
) -> None:
    table = pa.Table.from_pylist([{"gain": None}], schema=KINDS)
    found = served.transform_columns({**tensors(table, GRAPH.columns), "gain": tf.constant([strange])})
    assert found["gain"].numpy().tolist() == [[0.0]]


def probabilities(served: Served, examples: list[tf.train.Example]) -> list[float]:
    found = served.serve_examples(tf.constant([example.SerializeToString() for example in examples]))
    return found["probability"].numpy().tolist()  # type: ignore[no-any-return]


def example(**features: Any) -> tf.train.Example:
    return tf.train.Example(features=tf.train.Features(feature=features))


def test_a_feature_that_is_missing_or_empty_in_a_tf_example_is_a_missing_value(served: Served, model: Any) -> None:
    missing = transform(pa.Table.from_pylist([{}], schema=KINDS), GRAPH)
    expected = float(model.predict_on_batch(missing)[0, 0])
    nothing = {name: tf.train.Feature() for name in KINDS.names}
    empty = {
        "age": tf.train.Feature(int64_list=tf.train.Int64List()),
        "gain": tf.train.Feature(float_list=tf.train.FloatList()),
        "city": tf.train.Feature(bytes_list=tf.train.BytesList()),
    }
    blank = {"city": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b""]))}
    found = probabilities(served, [example(), example(**nothing), example(**empty), example(**blank)])
    assert found == pytest.approx([expected] * 4, abs=1e-6)


def test_two_values_for_a_feature_are_refused_by_name(served: Served) -> None:
    two = example(age=tf.train.Feature(int64_list=tf.train.Int64List(value=[1, 2])))
    with pytest.raises(tf.errors.InvalidArgumentError, match="feature 'age': expected one value at most"):
        probabilities(served, [example(), two])


def test_the_order_of_rows_and_columns_does_not_matter(served: Served, model: Any) -> None:
    rows = [
        {"age": 20, "größe (cm)": -2.5, "gain": 0.0, "city": "Köln", "empty": "x"},
        {"age": 70, "größe (cm)": -2.49, "gain": 5e4, "city": "日本", "empty": None},
        {"age": None, "größe (cm)": -2.51, "gain": None, "city": "elsewhere", "empty": ""},
    ]
    table = pa.Table.from_pylist(rows, schema=KINDS)
    one_by_one = [float(model.predict_on_batch(transform(table.slice(n, 1), GRAPH))[0, 0]) for n in range(3)]
    assert len(set(one_by_one)) == 3
    examples = [tf.train.Example.FromString(text) for text in agree.as_examples(table.select(KINDS.names[::-1]), GRAPH)]
    assert probabilities(served, examples[::-1]) == pytest.approx(one_by_one[::-1], abs=1e-6)


def test_no_rows_have_no_answers(served: Served) -> None:
    assert served.serve_examples(tf.constant([], tf.string))["probability"].shape == (0,)


def test_stored_features_are_answered_as_the_rows_that_they_were_made_of(served: Served) -> None:
    table = pa.Table.from_pylist([{"age": 20, "city": "Köln", "opened": "2026-11-20"}, {"closed": 5}], schema=KINDS)
    stored = {name: tf.constant(values) for name, values in transform(table, GRAPH).items()}
    answers = served.serve_columns(tensors(table, GRAPH.columns))["probability"].numpy().tolist()
    assert served.signatures()["serve_transformed"](**stored)["probability"].numpy().tolist() == answers
    assert answers[0] != answers[1]


def test_a_date_that_is_none_is_a_missing_one_when_it_serves(served: Served) -> None:
    table = pa.Table.from_pylist([{"opened": "soon", "closed": 10**15}, {"opened": "2026-02-30"}], schema=KINDS)
    found = served.transform_columns(tensors(table, GRAPH.columns))
    assert not found["opened"].numpy().any()
    assert not found["closed"].numpy().any()
