"""The rollout log: what its entries come to, and who may add which."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.config.rollout import Guardrail, Phase, Rollout
from benison.core import documents
from benison.core.errors import ConflictError, IntegrityError
from benison.core.verdicts import Tier, Verdict
from benison.delivery import entries
from benison.delivery.entries import Command, Entry, Finish, Lease, Promoted, Shift, Start
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.state import RolloutState, moment
from benison.delivery.traffic import Traffic
from benison.registry.log import Champion, utc
from benison.registry.stores import LocalStore
from benison.registry.testing import NOON, MemoryStore, digest

PLAN = Rollout(
    "canary", (Phase(1, 0, 30), Phase(25, 0, 120)), 60, (Guardrail("error_rate", Tier.HARD, 0.01, at_most=0.05),)
)
WHO: dict[str, Any] = {"who": "ci", "when": utc(NOON), "why": "trying"}
CHAMPION = Champion(3, digest("first"))
START = Start(challenger=digest("second"), champion=CHAMPION, plan=PLAN, **WHO)
SHIFT = Shift(phase=0, percent=1, shadow=0, **WHO)
FINISH = Finish(
    outcome="rolled_back", verdict=Verdict.FAIL, reasons=("worse",), evidence={"rollout": digest("r")}, **WHO
)
EVERY = [
    START,
    SHIFT,
    Command(command="pause", **WHO),
    Lease(holder="0" * 32, until=utc(NOON), **WHO),
    Promoted(number=7, **WHO),
    FINISH,
]


def later(entry: Any, minutes: float) -> Any:
    return replace(entry, when=utc(NOON + timedelta(minutes=minutes)))


def log_of(*said: Entry) -> RolloutLog:
    log = RolloutLog(MemoryStore(), "census")
    for entry in said:
        log.append(lambda state, entry=entry: entry)  # type: ignore[misc]
    return log


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: entry.action)
def test_an_entry_is_the_same_after_it_was_written_and_read(entry: Entry) -> None:
    written = json.loads(json.dumps(entries.to_json(entry)))
    assert entries.from_json(1, "a" * 32, None, written) == entry


@pytest.mark.parametrize(
    ("entry", "change"),
    [
        (SHIFT, {"percent": 101}),
        (SHIFT, {"phase": -1}),
        (SHIFT, {"more": 1}),
        (START, {"plan": {}}),
        (START, {"challenger": "second"}),
        (FINISH, {"outcome": "won"}),
        (SHIFT, {"action": "shove"}),
        (SHIFT, {"why": ""}),
        (SHIFT, {"when": "noon"}),
    ],
)
def test_what_is_no_entry_is_refused(entry: Entry, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\$\.entry"):
        entries.from_json(1, "a" * 32, None, {**entries.to_json(entry), **change})


def test_before_any_rollout_the_champion_answers_all() -> None:
    assert log_of().traffic(CHAMPION) == Traffic(CHAMPION)


def test_the_challenger_has_what_the_last_shift_says_and_nothing_when_it_is_over() -> None:
    log = log_of(START)
    assert log.traffic(CHAMPION) == Traffic(CHAMPION, START.challenger, 0, 0, "rollout 1", 1)
    log.append(lambda state: SHIFT)
    assert log.traffic(CHAMPION) == Traffic(CHAMPION, START.challenger, 1, 0, "rollout 1", 2)
    log.append(lambda state: FINISH)
    assert log.traffic(CHAMPION) == Traffic(CHAMPION, number=3)


def test_after_the_promotion_the_champion_before_stays_until_the_end() -> None:
    log = log_of(START, SHIFT, replace(SHIFT, phase=2, percent=100))
    crowned = Champion(9, START.challenger)
    before_it_is_noted = log.traffic(crowned)
    log.append(lambda state: Promoted(number=9, **WHO))
    assert log.traffic(crowned) == replace(before_it_is_noted, number=4)
    assert (before_it_is_noted.champion, before_it_is_noted.percent) == (CHAMPION, 100)


@pytest.mark.parametrize(
    "champion", [Champion(5, digest("third")), Champion(4, CHAMPION.package), Champion(12, START.challenger)]
)
def test_a_champion_that_somebody_else_made_answers_all(champion: Champion) -> None:
    log = log_of(START, SHIFT, Promoted(number=9, **WHO))
    assert log.traffic(champion) == Traffic(champion, number=3)


def test_a_pause_stands_still_and_goes_on() -> None:
    log = log_of(START, SHIFT, later(Command(command="pause", **WHO), 10))
    running = log.state().running
    assert running is not None
    assert running.paused == "trying"
    assert running.seconds(NOON + timedelta(minutes=50)) == 600
    log.append(lambda state: later(Command(command="resume", **WHO), 50))
    running = log.state().running
    assert running is not None
    assert not running.paused
    assert running.seconds(NOON + timedelta(minutes=55)) == 900


def test_a_new_phase_begins_its_own_time_and_a_change_within_one_does_not() -> None:
    log = log_of(START, SHIFT, later(replace(SHIFT, percent=2), 10))
    same = log.state().running
    log.append(lambda state: later(replace(SHIFT, phase=1, percent=25), 30))
    after = log.state().running
    assert same is not None
    assert after is not None
    assert [one.seconds(NOON + timedelta(minutes=40)) for one in (same, after)] == [2400, 600]


@pytest.mark.parametrize("said", [(SHIFT,), (START, START), (START, FINISH, SHIFT)])
def test_an_entry_that_cannot_follow_is_named_with_its_file(tmp_path: Path, said: tuple[Entry, ...]) -> None:
    log = RolloutLog(LocalStore(tmp_path), "census")
    with pytest.raises(IntegrityError, match=rf"census/rollouts/0*{len(said)}.json: expected entries of one rollout"):
        for entry in said:
            log.append(lambda state, entry=entry: entry)  # type: ignore[misc]


def test_two_writers_at_once_come_one_after_the_other() -> None:
    store = MemoryStore()
    first, second = RolloutLog(store, "census"), RolloutLog(store, "census")
    first.append(lambda state: START)

    def decide(state: RolloutState) -> Entry | None:
        if state.number == 1:
            second.append(lambda seen: SHIFT)
        return replace(SHIFT, percent=2)

    assert first.append(decide) == 3
    assert [number for number, _ in first.entries()] == [1, 2, 3]
    assert first.entries() == second.entries()


def test_a_writer_that_always_comes_too_late_gives_up() -> None:
    store = MemoryStore()
    first, second = RolloutLog(store, "census"), RolloutLog(store, "census")
    first.append(lambda state: START)

    def decide(state: RolloutState) -> Entry | None:
        second.append(lambda seen: SHIFT)
        return SHIFT

    with pytest.raises(ConflictError, match="expected a free place in the log, got other writers, again and again"):
        first.append(decide)


def test_a_changed_entry_is_found(tmp_path: Path) -> None:
    log = RolloutLog(LocalStore(tmp_path), "census")
    for entry in (START, SHIFT, FINISH):
        log.append(lambda state, entry=entry: entry)  # type: ignore[misc]
    log.verify()
    file = tmp_path / "census" / "rollouts" / "000000000002.json"
    file.write_bytes(file.read_bytes().replace(b"trying", b"faking"))
    with pytest.raises(IntegrityError, match=r"000000000003.json: expected the entry before it to be"):
        log.verify()


_ANY = st.sampled_from([SHIFT, replace(SHIFT, phase=1, percent=25), *EVERY[2:5]])


@settings(max_examples=40)
@given(st.lists(_ANY, max_size=12))
def test_reading_on_comes_to_the_same_as_reading_all(more: list[Entry]) -> None:
    store = MemoryStore()
    writer, reader = RolloutLog(store, "census"), RolloutLog(store, "census")
    for entry in (START, *more):
        writer.append(lambda state, entry=entry: entry)  # type: ignore[misc]
        reader.state()
    assert reader.state() == writer.state() == RolloutLog(store, "census").state()


def test_a_plan_is_what_the_schema_says() -> None:
    assert documents.problems("rollout_plan", PLAN.to_json()) == []
    assert Rollout.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN
    assert moment(utc(NOON)) == NOON
