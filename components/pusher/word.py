"""Word: a push that rests on the blessing of somebody else's evaluator, where nothing of the gate's was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.components.pusher import own_checks
from benison.components.pusher.bless import Blessing
from benison.components.pusher.evidence import Evidence, Infra, Standing, standing
from benison.components.pusher.publish import Push, Pushed, publish
from benison.core import digests, documents
from benison.core.files import write_atomically
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.registry.log import Champion
from benison.registry.registry import Registry


@dataclass(frozen=True)
class Word:
    """What a blessing says.

    Attributes:
        by: Who gave it.
        blessed: Whether it is one.
        message: Its reasons, in words; empty: none are given.
        about: The model that it is of, as whoever gave it names it.
        baseline: The package of the model that it compared with; None: it compared with none.
    """

    by: str
    blessed: bool
    message: str
    about: str
    baseline: str | None

    def write(self, path: Path) -> str:
        """Writes it down for the registry, and tells the digest."""
        write_atomically(path, documents.encode({"kind": "word", **vars(self)}))
        return digests.of_file(path)


def evidence_of(
    training: Mapping[str, Any], package: str, policy: str, digest: str, infra: Infra | None = None
) -> Evidence:
    """The evidence that there is: the model, and the word on it; nothing of data and metrics.

    Args:
        training: training.json.
        package: The digest of the bytes that are to be pushed.
        policy: The digest of the gate in the project.
        digest: The word's.
        infra: What became of it in a process of its own; None: our InfraValidator was not asked.
    """
    unchecked = {"verdict": str(Verdict.ERROR), "snapshot": training["snapshot"], "checks": []}
    return Evidence(
        anomalies=unchecked,
        anomalies_digest="",
        profile=unchecked,
        evaluation={"slices": [], "champion": None},
        evaluation_digest=digest,
        resolved={"champion": None},
        training=training,
        not_trained=None,
        package=package,
        policy=policy,
        infra=infra,
    )


def publish_on(word: Word, model: str, registry: Registry, push: Push) -> tuple[Blessing, Pushed]:
    """Registers a model and makes it the champion, if the word is a blessing, of it, and against the champion.

    Args:
        word: The blessing.
        model: The model that is to be pushed, as whoever gave the word names it.
        registry: Where to.
        push: What is published, with evidence by `evidence_of`.
    """
    state = registry.state()
    now = standing(state, push.evidence)
    blessing = _blessing(word, model, push.evidence, now)
    return blessing, publish(registry, state, push, blessing)


def _blessing(word: Word, model: str, evidence: Evidence, now: Standing) -> Blessing:
    checks = tuple(_checks(word, model, evidence, now))
    training = evidence.training or {}
    return Blessing(
        verdict=combine(checks),
        package=evidence.package,
        model_digest=training["model_digest"],
        compared_with=now.champion,
        snapshot=training["snapshot"],
        evaluation=evidence.evaluation_digest,
        policy=evidence.policy,
        checks=checks,
        reasons=tuple(one.reason for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS),
        infra=evidence.infra.digest if evidence.infra else None,
    )


def _checks(word: Word, model: str, evidence: Evidence, now: Standing) -> Iterator[Check]:
    said = word.message or "without a reason"
    yield _check(
        "blessing",
        word.blessed,
        f"{word.by} blesses it" if word.blessed else f"{word.by} does not bless it: {said}",
        ("blessed" if word.blessed else "not blessed", "blessed"),
    )
    same = word.about == model
    reason = (
        "the blessing is of this model" if same else f"the blessing is of {word.about or 'no model'}, not of {model}"
    )
    yield _check("blessing_of_this_model", same, reason, (word.about, model))
    if evidence.infra is not None:
        yield from evidence.infra_checks
        yield own_checks.infra_validation(evidence, evidence.infra)
    yield _compared_with_champion(word.baseline, now.champion)
    yield own_checks.not_older_than_champion(evidence, now)
    yield own_checks.not_rolled_back(now)


def _compared_with_champion(baseline: str | None, champion: Champion | None) -> Check:
    """Before there is a champion any comparison will do, since there is nobody whose place is taken unproven."""
    against, there = digests.short(baseline or "none"), str(champion or "none")
    passed = champion is None or baseline == champion.package
    reason = f"it was compared with {against}, and the champion is {there}"
    return _check("compared_with_champion", passed, reason, (against, there))


def _check(name: str, passed: bool, reason: str, sides: tuple[str, str]) -> Check:
    observed, allowed = (side or "none" for side in sides)
    return Check(name, "package", Tier.HARD, Verdict.PASS if passed else Verdict.FAIL, observed, allowed, reason)
