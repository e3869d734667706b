"""Publish: what becomes of a package in the registry, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benison.components.pusher.bless import Blessing, superior
from benison.components.pusher.evidence import Evidence, promoted_already, same_model
from benison.config import Release
from benison.config.release import HOLD, REQUIRED
from benison.core import documents
from benison.core.errors import RefusedError
from benison.core.key_sets import TrainedOn
from benison.core.signing_keys import PrivateKey
from benison.core.verdicts import Tier
from benison.registry import attestation
from benison.registry.log import Champion
from benison.registry.manifest import Provenance
from benison.registry.registry import Registry
from benison.registry.rules import newest
from benison.registry.sign import sign
from benison.registry.state import State

PUSHED, HELD, UNCHANGED, SUPERSEDED, BLOCKED = "pushed", "held", "unchanged", "superseded", "blocked"
_REASONS_SHOWN = 2


@dataclass(frozen=True)
class Pushed:
    """What became of a package.

    Attributes:
        outcome: ``pushed``, ``held``, ``unchanged``, ``superseded`` or ``blocked``.
        reason: One sentence.
        before: The champion before.
        after: The champion afterwards.
    """

    outcome: str
    reason: str
    before: Champion | None
    after: Champion | None


@dataclass(frozen=True)
class Push:
    """What is to be published, and on whose behalf.

    Attributes:
        folder: The package's files; those of what it was trained on lie beside it.
        evidence: What the artifacts say.
        commit: The commit of the project; empty where there is none.
        who: Who or what asked for it.
        when: The moment.
        release: The rules of promotion.
        documents: Evidence that is kept in the registry, by name.
        key: The key that signs a blessed package; None: it is signed elsewhere, if it has to be.
    """

    folder: Path
    evidence: Evidence
    commit: str
    who: str
    when: datetime
    release: Release = field(default_factory=Release)
    documents: Mapping[str, Path] = field(default_factory=dict)
    key: PrivateKey | None = None


def decide(state: State, evidence: Evidence, blessing: Blessing, release: Release) -> Pushed:
    """What becomes of the package, before anything is done; `after` is still the champion of now.

    Args:
        state: The registry's.
        evidence: What the artifacts say.
        blessing: The gate's word on it.
        release: The rules of promotion.
    """
    now, same = state.champion, same_model(state, evidence)
    if now is not None and now.package in same:
        if state.reign and promoted_already(state, evidence):
            return _made_champion(state.reign.entry.replaces, now)
        if not blessing.blessed:
            reason = (
                f"it is champion {now} already, and stays, but is not blessed any more: {_first_of(blessing.reasons)}"
            )
            return Pushed(BLOCKED, reason, now, now)
        again = "" if now.package == evidence.package else ", written again: the same project, data and weights"
        return Pushed(UNCHANGED, f"it is champion {now} already{again}", now, now)
    if now is not None and any(state.last_reign(package) for package in same):
        own, there = newest(evidence.spans), newest(state.versions[now.package].entry.spans)
        if own < there:
            reason = f"it was champion before; champion {now} is trained on newer data: up to span {there}, not {own}"
            return Pushed(SUPERSEDED, reason, now, now)
    if blessing.blessed:
        waits = _waits(state, blessing, release)
        return Pushed(HELD if waits else PUSHED, f"blessed{waits and f', and {waits}'}", now, now)
    return Pushed(BLOCKED, f"not blessed: {_first_of(blessing.reasons)}", now, now)


def _waits(state: State, blessing: Blessing, release: Release) -> str:
    """What a blessed package waits for before it becomes champion; empty where it does not wait."""
    known = state.versions.get(blessing.package or "")
    if release.approval == REQUIRED and not (known is not None and known.approved):
        return "waits for an approval: benison registry approve challenger"
    return "waits to be promoted: benison registry promote challenger" if release.delivery == HOLD else ""


def publish(registry: Registry, state: State, push: Push, blessing: Blessing) -> Pushed:
    """Keeps the profile of accepted data, registers the package, records the gate's word on it, crowns a blessed one.

    Later data is held to all data that validation let pass, whatever became of the model. Each step is done once,
    however often it is asked for, so a push that was cut short is completed by repeating it.
    An outcome that changes nothing adds nothing to the log.

    Raises:
        ConflictError: The champion moved at this moment; look again.
        RefusedError: The champion moved since `state`; look again.
    """
    if push.evidence.accepted:
        registry.history.put(push.evidence.profile, push.when)
    registry.govern(push.release, who=push.who, when=push.when, why="benison.yaml says so")
    decided = decide(state, push.evidence, blessing, push.release)
    if decided.outcome in (PUSHED, HELD, BLOCKED) and _is_what_was_trained(push.evidence):
        _record(registry, push, blessing)
    crowned = decided.after is not None and decided.after.package == blessing.package
    if decided.outcome != PUSHED or crowned:
        return decided
    if lacking := _lacking(registry, blessing):
        return Pushed(HELD, f"blessed, and waits for a signature: {lacking}", decided.before, decided.after)
    return _promote(registry, decided.before, push, blessing)


def _lacking(registry: Registry, blessing: Blessing) -> str:
    """What a blessed package lacks of the signatures that are required; empty where it lacks nothing."""
    try:
        registry.require_signature(blessing.package or "")
    except RefusedError as refused:
        return f"{refused}".replace("\n\nhint:", ";")
    return ""


def to_json(pushed: Pushed, package: str | None, registry_uri: str) -> dict[str, Any]:
    """The content of pushed.json."""
    return {
        "outcome": pushed.outcome,
        "reason": pushed.reason,
        "package": package,
        "number": pushed.after.number if pushed.after else None,
        "champion_before": pushed.before.package if pushed.before else None,
        "champion_after": pushed.after.package if pushed.after else None,
        "registry": registry_uri,
    }


def _is_what_was_trained(evidence: Evidence) -> bool:
    """Whether training.json speaks of these bytes; if not, nothing true could be recorded of where they came from."""
    return evidence.training is not None and evidence.training["package"] == evidence.package


def _record(registry: Registry, push: Push, blessing: Blessing) -> None:
    """Every model is registered, blessed or not; the gate's word is recorded where it is new, and a blessing signed."""
    spans = ", ".join(map(str, push.evidence.spans))
    said: dict[str, Any] = {"who": push.who, "when": push.when}
    package = registry.register(push.folder, _provenance(push), why=f"trained on spans {spans}", **said)
    hard = [check for check in blessing.checks if check.tier is Tier.HARD]
    registry.bless(
        package,
        blessing.verdict,
        reasons=blessing.reasons,
        evidence=_evidence(registry, push, blessing, package),
        compared_with=blessing.compared_with,
        superior=superior(push.evidence.evaluation),
        why=f"{sum(check.verdict == 'PASS' for check in hard)} of {len(hard)} hard checks pass",
        **said,
    )
    if push.key is not None and blessing.blessed:
        sign(registry, package, push.key)


