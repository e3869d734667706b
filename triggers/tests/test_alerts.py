"""Alerts as causes: a real alert log, a real ledger, a clock that is turned by hand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import Acknowledge, Entry, Escalate, Raise, Recover, Reopen, Worsen
from benison.config.data import Data, Splits
from benison.config.triggers import AlertSource, Policy
from benison.core import documents
from benison.core.chain import Chain
from benison.core.errors import IntegrityError
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.registry.testing import NOON, Bench, MemoryStore, Stopped, StoppingStore, digest
from benison.triggers import entries
from benison.triggers.alerts import Alerts, nothing_newer
from benison.triggers.entries import Cause
from benison.triggers.ledger import Ledger
from benison.triggers.outlook import foresee
from benison.triggers.sources import DataFiles
from benison.triggers.tests.test_look import Shown
from benison.triggers.tests.world import EAGER, World, Yard, every_hour, settle
from benison.triggers.work import Folder

BEGAN = int(NOON.timestamp())


@dataclass
class Monitored(World):
    """A world whose model is monitored.

    Attributes:
        log: The alert log.
        lacks: What is missing before anything could be learnt.
        asked: Which alerts are looked at.
    """

    log: AlertLog = field(default_factory=lambda: AlertLog(MemoryStore(), "census"))
    lacks: str = ""
    asked: AlertSource = field(default_factory=AlertSource)

    def __post_init__(self) -> None:
        self.look_at(self.log, self.asked)

    def look_at(self, log: AlertLog, asked: AlertSource) -> None:
        self.alerts = Alerts(log, asked, lambda: self.lacks)

    def tell(self, kind: type[Entry], **said: Any) -> int:
        """Writes an entry of the alert log."""
        defaults: dict[type[Entry], dict[str, Any]] = {
            Raise: {
                "cause": "drift", "subject": "age", "severity": "critical", "first": BEGAN, "last": BEGAN,
                "observed": "0.2000", "allowed": "<= 0.0200", "champion": digest("c"), "snapshot": digest("s"),
                "evidence": digest("w"),
            },
            Worsen: {"last": BEGAN, "observed": "0.3000"},
            Recover: {"last": BEGAN},
            Reopen: {"last": BEGAN, "observed": "0.3000"},
        }  # fmt: skip
        entry = kind(who="monitor", when=utc(self.now), why="as it was seen", **{**defaults.get(kind, {}), **said})
        number = self.log.append(lambda state: entry)
        assert number is not None
        return number

    def told(self, action: str) -> list[str]:
        return [entry.why for entry in self.said(action)]


@pytest.fixture
def world(tmp_path: Path) -> Monitored:
    return Monitored(MemoryStore(), Yard(tmp_path / "yard", entries.PUSHED))


def test_an_alert_is_one_run_and_after_it_recovered_and_was_raised_anew_another_one(world: Monitored) -> None:
    world.policy = Policy(debounce_seconds=60, cooldown_minutes=60)
    manager = world.manager()
    assert settle(manager).done == ()
    world.tell(Raise)
    assert settle(manager).waits.why == "60 seconds without anything new"
    world.later(minutes=2)
    assert [entry.action for _, entry in settle(manager).done] == ["run", "started", "finished"]
    assert settle(manager).done == settle(world.manager()).done == ()
    (run,), (cause,) = world.runs(), world.said("cause")
    assert isinstance(cause, Cause) and (cause.source, cause.key, cause.urgent) == ("alert:1", utc(NOON), False)
    assert run.why == ("alert 1: critical drift of age since 2026-11-20 12:00 UTC, 0.2000, allowed <= 0.0200: training")
    world.tell(Recover, alert=1)
    world.tell(Raise)
    waits = settle(manager).waits
    assert waits.why == "the cooldown after run 2" and waits.until == NOON + timedelta(minutes=62)
    world.later(hours=1)
    settle(manager)
    assert [entry.source for entry in world.said("cause") if isinstance(entry, Cause)] == ["alert:1", "alert:3"]
    assert len(world.runs()) == 2


def test_entries_of_alerts_are_as_their_schema_says(world: Monitored) -> None:
    world.tell(Raise)
    settle(world.manager())
    links = list(Chain(world.store, "census/triggers", entries.KIND).links_after())
    for link in links:
        place = {"number": link.number, "writer": link.writer, "previous": link.previous}
        assert (
            documents.problems(entries.KIND, {"kind": entries.KIND, "format": 1, **place, "entry": link.content}) == []
        )
    assert links[0].content["source"] == "alert:1"


def test_what_is_no_cause_starts_nothing_until_it_is_one(world: Monitored) -> None:
    manager = world.manager()
    warning = world.tell(Raise, severity="warning")
    for kind in ("missing", "volume", "errors", "latency", "unreadable"):
        world.tell(Raise, cause=kind, subject=kind)
    taken = world.tell(Raise, subject="income")
    world.tell(Acknowledge, alert=taken)
    over = world.tell(Raise, subject="city")
    world.tell(Recover, alert=over)
    assert settle(manager).done == ()
    world.tell(Worsen, alert=warning)
    settle(manager)
    for later in (Escalate, Recover, Reopen):
        world.tell(later, alert=warning)
        world.later(hours=1)
        assert settle(manager).done == ()
    assert [run.causes for run in world.runs()] == [(1,)]


def test_warnings_and_alerts_that_a_person_took_over_start_runs_where_that_is_asked(tmp_path: Path) -> None:
    asked = AlertSource(kinds=("skew",), severity="warning", unless_acknowledged=False)
    world = Monitored(MemoryStore(), Yard(tmp_path / "yard", entries.PUSHED), asked=asked)
    world.tell(Acknowledge, alert=world.tell(Raise, cause="skew", severity="warning"))
    world.tell(Acknowledge, alert=world.tell(Raise, cause="skew", subject="income"), accept=True)
    world.tell(Raise)
    settle(world.manager())
    assert [entry.source for entry in world.said("cause") if isinstance(entry, Cause)] == ["alert:1"]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Recover, "alert 1 recovered at 2026-11-20T12:00:00Z, before a run"),
        (Acknowledge, "alert 1 was acknowledged by monitor: as it was seen"),
    ],
)
def test_an_alert_that_is_over_before_its_run_is_dropped_with_the_reason(
    world: Monitored, kind: type[Entry], why: str
) -> None:
    world.policy = Policy(debounce_seconds=60)
    manager = world.manager()
    world.tell(Raise)
    settle(manager)
    world.tell(kind, alert=1)
    settle(manager)
    world.later(minutes=2)
    assert settle(manager).done == ()
    assert world.told("suppress") == [why] and world.runs() == []


@pytest.mark.parametrize(
    ("kinds", "severity", "accepted", "why"),
    [
        (("skew",), "warning", False, "alert 1 is one of drift, which starts no run"),
        (("drift",), "critical", False, "alert 1 is a warning, which starts no run"),
        (("drift",), "warning", True, "alert 1 was accepted by monitor: as it was seen"),
    ],
)
def test_an_alert_that_nobody_asks_for_any_more_is_dropped_with_the_reason(
    world: Monitored, kinds: tuple[str, ...], severity: str, accepted: bool, why: str
) -> None:
    world.lacks = "data"
    world.look_at(world.log, AlertSource(severity="warning"))
    world.tell(Raise, severity="warning")
    settle(world.manager())
    if accepted:
        world.tell(Acknowledge, alert=1, accept=True)
    world.look_at(world.log, AlertSource(kinds, severity, unless_acknowledged=False))
    settle(world.manager())
    assert world.told("suppress") == [why] and world.runs() == []


def test_a_cause_of_an_alert_that_the_log_does_not_know_is_dropped(world: Monitored) -> None:
    world.lacks = "data"
    world.tell(Raise)
    settle(world.manager())
    world.look_at(AlertLog(MemoryStore(), "census"), AlertSource())
    settle(world.manager())
    assert world.told("suppress") == ["there is no alert 1 in the alert log"]


def test_an_alert_that_recovered_before_its_run_and_is_there_again_is_a_cause_again(world: Monitored) -> None:
    world.policy = Policy(debounce_seconds=60)
    manager = world.manager()
    world.tell(Raise)
    settle(manager)
    world.tell(Recover, alert=1)
    settle(manager)
    world.later(minutes=10)
    world.tell(Reopen, alert=1)
    settle(manager)
    world.later(minutes=2)
    settle(manager)
    assert [run.causes for run in world.runs()] == [(3,)]
    assert settle(world.manager()).done == ()


def test_an_alert_waits_for_something_to_learn_and_holds_nothing_else_up(world: Monitored) -> None:
    world.lacks, world.sources = "data newer than span 3, which the champion was trained on", every_hour()
    manager = world.manager()
    settle(manager)
    world.tell(Raise)
    assert settle(manager).waits.why == world.lacks
    world.later(hours=1)
    settle(manager)
    assert [run.causes for run in world.runs()] == [(3,)]
    world.lacks = ""
    settle(manager)
    assert [run.causes for run in world.runs()] == [(3,), (2,)]


def test_an_alert_that_waited_long_does_not_cut_short_the_pause_of_data_that_are_still_written(
    world: Monitored,
) -> None:
    source = Shown("a")
    world.lacks, world.sources, world.policy = "data", [source], Policy(debounce_seconds=60)
    manager = world.manager()
    world.tell(Raise)
    settle(manager)
    world.later(hours=30)
    world.lacks, source.key = "", "b"
    assert settle(manager).waits.why == "60 seconds without anything new"
    world.later(minutes=1)
    settle(manager)
    (run,) = world.runs()
    assert run.causes == (2, 3) and run.why.endswith("training; it answers 1 more cause")


def test_after_the_gates_no_another_alert_waits_for_other_code_or_data(world: Monitored) -> None:
    assert isinstance(world.yard, Yard)
    world.yard.outcome, world.data = entries.BLOCKED, "data-1"
    manager = world.manager()
    world.tell(Raise)
    settle(manager)
    world.tell(Raise, subject="income")
    said = "run 2 said no to this very code and these data; change either, or ask for a run yourself"
    assert settle(manager).waits.why == f"other code or data: {said}"
    world.sources = every_hour()
    settle(world.manager())
    world.later(hours=1)
    settle(world.manager())
    # The schedule's time is dropped, the alert is not.
    assert world.told("suppress") == [said] and len(world.runs()) == 1 and len(world.said("escalate")) == 1
    world.data = "data-2"
    settle(world.manager())
    assert [run.data for run in world.runs()] == ["data-1", "data-2"]
    assert world.ledger.state().pending == {}


def test_an_alert_log_that_cannot_be_read_starts_nothing_and_hides_no_other_source(tmp_path: Path) -> None:
    store = MemoryStore()
    world = Monitored(store, Yard(tmp_path / "yard", entries.PUSHED), log=AlertLog(store, "census"))
    world.sources, world.policy = every_hour(), Policy(debounce_seconds=60)
    world.tell(Raise)
    settle(world.manager())
    with pytest.raises(IntegrityError):
        world.tell(Worsen, alert=9)
    world.later(hours=1)
    fresh = Monitored(store, world.yard, sources=every_hour(), now=world.now, log=AlertLog(store, "census"))
    look = fresh.manager().look()
    assert len(look.troubles) == 1 and "expected an alert that was raised before, got 9" in str(look.troubles[0])
    assert [run.causes for run in fresh.runs()] == [(3,)]
    assert look.waits.why == "alert log and data, which cannot be looked at"


def test_a_plan_tells_new_alerts_those_that_are_over_and_those_that_wait(world: Monitored) -> None:
    world.lacks, world.policy = "data", Policy(debounce_seconds=60)
    manager = world.manager()
    world.tell(Raise)
    world.tell(Raise, subject="income")
    settle(manager)
    world.tell(Recover, alert=1)
    world.tell(Raise, subject="city")
    planner = Folder(lambda: "code")
    outlook = foresee(world.ledger.state(), [], planner, EAGER, world.now, world.alerts)
    assert list(outlook.notices) == ["alert:4"] and [one.source for one in outlook.held.values()] == [
        "alert:2",
        "alert:4",
    ]
    assert outlook.passed == {1: "alert 1 recovered at 2026-11-20T12:00:00Z, before a run"}
    assert (outlook.answer, outlook.waits and outlook.waits.why) == ("nothing", "data")
    world.lacks = ""
    outlook = foresee(world.ledger.state(), [], planner, EAGER, world.now, world.alerts)
    assert outlook.answer.startswith("run: alert 4: critical drift of city") and outlook.held == {}


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_a_manager_stopped_anywhere_loses_no_alert_and_runs_none_twice(tmp_path: Path, done: bool) -> None:
    for at in range(1, 100):
        whole = MemoryStore()
        stopping, yard = StoppingStore(whole, at, done=done), Yard(tmp_path / f"{done}-{at}", entries.PUSHED)
        world = Monitored(stopping, yard)
        world.tell(Raise)
        with suppress(Stopped):
            settle(world.manager())
        world.store = whole
        settle(world.manager())
        assert len(world.runs()) == len(yard.begun()) == len(world.said("cause")) == 1, at
        Ledger(whole, "census").verify()
        if not stopping.stopped:
            break
    assert at > 5 and not stopping.stopped


def data(path: str) -> Data:
    splits = Splits("hash", (), "", (0.6, 0.2, 0.2))
    return Data(path, None, "csv", 1, "", "", splits, "schema.pbtxt", (), None)


def test_there_is_something_to_learn_from_a_span_that_the_champion_was_not_trained_on(tmp_path: Path) -> None:
    registry = Registry(MemoryStore(), "census")
    bench = Bench(registry, tmp_path / "packages")
    for span in (1, 2):
        (tmp_path / f"span-{span}.csv").write_text("a\n1\n")
    files = DataFiles(data("span-{span}.csv"), tmp_path)
    assert nothing_newer(registry, files) == ""
    bench.crown("first", (1, 2))
    assert nothing_newer(registry, files) == "data newer than span 2, which the champion was trained on"
    (tmp_path / "span-3.csv").write_text("a\n1\n")
    assert nothing_newer(registry, files) == ""
    # Neither one file nor a query tells by its path whether anything is new.
    assert nothing_newer(registry, DataFiles(data("span-1.csv"), tmp_path)) == nothing_newer(registry, None) == ""
