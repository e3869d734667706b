"""A rollout from its first entry to its last, on a clock that a test turns."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from benison.components.rollout.control import LEASE_SECONDS
from benison.components.rollout.tests.live import PLAN, SCHEMA, Arm, World, at
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.core import documents
from benison.core.errors import ConflictError
from benison.core.verdicts import Tier, Verdict
from benison.delivery.entries import Command
from benison.delivery.state import Past, moment
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.registry.testing import Stopped, StoppingStore

QUICK = replace(PLAN, phases=(Phase(0, 100, 3), Phase(50, 0, 3)), watch_minutes=1, extend_minutes=30)
# So loose that a few minutes decide.
LOOSE = replace(QUICK, guardrails=(Guardrail("error_rate", Tier.HARD, 0.1),), block_seconds=5)


def ended(world: World) -> Past:
    state = world.log.state()
    assert state.running is None
    return list(state.past.values())[-1]


def say(world: World, command: str, why: str = "I say so") -> None:
    world.log.append(lambda state: Command(command=command, who="ada", when=utc(world.time), why=why))


def test_a_challenger_that_is_as_good_goes_through_every_phase_to_all_traffic(world: World) -> None:
    before = world.champion
    world.begin()
    world.carry(world.controller(), each=30)
    past = ended(world)
    assert (past.finish.outcome, past.finish.verdict) == ("promoted", Verdict.PASS)
    assert [(shift.percent, shift.shadow) for shift in past.shifts] == [(0, 100), (5, 0), (25, 0), (100, 0)]
    assert [shift.when for shift in past.shifts][:3] == [utc(at(13, 0)), utc(at(13, 5)), utc(at(13, 15))]
    assert world.champion == world.challenger != before
    assert world.registry.state().names == {}
    entry = world.registry.log()[-2].entry
    assert (entry.action, entry.why) == ("promote", "rollout 1: proven no worse than the champion")


@pytest.mark.parametrize(
    ("arm", "stage", "metric"),
    [
        (Arm(errors=0.15), "shadow 100%", "error_rate"),
        (Arm(latency_ms=60), "shadow 100%", "slow_share over 50 ms"),
    ],
)
def test_one_that_does_harm_goes_back_before_it_answers_anybody(
    world: World, arm: Arm, stage: str, metric: str
) -> None:
    world.arms["challenger"] = arm
    before = world.champion
    world.begin()
    world.carry(world.controller())
    past = ended(world)
    assert (past.finish.outcome, past.finish.verdict) == ("rolled_back", Verdict.FAIL)
    assert [(shift.percent, shift.back) for shift in past.shifts] == [(0, False), (0, True)]
    assert past.finish.why.startswith(metric)
    assert world.champion == before
    assert world.log.traffic(past.start.champion).challenger is None


def test_one_that_turns_bad_with_all_traffic_gives_the_champions_place_back(world: World) -> None:
    before = world.champion
    world.begin(replace(LOOSE, guardrails=(replace(LOOSE.guardrails[0], at_most=0.2),)))
    controller = world.controller()
    while world.champion == before:
        controller.look()
        world.wait(5)
    world.arms["challenger"] = Arm(errors=0.9)
    looks = world.carry(controller)
    past = ended(world)
    assert past.finish.outcome == "rolled_back"
    assert "error_rate of the challenger: above in 3 of the last 4 blocks" in past.finish.why
    assert world.champion == before
    assert [entry.entry.action for entry in world.registry.log()][-2:] == ["rollback", "alias"]
    assert len(looks) <= 8


def test_one_that_never_answers_goes_back(world: World) -> None:
    world.arms["challenger"] = Arm(silent=True)
    world.begin(replace(LOOSE, phases=(Phase(50, 0, 3),)))
    world.carry(world.controller())
    assert ended(world).finish.why.startswith("challenger's answers in the last 3 blocks: 0 of some")


def test_without_traffic_nothing_goes_on(world: World) -> None:
    world.per_second = 0
    world.begin(LOOSE)
    looks = world.carry(world.controller(), hours=2, each=60)
    running = world.log.state().running
    assert running is not None
    assert running.phase == 0
    assert "too little traffic, 0 blocks of 10" in str(looks[-1].decision)


def test_figures_that_stay_away_too_long_send_it_back_and_a_gap_does_not(world: World) -> None:
    world.begin(LOOSE)
    world.broken = lambda moment: at(13, 1) < moment < at(13, 6)
    world.carry(world.controller())
    assert ended(world).finish.outcome == "promoted"
    assert ended(world).finish.verdict is Verdict.PASS


def test_no_figures_are_never_success(world: World) -> None:
    before = world.champion
    world.begin(LOOSE)
    world.broken = lambda moment: moment > at(13, 4)
    world.carry(world.controller())
    assert ended(world).finish.why == "no figures for 10 minutes: the request log cannot be read"
    assert world.champion == before


def test_a_person_pauses_resumes_and_aborts(world: World) -> None:
    world.begin(LOOSE)
    controller = world.controller()
    world.carry(controller, hours=1 / 30)
    say(world, "pause")
    world.carry(controller, hours=1 / 6)
    running = world.log.state().running
    assert running is not None
    assert (running.phase, running.paused) == (0, "I say so")
    say(world, "resume")
    say(world, "abort", "changed my mind")
    world.carry(controller)
    assert (ended(world).finish.outcome, ended(world).finish.why) == ("aborted", "aborted by ada: changed my mind")


def test_a_person_promotes_early_and_is_named_for_it(world: World) -> None:
    world.begin(LOOSE)
    controller = world.controller()
    controller.look()
    say(world, "promote", "we know it from elsewhere")
    world.carry(controller)
    assert ended(world).finish.outcome == "promoted"
    assert world.champion == world.challenger
    entry = next(one.entry for one in reversed(world.registry.log()) if one.entry.action == "promote")
    assert entry.why == "rollout 1: asked for by ada: we know it from elsewhere"


def test_a_champion_that_somebody_else_moves_ends_it(world: World) -> None:
    world.begin(LOOSE)
    controller = world.controller()
    world.carry(controller, hours=1 / 30)
    world.registry.promote(world.challenger, who="ada", when=world.time, why="by hand", force=True, by_hand=True)
    world.registry.rollback(who="ada", when=world.time, why="by hand")
    world.carry(controller)
    assert ended(world).finish.why == "the registry's champion was moved by somebody else"
    assert world.registry.log()[-2].entry.action == "rollback"


def test_a_refusal_of_the_registry_takes_the_traffic_back(world: World) -> None:
    """The blessing is a month old when the trial is over."""
    world.begin(replace(LOOSE, phases=(Phase(50, 0, 29 * 24 * 60),)))
    controller = world.controller()
    world.carry(controller, hours=1 / 6)
    world.time += timedelta(days=31)
    world.carry(controller)
    past = ended(world)
    assert past.finish.outcome == "rolled_back"
    assert past.finish.why.startswith("the registry refused: version ")
    assert [shift.percent for shift in past.shifts] == [50, 100, 0]


def test_two_controllers_do_not_act_at_once(world: World) -> None:
    world.begin(LOOSE)
    first, second = world.controller(), world.controller()
    first.look()
    with pytest.raises(ConflictError, match="expected no other controller, got another one until 2026-11-20T13:01:00Z"):
        second.look()
    world.wait(LEASE_SECONDS + 1)
    assert second.look() is not None
    with pytest.raises(ConflictError, match="another one until"):
        first.look()


def test_what_it_rested_on_is_kept_as_evidence(world: World) -> None:
    world.begin(LOOSE)
    world.carry(world.controller())
    raw = world.registry.evidence.get(ended(world).finish.evidence["rollout"])
    assert raw is not None
    told = json.loads(raw)
    assert documents.problems("rollout", told) == []
    assert (told["outcome"], told["verdict"], told["rollout"]) == ("promoted", "PASS", 1)
    live = next(one for one in told["series"] if one["stage"] == "live")
    blocks = [block for block in live["blocks"] if block["challenger"]["requests"] and block["champion"]["requests"]]
    assert len(blocks) >= 10
    assert all(block["start"] % 5 == 0 for block in live["blocks"])


class Labelled(World):
    """A world whose labels come half an hour after a request: three of ten are 1."""

    def outcomes(self, since: float, until: float) -> pa.Table:
        late = 1800.0
        batches = list(self.rows(since - late, until - late))
        table = pa.Table.from_batches(batches, schema=SCHEMA).select(["request_id", "time"])
        times = (table["time"].cast(pa.int64()).to_numpy() / 1e6 + late) * 1e6
        labels = [int(request[-1] in "123") for request in table["request_id"].to_pylist()]
        return pa.table(
            {
                "request_id": table["request_id"],
                "time": pa.array(times.astype(np.int64)).cast(pa.timestamp("us", "UTC")),
                "label": pa.array(labels, pa.int64()),
            }
        )


@pytest.mark.parametrize(("score", "outcome"), [(0.9, "rolled_back"), (0.3, "promoted")])
def test_labels_of_the_trial_that_come_after_it_still_count(world: World, score: float, outcome: str) -> None:
    """The challenger has all traffic by a person's word when the first label comes."""
    labelled = Labelled(world.bench, world.challenger, {"champion": Arm(), "challenger": Arm(score=score)})
    lines = (Guardrail("error_rate", Tier.HARD, 0.2), Guardrail("brier_score", Tier.HARD, 0.1))
    plan = replace(QUICK, guardrails=lines, phases=(Phase(50, 0, 30),), outcomes="o", labels_mature_minutes=31)
    before = labelled.champion
    labelled.begin(plan)
    controller = labelled.controller()
    labelled.carry(controller, hours=0.25, each=30)
    say(labelled, "promote")
    labelled.carry(controller, each=30)
    past = ended(labelled)
    assert past.finish.outcome == outcome
    assert labelled.champion == (labelled.challenger if outcome == "promoted" else before)
    minutes = (moment(past.finish.when) - moment(past.shifts[1].when)).total_seconds() / 60
    if outcome == "promoted":
        assert past.finish.why == "watched for 31.3333 minutes with all traffic"
        assert minutes >= 31
    else:
        assert past.finish.why.startswith("brier_score +0.3")
        assert [entry.entry.action for entry in labelled.registry.log()][-2:] == ["rollback", "alias"]
        assert 15 < minutes < 31


