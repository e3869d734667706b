"""A rollout whose traffic another router splits, on a clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from benison.components.rollout.control import LEASE_SECONDS
from benison.components.rollout.tests.live import PLAN, Arm, World, at
from benison.config.rollout import Guardrail, Phase
from benison.config.traffic import Haproxy
from benison.core.errors import ServerError
from benison.core.verdicts import Tier
from benison.delivery.entries import Command, Confirmed, Shift
from benison.delivery.state import Past, Running
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.registry.testing import Stopped, StoppingStore

BEHIND = replace(
    PLAN,
    phases=(Phase(20, 0, 3), Phase(50, 0, 3)),
    guardrails=(Guardrail("error_rate", Tier.HARD, 0.1),),
    block_seconds=5,
    watch_minutes=1,
    extend_minutes=30,
    traffic=Haproxy("/run/haproxy.sock", "models"),
)


def ended(world: World) -> Past:
    state = world.log.state()
    assert state.running is None
    return list(state.past.values())[-1]


def running(world: World) -> Running:
    found = world.log.state().running
    assert found is not None
    return found


def test_the_log_says_each_split_before_the_router_is_set_and_the_router_confirms_it(world: World) -> None:
    world.begin(BEHIND)
    world.carry(world.controller())
    assert ended(world).finish.outcome == "promoted"
    told = [entry for _, entry in world.log.entries() if isinstance(entry, Shift | Confirmed)]
    assert [(type(one).__name__, one.percent) for one in told] == [
        (kind, percent) for percent in (20, 50, 100) for kind in ("Shift", "Confirmed")
    ]
    assert told[1].why == "haproxy says 20%"
    assert world.router.percent == 100
    assert world.router.settled == world.champion == world.challenger


def test_one_that_does_harm_has_no_traffic_before_the_rollout_ends(world: World) -> None:
    world.arms["challenger"] = Arm(errors=0.9)
    world.begin(BEHIND)
    world.carry(world.controller())
    assert ended(world).finish.outcome == "rolled_back"
    assert (world.router.percent, world.router.settled) == (0, ended(world).start.champion.package)


def test_traffic_goes_back_before_the_registrys_pointer_does(world: World) -> None:
    before = world.champion
    world.begin(replace(BEHIND, phases=(Phase(50, 0, 1),), watch_minutes=10))
    controller = world.controller()
    while world.champion == before:
        controller.look()
        world.wait(5)
    world.log.append(lambda state: Command(command="abort", who="ada", when=utc(world.time), why="I say so"))
    controller.look()
    world.router.is_down = True
    world.carry(controller, hours=1 / 6)
    assert running(world).back == "aborted by ada: I say so"
    assert (world.router.percent, world.champion) == (100, world.challenger)
    world.router.is_down = False
    world.carry(controller)
    assert (world.router.percent, world.champion) == (0, before)
    assert ended(world).finish.outcome == "aborted"


def test_a_router_that_forgot_its_split_is_set_again_at_the_next_look(world: World) -> None:
    world.begin(BEHIND)
    controller = world.controller()
    world.carry(controller, hours=1 / 60)
    since = running(world).in_force
    world.router.percent = 0
    look = controller.look()
    assert look is not None
    assert (world.router.percent, look.steered.trouble, running(world).in_force) == (20, "", since)


def test_a_stale_controllers_act_is_reverted_by_the_next_look(world: World) -> None:
    world.begin(BEHIND)
    stale = world.controller()
    stale.look()
    world.time += timedelta(seconds=LEASE_SECONDS + 1)
    present = world.controller()
    world.log.append(lambda state: Command(command="abort", who="ada", when=utc(world.time), why="I say so"))
    present.look()
    world.router.set(50)
    world.carry(present, hours=1 / 60)
    assert (world.router.percent, ended(world).finish.outcome) == (0, "aborted")


def test_while_the_router_is_down_nothing_is_decided_and_it_is_said(world: World) -> None:
    world.begin(BEHIND)
    controller = world.controller()
    world.carry(controller, hours=1 / 60)
    world.router.is_down = True
    looks = world.carry(controller, hours=1 / 12)
    assert running(world).phase == 0
    said = "nothing is decided before the router follows: haproxy says the router: expected an answer, got none"
    assert str(getattr(looks[-1].decision, "why", "")) == said
    world.router.is_down = False
    world.carry(controller)
    assert ended(world).finish.outcome == "promoted"


def test_one_that_is_down_for_too_long_begins_the_way_back_which_ends_when_it_is_there(world: World) -> None:
    world.begin(BEHIND)
    controller = world.controller()
    world.carry(controller, hours=1 / 60)
    world.router.is_down = True
    looks = world.carry(controller, hours=1)
    back = running(world).back
    assert back.startswith("the router did not follow for 10 minutes: haproxy says the router: expected an answer")
    assert str(looks[-1].decision.why).startswith("going back, when the router follows: haproxy says")  # type: ignore[union-attr]
    assert (world.router.percent, running(world).percent) == (20, 0)
    world.router.is_down = False
    world.carry(controller)
    assert (world.router.percent, ended(world).finish.outcome) == (0, "rolled_back")


def test_a_phases_time_and_blocks_count_from_when_the_router_confirmed_it(world: World) -> None:
    world.begin(BEHIND)
    controller = world.controller()
    controller.look()
    assert running(world).in_force is None
    world.router.is_down = True
    world.carry(controller, hours=5 / 60)
    world.router.is_down = False
    controller.look()
    assert running(world).in_force == running(world).since == at(13, 5)
    world.carry(controller, hours=2 / 60)
    assert running(world).phase == 0
    world.carry(controller, hours=2 / 60)
    assert running(world).phase == 1


def test_a_rollout_ends_only_when_the_router_has_nothing_left_of_it(world: World) -> None:
    world.begin(BEHIND)
    world.router.lasting = 3
    looks = world.carry(world.controller())
    whys = [getattr(look.decision, "why", "") for look in looks]
    assert whys.count("promoted, when the router is done: it takes the split away") == 3
    assert ended(world).finish.outcome == "promoted"


def test_a_router_that_is_not_fit_does_not_begin(world: World) -> None:
    world.router.is_down = True
    with pytest.raises(ServerError, match="the router: expected an answer, got none"):
        world.begin(BEHIND)
    assert world.log.state().number == 0


def test_who_only_looks_changes_nothing(world: World) -> None:
    world.begin(BEHIND)
    controller = world.controller()
    controller.look()
    world.router.percent = 50
    look = controller.peek()
    assert look is not None
    assert (world.router.percent, str(look.steered)) == (50, "haproxy says 50%, not yet 20%")


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("errors", "outcome"), [(0.005, "promoted"), (0.9, "rolled_back")])
@pytest.mark.parametrize("done", [True, False])
def test_a_controller_that_is_killed_anywhere_leaves_a_router_that_the_next_one_sets_right(
    worlds: Callable[[], World], done: bool, errors: float, outcome: str
) -> None:
    """While nobody controls, somebody else sets another split."""
    plan = replace(BEHIND, phases=(Phase(50, 0, 0.5),), watch_minutes=0.5, min_blocks=5, extend_minutes=9)
    stopped, operation = True, 0
    while stopped:
        operation += 1
        world = worlds()
        world.arms["challenger"] = Arm(errors=errors)
        world.begin(plan)
        store = StoppingStore(world.registry.store, operation, done=done)
        try:
            world.carry(world.controller(Registry(store, world.registry.model)))
        except Stopped:
            under_way = world.log.state().running is not None
            world.router.percent = 75 if under_way else world.router.percent
            world.wait(LEASE_SECONDS + 1)
            world.carry(world.controller())
        stopped = store.stopped
        assert ended(world).finish.outcome == outcome, operation
        assert world.router.percent == (100 if outcome == "promoted" else 0), operation
    assert operation > 20
