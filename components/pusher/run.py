"""Pusher: bless -> publish -> serve."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benison import config as configuration
from benison.components.pusher.bless import Blessing, bless
from benison.components.pusher.evidence import Evidence, Infra, standing
from benison.components.pusher.publish import Push, Pushed, publish, to_json
from benison.config import Config
from benison.core import digests, documents, signing_keys
from benison.core.errors import ConflictError, IntegrityError, RefusedError
from benison.core.files import storage_errors, write_atomically
from benison.core.signing_keys import PrivateKey
from benison.registry.registry import Registry
from benison.registry.serving_folder import materialize

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Artifacts:
    """The folders of what a push rests on, named as `run` names them."""

    anomalies: Path
    statistics: Path
    model: Path
    champion: Path
    evaluation: Path
    infra_evaluation: Path | None


def run(
    *,
    registry_uri: str,
    commit: str,
    who: str,
    bundle: Path,
    statistics: Path,
    anomalies: Path,
    model: Path,
    champion: Path,
    evaluation: Path,
    infra_evaluation: Path | None,
    blessing: Path,
    pushed_model: Path,
) -> str:
    """Blesses the challenger with reasons, or does not; registers it; makes a blessed one the champion.

    Where benison.yaml names a serving folder, the champion lies there afterwards, whoever it is.

    Args:
        registry_uri: Where the registry lies.
        commit: The commit that the project came from; empty where there is none.
        who: Who or what asked for this run.
        bundle: The user's project, with the policy.
        statistics: The profile of the snapshot, kept as history where validation let the data pass.
        anomalies: Every check of the data.
        model: The challenger.
        champion: What the evaluation compared with.
        evaluation: Every metric and check of the models.
        infra_evaluation: Every figure and check of the challenger in a process of its own; None: in a pipeline of TFX
            where our InfraValidator was not asked.
        blessing: The artifact that becomes blessing.json and the marker BLESSED or NOT_BLESSED.
        pushed_model: The artifact that becomes pushed.json, the registry entry that the model became.

    Returns:
        The outcome: pushed, held, unchanged, superseded or blocked.
    """
    config = configuration.read(bundle / "project")
    artifacts = Artifacts(anomalies, statistics, model, champion, evaluation, infra_evaluation)
    evidence = _gather(artifacts, config)
    registry, key = Registry.create(registry_uri, config.name, config.release.signatures), signing_key(config)
    push = Push(
        folder=model / "Format-Serving",
        evidence=evidence,
        commit=commit,
        who=who.strip() or "unnamed",
        when=datetime.now(UTC),
        release=config.release,
        documents=_documents(artifacts),
        key=key,
    )
    word, pushed = _settle(registry, push)
    serve(registry, config)
    write_blessing(blessing, word)
    documents.write(pushed_model / "pushed.json", "pushed", to_json(pushed, word.package, registry_uri), durable=False)
    _log.info("%s: %s", pushed.outcome, pushed.reason)
    return pushed.outcome


def signing_key(config: Config) -> PrivateKey | None:
    """The key that signs what is blessed, from the variable that benison.yaml names; None: it names none.

    Raises:
        ConfigError: The variable holds none.
    """
    return signing_keys.private_in(os.environ, config.signing_key_from) if config.signing_key_from else None


def serve(registry: Registry, config: Config) -> None:
    """Has the champion lie in the serving folder, where benison.yaml names one.

    A champion that lacks a signature stays out of it: what lies there goes on serving, and the log says so.
    """
    if config.serving.folder and registry.state().champion:
        try:
            materialize(registry, config.serving.folder, config.serving.keep)
        except RefusedError as refused:
            _log.error("%s stays as it is: %s", config.serving.folder, refused)


def _settle(registry: Registry, push: Push) -> tuple[Blessing, Pushed]:
    """Blesses and publishes; once more where the champion moved meanwhile, which the second word then says."""
    try:
        return _bless_and_publish(registry, push)
    except (ConflictError, RefusedError):
        return _bless_and_publish(registry, push)


def _bless_and_publish(registry: Registry, push: Push) -> tuple[Blessing, Pushed]:
    state = registry.state()
    word = bless(push.evidence, standing(state, push.evidence))
    return word, publish(registry, state, push, word)


def _gather(of: Artifacts, config: Config) -> Evidence:
    """Reads every document that counts, each held to its schema, and hashes the package itself."""
    trained = not (of.model / "not_trained.json").exists()
    judged = documents.read(of.evaluation / "evaluation.json", "evaluation")
    if "predictions" in judged:
        raise IntegrityError(
            "evaluation.json",
            expected="what the pipeline's evaluator says of the model",
            got="an evaluation of ready predictions, which no package stands behind",
            hint="run python -m benison.components.evaluator, or the pipeline",
        )
    infra = of.infra_evaluation and of.infra_evaluation / "infra.json"
    return Evidence(
        anomalies=documents.read(of.anomalies / "checks.json", "checks"),
        anomalies_digest=digests.of_file(of.anomalies / "checks.json"),
        profile=documents.read(of.statistics / "profile.json", "profile"),
        evaluation=judged,
        evaluation_digest=digests.of_file(of.evaluation / "evaluation.json"),
        resolved=documents.read(of.champion / "champion.json", "champion"),
        training=documents.read(of.model / "training.json", "training") if trained else None,
        not_trained=None if trained else documents.read(of.model / "not_trained.json", "not_trained"),
        package=digests.of_tree(of.model / "Format-Serving") if trained else None,
        policy=config.gate.digest,
        reproducible=config.gate.reproducible,
        infra=Infra.read(infra, config.infra.digest) if infra else None,
    )


def _documents(of: Artifacts) -> dict[str, Path]:
    """The evidence that an auditor will want to read, as far as there is any."""
    files = {
        "checks": of.anomalies / "checks.json",
        "training": of.model / "training.json",
        "evaluation": of.evaluation / "evaluation.json",
        "model_card": of.evaluation / "model_card.json",
        **({"infra": of.infra_evaluation / "infra.json"} if of.infra_evaluation else {}),
    }
    return {name: file for name, file in files.items() if file.is_file()}


def write_blessing(folder: Path, word: Blessing) -> None:
    """blessing.json, then the empty marker that TFX looks for."""
    documents.write(folder / "blessing.json", "blessing", word.to_json(), durable=False)
    marker, other = ("BLESSED", "NOT_BLESSED") if word.blessed else ("NOT_BLESSED", "BLESSED")
    with storage_errors(folder):
        (folder / other).unlink(missing_ok=True)
    write_atomically(folder / marker, b"")
