"""A policy under which a training has to be repeated before its model is promoted."""

from __future__ import annotations

from typing import Any

from benison import config as configuration
from benison.registry.testing import digest

World = Any


def test_only_the_second_training_is_promoted_where_trainings_have_to_repeat(world: World) -> None:
    first = world.round("one", [1])
    config = first.bundle / "project" / "benison.yaml"
    config.write_text(config.read_text().replace("gate: {", "gate: {reproducible: required, ", 1))
    digest_of_gate = configuration.read(first.bundle / "project").gate.digest
    first.said("evaluation/evaluation")["policy"] = digest_of_gate
    assert first.push() == "blocked" and "benison run --no-cache" in first.blessing()["reasons"][0]
    second = world.round("two", [1])
    # The files of a SavedModel are others each time; the model is the same.
    for document in ("model/training", "evaluation/evaluation"):
        said = second.said(document)
        (said if document == "model/training" else said["challenger"])["model_digest"] = digest("weights of one")
    assert second.push() == "pushed"
    checks = {check["name"]: check for check in second.blessing()["checks"]}
    assert checks["reproducible"]["observed"] == "the same 2 times"
