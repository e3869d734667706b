from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from benison.components.trainer import agree
from benison.components.trainer.featurize import Categorical, FeatureGraph, Numeric
from benison.core.errors import BrokenError

GRAPH = FeatureGraph(
    (
        Numeric("age", "age", log=False, mean=0.0, std=1.0, stored_as="int64_list"),
        Numeric("hours per week", "hours_per_week", log=False, mean=0.0, std=1.0, stored_as="float_list"),
        Categorical("city", "city", ("Ulm",)),
    )
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
