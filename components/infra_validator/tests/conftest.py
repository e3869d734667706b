"""Packages that misbehave, and everything that the component is given, as the components before it write it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
import yaml

from benison.components.infra_validator.process import Limits
from benison.components.infra_validator.run import run
from benison.core import digests, documents

EXAMPLES = documents.SCHEMAS / "examples" / "valid"
LIMITS = Limits(memory_mb=4000, timeout_seconds=60)
FEATURES: dict[str, Any] = {
    "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
    "columns": [
        {"name": "age", "input": "age", "type": "number", "stored_as": "int64_list"},
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
        }
    ],
}
TAKES = [tf.TensorSpec([None], tf.float32, "age"), tf.TensorSpec([None], tf.string, "sex")]


def by_hand(age: Any, sex: Any) -> Any:
    """What the well-behaved model answers: rising with age, and somewhat less for women."""
    known = np.where(np.isnan(np.asarray(age, dtype=np.float64)), 40.0, np.asarray(age, dtype=np.float64))
    return 1 / (1 + np.exp(-(0.05 * (known - 40) - 0.5 * (np.asarray(sex) == "Female"))))


class Good(tf.Module):
    """A logistic regression; what goes wrong with others is in `spoil`."""

    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        return answers

    @tf.function(input_signature=TAKES)
    def serve(self, age: tf.Tensor, sex: tf.Tensor) -> dict[str, tf.Tensor]:
        known = tf.where(tf.math.is_nan(age), 40.0, age)
        women = tf.cast(tf.equal(sex, "Female"), tf.float32)
        return {"probability": self.spoil(tf.sigmoid(0.05 * (known - 40) - 0.5 * women), age)}


class Wrong(Good):
    """No number for the oldest, and another than the evaluator was told for the next."""

    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        return tf.where(age > 75, float("nan"), tf.where(age > 70, answers - 1e-3, answers))


class Twice(Good):
    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        return tf.repeat(answers, 2)


class Slow(Good):
    """Each request takes some milliseconds."""

    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        return answers + 1e-30 * _busy(40)


class Hangs(Good):
    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        return answers + 1e-30 * _busy(10**9)


class Hungry(Good):
    """Each request takes almost 1 GB, for a moment."""

    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        taken = tf.fill([240_000_000], tf.reduce_max(answers))
        return answers + 1e-30 * tf.reduce_sum(tf.reverse(taken, [0]))


class Refuses(Good):
    def spoil(self, answers: tf.Tensor, age: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.debugging.assert_less(age, 70.0, "nobody is so old")]):
            return tf.identity(answers)


def _busy(times: int) -> tf.Tensor:
    """Work that no optimisation takes away."""
    square = tf.random.stateless_uniform([128, 128], [1, 2])
    ended = tf.while_loop(
        lambda at, _: at < times, lambda at, one: (at + 1, tf.linalg.l2_normalize(one @ one)), (0, square)
    )
    return tf.reduce_sum(ended[1])


KINDS: dict[str, type[Good]] = {
    kind.__name__.lower(): kind for kind in (Good, Wrong, Twice, Slow, Hangs, Hungry, Refuses)
}
Package = Callable[[str], Path]


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Saves a package of a kind once."""
    made: dict[str, Path] = {}

    def save(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(kind) / "Format-Serving"
            model = KINDS[kind]()
            tf.saved_model.save(model, str(made[kind]), signatures={"serve_columns": model.serve})
            documents.write(made[kind] / "assets.extra" / "features.json", "features", FEATURES)
        return made[kind]

    return save


def people(rows: int = 600, seed: int = 1) -> pa.Table:
    """People of whom the older earn more; some ages are missing."""
    draw = np.random.default_rng(seed)
    age, women = draw.integers(18, 80, rows), draw.random(rows) < 0.4
    rich = draw.random(rows) < by_hand(age, np.where(women, "Female", "Male"))
    return pa.table(
        {
            "age": pa.array(age, mask=draw.random(rows) < 0.03),
            "sex": np.where(women, "Female", "Male"),
            "income": np.where(rich, ">50K", "<=50K"),
        }
    )


def an_example(kind: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((EXAMPLES / f"{kind}.json").read_text())
    return {key: value for key, value in content.items() if key not in ("kind", "format")}


@dataclass
class World:
    """Everything that the component is given."""

    root: Path
    infra: dict[str, Any] = field(default_factory=lambda: {"load": {"requests": 5, "requests_per_second": 500}})
    behaviour: dict[str, Any] = field(default_factory=dict)
    table: pa.Table = field(default_factory=people)
    predictions_of: pa.Table | None = None

    def holdout(self) -> None:
        folder = self.root / "holdout" / "Split-holdout"
        folder.mkdir(parents=True)
        pq.write_table(self.table, folder / "data-00000.parquet")
        documents.write(self.root / "holdout" / "snapshot.json", "snapshot", an_example("snapshot"))

    def predictions(self) -> None:
        """As the evaluator writes them, of the good model."""
        folder = self.root / "predictions" / "Split-holdout"
        folder.mkdir(parents=True)
        of = self.table if self.predictions_of is None else self.predictions_of
        answers = by_hand(of["age"].cast(pa.float64()).to_numpy(), of["sex"].to_numpy())
        pq.write_table(pa.table({"challenger": answers}), folder / "predictions.parquet")

    def models(self, package: Path | None, champion: Path | None) -> None:
        for name in ("model", "champion"):
            (self.root / name).mkdir()
        if package is None:
            documents.write(self.root / "model" / "not_trained.json", "not_trained", an_example("not_trained"))
        else:
            (self.root / "model" / "Format-Serving").symlink_to(package)
            said = {**an_example("training"), "package": digests.of_tree(package)}
            documents.write(self.root / "model" / "training.json", "training", said)
        entry = None
        if champion is not None:
            (self.root / "champion" / "champion").symlink_to(champion)
            named = {"package": digests.of_tree(champion), "number": 7, "folder": "champion", "trained_on": None}
            entry = {**named, "spans": [1], "snapshot": "sha256:" + "5" * 64, "model_digest": "sha256:" + "6" * 64}
        documents.write(self.root / "champion" / "champion.json", "champion", {"champion": entry, "reference": None})

    def project(self) -> None:
        project = self.root / "bundle" / "project"
        project.mkdir(parents=True)
        settings = {
            "name": "income",
            "data": {"path": "people.csv"},
            "label": {"column": "income", "positive": ">50K", "negative": "<=50K"},
            "features": {"age": "numeric", "sex": "categorical"},
            "model": {},
            "gate": {"checks": [{"metric": "auc", "at_least": 0.6}]},
            "infra": self.infra,
        }
        (project / "benison.yaml").write_text(yaml.safe_dump(settings))
        if self.behaviour:
            (project / "behaviour.yaml").write_text(yaml.safe_dump(self.behaviour))

    def run(self, package: Path | None, champion: Path | None = None) -> dict[str, Any]:
        """Runs the component."""
        self.holdout()
        self.predictions()
        self.models(package, champion)
        self.project()
        names = ("bundle", "holdout", "model", "champion", "predictions", "infra_evaluation")
        run(**{name: self.root / name for name in names})
        return documents.read(self.root / "infra_evaluation" / "infra.json", "infra")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One for the tests of a file that look at the same run."""
    return World(tmp_path_factory.mktemp("shared"))
