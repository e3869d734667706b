"""A monitor on a real request log and a real registry, hour by hour."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benison import config as configuration
from benison.alerts.entries import Acknowledge
from benison.alerts.verification import problems
from benison.components.monitor.run import document, run, verdict_of, watcher_of
from benison.components.monitor.tests.world import BEGIN, LEARNING, Hour, Learned, World, crowned, project
from benison.core import documents
from benison.core.errors import ConfigError, RegistryError
from benison.core.verdicts import Verdict
from benison.monitoring.sketch import Sketch
from benison.monitoring.windows import Late, Window
from benison.registry.registry import Registry
from benison.registry.testing import NOON, Bench

Make = Callable[..., World]


def causes(world: World) -> list[tuple[str, str]]:
    return [one.key for one in world.watcher.alerts.state().open]


def test_steady_traffic_raises_nothing_and_passes_in_the_end(learned: Learned) -> None:
    watched = learned.watched
    assert not watched.opened and not watched.trouble
    assert len(watched.windows) == LEARNING
    found = {(one.kind, one.subject): one.verdict for one in watched.windows[-1].findings}
    assert found["drift", "age"] is Verdict.PASS and found["missing", "age"] is Verdict.PASS
    assert found["volume", "traffic"] is Verdict.PASS
    assert verdict_of(watched) is Verdict.PASS


def test_a_shift_raises_one_alert_that_recovers_when_it_is_over(experienced: Make) -> None:
    one = experienced(alerts={"recover_after": 3})
    watched = one.live(4, lambda hour: Hour(age=60))
    assert causes(one) == [("drift", "age")]
    (alert,) = watched.opened
    assert alert.severity == "critical" and alert.raised.first == int((BEGIN + timedelta(hours=LEARNING)).timestamp())
    assert alert.raised.why.startswith("drift of age: 0.") and "allowed <= 0.0200" in alert.raised.why
    assert one.live(2).opened, "two windows that pass are not enough"
    assert not one.live(1).opened


def test_one_outlier_moves_one_count(experienced: Make) -> None:
    one = experienced()
    assert not one.live(3, lambda hour: Hour(outliers=1)).opened


def test_no_value_in_95_of_100_rows_is_an_alert_from_the_first_window_on(world: Make) -> None:
    one = world()
    one.live(1, lambda hour: Hour(missing=0.95))
    assert causes(one) == [("missing", "age")]


def test_no_traffic_is_an_alert_of_its_own_and_no_drift(experienced: Make) -> None:
    one = experienced()
    one.live(2, lambda hour: Hour(rows=0))
    assert causes(one) == [("volume", "traffic")]
    newest = one.watcher.windows.recent[-1]
    drift = next(f for f in newest.findings if (f.kind, f.subject) == ("drift", "age"))
    assert (drift.verdict, drift.missing) == (Verdict.INCONCLUSIVE, "100 rows, got 0")


def test_errors_are_held_to_their_limit_without_any_past(world: Make) -> None:
    one = world()
    one.live(1, lambda hour: Hour(failed=0.2))
    assert causes(one) == [("errors", "requests")]


def test_too_few_rows_never_pass(world: Make) -> None:
    watched = world().live(4, lambda hour: Hour(rows=20))
    columns = [one for one in watched.windows[-1].findings if one.subject in ("age", "country")]
    assert columns and {one.verdict for one in columns} == {Verdict.INCONCLUSIVE}
    assert verdict_of(watched) is Verdict.INCONCLUSIVE


def test_a_log_that_cannot_be_read_is_an_alert_and_recovers_when_it_can(world: Make) -> None:
    one = world()
    one.live(3)
    shutil.move(one.requests, one.requests.with_name("away"))
    watched = one.look()
    one.hours += 1
    watched = one.look()
    assert "expected the servers' request log, got no such folder" in watched.trouble
    assert causes(one) == [("unreadable", "request log")]
    shutil.move(one.requests.with_name("away"), one.requests)
    assert not one.look().trouble
    assert ("unreadable", "request log") not in causes(one)


def test_rows_that_come_after_their_hour_was_counted_are_counted_and_told(world: Make) -> None:
    one = world()
    one.live(4)
    assert one.live(1).windows[-1].late == Late(one.at(0), one.at(4), 0, 2400)
    one.late(1, 80)
    one.late(3, 20)
    (window,) = one.live(1).windows
    assert window.late == Late(one.at(0), one.at(5), 100, 3100, ((one.at(1), 80), (one.at(3), 20)))
    (alert,) = one.watcher.alerts.state().open
    assert (*alert.key, alert.severity) == ("late", "rows", "warning")
    why = "share of rows that came after their window was counted: 3.23%, allowed <= 1.00%, against the limit"
    assert alert.raised.why.startswith(why)
    assert alert.raised.why.endswith("; a longer late_seconds waits for them")
    assert window.counts["rows"] == 600, "what was judged stays what it is"
    assert Window.from_json(window.to_json()) == window


def test_a_day_with_few_late_rows_ends_the_alert(world: Make) -> None:
    one = world()
    one.live(4)
    one.late(2, 60)
    assert one.live(1).opened
    one.live(24)
    assert not one.live(1).opened


def test_small_hours_together_end_an_alert_that_none_of_them_could(experienced: Make) -> None:
    one = experienced(volume={"limit": 100, "severe": 1000}, min_rows=20)
    one.live(2, lambda hour: Hour(age=60))
    assert causes(one) == [("drift", "age")]
    watched = one.live(12, lambda hour: Hour(rows=50))
    assert not watched.opened
    together = [f for w in watched.windows for f in w.findings if f.windows > 1 and f.subject == "age"]
    assert {f.verdict for f in together} == {Verdict.PASS}
    assert problems(one.bench.registry) == ()


def test_hours_add_up_to_what_the_day_has_at_once(world: Make) -> None:
    one = world()
    one.live(24)
    hours = list(one.watcher.windows.recent)
    grid = one.watcher.windows._grid_of(hours[0].snapshot, ("age", "country"))
    day = Sketch.empty(grid)
    for hour in hours:
        day.merge(Sketch.from_json(grid, hour.counts))
    whole = Sketch.empty(grid)
    for batch in one.watcher._rows(BEGIN.timestamp()):
        whole.add(batch)
    assert day.to_json() == whole.to_json()
    assert whole.rows == 24 * 600


def test_windows_of_seconds_hold_what_the_hour_has(world: Make) -> None:
    hour = world(window_minutes=0.5)
    found = hour.live(1).windows[:120]
    assert [one.start for one in found] == list(range(found[0].start, found[0].start + 3600, 30))
    assert {one.end - one.start for one in found} == {30}
    assert sum(one.counts["rows"] for one in found) == 600
    assert problems(hour.bench.registry) == ()


def test_a_champion_that_was_trained_on_others_is_told_after_a_day(world: Make) -> None:
    one = world()
    crowned(one.bench, "second", age=55, spans=(2,))
    one.live(24)
    assert ("skew", "age") in causes(one)


def test_a_new_champion_keeps_the_past_comparable_and_is_judged_anew(experienced: Make) -> None:
    one = experienced()
    one.live(3, lambda hour: Hour(age=60))
    assert causes(one) == [("drift", "age")]
    crowned(one.bench, "second", age=60, spans=(2,))
    one.live(1, lambda hour: Hour(age=60))
    assert not one.watcher.alerts.state().open
    newest = one.watcher.windows.recent[-1]
    assert newest.reset == ("age",) and newest.own is not None and newest.snapshot != newest.trained_on
    assert one.live(1, lambda hour: Hour(age=60)).windows[-1].reset == ()


def test_a_new_champion_that_knows_others_by_far_ends_the_alert_for_good(experienced: Make) -> None:
    one = experienced()
    one.live(3, lambda hour: Hour(age=90))
    crowned(one.bench, "second", age=90, spans=(2,))
    one.live(3, lambda hour: Hour(age=90))
    assert not one.watcher.alerts.state().open, "what is gross is told against what this champion was trained on"


def test_what_a_person_accepts_is_learned_anew(experienced: Make) -> None:
    one = experienced()
    one.live(2, lambda hour: Hour(age=60))
    (alert,) = one.watcher.alerts.state().open
    word = Acknowledge(alert=alert.id, accept=True, who="me", when="2026-11-04T00:00:00Z", why="a new market")
    one.watcher.alerts.append(lambda state: word)
    assert not one.live(1, lambda hour: Hour(age=60)).opened
    one.live(LEARNING, lambda hour: Hour(age=60))
    assert causes(one) == [("skew", "age")], "it still is not what the champion was trained on"
    newest = one.watcher.windows.recent[-1]
    assert next(f for f in newest.findings if (f.kind, f.subject) == ("drift", "age")).verdict is Verdict.PASS


def test_a_second_monitor_goes_on_where_the_first_one_ended_and_finds_the_same(experienced: Make) -> None:
    one = experienced()
    other = watcher_of(one.watcher._config, one.bench.registry)
    one.live(0)
    one.watcher, before = other, one.watcher
    one.live(3, lambda hour: Hour(age=60))
    assert causes(one) == [("drift", "age")]
    assert len(before.alerts.state().open) == 1, "the first one reads the same"
    before.windows.read()
    assert [w.to_json() for w in before.windows.recent] == [w.to_json() for w in other.windows.recent]
    assert not before.look(BEGIN + timedelta(hours=one.hours, minutes=2)).windows
    assert problems(one.bench.registry) == ()


def test_without_a_champion_there_is_nothing_to_watch(tmp_path: Path) -> None:
    registry = Registry.create(str(tmp_path / "registry"), "census")
    Bench(registry, tmp_path / "packages").add("first")
    config = configuration.read(project(tmp_path / "project", tmp_path))
    with pytest.raises(RegistryError, match="expected a champion to watch, got none so far"):
        watcher_of(config, registry).look(NOON)


def test_an_unknown_feature_names_the_nearest(world: Make) -> None:
    one = world(features=["agee"])
    with pytest.raises(ConfigError, match=r"\(monitor.features\): .*got 'agee'\n\nhint: did you mean age\?"):
        one.live(1)


def test_the_component_writes_what_it_found(world: Make, tmp_path: Path) -> None:
    one = world()
    # The component looks at this moment: every hour from then to now is a window.
    one.begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    one.live(1, lambda hour: Hour(failed=0.2))
    project(tmp_path / "bundle" / "project", one.requests)
    place = str(tmp_path / "registry")
    verdict = run(registry_uri=place, requests="", bundle=tmp_path / "bundle", record=tmp_path / "record")
    content = documents.read(tmp_path / "record" / "monitoring.json", "monitoring")
    assert verdict == content["verdict"] == "FAIL"
    assert "errors" in {one["cause"] for one in content["alerts"]}
    assert document(one.look())["alerts"]


def test_it_needs_nothing_that_its_image_does_not_have() -> None:
    program = "import sys, benison.components.monitor.run; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"scipy", "tensorflow", "pandas", "kfp", "duckdb", "sklearn"} & set(done.stdout.split())
