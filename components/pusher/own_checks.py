"""The pusher's own checks: that all the evidence is about this very package, data, policy and champion."""

from __future__ import annotations

from collections.abc import Iterator

from benison.components.pusher.evidence import Evidence, Infra, Standing, champion_in
from benison.core import digests
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.registry.rules import newest

REQUIRED = "required"


def every(evidence: Evidence, standing: Standing) -> Iterator[Check]:
    """All of them; where there is no model, one says so in place of those that speak of it."""
    yield data_validation(evidence)
    yield model_evaluation(evidence)
    yield policy_in_force(evidence)
    yield evaluated_this_package(evidence)
    if evidence.infra is not None:
        yield infra_validation(evidence, evidence.infra)
    if evidence.training is not None:
        yield compared_with_champion(evidence, standing)
        yield not_older_than_champion(evidence, standing)
        yield not_rolled_back(standing)
        if standing.repeated or evidence.reproducible == REQUIRED:
            yield reproducible(evidence, standing)


def data_validation(evidence: Evidence) -> Check:
    """The data that was validated is the data that trained, that is held out, and whose profile is kept."""
    said = {
        "validated": evidence.anomalies["snapshot"],
        "profiled": evidence.profile["snapshot"],
        "held out": evidence.evaluation["holdout"]["snapshot"],
    }
    trained = evidence.training or evidence.not_trained
    if trained:
        said["trained on" if evidence.training else "not trained on"] = trained["snapshot"]
    if evidence.evaluation["challenger"]:
        said["evaluated as trained on"] = evidence.evaluation["challenger"]["snapshot"]
    if (disagreement := _disagreement(said)) is not None:
        return _check(
            "data_validation", "data", Verdict.FAIL, disagreement, "one snapshot", f"the data differs: {disagreement}"
        )
    return _judged("data_validation", "data", evidence.anomalies["verdict"], evidence.data_checks)


def model_evaluation(evidence: Evidence) -> Check:
    """The evaluation asked something, and its verdict is what its checks come to."""
    return _judged("model_evaluation", "evaluation", evidence.evaluation["verdict"], evidence.model_checks)


def infra_validation(evidence: Evidence, infra: Infra) -> Check:
    """What was served in a process of its own is this package, on this data, by what the bundle asks."""
    said = infra.said
    pairs = {
        "package": (said["package"], evidence.package),
        "data": (said["snapshot"], evidence.anomalies["snapshot"]),
        "policy": (said["policy"], infra.policy),
    }
    if apart := [what for what, (one, other) in pairs.items() if one != other]:
        shown = (f"{what} {_short(pairs[what][0])}, not {_short(pairs[what][1])}" for what in apart)
        observed = f"of another {', '.join(shown)}"
        reason = f"infra.json is {observed}"
        return _check("infra_validation", "infra", Verdict.FAIL, observed, "of this package, data and policy", reason)
    return _judged("infra_validation", "infra", said["verdict"], infra.checks)


def _short(digest: str | None) -> str:
    return digests.short(digest) if digest else "none"


def policy_in_force(evidence: Evidence) -> Check:
    """The policy that was applied is the one in the bundle."""
    applied, in_force = digests.short(evidence.evaluation["policy"]), digests.short(evidence.policy)
    passed = evidence.evaluation["policy"] == evidence.policy
    reason = f"the evaluation applied gate {applied}, and the bundle's is {in_force}"
    return _check("policy_in_force", "policy", _pass_or_fail(passed), applied, in_force, reason)


def evaluated_this_package(evidence: Evidence) -> Check:
    """The package that was evaluated is the one that was trained, and its bytes are what lies here."""
    challenger = evidence.evaluation["challenger"]
    said = {
        "evaluated": challenger["package"] if challenger else None,
        "trained": evidence.training["package"] if evidence.training else None,
        "here": evidence.package,
    }
    name = "evaluated_this_package"
    if evidence.not_trained and challenger is None:
        reason = f"there is no model: {evidence.not_trained['reason']}"
        return _check(name, "package", Verdict.ERROR, "no model", "one package", reason)
    if (disagreement := _disagreement(said)) is not None:
        return _check(
            name, "package", Verdict.FAIL, disagreement, "one package", f"the package differs: {disagreement}"
        )
    observed = digests.short(evidence.package or "")
    return _check(
        name, "package", Verdict.PASS, observed, observed, "what was evaluated is what was trained and lies here"
    )


