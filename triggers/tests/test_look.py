"""The manager on a real ledger: what is started, what is not, and why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benison.config.triggers import Budget, Policy
from benison.core.errors import InputError, ServerError
from benison.registry.testing import NOON, MemoryStore, Stopped, StoppingStore
from benison.submit.timing import timing_of
from benison.triggers import entries
from benison.triggers.decide import Drop, Due, Work, judge
from benison.triggers.entries import Breaker, Cause, Escalate, Finished, Refuse, Run, Warn
from benison.triggers.ledger import Ledger
from benison.triggers.look import Manager
from benison.triggers.sources import Notice, Schedule
from benison.triggers.state import Seen, State
from benison.triggers.tests.world import EAGER, World, Yard, every_hour, settle


class Shown:
    """A source that shows what it is told to."""

    def __init__(self, key: str, name: str = "data") -> None:
        self.key, self.name, self.urgent = key, name, False

    def look(self, last: Seen | None, now: datetime) -> Notice | None:
        return None if last and last.key == self.key else Notice(self.key, f"{self.name} {self.key}", self.urgent)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(MemoryStore(), Yard(tmp_path / "yard", entries.PUSHED))


def test_what_is_there_at_the_first_look_starts_nothing(world: World) -> None:
    world.sources = [Shown("a")]
    look = settle(world.manager())
    assert [entry.action for _, entry in look.done] == ["watch"] and look.waits.why == "a cause"


def test_something_new_is_run_once_and_its_story_is_told(world: World) -> None:
    source = Shown("a")
    world.sources = [source]
    manager = world.manager()
    settle(manager)
    source.key = "b"
    done = [entry.action for _, entry in settle(manager).done]
    assert done == ["cause", "run", "started", "finished"]
    assert [settle(manager).done, settle(world.manager()).done] == [(), ()]
    (run,) = world.runs()
    assert (run.causes, run.steps, run.code, run.data) == ((2,), ("training",), "code-1", "b")


def test_ten_pushes_are_one_run_of_the_last(world: World) -> None:
    source = Shown("0")
    world.sources, world.policy = [source], Policy(debounce_seconds=60)
    manager = world.manager()
    settle(manager)
    for number in range(1, 11):
        world.later(seconds=30)
        source.key = str(number)
        assert settle(manager).waits.why == "60 seconds without anything new"
    world.later(seconds=60)
    settle(manager)
    (run,) = world.runs()
    assert run.causes == tuple(range(11, 1, -1)) and run.data == "10"
    assert run.why == "data 10: training; it answers 9 more causes"


def test_a_stream_of_pushes_that_never_pauses_is_run_all_the_same(world: World) -> None:
    source = Shown("0")
    world.sources, world.policy = [source], Policy(debounce_seconds=60)
    manager = world.manager()
    settle(manager)
    for number in range(25):
        source.key = str(number + 1)
        settle(manager)
        world.later(seconds=30)
    assert len(world.runs()) == 1


def test_times_that_were_missed_are_made_up_for_by_one_run(world: World) -> None:
    world.sources = every_hour()
    settle(world.manager())
    world.later(hours=72)
    settle(world.manager())
    (cause,), (run,) = world.said("cause"), world.runs()
    assert isinstance(cause, Cause) and cause.key == "2026-11-23T12:00:00Z" and run.causes == (2,)
    assert cause.why == "schedule:hourly: Mon 2026-11-23 12:00 UTC; it stands for 71 more that were missed"


def test_a_time_that_the_clocks_skip_or_repeat_comes_once_a_day() -> None:
    schedule = Schedule("early", timing_of("30 2 * * *", "Europe/Berlin"))
    for month, day in ((3, 27), (10, 23)):
        now = datetime(2026, month, day, 12, tzinfo=UTC)
        seen, keys = Seen("2026-01-01T00:00:00Z", now), []
        for _ in range(4 * 24 * 4):
            now += timedelta(minutes=15)
            if notice := schedule.look(seen, now):
                seen = Seen(notice.key, now)
                keys.append(notice.key)
        # The last four days have one time each, whichever hour the clocks took away or gave twice.
        assert len({key[:10] for key in keys}) == len(keys) == 5


def test_a_clock_that_goes_back_repeats_no_time(world: World) -> None:
    world.sources = every_hour()
    manager = world.manager()
    settle(manager)
    world.later(hours=1)
    settle(manager)
    world.later(hours=-1)
    assert settle(manager).done == ()
    world.later(hours=1)
    assert settle(manager).done == () and len(world.runs()) == 1


def test_cooldown_holds_all_but_a_person_and_a_hot_fix(world: World) -> None:
    source = Shown("a")
    world.sources, world.policy = [source], Policy(debounce_seconds=0, cooldown_minutes=60)
    manager = world.manager()
    manager.ask("first")
    settle(manager)
    source.key = "b"
    waits = settle(manager).waits
    assert waits.why == "the cooldown after run 3" and waits.until == NOON + timedelta(hours=1)
    source.key, source.urgent = "c", True
    settle(manager)
    assert len(world.runs()) == 2
    world.later(hours=1)
    assert settle(manager).done == ()


def test_the_order_is_hot_fix_then_person_then_alert_then_git_then_data_then_schedule(world: World) -> None:
    sources = [Shown("a", name) for name in ("schedule:x", "data", "git", "alert:7")]
    world.sources, world.policy = sources, Policy(debounce_seconds=0, concurrent=1)
    manager = world.manager()
    settle(manager)
    for source in sources:
        source.key = "b"
    sources[0].urgent = True
    manager.ask("by hand")
    settle(manager)
    (run,) = world.runs()
    causes = dict(world.ledger.entries())
    assert [causes[number].source for number in run.causes] == ["schedule:x", "person", "alert:7", "git", "data"]  # type: ignore[attr-defined]


def test_a_person_who_asks_for_another_span_gets_a_run_of_its_own(world: World) -> None:
    source = Shown("a")
    world.sources = [source]
    manager = world.manager()
    settle(manager)
    source.key = "b"
    manager.ask("span 3 again", span=3)
    settle(manager)
    assert [(run.span, len(run.causes)) for run in world.runs()] == [(3, 1), (0, 1)]


def test_one_run_at_a_time_unless_more_are_allowed(tmp_path: Path) -> None:
    yard = Yard(tmp_path / "yard")
    for concurrent, store in ((1, MemoryStore()), (2, MemoryStore())):
        world = World(store, yard, Policy(debounce_seconds=0, concurrent=concurrent))
        manager = world.manager()
        for span in (1, 2, 3):
            manager.ask("go", span=span)
        assert settle(manager).waits.why == "run 4, which is under way"
        assert len(world.runs()) == concurrent


def test_the_gates_no_is_escalated_and_the_same_inputs_are_not_tried_again(world: World) -> None:
    source = Shown("a")
    world.sources = [source, *every_hour()]
    assert isinstance(world.yard, Yard)
    world.yard.outcome = entries.BLOCKED
    manager = world.manager()
    settle(manager)
    source.key = "b"
    settle(manager)
    (told,) = world.said("escalate")
    assert isinstance(told, Escalate) and (told.page, told.why) == ("page", "run 4 blocked: as it was told")
    for _ in range(3):
        world.later(hours=1)
        settle(manager)
    refused = [entry.why for entry in world.said("suppress")]
    said = "run 4 said no to this very code and these data; change either, or ask for a run yourself"
    assert len(world.runs()) == 1 and refused == [said] * 3 and len(world.said("escalate")) == 1
    world.code = "code-2"
    world.later(hours=1)
    settle(manager)
    assert len(world.runs()) == 2
    world.code = "code-1"
    manager.ask("I know better")
    settle(manager)
    assert len(world.runs()) == 3


def test_a_schedule_after_which_nothing_changed_starts_nothing(world: World) -> None:
    source = Shown("a")
    world.sources = [source, *every_hour()]
    manager = world.manager()
    settle(manager)
    for _ in range(2):
        world.later(hours=1)
        settle(manager)
    (dropped,) = world.said("suppress")
    assert len(world.runs()) == 1 and dropped.why == "nothing changed since run 4: pushed"


def test_three_failures_in_a_row_open_the_breaker_until_a_person_closes_it(world: World) -> None:
    assert isinstance(world.yard, Yard)
    world.sources = every_hour()
    world.yard.outcome = entries.FAILED
    manager = world.manager()
    settle(manager)
    for _ in range(5):
        world.later(hours=1)
        settle(manager)
    (opened,) = world.said("breaker")
    assert isinstance(opened, Breaker) and opened.why == "3 failures in a row, the last in run 13"
    assert len(world.runs()) == 3 and len(world.said("escalate")) == 3
    waits = settle(manager).waits
    assert waits.why == "a person who closes the circuit breaker: 3 failures in a row, the last in run 13"
    said = {"who": "mia", "when": "2026-11-20T18:00:00Z", "why": "repaired"}
    world.ledger.append(lambda state: Breaker(state="closed", **said))
    settle(manager)
    # What waited is one run, and one more failure does not open it again.
    assert len(world.runs()) == 4 and len(world.said("breaker")) == 2


def test_the_budget_warns_refuses_with_a_reason_and_keeps_a_reserve(world: World) -> None:
    assert isinstance(world.yard, Yard)
    world.yard.hours = 3.0
    world.sources = every_hour()
    world.policy = Policy(debounce_seconds=0, budget=Budget(10, reserve_hours=3))
    manager = world.manager()
    settle(manager)
    for _ in range(5):
        world.later(hours=1)
        settle(manager)
    assert len(world.runs()) == 2
    refused = world.said("refuse")
    assert all(isinstance(one, Refuse) and one.until == "2026-12-01T00:00:00Z" for one in refused)
    assert refused[0].why == (
        "refused until 2026-12: 6.0 of 7 device hours of 2026-11 are used and a run takes 3.0, "
        "3 more are kept for hot fixes"
    )
    manager.ask("the label was wrong", urgent=True)
    settle(manager)
    assert len(world.runs()) == 3
    warned = [(one.percent, one.why) for one in world.said("warn") if isinstance(one, Warn)]
    assert warned == [(50, "6.0 of 10 device hours are used"), (80, "9.0 of 10 device hours are used")]
    manager.ask("once more", urgent=True)
    settle(manager)
    assert len(world.runs()) == 3 and settle(manager).waits.why == "a new month's budget"
    world.now = datetime(2026, 12, 1, tzinfo=UTC)
    settle(manager)
    # All that was refused is one run in the new month, with what came meanwhile.
    assert len(world.runs()) == 4 and world.ledger.state().pending == {}


def test_a_source_that_cannot_be_looked_at_hides_no_other(world: World) -> None:
    class Broken(Shown):
        def look(self, last: Seen | None, now: datetime) -> Notice | None:
            raise ServerError("git", expected="an answer", got="none")

    world.sources = [Broken("x", "git"), Shown("a")]
    look = world.manager().look()
    assert [str(error) for error in look.troubles] == ["git: expected an answer, got none"]
    assert [entry.action for _, entry in look.done] == ["watch"]


@pytest.mark.parametrize(("error", "finished"), [(InputError, True), (ServerError, False)])
def test_a_run_that_can_never_be_started_fails_and_one_that_cannot_now_is_tried_again(
    world: World, tmp_path: Path, error: type[InputError], finished: bool
) -> None:
    class Closed(Yard):
        def start(self, run: Run, step: str) -> str:
            if self.outcome:
                return super().start(run, step)
            raise error("the cluster", expected="a place", got="none")

    yard = Closed(tmp_path / "closed")
    world.yard = yard
    manager = world.manager()
    manager.ask("go")
    look = manager.look()
    assert bool(world.said("finished")) == finished and bool(look.troubles) != finished
    yard.outcome = entries.PUSHED
    settle(manager)
    (ended,) = world.said("finished")
    assert isinstance(ended, Finished) and ended.outcome == (entries.FAILED if finished else entries.PUSHED)
    assert len(world.runs()) == 1


def test_a_run_of_which_nothing_can_be_learnt_is_lost_in_the_end_and_counts_as_a_failure(
    world: World, tmp_path: Path
) -> None:
    yard = Yard(tmp_path / "open")
    world.yard = yard
    manager = world.manager()
    manager.ask("go")
    settle(manager)
    for name in yard.begun():
        (yard.folder / name).unlink()
    world.later(hours=23)
    assert settle(manager).done == ()
    world.later(hours=1)
    settle(manager)
    (ended,) = world.said("finished")
    assert isinstance(ended, Finished) and (ended.outcome, ended.device_hours) == (entries.LOST, 24.0)
    assert world.ledger.state().failures == 1


def test_a_run_of_another_machine_is_left_to_it(world: World, tmp_path: Path) -> None:
    world.yard = Yard(tmp_path / "open")
    manager = world.manager()
    manager.ask("go")
    settle(manager)
    assert isinstance(world.yard, Yard)
    world.yard.outcome, world.place = entries.PUSHED, "there"
    assert settle(world.manager()).done == ()
    world.place = "here"
    assert [entry.action for _, entry in settle(world.manager()).done] == ["finished"]


def carried(world: World, manager: Manager) -> None:
    """An hour of a schedule."""
    settle(manager)
    world.later(hours=1)
    settle(manager)


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_manager_stopped_at_any_operation_of_its_store_loses_no_cause_and_runs_none_twice(
    tmp_path: Path, done: bool
) -> None:
    stops = 0
    for at in range(1, 1000):
        whole = MemoryStore()
        stopping, yard = StoppingStore(whole, at, done=done), Yard(tmp_path / f"{done}-{at}", entries.PUSHED)
        world = World(stopping, yard, EAGER, every_hour())
        try:
            carried(world, world.manager())
        except Stopped:
            stops += 1
        world.store = whole
        while world.now < NOON + timedelta(hours=2):
            settle(world.manager())
            world.later(hours=1)
        settle(world.manager())
        answered = [number for run in world.runs() for number in run.causes]
        causes = [number for number, entry in world.ledger.entries() if entry.action == "cause"]
        assert sorted(answered) == causes and len(set(answered)) == len(answered), at
        keys = [entry.key for entry in world.said("cause") if isinstance(entry, Cause)]
        assert keys[-1] == "2026-11-20T14:00:00Z" and len(set(keys)) == len(keys), at
        # Nothing was begun that no entry tells of, and nothing told of was begun twice.
        assert yard.begun() == sorted(f"{run.key}-training" for run in world.runs()), at
        Ledger(whole, "census").verify()
        if not stopping.stopped:
            break
    assert stops > 20 and not stopping.stopped


def test_two_managers_side_by_side_decide_each_cause_once(tmp_path: Path) -> None:
    store, yard = MemoryStore(), Yard(tmp_path / "yard", entries.PUSHED)
    worlds = [World(store, yard, EAGER, every_hour()) for _ in range(4)]
    managers = [world.manager() for world in worlds]
    managers[0].look()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for world in worlds:
                world.later(hours=1)
            list(pool.map(lambda one: settle(one), managers))
    Ledger(store, "census").verify()
    runs = worlds[0].runs()
    assert len(runs) == 5 == len(worlds[0].said("cause")) == len(worlds[0].said("finished"))
    assert sorted(number for run in runs for number in run.causes) == sorted(
        {number for run in runs for number in run.causes}
    )


def test_what_an_entry_says_never_holds_a_secret_or_breaks_its_line(world: World) -> None:
    manager = world.manager()
    manager.ask("see https://mia:hunter2secret@example.org\nand more\x1b[31m")  # pragma: allowlist secret -- made up
    (cause,) = world.said("cause")
    assert "hunter2secret" not in cause.why and cause.why.isprintable()


def test_causes_that_ask_for_nothing_are_dropped_with_the_reason() -> None:
    cause = Cause(source="git", key="k", urgent=False, span=0, who="a", when="2026-11-20T12:00:00Z", why="w")
    work = Work((), "nothing that runs changed")
    assert judge(State(), EAGER, Due({1: cause}), work, NOON) == Drop(work.why)
