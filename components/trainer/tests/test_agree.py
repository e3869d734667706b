from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from benison.components.trainer import agree
from benison.components.trainer.featurize.graph import FeatureGraph, Indexed, RawColumn, Scaled
from benison.config.features import Categorical, Numeric
from benison.core.errors import BrokenError

GRAPH = FeatureGraph(
    (
        RawColumn("age", "age", "number", "int64_list"),
        RawColumn("hours per week", "hours_per_week", "number", "float_list"),
        RawColumn("city", "city", "text", "bytes_list"),
    ),
    (
        Scaled(Numeric("age", "age"), "age", 0.0, 1.0, 0.0),
        Scaled(Numeric("hours per week", "hours per week"), "hours_per_week", 0.0, 1.0, 0.0),
        Indexed(Categorical("city", "city"), "city", ("Ulm",)),
    ),
)


def test_rows_become_tf_examples_by_column_name_with_missing_values_left_empty() -> None:
    table = pa.table({"city": ["Köln", None], "age": [7, None], "hours per week": [0.5, math.nan]})
    full, empty = (tf.train.Example.FromString(text).features.feature for text in agree.as_examples(table, GRAPH))
    assert full["city"].bytes_list.value[:] == ["Köln".encode()]
    assert (full["age"].int64_list.value[:], full["hours per week"].float_list.value[:]) == ([7], [0.5])
    assert {name: feature.WhichOneof("kind") for name, feature in empty.items()} == dict.fromkeys(
        ("city", "age", "hours per week")
    )


@pytest.mark.parametrize(("rows", "most", "chosen"), [(3, 10, [0, 1, 2]), (101, 3, [0, 50, 100]), (1, 1, [0])])
def test_a_sample_is_spread_over_the_table(rows: int, most: int, chosen: list[int]) -> None:
    assert agree.sample(pa.table({"n": range(rows)}), most)["n"].to_pylist() == chosen


def test_answers_that_differ_by_less_than_a_millionth_agree() -> None:
    agree.require(np.array([0.25, 0.5]), np.array([0.2500009, 0.4999991]), "serve_columns")


@pytest.mark.parametrize(("exported", "worst"), [([0.25, 0.5000011], "0.50000110"), ([math.nan, 0.6], "nan")])
def test_answers_that_differ_name_the_worst(exported: list[float], worst: str) -> None:
    with pytest.raises(BrokenError) as raised:
        agree.require(np.array([0.25, 0.5]), np.array(exported), "serve_columns")
    trained = "0.25" if worst == "nan" else "0.50"
    assert str(raised.value).startswith(
        "signature serve_columns: expected the probabilities of the trained model within 1e-06, "
        f"got {worst} instead of {trained}000000 for a row of eval"
    )
    assert "something random" in raised.value.hint


def test_features_agree_where_places_are_the_same_and_quantities_nearly_so() -> None:
    trained = {"age": np.array([[1.0], [-2.0]], np.float32), "city": np.array([[1], [2]], np.int32)}
    agree.require_features(trained, {**trained, "age": trained["age"] * np.float32(1 + 5e-7)})
    said = "signature transform_columns, feature 'city': expected what training saw, 2, got 3 for a row of eval"
    with pytest.raises(BrokenError, match=said):
        agree.require_features(trained, {**trained, "city": np.array([[1], [3]], np.int32)})
    with pytest.raises(BrokenError, match=r"feature 'age': expected what training saw, -2, got -2.1 for"):
        agree.require_features(trained, {**trained, "age": np.array([[1.0], [-2.1]], np.float32)})
