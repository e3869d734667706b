"""The infra_validator on what TFX's ExampleGen and Trainer wrote; asked by tfx.py, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benison.components.infra_validator.run import FILE, refuse, run
from benison.core import digests, documents, logs
from benison.core.errors import DataError
from benison.core.verdicts import Check, Tier, Verdict
from benison.tfx import champions, models
from benison.tfx.answered import answered
from benison.tfx.asked import PACKAGE, Asked
from benison.tfx.given import Given

PREDICTIONS = "predictions"


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Serves a model in a process of its own, as clients would ask it.

    Args:
        request: An `Asked`: the inputs ``examples`` and ``model``, perhaps ``evaluation``, ``baseline_model`` and
            ``schema``; the output ``blessing``; the parameters ``project``, ``project_digest`` and ``holdout``.

    Returns:
        Whether the model is ``blessed``, the ``verdict``, the ``reasons`` where it is none, the ``package`` that was
        asked, empty where there was none, and infra.json's ``digest``.

    Raises:
        DataError: The examples, the baseline or the evaluation cannot be used.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, into = Given.of(asked), asked.outputs["blessing"]
    shared = {"bundle": given.bundle, "holdout": given.snapshot.holdout, "infra_evaluation": into}
    kept = _predictions(asked)
    try:
        model = models.model_of(given, "model")
        predictions = kept or _answered(given, model)
    except DataError as error:
        # What cannot even be asked is what this component is there to find.
        refuse(**shared, why=" ".join(str(error).split()))
    else:
        champion = champions.compared(given, "baseline_model")
        run(**shared, model=model, champion=champion, predictions=predictions)
    return _told(into / FILE)


def _predictions(asked: Asked) -> Path | None:
    """What our Evaluator kept; None: it was not asked."""
    evaluation = asked.optional("evaluation")
    if evaluation is None:
        return None
    if not (evaluation.path / PREDICTIONS).is_dir():
        hint = "without our Evaluator leave it out; the model is then asked as TFX's asks it"
        where, got = "input 'evaluation'", f"no {PREDICTIONS}/"
        raise DataError(where, expected="what our Evaluator wrote", got=got, hint=hint)
    return evaluation.path / PREDICTIONS


def _answered(given: Given, model: Path) -> Path:
    folder = given.asked.scratch / PREDICTIONS
    return answered(given, model / PACKAGE, folder) if (model / PACKAGE).is_dir() else folder


def _told(infra: Path) -> dict[str, Any]:
    said = documents.read(infra, "infra")
    checks = map(Check.from_json, said["checks"])
    return {
        "blessed": said["verdict"] == Verdict.PASS,
        "verdict": said["verdict"],
        "reasons": [one.reason for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS],
        "package": said["package"] or "",
        "digest": digests.of_file(infra),
    }
