"""What has to hold before a rollout begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from benison.components.rollout.run import follow, plan_of, source_of
from benison.components.rollout.sources import RequestLog as Figures
from benison.components.rollout.start import start
from benison.components.rollout.tests.live import PLAN, SAID, Arm, World
from benison.config import Release, Serving
from benison.config.rollout import Guardrail, Phase
from benison.config.serving import RequestLog
from benison.config.signatures import Signatures
from benison.core.errors import ConfigError, ConflictError, RefusedError, RegistryError, StorageError
from benison.core.verdicts import Tier, Verdict
from benison.delivery.entries import Command
from benison.delivery.rollout_log import RolloutLog
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.registry.testing import NOON, Bench, MemoryStore, new_key

SHORT = replace(
    PLAN, phases=(Phase(50, 0, 1),), watch_minutes=0.5, guardrails=(Guardrail("error_rate", Tier.HARD, 0.1),)
)


def test_a_version_in_a_rollout_is_kept_by_a_name_and_only_one_goes_at_a_time(world: World) -> None:
    number = world.begin()
    assert (number, world.registry.state().names) == (1, {"rollout": world.challenger})
    with pytest.raises(
        RefusedError, match=r"expected no other one under way, got rollout 1 of version .*\n\nhint: wait"
    ):
        world.begin()


def test_without_a_champion_there_is_nobody_to_compare_with(tmp_path: Path) -> None:
    bench = Bench(Registry(MemoryStore(), "census"), tmp_path)
    bench.bless(bench.add("first"))
    log = RolloutLog(bench.registry.store, "census")
    with pytest.raises(
        RegistryError, match=r"expected a champion to compare with, got none\n\nhint: make the first one"
    ):
        start(bench.registry, log, PLAN, when=NOON, **SAID)


def test_what_may_not_become_champion_does_not_begin(world: World) -> None:
    world.bench.bless(world.challenger, Verdict.FAIL)
    with pytest.raises(RefusedError, match="not blessed: auc"):
        world.begin()
    with pytest.raises(RegistryError, match="got the champion already"):
        start(world.registry, world.log, PLAN, world.champion, when=world.time, **SAID)
    with pytest.raises(RefusedError, match="by another policy than the one in force"):
        world.bench.bless(world.challenger, evaluation="again")
        start(world.registry, world.log, PLAN, when=world.time, **{**SAID, "policy": "sha256:" + "0" * 64})
    assert world.log.state().running is None


def test_what_lacks_a_signature_gets_no_traffic(world: World) -> None:
    rules = Release(signatures=Signatures((new_key().public,), required=True))
    world.registry.govern(rules, who="ci", when=NOON, why="a rule")
    with pytest.raises(RefusedError, match=r"expected a signature by key .* got none"):
        world.begin()
    assert world.log.state().running is None


def test_one_that_was_sent_back_is_not_tried_again_unless_that_is_said(world: World) -> None:
    world.arms["challenger"] = Arm(errors=0.9)
    world.begin(SHORT)
    world.carry(world.controller())
    with pytest.raises(
        RefusedError, match=r"got one that rollout 1 sent back: .*error_rate .*\n\nhint: train another one"
    ):
        world.begin(SHORT)
    assert world.begin(SHORT, again=True) > 1


def test_all_at_once_has_to_be_said_twice(world: World) -> None:
    plan = replace(PLAN, strategy="big_bang", phases=())
    with pytest.raises(ConfigError, match=r"\(rollout.strategy\): expected big_bang to be asked for twice, got once"):
        world.begin(plan)
    start(world.registry, world.log, plan, when=world.time, all_at_once=True, **SAID)
    world.carry(world.controller())
    assert world.champion == world.challenger


class Unreachable(MemoryStore):
    """A store that cannot be read for some time."""

    def __init__(self, world: World, minutes: float) -> None:
        super().__init__()
        self.__dict__.update(vars(world.registry.store))
        self._world, self._until = world, world.time + timedelta(minutes=minutes)

    def get(self, key: str) -> bytes | None:
        if self._until - timedelta(minutes=1) > self._world.time > self._until - timedelta(minutes=8):
            raise StorageError("the registry", expected="a store that answers", got="none")
        return super().get(key)


def test_a_registry_out_of_reach_is_waited_for(world: World) -> None:
    world.begin(SHORT)
    controller = world.controller(Registry(Unreachable(world, 9), "census"))
    assert follow(controller, world, lambda look: None).finish.outcome == "promoted"


def test_but_not_for_ever(world: World) -> None:
    world.begin(SHORT)
    controller = world.controller(Registry(Unreachable(world, 9), "census"))
    with pytest.raises(StorageError, match="the registry: expected a store that answers"):
        follow(controller, world, lambda look: None, patience=60)


def test_the_lease_of_a_controller_that_was_killed_is_waited_for(world: World) -> None:
    world.begin(replace(SHORT, extend_minutes=30))
    world.controller().look()
    began = world.time
    looks: list[timedelta] = []
    assert follow(world.controller(), world, lambda look: looks.append(look.when - began)).finish.outcome == "promoted"
    assert looks[0] >= timedelta(seconds=60)


def test_a_controller_that_goes_on_keeps_it(world: World) -> None:
    world.begin(SHORT)
    first, second = world.controller(), world.controller()
    first.look()

    class Both:
        """A clock during whose waits the first controller looks, too."""

        def now(self) -> datetime:
            return world.now()

        def wait(self, seconds: float) -> None:
            world.wait(seconds)
            first.look()

    said = Command(command="pause", who="ada", when=utc(world.time), why="lunch")
    world.log.append(lambda state: said)
    with pytest.raises(ConflictError, match="expected no other controller, got another one until"):
        follow(second, Both(), lambda look: None, patience=120)


class Said:
    """What benison.yaml says, as far as figures are concerned."""

    rollout = None
    serving = Serving()


def test_a_plan_and_figures_have_to_be_there(tmp_path: Path) -> None:
    said = Said()
    with pytest.raises(
        ConfigError, match=r"benison.yaml \(rollout\): expected how a challenger is delivered, got nothing"
    ):
        plan_of(said)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"\(serving.requests\): expected the servers' request log, got none"):
        source_of(said, tmp_path)  # type: ignore[arg-type]
    said.serving = Serving(requests=RequestLog(tmp_path, sample=0.5))
    with pytest.raises(
        ConfigError, match=r"\(serving.requests.sample\): expected 1, as a rollout counts every request"
    ):
        source_of(said, tmp_path)  # type: ignore[arg-type]
    said.serving = Serving(requests=RequestLog(tmp_path))
    assert source_of(said, tmp_path) == Figures(tmp_path)  # type: ignore[arg-type]