def _evidence(registry: Registry, push: Push, blessing: Blessing, package: str) -> dict[str, str]:
    """The digests of what the word rests on; documents are kept, and with them the statement of where it came from."""
    named = {
        **{name: registry.evidence.put(file) for name, file in push.documents.items()},
        "evaluation": blessing.evaluation,
        **({"checks": push.evidence.anomalies_digest} if push.evidence.anomalies_digest else {}),
    }
    manifest = registry.packages.require(registry.state().copy(package))
    statement = documents.encode(attestation.statement(registry.model, manifest, named))
    said = {"policy": blessing.policy, "snapshot": blessing.snapshot}
    return {**named, **said, attestation.EVIDENCE: registry.evidence.put(statement)}


def _promote(registry: Registry, before: Champion | None, push: Push, blessing: Blessing) -> Pushed:
    better = superior(push.evidence.evaluation)
    word = "superior to" if better else "no worse than"
    why = f"blessed: {word} the champion" if before else "blessed: the first model"
    said: dict[str, Any] = {"who": push.who, "when": push.when, "why": why}
    package = blessing.package or ""
    logged = registry.promote(package, by_hand=False, policy=blessing.policy, **said)
    return _made_champion(before, Champion(logged.number, package))


def _made_champion(before: Champion | None, after: Champion) -> Pushed:
    replaces = f"replaces {before}" if before else "is the first"
    return Pushed(PUSHED, f"champion {after} {replaces}", before, after)


def _provenance(push: Push) -> Provenance:
    training = push.evidence.training or {}
    return Provenance(
        commit=push.commit,
        bundle=training["bundle"],
        snapshot=training["snapshot"],
        spans=push.evidence.spans,
        model_digest=training["model_digest"],
        hyperparameters=training["hyperparameters"],
        evaluation=push.evidence.evaluation_digest,
        trained_on=TrainedOn.from_json(training["trained_on"]),
    )


def _first_of(reasons: tuple[str, ...]) -> str:
    shown, more = "; ".join(reasons[:_REASONS_SHOWN]), len(reasons) - _REASONS_SHOWN
    return f"{shown}; and {more} more" if more > 0 else shown
