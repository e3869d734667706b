"""Shares are judged as counts: that nothing failed so far is no proof that nothing can, and no lack of proof either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from benison.components.rollout import record
from benison.components.rollout.judge import judge
from benison.components.rollout.measure import Tallies
from benison.components.rollout.tests.live import PLAN, World
from benison.components.rollout.tests.live import Arm as Answering
from benison.config.rollout import ERROR_RATE, SCORE, Guardrail, Phase
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.sequential import Arm, difference

ERRORS = Guardrail(ERROR_RATE, Tier.HARD, 0.01)
ALONE = replace(PLAN, phases=(Phase(50, 0, 5),), guardrails=(ERRORS,), min_blocks=20)


def tallies(failed: float, *, requests: int = 1000, blocks: int = 60) -> Tallies:
    found = Tallies(1, ALONE, "first", "second")
    for side in ("champion", "live"):
        found.sums[ERROR_RATE, side] = {number: Arm(requests, failed, failed) for number in range(blocks)}
    return found


def checked(found: Tallies) -> Check:
    return next(one for one in judge(found, percent=50, since=0) if one.name == ERROR_RATE)


def test_where_nothing_failed_at_all_a_challenger_is_proven_no_worse() -> None:
    assert checked(tallies(0.0)).verdict is Verdict.PASS


def test_nothing_failed_in_few_requests_proves_nothing() -> None:
    assert checked(tallies(0.0, requests=2)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("failed", [0.0, 3.0])
def test_the_bounds_are_those_of_counts(failed: float) -> None:
    found = tallies(failed)
    blocks = found.blocks(ERRORS, "live")
    counts = [replace(one, champion=Arm(1000, failed), challenger=Arm(1000, failed)) for one in blocks]
    assert checked(found).numbers["high"] == difference(counts, alpha=0.05, min_blocks=20).high


def test_a_rollout_without_a_single_error_ends_with_all_traffic(worlds: Callable[[], World]) -> None:
    world = worlds()
    world.arms = {"champion": Answering(errors=0.0), "challenger": Answering(errors=0.0)}
    world.begin(
        replace(PLAN, phases=(Phase(50, 0, 5),), watch_minutes=1, guardrails=(replace(ERRORS, tolerance=0.05),))
    )
    world.carry(world.controller())
    (past,) = world.log.state().past.values()
    assert (past.finish.outcome, past.finish.verdict) == ("promoted", Verdict.PASS)


def test_a_record_gives_the_blocks_back_as_they_were_judged(world: World) -> None:
    world.begin(PLAN)
    controller = world.controller()
    world.carry(controller, hours=1 / 20)
    look = controller.peek()
    assert look is not None
    document = controller.record(look)
    for name, squares in ((ERROR_RATE, False), (SCORE, True)):
        line = next(one for one in PLAN.guardrails if one.metric == name)
        blocks = record.blocks_of(document, line, "shadow")
        assert len(blocks) > 10
        assert all((one.champion.squares is not None) is squares for one in blocks)
        series = next(one for one in document["series"] if (one["guardrail"], one["stage"]) == (name, "shadow"))
        told = [(one["start"], one["champion"]["requests"], one["challenger"]["total"]) for one in series["blocks"]]
        assert [(one.start, one.champion.requests, one.challenger.total) for one in blocks] == told
    assert record.blocks_of(document, Guardrail("kpi", Tier.HARD, 0.1), "live") == []
