"""A small project whose label can be learned in a second: two spans of data, one model, one gate."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

CONFIG = """\
name: small
data:
  path: data/span-{span}.csv
  window: 2
label: {column: bought, positive: "yes", negative: "no"}
features: {age: numeric, city: categorical}
model: {module: model.py, epochs: 4, batch_size: 64, hyperparameters: {units: 8}}
infra: {load: {requests: 5, requests_per_second: 500}}
gate:
  min_rows: 50
  min_positives: 10
  checks:
    - {metric: auc, at_least: 0.6}
    - {metric: auc, tolerance: 0.2}
    - {metric: auc, tolerance: 0.5, slices: all, tier: soft}
"""
SCHEMA = """\
feature { name: "age" type: INT presence { min_fraction: 1 min_count: 1 } shape { dim { size: 1 } } }
feature { name: "city" type: BYTES presence { min_count: 1 } }
feature { name: "team" type: BYTES presence { min_count: 1 } }
feature { name: "bought" type: BYTES presence { min_fraction: 1 min_count: 1 } shape { dim { size: 1 } } }
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
    "slicingSpecs": [{}, {"featureKeys": ["team"]}],
    "metricsSpecs": [{"metrics": [{"className": "AUC"}, {"className": "ExampleCount"}]}],
}


def rows(seed: int, count: int = 1000) -> list[dict[str, str]]:
    """People who buy the likelier the older they are, and mostly in Ulm."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        age, city = draw.randrange(18, 80), draw.choice(["Ulm", "Bonn", "Jena"])
        chance = 0.1 + 0.5 * (age > 50) + 0.3 * (city == "Ulm")
        bought = "yes" if draw.random() < chance else "no"
        row = {"age": str(age), "city": city, "team": draw.choice("ab"), "bought": bought, "order": f"{seed}-{number}"}
        made.append(row)
    return made


def write_csv(path: Path, table: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def make(folder: Path) -> Path:
    """Writes the project."""
    folder.mkdir(parents=True)
    files = {"benison.yaml": CONFIG, "schema.pbtxt": SCHEMA, "model.py": MODEL}
    for name, text in {**files, "eval_config.json": json.dumps(EVAL_CONFIG)}.items():
        (folder / name).write_text(text)
    for span in (1, 2):
        write_csv(folder / "data" / f"span-{span}.csv", rows(span))
    return folder
