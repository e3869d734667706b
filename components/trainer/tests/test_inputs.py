from __future__ import annotations

import keras
import numpy as np
import pyarrow as pa
import pytest

from benison.components.trainer.featurize.fit import fit
from benison.components.trainer.inputs import ONE_HOT_UP_TO, ModelFeature, model_features
from benison.config.features import Buckets, Categorical, Cross, Date, Feature, Numeric, Text

TABLE = pa.table(
    {
        "hours per week": [1.0, 2.0],
        "city": ["Ulm", "Bonn"],
        "note": ["late again", "late"],
        "opened": ["2026-11-20", "2026-11-21"],
    }
)


def test_a_model_sees_kind_size_and_width_of_each_feature() -> None:
    # 1 and 2 are a deviation from their mean of 1.5; 33 quantiles lie between, by equal steps.
    steps = tuple(np.linspace(-1, 1, 33).tolist())
    features: list[Feature] = [
        Numeric("hours per week", "hours per week"),
        Categorical("city", "city"),
        Buckets("hours", "hours per week", boundaries=(1.5,), embedding=3),
        Text("note", "note", length=5, min_count=1),
        Date("opened", "opened", parts=("days", "hour")),
        Cross("both", ("city", "hours"), hash=50),
    ]
    assert model_features(fit(TABLE, features)) == (
        ModelFeature("hours_per_week", "numeric", 1, 1, ("hours per week",), quantiles=steps),
        ModelFeature("city", "categorical", 4, 1, ("city",)),
        ModelFeature("hours", "categorical", 3, 1, ("hours per week",), 3),
        ModelFeature("note", "text", 4, 5, ("note",)),
        ModelFeature("opened", "date", 1, 3, ("opened",)),
        ModelFeature("both", "categorical", 51, 1, ("city", "hours per week")),
    )


def test_a_number_is_encoded_as_itself() -> None:
    feature = ModelFeature("age", "numeric", 1, 1, ("age",))
    model = keras.Model({"age": (tensor := feature.input())}, feature.encode(tensor) * 1)
    assert model.predict_on_batch({"age": np.array([[0.5], [-2]], np.float32)}).tolist() == [[0.5], [-2]]


def test_a_few_categories_are_encoded_one_hot() -> None:
    feature = ModelFeature("city", "categorical", 3, 1, ("city",))
    model = keras.Model({"city": (tensor := feature.input())}, feature.encode(tensor))
    assert model.predict_on_batch({"city": np.array([[0], [2]], np.int32)}).tolist() == [[1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(("size", "width"), [(ONE_HOT_UP_TO + 1, 22), (600, 50)])
def test_many_categories_are_embedded(size: int, width: int) -> None:
    feature = ModelFeature("city", "categorical", size, 1, ("city",))
    assert feature.encode(feature.input()).shape == (None, width)


@pytest.mark.parametrize("kind", ["categorical", "text"])
def test_the_width_asked_for_is_the_embeddings(kind: str) -> None:
    feature = ModelFeature("city", kind, 5, 1, ("city",), embedding=7)
    assert feature.encode(feature.input()).shape == (None, 7)


def test_a_text_is_the_mean_of_its_words_and_zero_without_any() -> None:
    feature = ModelFeature("note", "text", 4, 3, ("note",), embedding=2)
    model = keras.Model({"note": (tensor := feature.input())}, feature.encode(tensor))
    model.set_weights([np.array([[9, 9], [1, 2], [3, 4], [5, 0]], np.float32)])
    found = model.predict_on_batch({"note": np.array([[1, 3, 0], [2, 0, 0], [0, 0, 0]], np.int32)})
    assert found.tolist() == [[3, 1], [3, 4], [0, 0]]


def test_stairs_are_the_part_of_each_step_that_lies_below() -> None:
    feature = ModelFeature("age", "numeric", 1, 1, ("age",), quantiles=(-1.0, 0.0, 4.0))
    model = keras.Model({"age": (tensor := feature.input())}, feature.stairs(tensor))
    found = model.predict_on_batch({"age": np.array([[-2], [-0.25], [1], [9]], np.float32)})
    assert found.tolist() == [[0, 0], [0.75, 0], [1, 0.25], [1, 1]]


def test_a_number_that_never_changes_has_no_stairs() -> None:
    feature = ModelFeature("age", "numeric", 1, 1, ("age",))
    tensor = feature.input()
    assert feature.stairs(tensor) is tensor
