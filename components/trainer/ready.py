"""ready: whether a training may begin: what would otherwise come out only after it, or spoil what there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.trainer import search
from benison.config import Config, columns_of
from benison.core import digests, documents
from benison.core.environments import require_served
from benison.core.errors import ConfigError, IntegrityError, StorageError
from benison.core.files import storage_errors
from benison.core.spelling import nearest

PACKAGE = "Format-Serving"


def unused(model: Path) -> None:
    """Makes the folder that becomes the artifact.

    Raises:
        StorageError: It holds a model already, or cannot be written.
    """
    with storage_errors(model):
        model.mkdir(parents=True, exist_ok=True)
    for name in (PACKAGE, "training.json", "not_trained.json"):
        if (model / name).exists():
            hint = "name another folder, or remove it"
            raise StorageError(str(model), expected="a folder without a model", got=f"{name} in it", hint=hint)


def same_snapshot(verdict: Mapping[str, Any], snapshot: Mapping[str, Any]) -> None:
    """Makes sure that a verdict is on these examples.

    Raises:
        IntegrityError: It is on others.
    """
    if verdict["snapshot"] != snapshot["digest"]:
        raise IntegrityError(
            "validation.json",
            expected=f"the verdict on snapshot {digests.short(snapshot['digest'])}",
            got=f"the verdict on {digests.short(verdict['snapshot'])}",
            hint="validate the examples that are to be trained on",
        )


def on_tensorflow() -> None:
    """Makes sure that Keras computes in what is exported.

    Raises:
        ConfigError: Its backend is another one.
    """
    if keras.config.backend() != "tensorflow":
        raise ConfigError(
            "environment variable KERAS_BACKEND",
            expected="tensorflow, which writes what serves",
            got=keras.config.backend(),
            hint="unset it",
        )


def complete(project: Path, config: Config) -> None:
    """Makes sure that the project has what a training, or the record of it, will ask for.

    Raises:
        ConfigError: It has not.
    """
    if config.model.search:
        search.require_tuner()
    try:
        documents.encode(config.model.hyperparameters)
    except (TypeError, ValueError) as error:
        expected = "texts, finite numbers, true, false, lists and mappings of texts to such"
        raise ConfigError("benison.yaml (model.hyperparameters)", expected=expected, got=str(error)) from error
    if not (project / config.data.schema).is_file():
        hint = nearest(config.data.schema, [path.name for path in project.glob("*.pbtxt")])
        raise ConfigError("benison.yaml (data.schema)", expected=f"a file {config.data.schema}", got="none", hint=hint)
    _served(project, config)


def _served(project: Path, config: Config) -> None:
    schema = schema_pb2.Schema()
    try:
        text_format.Parse((project / config.data.schema).read_text(), schema)
    except (text_format.ParseError, UnicodeDecodeError) as error:
        expected = "a tensorflow.metadata.v0.Schema in protobuf's text format"
        raise ConfigError(config.data.schema, expected=expected, got=str(error)) from error
    served = config.validation.schema.serving_environment
    require_served(schema, columns_of(config.features), served, config.data.schema)
