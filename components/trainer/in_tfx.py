"""The trainer on what TFX's components wrote; asked by tfx.py, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benison.components.trainer.ready import PACKAGE
from benison.components.trainer.run import run
from benison.core import digests, documents, logs
from benison.tfx.asked import Artifact, Asked
from benison.tfx.given import Given
from benison.tfx.models import kinds_of
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
    run(
        bundle=given.bundle,
        examples=given.snapshot.examples,
        validation=validation,
        model=asked.outputs["model"],
        base_model=_base_model(asked.optional("base_model"), asked.scratch / "base_model"),
        checkpoint_root=asked.parameters["checkpoint_root"],
        # As TFX's own components will ask the model: with the examples as they are.
        stored_as=kinds_of(given),
    )
    blocked = documents.read(validation / "validation.json", "validation")["blocked_by"]
    return {"trained": (asked.outputs["model"] / PACKAGE).is_dir(), "blocked_by": blocked}


def _base_model(artifact: Artifact | None, into: Path) -> Path | None:
    """What a warm start begins with; none where a resolver found none."""
    if artifact is None or not (artifact.path / PACKAGE).is_dir():
        return None
    shutil.copytree(artifact.path / PACKAGE, into / PACKAGE)
    documents.write(into / "base_model.json", "base_model", {"package": digests.of_tree(into / PACKAGE)}, durable=False)
    return into
