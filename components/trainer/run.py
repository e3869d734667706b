"""Trainer: featurize -> fit -> export, and nothing of it unless the data's verdict is PASS."""

from __future__ import annotations

import logging
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import tensorflow as tf

import benison.config
from benison.components.trainer import agree, export, featurize, fit, load
from benison.components.trainer.accept import accept
from benison.components.trainer.inputs import model_features
from benison.components.trainer.run_fn import run as run_fn
from benison.components.trainer.serve import Served
from benison.config import Config
from benison.core import digests, documents
from benison.core.errors import ConfigError, IntegrityError, StorageError
from benison.core.examples import binary_labels, labelled, read_split
from benison.core.files import storage_errors, write_atomically
from benison.core.signatures import SERVE_COLUMNS, SERVE_EXAMPLES
from benison.core.spelling import nearest
from benison.core.verdicts import Verdict

PACKAGE = "Format-Serving"
_TRIED_OUT = 64
_COMPARED = {SERVE_COLUMNS: 10_000, SERVE_EXAMPLES: 1_000}
_log = logging.getLogger(__name__)


def run(*, bundle: Path, examples: Path, validation: Path, model: Path) -> None:
    """Fits the feature graph and the project's Keras model on train, and exports both as one SavedModel.

    Args:
        bundle: The project, with benison.yaml and model.py.
        examples: The splits train and eval, and snapshot.json.
        validation: The data's verdict; anything but PASS ends in not_trained.json before any training.
        model: The artifact that becomes Format-Serving/ and training.json, or not_trained.json.
    """
    _unused(model)
    verdict = documents.read(validation / "validation.json", "validation")
    snapshot = documents.read(examples / "snapshot.json", "snapshot")
    _same_snapshot(verdict, snapshot)
    if verdict["verdict"] != Verdict.PASS:
        _refuse(verdict, model)
        return
    project = bundle / "project"
    config = benison.config.read(project)
    _complete(project, config)
    if config.model.run_fn:
        record = run_fn.train(project, config, config.model.run_fn, examples, model / PACKAGE)
    else:
        record = _trained_here(project, config, examples, model / PACKAGE)
    origin = documents.read(bundle / "bundle.json", "bundle")["digest"]
    package = digests.of_tree(model / PACKAGE)
    whole = {**record, "package": package, "bundle": origin, "snapshot": snapshot["digest"], "spans": snapshot["spans"]}
    write_atomically(model / "environment.txt", _packages().encode())
    documents.write(model / "training.json", "training", whole)


def _trained_here(project: Path, config: Config, examples: Path, package: Path) -> dict[str, Any]:
    """Trains and exports what the project's build_model returns."""
    _on_tensorflow()
    fit.seeded(config.model.seed)
    data = _read(examples, config)
    with load.importable(project):
        trained = _train(project, config, data)
        signatures = _export(project, config, data, trained, package)
    return _record(config, data, trained, signatures)


@dataclass(frozen=True)
class _Data:
    """Train and eval, raw and as the model sees them, and the graph between."""

    graph: featurize.FeatureGraph
    train: fit.Rows
    held: fit.Rows
    held_raw: pa.Table


@dataclass(frozen=True)
class _Trained:
    keras_model: Any
    training: fit.Training


def _unused(model: Path) -> None:
    with storage_errors(model):
        model.mkdir(parents=True, exist_ok=True)
    for name in (PACKAGE, "training.json", "not_trained.json"):
        if (model / name).exists():
            hint = "name another folder, or remove it"
            raise StorageError(str(model), expected="a folder without a model", got=f"{name} in it", hint=hint)


def _same_snapshot(verdict: Mapping[str, Any], snapshot: Mapping[str, Any]) -> None:
    if verdict["snapshot"] != snapshot["digest"]:
        raise IntegrityError(
            "validation.json",
            expected=f"the verdict on snapshot {digests.short(snapshot['digest'])}",
            got=f"the verdict on {digests.short(verdict['snapshot'])}",
            hint="validate the examples that are to be trained on",
        )


def _refuse(verdict: Mapping[str, Any], model: Path) -> None:
    _log.warning("not trained: validation of the data is %s", verdict["verdict"])
    content = {
        "reason": f"the validation of the data is {verdict['verdict']}, not PASS",
        "validation": verdict["verdict"],
        "blocked_by": verdict["blocked_by"],
        "snapshot": verdict["snapshot"],
    }
    documents.write(model / "not_trained.json", "not_trained", content)


def _on_tensorflow() -> None:
    if keras.config.backend() != "tensorflow":
        raise ConfigError(
            "environment variable KERAS_BACKEND",
            expected="tensorflow, which writes what serves",
            got=keras.config.backend(),
            hint="unset it",
        )


