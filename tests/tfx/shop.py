"""A small project and its data as TFX's ExampleGen and Trainer would have left them, without TFX."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from benison.components.pusher.in_tfx import answer as push
from benison.registry.registry import Registry
from benison.tfx.asked import Artifact, Asked
from benison.tfx.project import digest_of

CONFIG = """\
name: shop
data: {path: shop.csv}
label: {column: bought, positive: 1, negative: 0}
features: {age: numeric, city: categorical}
model: {module: model.py, epochs: 4, batch_size: 64, hyperparameters: {units: 8}}
infra: {load: {requests: 5, requests_per_second: 500}}
gate:
  min_rows: 20
  min_positives: 5
  checks: [{metric: auc, at_least: 0.6}]
"""
SCHEMA = """\
feature { name: "age" type: INT presence { min_count: 1 } }
feature { name: "city" type: BYTES presence { min_count: 1 } }
feature { name: "order" type: INT presence { min_count: 1 } }
feature { name: "bought" type: INT presence { min_fraction: 1 min_count: 1 } shape { dim { size: 1 } } }
"""
MODEL = """\
import keras
from keras import layers


def build_model(features, hyperparameters):
    inputs = {feature.name: feature.input() for feature in features}
    hidden = layers.Concatenate()([feature.encode(inputs[feature.name]) for feature in features])
    hidden = layers.Dense(hyperparameters["units"], activation="relu")(hidden)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="binary_crossentropy")
    return model
"""
EVAL_CONFIG = {
    "modelSpecs": [{"labelKey": "bought"}],
    "slicingSpecs": [{}],
    "metricsSpecs": [{"metrics": [{"className": "AUC"}, {"className": "ExampleCount"}]}],
}
Row = dict[str, int | str | None]


def project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "benison.yaml").write_text(CONFIG)
    (folder / "schema.pbtxt").write_text(SCHEMA)
    (folder / "model.py").write_text(MODEL)
    (folder / "eval_config.json").write_text(json.dumps(EVAL_CONFIG))
    return folder


def rows(seed: int, count: int) -> list[Row]:
    """People who buy the likelier the older they are; of a tenth nobody knows the city."""
    draw = random.Random(seed)
    ages = [draw.randrange(18, 80) for _ in range(count)]
    return [
        {
            "age": age,
            "city": draw.choice(["Ulm", "Bonn", "Jena"]) if draw.random() < 0.9 else None,
            "order": seed * 1_000_000 + number,
            "bought": int(draw.random() < (0.8 if age > 50 else 0.2)),
        }
        for number, age in enumerate(ages)
    ]


def splits() -> dict[str, list[Row]]:
    return {"train": rows(1, 600), "eval": rows(2, 200), "holdout": rows(3, 300)}


def example(row: Mapping[str, int | str | float | None]) -> bytes:
    """As TFX's CsvExampleGen keeps a row: a missing value is a feature without one."""
    features = tf.train.Features(feature={name: _feature(value) for name, value in row.items()})
    return bytes(tf.train.Example(features=features).SerializeToString())


def _feature(value: int | str | float | None) -> tf.train.Feature:
    if value is None:
        return tf.train.Feature()
    if isinstance(value, str):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
    if isinstance(value, float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


def examples(folder: Path, found: Mapping[str, Iterable[Mapping[str, Any]]], *, span: int = 0) -> Artifact:
    """An Examples artifact."""
    for split, some in found.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        path = folder / f"Split-{split}" / "data_tfrecord-00000-of-00001.gz"
        with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
            for row in some:
                writer.write(example(row))
    properties = {"payload_format": "FORMAT_TF_EXAMPLE", "file_format": "tfrecords_gzip"}
    return Artifact(folder, str(folder), 1, span, tuple(found), properties)


class Served(tf.Module):
    """What a Trainer of TFX's might have exported: the older, the likelier, by a weight that is a variable."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = tf.Variable(weight)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def serve(self, serialized: Any) -> dict[str, Any]:
        ages = tf.io.parse_example(serialized, {"age": tf.io.FixedLenFeature([1], tf.int64, [0])})["age"]
        return {"outputs": tf.sigmoid(self.weight * (tf.cast(ages, tf.float32) - 50.0) / 10.0)}


def stock_model(folder: Path, weight: float, *, id: int = 7) -> Artifact:
    """A Model artifact of TFX's Trainer."""
    served = Served(weight)
    tf.saved_model.save(served, str(folder / "Format-Serving"), {"serving_default": served.serve})
    return Artifact(folder, str(folder), id)


def asked(
    project: Path,
    scratch: Path,
    inputs: Mapping[str, Artifact | None],
    outputs: Mapping[str, Path],
    **parameters: str,
) -> dict[str, Any]:
    """A request, as a TFX executor makes it; TFX makes the outputs' folders."""
    for path in (scratch, *outputs.values()):
        path.mkdir(parents=True, exist_ok=True)
    said = {"project": str(project), "project_digest": digest_of(project), "holdout": "holdout", **parameters}
    found = {name: (one,) for name, one in inputs.items() if one is not None}
    return Asked(found, dict(outputs), said, scratch).to_json()


def marked(artifact: Artifact, **properties: str | int) -> Artifact:
    """An artifact with custom properties, as an executor marks it."""
    return replace(artifact, properties={**artifact.properties, **properties})


def blessing(model: Artifact, **properties: str | int) -> Artifact:
    """As TFX's Evaluator marks it."""
    said = {"blessed": 1, "current_model": model.uri, "current_model_id": model.id}
    return marked(Artifact(model.path), **{**said, **properties})


def infra_blessing(made: Artifact, told: Mapping[str, Any]) -> Artifact:
    """As our InfraValidator marks it; TFX keeps no property that is 0 or empty."""
    said = {"verdict": told["verdict"], "infra": told["digest"], "package": told["package"]}
    return marked(made, **{name: value for name, value in (said | {"blessed": int(told["blessed"])}).items() if value})


@dataclass
class Shop:
    """A pipeline's folders."""

    root: Path
    runs: int = 0
    made: dict[str, Path] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.root / "project"

    @property
    def registry(self) -> str:
        return str(self.root / "registry")

    def ask(self, component: Any, inputs: dict[str, Artifact | None], *outputs: str, **parameters: str) -> Any:
        self.runs += 1
        self.made = {name: self.root / f"run {self.runs}" / name for name in outputs}
        scratch = self.root / f"scratch {self.runs}"
        return component(asked(self.project, scratch, inputs, self.made, **parameters))

    def artifact(self, name: str, **properties: str | int) -> Artifact:
        """What was made last."""
        splits = tuple(path.name.removeprefix("Split-") for path in self.made[name].glob("Split-*"))
        return Artifact(self.made[name], str(self.made[name]), self.runs, splits=splits, properties=properties)

    def pushed(self, **inputs: Artifact | None) -> Any:
        told = {"registry": self.registry, "commit": "", "who": "a test"}
        return self.ask(push, inputs, "pushed_model", **told)

    @property
    def champion(self) -> Any:
        return Registry.open(self.registry, "shop").state().champion
