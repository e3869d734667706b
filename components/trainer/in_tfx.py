"""The trainer on what TFX's components wrote; asked by tfx.py, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.trainer.ready import PACKAGE
from benison.components.trainer.run import run
from benison.config import columns_of
from benison.core import digests, documents, logs
from benison.core.errors import ConfigError
from benison.sources.encode import stored_as
from benison.tfx.asked import Artifact, Asked
from benison.tfx.given import Given
from benison.tfx.models import columns_of_train, kinds_of
from benison.tfx.validations import validation_of


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Trains a model, if the data are fit for it.

    Args:
        request: An `Asked`: the inputs ``examples`` and ``anomalies``, perhaps ``schema`` and ``base_model``; the
            output ``model``; the parameters ``project``, ``project_digest``, ``holdout`` and ``checkpoint_root``.

    Returns:
        Whether it was ``trained``, and why not: ``blocked_by``.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given = Given.of(asked)
    validation = validation_of(asked.one("anomalies"), given.snapshot.document, asked.scratch / "validation")
    _served_as_kept(given)
    run(
        bundle=given.bundle,
        examples=given.snapshot.examples,
        validation=validation,
        model=asked.outputs["model"],
        base_model=_base_model(asked.optional("base_model"), asked.scratch / "base_model"),
        checkpoint_root=asked.parameters["checkpoint_root"],
    )
    blocked = documents.read(validation / "validation.json", "validation")["blocked_by"]
    return {"trained": (asked.outputs["model"] / PACKAGE).is_dir(), "blocked_by": blocked}


def _served_as_kept(given: Given) -> None:
    """Makes sure that the model will take its columns as ExampleGen keeps them, which TFX's components ask it with.

    Raises:
        ConfigError: The schema says otherwise.
    """
    name = given.config.data.schema
    schema = text_format.Parse((given.project / name).read_text(), schema_pb2.Schema())
    served, kept = stored_as(columns_of_train(given), schema), kinds_of(given)
    for column in columns_of(given.config.features):
        if column in served and served[column] != kept[column]:
            hint = "give the component schema=schema_gen.outputs['schema'], or change the feature's type"
            where, got = f"{name} (feature {column!r})", f"{served[column]}"
            raise ConfigError(where, expected=f"{kept[column]}, as the examples keep it", got=got, hint=hint)


def _base_model(artifact: Artifact | None, into: Path) -> Path | None:
    """What a warm start begins with; none where a resolver found none."""
    if artifact is None or not (artifact.path / PACKAGE).is_dir():
        return None
    shutil.copytree(artifact.path / PACKAGE, into / PACKAGE)
    documents.write(into / "base_model.json", "base_model", {"package": digests.of_tree(into / PACKAGE)}, durable=False)
    return into
