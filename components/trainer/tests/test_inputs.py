from __future__ import annotations

import keras
import numpy as np
import pytest

from benison.components.trainer.featurize import Categorical, FeatureGraph, Numeric
from benison.components.trainer.inputs import ONE_HOT_UP_TO, ModelFeature, model_features


def test_a_model_sees_name_kind_and_size_of_each_feature() -> None:
    graph = FeatureGraph(
        (
            Numeric("hours per week", "hours_per_week", log=False, mean=1.0, std=2.0, stored_as="float_list"),
            Categorical("city", "city", ("Ulm", "Bonn")),
        )
    )
    assert model_features(graph) == (
        ModelFeature("hours_per_week", "numeric", 1, "hours per week"),
        ModelFeature("city", "categorical", 4, "city"),
    )


def test_a_number_is_encoded_as_itself() -> None:
    feature = ModelFeature("age", "numeric", 1, "age")
    model = keras.Model({"age": (tensor := feature.input())}, feature.encode(tensor) * 1)
    assert model.predict_on_batch({"age": np.array([[0.5], [-2]], np.float32)}).tolist() == [[0.5], [-2]]


def test_a_few_categories_are_encoded_one_hot() -> None:
    feature = ModelFeature("city", "categorical", 3, "city")
    model = keras.Model({"city": (tensor := feature.input())}, feature.encode(tensor))
    assert model.predict_on_batch({"city": np.array([[0], [2]], np.int32)}).tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(("size", "width"), [(ONE_HOT_UP_TO + 1, 22), (600, 50)])
def test_many_categories_are_embedded(size: int, width: int) -> None:
    feature = ModelFeature("city", "categorical", size, "city")
    assert feature.encode(feature.input()).shape == (None, width)
