"""The evaluator on what TFX's ExampleGen and Trainer wrote; asked by tfx.py, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benison.components.evaluator.run import run
from benison.core import digests, documents, logs
from benison.core.verdicts import Check, Tier, Verdict
from benison.tfx import champions, models
from benison.tfx.asked import Asked
from benison.tfx.given import Given


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Evaluates a model beside the baseline.

    Args:
        request: An `Asked`: the inputs ``examples`` and ``model``, perhaps ``schema`` and ``baseline_model``; the
            output ``evaluation``; the parameters ``project``, ``project_digest`` and ``holdout``.

    Returns:
        Whether the model is ``blessed``, the ``verdict``, the ``reasons`` where it is none, whether it was ``compared``
        with a champion, and evaluation.json's ``digest``.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, evaluation = Given.of(asked), asked.outputs["evaluation"]
    model = models.model_of(given, "model")
    run(
        bundle=given.bundle,
        holdout=given.snapshot.holdout,
        model=model,
        champion=champions.compared(given, "baseline_model"),
        predictions=evaluation / "predictions",
        evaluation=evaluation,
    )
    if model != asked.one("model").path:
        models.keep(model, evaluation)
    said = documents.read(evaluation / "evaluation.json", "evaluation")
    checks = list(map(Check.from_json, said["checks"]))
    return {
        "blessed": said["verdict"] == Verdict.PASS,
        "verdict": said["verdict"],
        "reasons": [one.reason for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS],
        "compared": said["champion"] is not None,
        "digest": digests.of_file(evaluation / "evaluation.json"),
    }
