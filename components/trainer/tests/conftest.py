from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.core import digests, documents

CONFIG = """\
name: visits
data: {{path: visits.csv}}
label: {{column: returns, positive: "yes", negative: "no"}}
features:
  age: numeric
  hours per week: numeric
  spent: {{kind: numeric, log: true}}
  city: {{kind: categorical, min_count: 2}}
model:
  epochs: {epochs}
  batch_size: {batch_size}
  patience: 2
  seed: {seed}
  hyperparameters: {{units: 8, learning_rate: 0.01}}
gate:
  checks: [{{metric: auc, at_least: 0.5}}]
"""
MODEL = """\
import keras


def build_model(features, hyperparameters):
    inputs = {feature.name: feature.input() for feature in features}
    encoded = [feature.encode(inputs[feature.name]) for feature in features]
    hidden = keras.layers.Concatenate()(encoded)
    hidden = keras.layers.Dense(hyperparameters["units"], activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.1)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(hyperparameters["learning_rate"]), "binary_crossentropy")
    return model
"""


def visits(rows: int, seed: int) -> pa.Table:
    """People with an answer that depends on age and city; a tenth of each column is missing."""
    random = np.random.default_rng(seed)
    age, hours = random.integers(18, 80, rows), random.normal(38, 9, rows)
    spent = np.floor(random.lognormal(3, 2, rows))
    city = random.choice(["Köln", "Bonn", "Ulm", "Aachen"], rows, p=[0.5, 0.3, 0.15, 0.05])
    chance = 1 / (1 + np.exp(-(age - 45) / 8 - (city == "Bonn")))
    returns = np.where(random.random(rows) < chance, "yes", "no")
    gone = {name: random.random(rows) < 0.1 for name in ("age", "hours", "spent", "city")}
    return pa.table(
        {
            "age": pa.array(age, pa.int64(), mask=gone["age"]),
            "hours per week": pa.array(hours, pa.float64(), mask=gone["hours"]),
            "spent": pa.array(spent, pa.float64(), mask=gone["spent"]),
            "city": pa.array(city, pa.string(), mask=gone["city"]),
            "returns": returns,
        }
    )


@dataclass(frozen=True)
class Task:
    """The trainer's inputs and its output, as folders."""

    bundle: Path
    examples: Path
    validation: Path
    model: Path

    @property
    def folders(self) -> dict[str, Path]:
        return {name: getattr(self, name) for name in ("bundle", "examples", "validation", "model")}


@pytest.fixture(scope="session")
def make_task() -> Callable[..., Task]:
    def make(
        root: Path,
        *,
        model: str = MODEL,
        train: pa.Table | None = None,
        held: pa.Table | None = None,
        verdict: str = "PASS",
        blocked_by: tuple[str, ...] = (),
        **settings: Any,
    ) -> Task:
        task = Task(root / "bundle", root / "examples", root / "validation", root / "model")
        project = task.bundle / "project"
        project.mkdir(parents=True)
        config = CONFIG.format(**{"epochs": 3, "batch_size": 64, "seed": 7, **settings})
        (project / "benison.yaml").write_text(config)
        (project / "model.py").write_text(textwrap.dedent(model))
        (project / "schema.pbtxt").write_text('feature { name: "age" type: INT }\n')
        documents.write(task.bundle / "bundle.json", "bundle", {"digest": digests.of_tree(project)})
        splits = {"train": visits(400, 1) if train is None else train, "eval": visits(150, 2) if held is None else held}
        snapshot = write_examples(task.examples, splits)
        content = {"verdict": verdict, "snapshot": snapshot, "blocked_by": list(blocked_by)}
        documents.write(task.validation / "validation.json", "validation", content)
        return task

    return make


def write_examples(folder: Path, splits: dict[str, pa.Table]) -> str:
    """Writes an examples artifact and returns its snapshot."""
    described = {}
    for split, table in splits.items():
        (folder / f"Split-{split}").mkdir(parents=True)
        pq.write_table(table, folder / f"Split-{split}" / "data-00000.parquet")
        yes = table["returns"].to_pylist().count("yes")
        described[split] = {
            "rows": table.num_rows,
            "positives": yes,
            "negatives": table["returns"].to_pylist().count("no"),
            "spans": [{"span": 3, "rows": table.num_rows}],
            "digest": digests.of_tree(folder / f"Split-{split}"),
        }
    nothing = {"rows": 0, "positives": 0, "negatives": 0, "spans": []}
    described["holdout"] = {**nothing, "digest": digests.of_bytes(b"")}
    source = {"span": 3, "path": "visits.csv", "size": 1, "rows": 1, "version": "", "query": None}
    content = {
        "digest": digests.of_json(described),
        "spans": [3, 4],
        "sources": [{**source, "digest": digests.of_bytes(b"raw")}],
        "splits": described,
        "split_by": {"by": "hash", "key": ["age"], "time": "", "shares": [0.6, 0.2, 0.2]},
        "columns": [{"name": "age", "type": "int64"}],
        "label": {"column": "returns", "positive": "yes", "negative": "no"},
    }
    documents.write(folder / "snapshot.json", "snapshot", content)
    return content["digest"]  # type: ignore[return-value]