def _complete(project: Path, config: Config) -> None:
    """What would otherwise come out only after the training."""
    try:
        documents.encode(config.model.hyperparameters)
    except (TypeError, ValueError) as error:
        expected = "texts, finite numbers, true, false, lists and mappings of texts to such"
        raise ConfigError("benison.yaml (model.hyperparameters)", expected=expected, got=str(error)) from error
    if not (project / config.data.schema).is_file():
        hint = nearest(config.data.schema, [path.name for path in project.glob("*.pbtxt")])
        raise ConfigError("benison.yaml (data.schema)", expected=f"a file {config.data.schema}", got="none", hint=hint)


def _read(examples: Path, config: Config) -> _Data:
    train, held = _labelled(examples, "train", config), _labelled(examples, "eval", config)
    graph = featurize.fit(train, config.features)
    return _Data(graph, _rows(train, graph, config), _rows(held, graph, config), held)


def _labelled(examples: Path, split: str, config: Config) -> pa.Table:
    """A split without the rows that nothing can be learned from."""
    rows, label = read_split(examples, split), config.label
    known = labelled(rows, label.column, positive=label.positive, negative=label.negative)
    if left_out := rows.num_rows - known.num_rows:
        _log.info("%s: %d of %d rows have no known label, and are left out", split, left_out, rows.num_rows)
    return known


def _rows(table: pa.Table, graph: featurize.FeatureGraph, config: Config) -> fit.Rows:
    label = config.label
    labels = binary_labels(table, label.column, positive=label.positive, negative=label.negative)
    return fit.Rows(featurize.transform(table, graph), labels)


def _train(project: Path, config: Config, data: _Data) -> _Trained:
    settings = config.model
    keras_model = load.build(project, settings.module, model_features(data.graph), settings.hyperparameters)
    with load.blamed(project, settings.module, expected="a model that can be called with the features"):
        accept(keras_model, settings.module, {name: v[:_TRIED_OUT] for name, v in data.train.inputs.items()})
    with load.blamed(project, settings.module, expected="a model that can be trained"):
        training = fit.fit(keras_model, data.train, data.held, settings, settings.module)
    return _Trained(keras_model, training)


def _export(project: Path, config: Config, data: _Data, trained: _Trained, package: Path) -> Mapping[str, Any]:
    """Writes the package and returns its signatures, once what was written agrees with what was trained."""
    with load.blamed(project, config.model.module, expected="a model that can be exported"):
        served = Served(data.graph, trained.keras_model)
        signatures = served.signatures()
        export.save(served, signatures, package)
    label = config.label
    named = {"column": label.column, "positive": label.positive, "negative": label.negative}
    extra = package / "assets.extra"
    documents.write(extra / "features.json", "features", {"features": data.graph.to_json(), "label": named})
    write_atomically(extra / "schema.pbtxt", (project / config.data.schema).read_bytes())
    _agree(config, data, trained, package)
    return signatures


def _agree(config: Config, data: _Data, trained: _Trained, package: Path) -> None:
    loaded = tf.saved_model.load(str(package)).signatures
    ways = {SERVE_COLUMNS: agree.by_columns, SERVE_EXAMPLES: agree.by_examples}
    for signature, way in ways.items():
        rows = agree.sample(data.held_raw, _COMPARED[signature])
        expected = fit.predict(trained.keras_model, featurize.transform(rows, data.graph), config.model.module)
        agree.require(expected, way(loaded, rows, data.graph), signature)


def _record(config: Config, data: _Data, trained: _Trained, signatures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "model_digest": export.model_digest(trained.keras_model, data.graph, signatures),
        "seed": config.model.seed,
        "deterministic": True,
        "hyperparameters": config.model.hyperparameters,
        "rows": {"train": len(data.train.labels), "eval": len(data.held.labels)},
        "curves": [epoch.to_json() for epoch in trained.training.curves],
        "best_epoch": trained.training.best_epoch,
        "parameters": trained.keras_model.count_params(),
        "environment": _environment(),
    }


def _environment() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "device": _device(),
    }


def _device() -> str:
    found = tf.config.list_physical_devices("GPU")
    names = [tf.config.experimental.get_device_details(device).get("device_name", device.name) for device in found]
    return ", ".join(names) or "CPU"


def _packages() -> str:
    """The installed packages as ``name==version``, one a line, sorted."""
    found = {(d.metadata["Name"] or "", d.version) for d in metadata.distributions()}
    return "".join(f"{name}=={version}\n" for name, version in sorted(found, key=lambda pair: pair[0].lower()))
