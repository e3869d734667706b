"""The pusher on what the components of a TFX pipeline wrote; asked by tfx.py, in a process of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benison.components.pusher import word as words
from benison.components.pusher.evidence import Infra
from benison.components.pusher.publish import Push, to_json
from benison.components.pusher.run import run, serve, signing_key, write_blessing
from benison.core import digests, documents, logs
from benison.core.errors import DataError, IntegrityError
from benison.core.verdicts import Verdict
from benison.registry.registry import Registry
from benison.tfx import champions, models
from benison.tfx.asked import PACKAGE, Artifact, Asked
from benison.tfx.given import Given
from benison.tfx.models import TAKEN_IN, TakenIn

_PROOF = {"evaluation": ("evaluation.json", "Evaluator"), "anomalies": ("checks.json", "ExampleValidator")}
_PROOF |= {"profile": ("profile.json", "ExampleValidator")}
_BASELINE, _MODEL, _INFRA = "baseline_model", "current_model", "infra_blessing"
_INFRA_FILE = "infra.json"


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Blesses and publishes a model, by the evidence of our components or by the blessing of somebody else's.

    Args:
        request: An `Asked`: the input ``model``, and either ``evaluation``, ``anomalies`` and ``profile``, or
            ``model_blessing`` and ``examples``; perhaps ``infra_blessing``, ``baseline_model`` and ``schema``; the
            output ``pushed_model``; the parameters ``project``, ``project_digest``, ``registry``, ``holdout``,
            ``commit`` and ``who``.

    Returns:
        pushed.json, and ``serving``: the folder where servers find the champion; empty: none.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, into = Given.of(asked), asked.outputs["pushed_model"]
    model = _by_proof(given, into) if asked.inputs.get("evaluation") else _by_word(given, into)
    told = documents.read(into / "pushed.json", "pushed")
    if told["outcome"] == "pushed":
        # Where TFX's own Pusher leaves a copy of what it pushed.
        shutil.copytree(model / PACKAGE, into, dirs_exist_ok=True)
    folder = given.config.serving.folder
    return {**told, "serving": str(folder / given.config.name) if folder else ""}


def _by_proof(given: Given, into: Path) -> Path:
    asked = given.asked
    for name, (file, component) in _PROOF.items():
        if not (asked.one(name).path / file).exists():
            hint = "without all of ours give it model_blessing and examples instead"
            raise DataError(f"input {name!r}", expected=f"what our {component} wrote", got=f"no {file}", hint=hint)
    model, evaluation = asked.one("model").path, asked.one("evaluation").path
    if not models.is_ours(model) and (evaluation / TAKEN_IN).is_dir():
        model = models.kept(model, evaluation, asked.scratch / "model")
    run(
        registry_uri=asked.parameters["registry"],
        commit=asked.parameters["commit"],
        who=asked.parameters["who"],
        bundle=given.bundle,
        statistics=asked.one("profile").path,
        anomalies=asked.one("anomalies").path,
        model=model,
        champion=champions.resolved(asked.optional(_BASELINE), asked.scratch),
        evaluation=evaluation,
        infra_evaluation=_infra_evaluation(asked),
        blessing=into / "blessing",
        pushed_model=into,
    )
    return model


def _infra_evaluation(asked: Asked) -> Path | None:
    """Where our InfraValidator left infra.json; None: it was not asked. Of TFX's there is a word alone.

    Raises:
        IntegrityError: The file, or the word, is no longer what our InfraValidator left.
    """
    blessing = asked.optional(_INFRA)
    if blessing is None or "infra" not in blessing.properties:
        return None
    where, said, file = f"input {_INFRA!r}", blessing.properties, blessing.path / _INFRA_FILE
    if (digest := digests.of_file(file) if file.is_file() else "") != said["infra"]:
        expected = f"the {_INFRA_FILE} that it was marked with, {digests.short(str(said['infra']))}"
        raise IntegrityError(where, expected=expected, got=digests.short(digest) or "none")
    blessed, verdict = said.get("blessed", 0), documents.read(file, "infra")["verdict"]
    if (blessed == 1) != (verdict == Verdict.PASS):
        raise IntegrityError(where, expected=f"a word that fits the verdict, {verdict}", got=f"blessed: {blessed}")
    return blessing.path


def _by_word(given: Given, into: Path) -> Path:
    asked, config = given.asked, given.config
    model = models.model_of(given, "model")
    word = _word(given, asked.one("model_blessing"))
    registry = Registry.create(asked.parameters["registry"], config.name, config.release.signatures)
    push = _push(given, model, word)
    blessing, pushed = words.publish_on(word, asked.one("model").uri, registry, push)
    serve(registry, config)
    write_blessing(into / "blessing", blessing)
    told = to_json(pushed, blessing.package, asked.parameters["registry"])
    documents.write(into / "pushed.json", "pushed", told, durable=False)
    return model


def _push(given: Given, model: Path, word: words.Word) -> Push:
    """What is published on a word, which comes to lie beside the model's own evidence."""
    asked, config, kept = given.asked, given.config, {"training": model / "training.json"}
    digest = word.write(asked.scratch / "word.json")
    infra = None
    if folder := _infra_evaluation(asked):
        kept["infra"] = folder / _INFRA_FILE
        infra = Infra.read(kept["infra"], config.infra.digest)
    training, package = documents.read(kept["training"], "training"), digests.of_tree(model / PACKAGE)
    return Push(
        folder=model / PACKAGE,
        evidence=words.evidence_of(training, package, config.gate.digest, digest, infra),
        commit=asked.parameters["commit"],
        who=asked.parameters["who"],
        when=datetime.now(UTC),
        release=config.release,
        documents={"evaluation": asked.scratch / "word.json", **kept},
        key=signing_key(config),
    )


def _word(given: Given, blessing: Artifact) -> words.Word:
    """What a ModelBlessing says; TFX's own Evaluator leaves it without a word where it had no thresholds."""
    said = blessing.properties
    return words.Word(
        by="TFX's Evaluator",
        blessed=said.get("blessed") == 1,
        message=str(said.get("blessing_message", "")),
        about=str(said.get(_MODEL, "")),
        baseline=_baseline(given, str(said.get(_BASELINE, ""))),
    )


def _baseline(given: Given, uri: str) -> str | None:
    """The package of the model that was compared with."""
    if not uri:
        return None
    baseline = given.asked.optional(_BASELINE)
    if baseline is None or baseline.uri != uri:
        got, hint = baseline.uri if baseline else "none", "give it the baseline_model that the Evaluator was given"
        raise DataError(f"input {_BASELINE!r}", expected=f"the model of the blessing, {uri}", got=got, hint=hint)
    if models.is_ours(baseline.path):
        return digests.of_tree(baseline.path / PACKAGE)
    return digests.of_tree(TakenIn(given, baseline, given.asked.scratch / "baseline").package)
