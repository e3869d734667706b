"""Clocks that jump: no proof comes of it, and no bad challenger is kept for it."""

from __future__ import annotations

from datetime import timedelta

from benison.components.rollout.control import Controller
from benison.components.rollout.tests.live import PLAN, World
from benison.delivery.entries import Finish, Shift
from benison.delivery.state import moment


def carried_to(world: World, percent: float) -> Controller:
    """A controller of a rollout that has come so far."""
    world.begin()
    controller = world.controller()
    for _ in range(400):
        running = world.log.state().running
        assert running is not None
        if running.percent == percent:
            return controller
        controller.look()
        world.wait(30)
    raise AssertionError("it did not come so far")


def ended(world: World) -> Finish:
    last = world.log.entries()[-1][1]
    assert isinstance(last, Finish)
    return last


def test_one_that_goes_back_is_no_figures_and_keeps_no_bad_challenger(world: World) -> None:
    """Until it is where it was, which takes an hour, nothing that happens would be read."""
    controller = carried_to(world, 25)
    jumped = world.time = world.time - timedelta(hours=1)
    world.arms["challenger"].errors = 1.0
    world.carry(controller, hours=0.5)
    assert ended(world).outcome == "rolled_back"
    assert ended(world).why == "no figures for 10 minutes: the clock has gone back, behind what was read"
    assert timedelta(minutes=10) <= world.time - jumped <= timedelta(minutes=11)


def test_one_that_goes_back_a_little_changes_nothing(world: World) -> None:
    controller = carried_to(world, 25)
    world.time -= timedelta(seconds=9)
    world.carry(controller, each=30)
    assert ended(world).outcome == "promoted"


def test_one_that_jumps_ahead_shortens_the_step_and_no_other(world: World) -> None:
    controller = carried_to(world, 5)
    world.time += timedelta(hours=3)
    world.carry(controller, hours=9, each=30)
    assert ended(world).outcome == "promoted"
    shifts = [entry for _, entry in world.log.entries() if isinstance(entry, Shift)]
    last, all_traffic = (moment(one.when) for one in shifts[-2:])
    assert all_traffic - last >= timedelta(minutes=PLAN.phases[-1].minutes)


def test_one_that_jumps_ahead_lets_no_harm_through(world: World) -> None:
    controller = carried_to(world, 5)
    world.time += timedelta(hours=3)
    world.arms["challenger"].errors = 0.08
    world.carry(controller, hours=9)
    assert ended(world).outcome == "rolled_back"