def compared_with_champion(evidence: Evidence, standing: Standing) -> Check:
    """The champion in the evaluation is the champion now, by number and package."""
    name, compared, now = "compared_with_champion", evidence.compared_with, standing.champion
    looked_up = champion_in(evidence.resolved)
    observed, allowed = str(compared or "none"), str(now or "none")
    if compared != looked_up:
        reason = f"it was compared with champion {observed}, and the run had looked up {looked_up or 'none'}"
        return _check(name, "champion", Verdict.FAIL, observed, str(looked_up or "none"), reason)
    if compared != now:
        reason = f"it was compared with champion {observed}, and the champion is {allowed}: run the pipeline again"
        return _check(name, "champion", Verdict.FAIL, observed, allowed, reason)
    reason = f"it was compared with champion {observed}" if compared else "there is no champion to compare with yet"
    return _check(name, "champion", Verdict.PASS, observed, allowed, reason)


def not_older_than_champion(evidence: Evidence, standing: Standing) -> Check:
    """The newest span that the model was trained on is not older than the champion's."""
    own, there = newest(evidence.spans), newest(standing.champion_spans)
    observed, allowed = f"spans up to {own}", f"spans up to {there} or newer" if standing.champion else "any spans"
    passed = standing.champion is None or own >= there
    relation = "is not older than" if passed else "is older than"
    compared = f"which {relation} the champion's {there}" if standing.champion else "as the first model"
    reason = f"trained on {observed}, {compared}"
    numbers = {"newest_span": float(own), "champion_newest_span": float(there)}
    return _check("not_older_than_champion", "package", _pass_or_fail(passed), observed, allowed, reason, numbers)


def not_rolled_back(standing: Standing) -> Check:
    """No person took this model out of the champion's place: what a person decided, a machine does not undo."""
    if not standing.rolled_back:
        return _check("not_rolled_back", "package", Verdict.PASS, "no", "no", "nobody rolled this model back")
    reason = f"this model was rolled back by {standing.rolled_back}; promote it with --force if it is to come back"
    return _check("not_rolled_back", "package", Verdict.FAIL, "rolled back", "no", reason)


def reproducible(evidence: Evidence, standing: Standing) -> Check:
    """Every other training of the same project on the same data came to the very same model."""
    training = evidence.training or {}
    tier = Tier.HARD if evidence.reproducible == REQUIRED else Tier.SOFT
    name, allowed = "reproducible", "the same model each time"
    if not standing.repeated:
        from_another = "it goes on from another model, which no other training did"
        once = "this project was trained on these data once: train again, with  benison run --no-cache"
        why = from_another if training["base_model"] else once
        return Check(name, "training", tier, Verdict.INCONCLUSIVE, "trained once", allowed, why)
    others = [package for package, model in standing.repeated.items() if model != training["model_digest"]]
    times = len(standing.repeated) + 1
    if not others:
        reason = f"trained {times} times, by the same project on the same data, it is the same model"
        return Check(name, "training", tier, Verdict.PASS, f"the same {times} times", allowed, reason)
    listed = ", ".join(map(digests.short, others))
    reason = f"the same project came to another model on the same data: {listed}"
    return Check(name, "training", tier, Verdict.FAIL, f"another model in {listed}", allowed, reason)


def _judged(name: str, subject: str, declared: str, checks: tuple[Check, ...]) -> Check:
    """Whether a verdict rests on something: on hard checks, which come to just this."""
    hard = sum(check.tier is Tier.HARD for check in checks)
    found = combine(checks)
    observed, allowed = f"{declared} from {hard} hard checks", "at least one, and the verdict that they come to"
    if declared != found:
        reason = f"{subject} says {declared}, and its {hard} hard checks come to {found}"
        return _check(name, subject, Verdict.ERROR, observed, allowed, reason)
    if not hard:
        return _check(name, subject, Verdict.INCONCLUSIVE, observed, allowed, f"no hard check of the {subject}")
    return _check(name, subject, Verdict.PASS, observed, allowed, f"{subject} was judged by {hard} hard checks")


def _disagreement(said: dict[str, str | None]) -> str | None:
    """Who says what, where they do not all say the same."""
    if len(set(said.values())) == 1 and None not in said.values():
        return None
    return ", ".join(f"{who} {digests.short(what) if what else 'none'}" for who, what in said.items())


def _pass_or_fail(passed: bool) -> Verdict:
    return Verdict.PASS if passed else Verdict.FAIL


def _check(
    name: str,
    subject: str,
    verdict: Verdict,
    observed: str,
    allowed: str,
    reason: str,
    numbers: dict[str, float] | None = None,
) -> Check:
    return Check(name, subject, Tier.HARD, verdict, observed, allowed, reason, numbers or {})
