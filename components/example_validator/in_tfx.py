"""The validator on what TFX's components wrote; asked by tfx.py, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benison.components.example_validator.run import run
from benison.config import SPLITS
from benison.core import documents, logs
from benison.core.examples import split_folder
from benison.tfx import champions, validations
from benison.tfx.asked import Asked
from benison.tfx.examples import HOLDOUT, names_of, require_references
from benison.tfx.given import Given


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Validates the examples.

    Args:
        request: An `Asked`: the inputs ``examples``, perhaps ``statistics``, ``schema`` and ``baseline_model``; the
            outputs ``anomalies`` and ``profile``; the parameters ``project``, ``project_digest`` and ``holdout``.

    Returns:
        The ``verdict``, the reasons that it is ``blocked_by``, and the ``splits``.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, baseline = Given.of(asked), asked.optional("baseline_model")
    names = names_of(asked.parameters["holdout"])
    if (statistics := asked.optional("statistics")) is not None:
        validations.require_statistics(statistics, given.snapshot, names)
    require_references(given.config, given.snapshot)
    measured, anomalies = asked.outputs["profile"], asked.outputs["anomalies"]
    run(
        bundle=given.bundle,
        examples=given.snapshot.examples,
        holdout=given.snapshot.holdout,
        references=given.snapshot.references,
        champion=champions.resolved(baseline, asked.scratch),
        history=champions.history_of(baseline, asked.scratch),
        statistics=measured,
        anomalies=anomalies,
        validation=anomalies,
        report=anomalies / "report.html",
    )
    for folder in (measured, anomalies):
        _as_tfx_calls_them(folder, names)
    said = documents.read(anomalies / validations.DOCUMENT, "validation")
    return {"verdict": said["verdict"], "blocked_by": said["blocked_by"], "splits": [names[split] for split in SPLITS]}


def _as_tfx_calls_them(folder: Path, names: Mapping[str, str]) -> None:
    """The holdout under the name that TFX's components look for."""
    if names[HOLDOUT] != HOLDOUT:
        shutil.move(split_folder(folder, HOLDOUT), split_folder(folder, names[HOLDOUT]))
