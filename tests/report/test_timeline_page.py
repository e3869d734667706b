"""The time line of a model: what its logs say, nothing else, at the place where it belongs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import Entry, Raise, Recover, Sent
from benison.cli.registry_timeline import require, timeline
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.core.errors import DataError
from benison.core.verdicts import Tier, Verdict
from benison.delivery.entries import Entry as RolloutEntry
from benison.delivery.entries import Finish, Shift, Start
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.registry.testing import Bench, digest
from benison.report.timeline import Event, Spell, Timeline, read, render
from benison.report.timeline.events import ALERTS, CHAMPION, GATE, RUNS, SHARE, Split
from benison.triggers.entries import Cause, Finished, Run, Started
from benison.triggers.entries import Entry as TriggerEntry
from benison.triggers.ledger import Ledger

CENSUS = Path(__file__).resolve().parents[2] / "examples" / "census"
AT = "2026-11-20T12:{:02}:00Z"


def said(minute: int, why: str) -> dict[str, Any]:
    return {"who": "tests", "when": AT.format(minute), "why": why}


def raised(minute: int) -> Raise:
    return Raise(
        cause="drift", subject="<age>", severity="critical", first=0, last=0, observed="0.3", allowed="<= 0.02",
        champion="", snapshot="", evidence="", tell=("oncall",), **said(minute, "others came"),
    )  # fmt: skip


def invoke(*words: str) -> Result:
    return CliRunner().invoke(timeline, [*words, "-p", str(CENSUS)])


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A champion, an alert, a run, a rollout, another champion."""
    opened = Registry.create(str(tmp_path / "registry"), "census_income")
    bench = Bench(opened, tmp_path / "packages")
    bench.crown("first", (1,))
    _alert(opened)
    _run(opened)
    _rollout(opened, bench.add("second"))
    return opened


def _alert(opened: Registry) -> None:
    log = AlertLog(opened.store, opened.model)
    entries: list[Entry] = [
        raised(1),
        Sent(message="1:oncall", **said(2, "told oncall")),
        Recover(alert=1, last=0, **said(9, "a new champion")),
    ]
    for entry in entries:
        log.append(lambda state, entry=entry: entry)  # type: ignore[misc]


def _run(opened: Registry) -> None:
    ledger = Ledger(opened.store, opened.model)
    run = Run(
        causes=(1,), key="0" * 16, place="", target="local", steps=("training",), commit="", since="", code="", data="",
        span=0, **said(3, "alert 1: training"),
    )  # fmt: skip
    end = Finished(run=2, step="training", outcome="held", device_hours=0.1, page="p", **said(5, "it came to an end"))
    entries: list[TriggerEntry] = [
        Cause(source="alert:1", key="k", urgent=False, span=0, **said(2, "alert 1")),
        run,
        Started(run=2, step="training", id="r", **said(3, "training of run 2")),
        end,
    ]
    for entry in entries:
        ledger.append(lambda state, entry=entry: entry)  # type: ignore[misc]


def _rollout(opened: Registry, challenger: str) -> None:
    log, champion = RolloutLog(opened.store, opened.model), opened.state().champion
    assert champion is not None
    plan = Rollout("canary", (Phase(20, 0, 1),), 1, (Guardrail("error_rate", Tier.HARD, 0.01),))
    evidence, late = {"rollout": digest("r")}, said(8, "too slow")
    entries: list[RolloutEntry] = [
        Start(challenger=challenger, champion=champion, plan=plan, **said(6, "week 47")),
        Shift(phase=0, percent=20, shadow=0, **said(6, "the plan")),
        Shift(phase=0, percent=0, shadow=0, back=True, **said(7, "too slow")),
        Finish(outcome="rolled_back", verdict=Verdict.FAIL, reasons=("slow",), evidence=evidence, **late),
    ]
    for entry in entries:
        log.append(lambda state, entry=entry: entry)  # type: ignore[misc]


def whats(told: Timeline, lane: str) -> list[str]:
    return [one.what for one in told.events if one.lane == lane]


def test_every_log_tells_its_part(registry: Registry) -> None:
    told = read(registry)
    assert whats(told, ALERTS) == [
        "alert 1, drift of <age>: critical, raised", "message 1:oncall sent", "alert 1, drift of <age>: recovered",
    ]  # fmt: skip
    assert whats(told, SHARE)[1:] == ["20%", "0%", "rolled_back, guardrails FAIL"]
    assert any(one.startswith("gate: PASS for ") for one in whats(told, GATE))
    assert [one.percent for one in told.splits] == [20.0, 0.0, 0.0]
    (alert,) = [one for one in told.spells if one.lane == ALERTS]
    assert alert.end is not None and alert.end - alert.begin == 8 * 60
    (champion,) = [one for one in told.spells if one.lane == CHAMPION]
    assert champion.end is None and champion.label == str(registry.state().champion)


def test_the_command_writes_what_triggers_did_too_and_escapes_what_came_from_outside(
    registry: Registry, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    done = invoke("--registry", str(tmp_path / "registry"), "--out", str(page))
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert "run 2: held" in text and "cause: alert:1" in text and "trigger ledger 4; p<" in text
    assert "alert 1, drift of &lt;age&gt;: critical, raised" in text and "<age>" not in text
    assert "no alert is open" in text and "<script" not in text


def test_where_nothing_happened_there_is_no_page() -> None:
    with pytest.raises(DataError, match="logs of census: expected an entry, got none so far\n\nhint: train a first"):
        require(Timeline("census", (), ()))


def test_only_the_last_days_are_shown_and_what_began_before_begins_there(registry: Registry) -> None:
    told = read(registry).since(7.5 / 1440)
    end = told.span[1]
    assert min(one.when for one in told.events) >= end - 450
    assert all(one.begin >= end - 450 for one in told.spells)


def test_a_split_that_was_in_force_before_is_kept() -> None:
    splits = (Split(0.0, 20.0, 0.0), Split(100.0, 50.0, 0.0))
    event = Event(86_400.0, CHAMPION, "x", "pass", "tests", "y", "z")
    kept = Timeline("m", (event,), (), splits).since(0.5).splits
    assert kept == (Split(43_200.0, 50.0, 0.0),)


def test_bars_of_one_lane_that_overlap_lie_in_rows_of_their_own() -> None:
    spells = tuple(Spell(RUNS, at, at + 50.0, f"run {at:g}", "pass") for at in (0.0, 10.0, 90.0))
    events = tuple(Event(at, RUNS, "x", "same", "tests", "y", "z") for at in (0.0, 1000.0))
    text = render(Timeline("m", events, spells))
    tops = re.findall(r'<rect[^>]* y="(\d+)"[^>]*><title>run ', text)
    assert tops == ["12", "30", "12"]


@pytest.mark.parametrize(
    ("seconds", "first"), [(6.0, "00:00:00"), (800.0, "00:00"), (40_000.0, "00:00"), (8e6, "1 Jan")]
)
def test_there_are_some_ticks_whatever_the_length(seconds: float, first: str) -> None:
    events = tuple(Event(at, RUNS, "x", "same", "tests", "y", "z") for at in (0.0, seconds))
    spell = Spell(RUNS, 0.0, seconds, "run 1", "pass")
    text = render(Timeline("m", events, (spell,)))
    found = re.findall(r'text-anchor="middle">([^<]+)</text>', text)
    assert 3 <= len(found) <= 9 and found[0] == first
