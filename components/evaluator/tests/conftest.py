from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from benison.core import documents

Package = Callable[..., Path]
FEATURES = {
    "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
    "columns": [
        {"name": "age", "input": "age", "type": "number", "stored_as": "float_list"},
        {"name": "sex", "input": "sex", "type": "text", "stored_as": "bytes_list"},
    ],
    "features": [
        {
            "name": "age",
            "input": "age",
            "kind": "numeric",
            "version": 1,
            "columns": ["age"],
            "declared": {"log": False, "clip": [None, None], "normalise": "standard"},
            "fitted": {"offset": 40.0, "scale": 1.0, "fill": 0.0, "quantiles": []},
        },
        {
            "name": "sex",
            "input": "sex",
            "kind": "categorical",
            "version": 1,
            "columns": ["sex"],
            "declared": {"min_count": 1, "max_size": 0, "hash": 0},
            "fitted": {"vocabulary": ["Female"]},
        },
    ],
}


class Linear(tf.Module):
    """A model of two columns, as the trainer exports one: missing age counts as 40, missing sex as none."""

    def __init__(self, of_age: float, of_women: float, bias: float) -> None:
        super().__init__()
        self.weights = tf.Variable([of_age, of_women, bias], dtype=tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "age"), tf.TensorSpec([None], tf.string, "sex")])
    def serve_columns(self, age: tf.Tensor, sex: tf.Tensor) -> dict[str, tf.Tensor]:
        known = tf.where(tf.math.is_nan(age), 40.0, age)
        women = tf.cast(tf.equal(sex, "Female"), tf.float32)
        logit = self.weights[0] * (known - 40) + self.weights[1] * women + self.weights[2]
        return {"probability": tf.sigmoid(logit)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "age"), tf.TensorSpec([None], tf.string, "sex")])
    def transform_columns(self, age: tf.Tensor, sex: tf.Tensor) -> dict[str, tf.Tensor]:
        places = tf.where(tf.equal(sex, "Female"), 2, tf.where(tf.equal(sex, ""), 0, 1))
        return {"age": tf.where(tf.math.is_nan(age), 0.0, age - 40)[:, None], "sex": places[:, None]}


class Logit(Linear):
    """A model that forgot the sigmoid, and answers nothing for the oldest."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "age"), tf.TensorSpec([None], tf.string, "sex")])
    def serve_columns(self, age: tf.Tensor, sex: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probability": tf.where(age > 78, float("nan"), self.weights[0] * (age - 40) + self.weights[2])}


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Saves a package once for each set of weights."""
    made: dict[tuple[object, ...], Path] = {}

    def save(of_age: float, of_women: float, bias: float, *, kind: type[Linear] = Linear, name: str = "") -> Path:
        key = (of_age, of_women, bias, kind, name)
        if key not in made:
            made[key] = tmp_path_factory.mktemp("package") / "Format-Serving"
            model = kind(of_age, of_women, bias)
            signatures = {name or "serve_columns": model.serve_columns, "transform_columns": model.transform_columns}
            tf.saved_model.save(model, str(made[key]), signatures=signatures)
            documents.write(made[key] / "assets.extra" / "features.json", "features", FEATURES)
        return made[key]

    return save


@pytest.fixture
def people() -> Callable[..., pa.Table]:
    """People of two sexes and four races, of whom the older and the men earn more; some ages and races are missing."""

    def draw(rows: int = 2400, seed: int = 1) -> pa.Table:
        random = np.random.default_rng(seed)
        age, women = random.integers(18, 80, rows), random.random(rows) < 0.4
        chance = 1 / (1 + np.exp(-(0.09 * (age - 40) - 1.3 * women - 0.4)))
        income = np.where(random.random(rows) < chance, ">50K", "<=50K")
        race = random.choice(["White", "Black", "Asian", "Other"], rows, p=[0.6, 0.25, 0.13, 0.02])
        return pa.table(
            {
                "age": pa.array(age.astype(float), mask=random.random(rows) < 0.03),
                "sex": pa.array(np.where(women, "Female", "Male")),
                "race": pa.array(race, mask=random.random(rows) < 0.02),
                "grade": pa.array(random.integers(1, 4, rows)),
                "income": pa.array(income),
            }
        )

    return draw


@pytest.fixture
def logit() -> type[Linear]:
    """The kind of package that answers no probabilities."""
    return Logit