def test_a_server_whose_clock_is_ahead_is_judged_all_the_same(world: World) -> None:
    """Its rows are dated three minutes later than they are; champion and challenger are dated alike."""

    class Ahead(World):
        def _answer(self, role: str, package: str, times: np.ndarray) -> None:  # type: ignore[type-arg]
            super()._answer(role, package, times + 180)

    for errors, outcome in ((0.9, "rolled_back"), (0.005, "promoted")):
        ahead = Ahead(world.bench, world.challenger, {"champion": Arm(), "challenger": Arm(errors=errors)})
        ahead.begin(LOOSE, again=outcome == "promoted")
        ahead.carry(ahead.controller())
        assert ended(ahead).finish.outcome == outcome


@pytest.mark.slow
@pytest.mark.parametrize(("errors", "outcome"), [(0.005, "promoted"), (0.9, "rolled_back")])
@pytest.mark.parametrize("done", [True, False])
def test_a_controller_that_is_killed_anywhere_is_continued_by_the_next(
    worlds: Callable[[], World], done: bool, errors: float, outcome: str
) -> None:
    """It stops at one operation of the store after the other; whoever comes next brings it to the same end."""
    plan = Rollout(
        "canary", (Phase(50, 0, 0.5),), 0.5, LOOSE.guardrails, block_seconds=5, min_blocks=5, extend_minutes=9
    )
    stopped, operation = True, 0
    while stopped:
        operation += 1
        world = worlds()
        world.arms["challenger"] = Arm(errors=errors)
        before = world.champion
        world.begin(plan)
        store = StoppingStore(world.registry.store, operation, done=done)
        try:
            world.carry(world.controller(Registry(store, world.registry.model)))
        except Stopped:
            world.wait(LEASE_SECONDS + 1)
            world.carry(world.controller())
        stopped = store.stopped
        assert ended(world).finish.outcome == outcome, operation
        assert world.champion == (world.challenger if outcome == "promoted" else before), operation
        world.registry.verify_log()
        world.log.verify()
    assert operation > 20
