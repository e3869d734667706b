"""Tallies against guardrails, as checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benison.components.rollout.judge import alpha_of, judge, stages
from benison.components.rollout.measure import Tallies
from benison.components.rollout.tests.test_measure import batch_of
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.sequential import Arm

ERRORS = Guardrail("error_rate", Tier.HARD, 0.02, at_most=0.3)
PLAN = Rollout("canary", (Phase(0, 100, 5), Phase(50, 0, 5)), 1, (ERRORS,), block_seconds=10, min_blocks=20)


def filled(plan: Rollout, champion: float, challenger: float, *, blocks: int = 200, stage: str = "live") -> Tallies:
    """Tallies in which a share of requests counts, of a thousand of each side in each block."""
    random, name = np.random.default_rng(3), plan.guardrails[0].name
    tallies = Tallies(1, plan, "first", "second")
    for side, mean in (("champion", champion), (stage, challenger)):
        counts = random.binomial(1000, mean, blocks).astype(float)
        tallies.sums[name, side] = {number: Arm(1000, count, count) for number, count in enumerate(counts)}
    return tallies


def found(tallies: Tallies, **more: Any) -> dict[tuple[str, str], Check]:
    checks = judge(tallies, **{"percent": 0.0, "since": 0.0, **more})
    return {(check.name, check.subject): check for check in checks}


@pytest.mark.parametrize(
    ("challenger", "verdict", "word"),
    [
        (0.01, Verdict.PASS, "is <="),
        (0.031, Verdict.INCONCLUSIVE, "is not shown to be <="),
        (0.08, Verdict.FAIL, "is not <="),
    ],
)
def test_harm_is_proven_or_its_absence_or_neither(challenger: float, verdict: Verdict, word: str) -> None:
    check = found(filled(PLAN, 0.01, challenger))["error_rate", "live"]
    assert check.verdict is verdict
    assert f"] {word} +0.02" in check.reason
    assert check.numbers["estimate"] == pytest.approx(challenger - 0.01, abs=0.002)


def test_a_service_without_a_single_error_is_proven_not_to_have_too_many() -> None:
    tallies = Tallies(1, PLAN, "first", "second")
    sides = {"champion": "first", "challenger": "second"}
    seen = [
        {"time": second, "role": role, "package": package, "score": 0.5, "status": 200, "latency_ms": 1.0}
        for second in range(500)
        for role, package in sides.items()
        for _ in range(5)
    ]
    tallies.add([batch_of(seen)])
    check = found(tallies)["error_rate", "live"]
    assert check.verdict is Verdict.PASS
    assert -0.02 <= check.numbers["low"] < 0 < check.numbers["high"] < 0.02


def test_what_was_proven_stays_so_when_the_last_servers_follow() -> None:
    """Those that still answer by the champion for a moment are few, and none that says anything."""
    tallies = filled(PLAN, 0.01, 0.01)
    before = found(tallies)["error_rate", "live"]
    assert before.verdict is Verdict.PASS
    tallies.ended = 2000.0
    for number in (200, 201):
        tallies.sums["error_rate", "champion"][number] = Arm(1, 0.0, 0.0)
        tallies.sums["error_rate", "live"][number] = Arm(1000, 300.0, 300.0)
    tallies.known.clear()
    after = found(tallies)
    assert after["error_rate", "live"] == before
    assert after["error_rate breaker", "live breaker"].verdict is Verdict.PASS  # two of three that it takes


def test_a_look_after_many_finds_what_the_only_one_would() -> None:
    """Blocks come in turn, some late, and the challenger gets all traffic on the way."""
    lines = (ERRORS, Guardrail("score", Tier.SOFT, 0.02), Guardrail("slow_share", Tier.HARD, 0.03, over_ms=9))
    plan, random = replace(PLAN, guardrails=lines), np.random.default_rng(4)
    several, parts = Tallies(1, plan, "first", "second"), []
    for first in (0, 5, 30, 20, 50, 80, 70):
        for line in lines:
            for side in ("champion", "live", "shadow"):
                counts = random.binomial(100, 0.02, 30).astype(float)
                parts.append((line, side, {first + n: Arm(100, count, count) for n, count in enumerate(counts)}))
                several.put(*parts[-1])
        once = Tallies(1, plan, "first", "second")
        once.ended = several.ended = 600.0 if first >= 70 else None
        for part in parts:
            once.put(*part)
        assert found(several, percent=50.0) == found(once, percent=50.0)
        assert [several.blocks(line, "live") for line in lines] == [once.blocks(line, "live") for line in lines]


def test_what_would_decide_is_said() -> None:
    few = found(filled(PLAN, 0.01, 0.01, blocks=19))["error_rate", "live"]
    assert few.verdict is Verdict.INCONCLUSIVE
    assert few.reason.endswith(": 19 blocks with requests to both, of 20 that it takes")
    near = found(filled(PLAN, 0.01, 0.027, blocks=40))["error_rate", "live"]
    assert near.verdict is Verdict.INCONCLUSIVE
    assert "blocks (" in near.reason
    assert near.reason.endswith("more would show it, at this rate")


def test_what_looks_like_harm_and_is_not_proven_so_is_said() -> None:
    line = replace(PLAN, false_rollbacks=1e-6)
    check = found(filled(line, 0.01, 0.045, blocks=24))["error_rate", "live"]
    assert check.verdict is Verdict.INCONCLUSIVE
    assert check.reason.endswith(": it looks like harm, which is not proven beyond the chance of a false rollback")


def test_nothing_measured_is_inconclusive() -> None:
    check = found(Tallies(1, PLAN, "first", "second"))["error_rate", "live"]
    assert (check.verdict, check.observed) == (Verdict.INCONCLUSIVE, "nothing yet")


def test_copies_and_live_answers_are_judged_apart() -> None:
    assert stages(PLAN) == ("shadow", "live")
    checks = found(filled(PLAN, 0.01, 0.2, stage="shadow"))
    assert checks["error_rate", "shadow"].verdict is Verdict.FAIL
    assert checks["error_rate", "live"].verdict is Verdict.INCONCLUSIVE


def test_a_score_may_move_neither_way_and_a_kpi_may_rise() -> None:
    score = replace(PLAN, guardrails=(Guardrail("score", Tier.HARD, 0.05),))
    assert [found(filled(score, 0.5, mean))["score", "live"].verdict for mean in (0.4, 0.5, 0.6)] == [
        Verdict.FAIL,
        Verdict.PASS,
        Verdict.FAIL,
    ]
    kpi = replace(PLAN, guardrails=(Guardrail("kpi", Tier.HARD, 0.1),))
    checks = [found(filled(kpi, 0.5, mean)) for mean in (0.4, 0.5, 0.6)]
    assert [one["kpi", "live"].verdict for one in checks] == [Verdict.FAIL, Verdict.PASS, Verdict.PASS]
    assert ("kpi", "shadow") not in checks[0]
    assert checks[0]["kpi", "live"].allowed == "at least 90% of the champion's"


def test_a_breaker_needs_no_champion_and_a_breach_that_lasts() -> None:
    def trips(*rates: float) -> Verdict:
        tallies = Tallies(1, PLAN, "first", "second")
        tallies.sums["error_rate", "live"] = {n: Arm(100, 100 * rate, 100 * rate) for n, rate in enumerate(rates)}
        return found(tallies)["error_rate breaker", "live breaker"].verdict

    assert trips(0.0, 0.9, 0.9, 0.9) is Verdict.FAIL
    assert trips(0.9, 0.0, 0.9, 0.9) is Verdict.FAIL
    assert trips(0.9, 0.9, 0.0, 0.0) is Verdict.PASS
    assert trips(0.9, 0.9) is Verdict.INCONCLUSIVE


def test_a_challenger_that_owes_answers_is_silent_after_three_blocks() -> None:
    tallies = filled(PLAN, 0.01, 0.01, blocks=9)
    tallies.sums["error_rate", "live"] = {}
    assert found(tallies, percent=5.0)["silence", "breaker"].verdict is Verdict.FAIL
    assert found(tallies, percent=5.0, since=10.0)["silence", "breaker"].verdict is Verdict.PASS
    assert ("silence", "breaker") not in found(tallies, percent=0.0)
    assert ("silence", "breaker") not in found(tallies, percent=100.0)


def test_false_rollbacks_are_divided_among_hard_guardrails_and_stages_and_soft_ones_take_no_share() -> None:
    """The bounds of one of four questions are those of a single one at a quarter of the probability."""
    lines = (ERRORS, Guardrail("score", Tier.HARD, 0.03), Guardrail("slow_share", Tier.SOFT, 0.03, over_ms=9))
    single = Rollout("canary", (Phase(50, 0, 5),), 1, (ERRORS,), 10, 20, false_rollbacks=0.01)
    four = replace(single, phases=PLAN.phases, guardrails=lines, false_rollbacks=0.04)
    one, all_four = (found(filled(plan, 0.01, 0.08))["error_rate", "live"] for plan in (single, four))
    assert one.observed == all_four.observed
    assert (alpha_of(four), alpha_of(four, Tier.SOFT)) == (0.01, 0.02)
    assert alpha_of(replace(single, guardrails=(replace(ERRORS, tier=Tier.SOFT),)), Tier.SOFT) == 0.01
