"""The truth table of the gate, and that all evidence must be about the very same things."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from benison.components.pusher.bless import bless, superior
from benison.components.pusher.evidence import Evidence, Standing
from benison.core.verdicts import Verdict
from benison.registry.log import Champion
from benison.registry.testing import digest

World = Any
OTHER = digest("something else")


def only_failure(evidence: Evidence, standing: Standing) -> tuple[str, Verdict, str]:
    """The one hard check that does not pass, its verdict and reason; and the word is that verdict."""
    word = bless(evidence, standing)
    (failed,) = [check for check in word.checks if check.verdict is not Verdict.PASS]
    assert word.verdict is failed.verdict
    assert not word.blessed
    assert word.reasons == (failed.reason,)
    return failed.name, failed.verdict, failed.reason


def test_blesses_when_everything_agrees(world: World, nobody: Standing) -> None:
    word = bless(world.round("one", [1]).evidence(), nobody)
    assert word.blessed
    assert word.reasons == ()


RANK = ["ERROR", "FAIL", "INCONCLUSIVE", "PASS"]


@pytest.mark.parametrize(("data", "model"), list(product(RANK, RANK)))
def test_comes_to_the_worst_of_data_and_model(world: World, nobody: Standing, data: str, model: str) -> None:
    played = world.round("one", [1])
    played.said("anomalies/checks")["verdict"] = played.said("anomalies/checks")["checks"][0]["verdict"] = data
    played.said("evaluation/evaluation")["verdict"] = played.said("evaluation/evaluation")["checks"][1]["verdict"] = (
        model
    )
    word = bless(played.evidence(), nobody)
    assert word.verdict == min(data, model, key=RANK.index)
    assert word.blessed == (data == model == "PASS")
    assert len(word.reasons) == (data != "PASS") + (model != "PASS")


def evaluated_another(played: Any) -> None:
    played.said("evaluation/evaluation")["challenger"]["package"] = OTHER


def trained_another(played: Any) -> None:
    played.said("model/training")["package"] = OTHER


def evaluated_none(played: Any) -> None:
    played.said("evaluation/evaluation")["challenger"] = None


@pytest.mark.parametrize("change", [evaluated_another, trained_another, evaluated_none])
def test_does_not_bless_one_model_on_the_evaluation_of_another(
    world: World, nobody: Standing, change: Callable[[Any], None]
) -> None:
    played = world.round("one", [1])
    change(played)
    name, verdict, reason = only_failure(played.evidence(), nobody)
    assert (name, verdict) == ("evaluated_this_package", Verdict.FAIL)
    assert reason.startswith("the package differs: evaluated ")


def test_does_not_bless_bytes_that_are_not_what_was_trained(world: World, nobody: Standing) -> None:
    name, verdict, _ = only_failure(replace(world.round("one", [1]).evidence(), package=OTHER), nobody)
    assert (name, verdict) == ("evaluated_this_package", Verdict.FAIL)


def test_does_not_bless_by_another_policy_than_the_one_in_force(world: World, nobody: Standing) -> None:
    name, verdict, reason = only_failure(replace(world.round("one", [1]).evidence(), policy=OTHER), nobody)
    assert (name, verdict) == ("policy_in_force", Verdict.FAIL)
    assert reason.endswith(f"and the bundle's is {OTHER[7:19]}")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ("anomalies/checks", "validated"),
        ("statistics/profile", "profiled"),
        ("model/training", "trained on"),
        ("evaluation/evaluation.holdout", "held out"),
        ("evaluation/evaluation.challenger", "evaluated as trained on"),
    ],
)
def test_does_not_bless_on_checks_of_other_data(world: World, nobody: Standing, document: str, place: str) -> None:
    played = world.round("one", [1])
    name, _, key = document.partition(".")
    (played.said(name)[key] if key else played.said(name))["snapshot"] = OTHER
    failed, verdict, reason = only_failure(played.evidence(), nobody)
    assert (failed, verdict) == ("data_validation", Verdict.FAIL)
    assert f"{place} {OTHER[7:19]}" in reason


@pytest.mark.parametrize(
    ("name", "document"), [("data_validation", "anomalies/checks"), ("model_evaluation", "evaluation/evaluation")]
)
def test_does_not_bless_on_no_hard_check_at_all(world: World, nobody: Standing, name: str, document: str) -> None:
    played = world.round("one", [1])
    played.said(document)["verdict"] = "INCONCLUSIVE"
    for check in played.said(document)["checks"]:
        check["tier"] = "soft"
    failed, verdict, reason = only_failure(played.evidence(), nobody)
    assert (failed, verdict) == (name, Verdict.INCONCLUSIVE)
    assert reason.startswith("no hard check of the ")


@pytest.mark.parametrize(
    ("name", "document"), [("data_validation", "anomalies/checks"), ("model_evaluation", "evaluation/evaluation")]
)
@pytest.mark.parametrize("declared", ["FAIL", "INCONCLUSIVE", "ERROR"])
def test_does_not_bless_where_a_verdict_is_not_what_its_checks_come_to(
    world: World, nobody: Standing, name: str, document: str, declared: str
) -> None:
    played = world.round("one", [1])
    played.said(document)["verdict"] = declared
    failed, verdict, reason = only_failure(played.evidence(), nobody)
    assert (failed, verdict) == (name, Verdict.ERROR)
    assert f"says {declared}, and its" in reason
    assert reason.endswith("hard checks come to PASS")


def test_does_not_bless_a_pass_that_a_check_contradicts(world: World, nobody: Standing) -> None:
    played = world.round("one", [1])
    played.said("evaluation/evaluation")["checks"][0]["verdict"] = "FAIL"
    assert bless(played.evidence(), nobody).verdict is Verdict.ERROR


def test_does_not_bless_what_was_compared_with_another_champion(world: World) -> None:
    world.round("one", [1]).push()
    played = world.round("two", [2])
    there = Champion(3, played.champion["champion"]["package"])
    evidence = played.evidence()
    assert bless(evidence, Standing(there, (1,), "")).blessed
    for champion in (Champion(6, OTHER), Champion(6, there.package), Champion(3, OTHER), None):
        name, verdict, reason = only_failure(evidence, Standing(champion, (1,), ""))
        assert (name, verdict) == ("compared_with_champion", Verdict.FAIL)
        assert reason.startswith(f"it was compared with champion {there}, and the champion is {champion or 'none'}: ")
        assert reason.endswith("run the pipeline again")


def test_does_not_bless_a_first_model_once_there_is_a_champion(world: World) -> None:
    name, _, reason = only_failure(world.round("one", [1]).evidence(), Standing(Champion(3, OTHER), (1,), ""))
    assert name == "compared_with_champion"
    assert reason.startswith("it was compared with champion none, and the champion is 3 (")


def test_does_not_bless_when_the_run_looked_up_another_champion_than_was_compared(world: World) -> None:
    world.round("one", [1]).push()
    played = world.round("two", [2])
    there = Champion(3, played.champion["champion"]["package"])
    looked_up = {**played.champion, "champion": {**played.champion["champion"], "number": 9}}
    name, verdict, reason = only_failure(replace(played.evidence(), resolved=looked_up), Standing(there, (1,), ""))
    assert (name, verdict) == ("compared_with_champion", Verdict.FAIL)
    assert f"compared with champion {there}, and the run had looked up 9 (" in reason


@pytest.mark.parametrize(
    ("own", "champions", "passes"),
    [([2], (1,), True), ([1, 2], (2,), True), ([1], (2,), False), ([2, 3], (1, 4), False)],
)
def test_holds_the_newest_span_against_the_champions(
    world: World, own: list[int], champions: tuple[int, ...], passes: bool
) -> None:
    world.round("one", [1]).push()
    played = world.round("two", own)
    word = bless(played.evidence(), Standing(Champion(3, played.champion["champion"]["package"]), champions, ""))
    assert word.blessed == passes
    if not passes:
        assert word.reasons == (
            f"trained on spans up to {max(own)}, which is older than the champion's {max(champions)}",
        )


@pytest.mark.parametrize(
    ("lower", "expected"), [(0.002, True), (1e-9, True), (0.0, False), (-0.001, False), (None, False)]
)
def test_calls_superior_what_gains_beyond_doubt(world: World, lower: float | None, expected: bool) -> None:
    assert superior(world.round("one", [1]).superior(lower).said("evaluation/evaluation")) is expected


def test_calls_nothing_superior_that_was_not_compared(world: World) -> None:
    evaluation = world.round("one", [1]).superior().said("evaluation/evaluation")
    del evaluation["slices"][0]["metrics"]["auc"]["gain"]["champion"]
    assert not superior(evaluation)
    del evaluation["slices"][0]["metrics"]["auc"]
    assert not superior(evaluation)
    evaluation["slices"][0]["slice"] = "sex=Female"
    assert not superior(evaluation)


def repeated(evidence: Evidence, models: dict[str, str]) -> Standing:
    return Standing(None, (), "", models)


@pytest.mark.parametrize("asked", ["reported", "required"])
def test_a_training_that_was_repeated_has_to_give_the_same_model(world: World, asked: str) -> None:
    evidence = replace(world.round("one", [1]).evidence(), reproducible=asked)
    own = evidence.training["model_digest"] if evidence.training else ""
    word = bless(evidence, repeated(evidence, {OTHER: own, digest("third"): own}))
    found = next(check for check in word.checks if check.name == "reproducible")
    assert (found.verdict, found.observed, word.blessed) == (Verdict.PASS, "the same 3 times", True)
    word = bless(evidence, repeated(evidence, {OTHER: digest("other weights"), digest("third"): own}))
    found = next(check for check in word.checks if check.name == "reproducible")
    assert (found.verdict, found.tier) == (Verdict.FAIL, "hard" if asked == "required" else "soft")
    assert found.reason == f"the same project came to another model on the same data: {OTHER[7:19]}"
    assert word.blessed == (asked == "reported")


def test_one_training_alone_says_nothing_of_whether_it_can_be_repeated(world: World, nobody: Standing) -> None:
    evidence = world.round("one", [1]).evidence()
    assert "reproducible" not in [check.name for check in bless(evidence, nobody).checks]
    name, verdict, reason = only_failure(replace(evidence, reproducible="required"), nobody)
    assert (name, verdict) == ("reproducible", Verdict.INCONCLUSIVE) and "benison run --no-cache" in reason


def test_a_training_that_goes_on_from_another_model_cannot_be_shown_to_repeat(world: World, nobody: Standing) -> None:
    played = world.round("one", [1])
    played.said("model/training")["base_model"] = {"package": OTHER}
    _, verdict, reason = only_failure(replace(played.evidence(), reproducible="required"), nobody)
    assert verdict is Verdict.INCONCLUSIVE and "goes on from another model" in reason


def test_what_serves_is_part_of_the_proof(world: World, nobody: Standing) -> None:
    evidence = world.round("one", [1]).evidence(infra=True)
    word = bless(evidence, nobody)
    assert (word.blessed, word.to_json()["infra"]) == (True, digest("infra"))
    assert {"lives", "same_answers", "infra_validation"} <= {check.name for check in word.checks}


@pytest.mark.parametrize("verdict", ["ERROR", "FAIL", "INCONCLUSIVE"])
def test_does_not_bless_what_does_not_serve(world: World, nobody: Standing, verdict: str) -> None:
    played = world.round("one", [1])
    infra = played.said("infra_evaluation/infra")
    infra["verdict"] = infra["checks"][0]["verdict"] = verdict
    name, found, _ = only_failure(played.evidence(infra=True), nobody)
    assert (name, found) == ("lives", Verdict(verdict))


@pytest.mark.parametrize(("key", "what"), [("package", "package"), ("snapshot", "data"), ("policy", "policy")])
def test_does_not_bless_by_what_another_package_did_or_was_asked(
    world: World, nobody: Standing, key: str, what: str
) -> None:
    played = world.round("one", [1])
    before = played.said("infra_evaluation/infra")[key]
    played.said("infra_evaluation/infra")[key] = OTHER
    name, verdict, reason = only_failure(played.evidence(infra=True), nobody)
    assert (name, verdict) == ("infra_validation", Verdict.FAIL)
    assert reason == f"infra.json is of another {what} {OTHER[7:19]}, not {before[7:19]}"


def test_does_not_bless_by_a_verdict_that_its_checks_do_not_come_to(world: World, nobody: Standing) -> None:
    played = world.round("one", [1])
    played.said("infra_evaluation/infra")["checks"] = [{**one, "tier": "soft"} for one in
        played.said("infra_evaluation/infra")["checks"]]  # fmt: skip
    name, verdict, reason = only_failure(played.evidence(infra=True), nobody)
    assert (name, verdict) == ("infra_validation", Verdict.ERROR)
    assert reason == "infra says PASS, and its 0 hard checks come to INCONCLUSIVE"
