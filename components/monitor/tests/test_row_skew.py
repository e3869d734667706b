"""Served rows joined to the data's, in real files: planted faults are told, each where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benison import config as configuration
from benison.cli.monitor import _examples
from benison.components.monitor import row_skew
from benison.components.monitor.row_skew import _as_of, _same, served_rows
from benison.components.monitor.tests.world import BEGIN, Hour, World, project
from benison.core.errors import ConfigError
from benison.core.verdicts import Verdict
from benison.monitoring import words
from benison.monitoring.windows import Window
from benison.registry.testing import NOON
from benison.report.monitoring import render
from benison.report.monitoring.exposition import exposition

Table = Callable[[pa.Table], pa.Table]


def day(world: Callable[..., World], folder: Path, wrong: Table = lambda rows: rows, **said: Any) -> World:
    """A world after a day, whose data has other values than were served."""
    one = world(window_minutes=1440, skew_rows={"data": str(folder / "data"), "mature_minutes": 0, **said})
    for hour in range(24):
        one._write(hour, Hour(rows=100))
    one.hours = 24
    rows = pa.concat_tables([pq.read_table(file) for file in sorted(one.requests.glob("*/*.parquet"))])
    features = rows["features"].combine_chunks()
    plain = pa.table({"request_id": rows["request_id"], "age": features.field("age"), "country": features.field(1)})
    (folder / "data").mkdir(exist_ok=True)
    pq.write_table(wrong(plain), folder / "data" / "rows.parquet")
    return one


def changed(rows: pa.Table, name: str, values: Any) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def test_rows_that_are_as_they_were_served_pass(world: Callable[..., World], tmp_path: Path) -> None:
    one = day(world, tmp_path)
    watched = one.look()
    joined = watched.windows[-1].joined
    assert joined is not None and (joined.requests, joined.joined) == (24 * 100, 24 * 100)
    found = {f.subject: f.verdict for f in watched.windows[-1].findings if f.kind == "skew_rows"}
    assert found == {"age": Verdict.PASS, "country": Verdict.PASS}
    assert not watched.opened


@pytest.mark.parametrize(
    ("fault", "column", "share"),
    [
        (lambda rows: changed(rows, "age", pc.multiply(rows["age"], 12.0)), "age", 0.98),
        (lambda rows: changed(rows, "age", pc.fill_null(rows["age"], 0.0)), "age", 0.02),
        (lambda rows: changed(rows, "country", pa.array(np.roll(np.array(rows["country"]), 1))), "country", 0.62),
    ],
    ids=["another unit", "a default in place of nothing", "the value of the row before"],
)
def test_a_fault_between_serving_and_data_is_told(
    world: Callable[..., World], tmp_path: Path, fault: Table, column: str, share: float
) -> None:
    one = day(world, tmp_path, fault)
    watched = one.look()
    (alert,) = watched.opened
    assert alert.key == ("skew_rows", column)
    assert alert.raised.why.startswith(f"share of rows served with another {column}: ")
    assert ", allowed <= 1.00%, against what the data has of the same rows" in alert.raised.why
    window = watched.windows[-1]
    finding = next(f for f in window.findings if f.kind == "skew_rows" and f.subject == column)
    assert finding.effect == pytest.approx(share, abs=0.02)
    assert _examples(window, finding).startswith("; such as ")
    assert Window.from_json(window.to_json()) == window
    page = render("census", list(one.watcher.windows.recent), one.watcher.alerts.state(), one.watcher.asked)
    assert "The data has 2,400 of 2,400 requests of the day from 2026-11-02 00:00." in page
    text = exposition("census", list(one.watcher.windows.recent), one.watcher.alerts.state(), NOON)
    assert f'benison_monitor_row_skew_ratio{{model="census",column="{column}"}} 0.' in text


def test_rows_that_are_not_in_the_data_are_not_said_to_differ(world: Callable[..., World], tmp_path: Path) -> None:
    one = day(world, tmp_path, lambda rows: rows.slice(0, 50))
    window = one.look().windows[-1]
    assert window.joined is not None and window.joined.joined == 50
    told = [f.missing for f in window.findings if f.kind == "skew_rows"]
    assert told == ["100 rows with the same id, got 50"] * 2


@pytest.mark.parametrize(
    ("rows", "said", "message"),
    [
        (None, {}, "expected Parquet files of the data, got none"),
        ({"request": ["1"]}, {}, "expected a column request_id, got request"),
        ({"unit_id": ["1"]}, {"id": "unit_id"}, "expected a column time, got unit_id"),
        ({"request_id": ["1"]}, {}, "expected columns that are watched, got request_id"),
    ],
)
def test_data_that_cannot_be_joined_passes_nothing_and_says_why(
    world: Callable[..., World], tmp_path: Path, rows: dict[str, Any] | None, said: dict[str, Any], message: str
) -> None:
    one = day(world, tmp_path, **said)
    (tmp_path / "data" / "rows.parquet").unlink()
    if rows is not None:
        pq.write_table(pa.table(rows), tmp_path / "data" / "rows.parquet")
    window = one.look().windows[-1]
    assert window.joined is not None and message in window.joined.trouble
    assert words.joined(window.joined).startswith("nothing could be joined of the day from 2026-11-02 00:00: ")
    assert {f.verdict for f in window.findings if f.kind == "skew_rows"} == {Verdict.INCONCLUSIVE}


def test_a_unit_is_held_against_the_last_row_that_the_data_had_of_it_then() -> None:
    random = np.random.default_rng(2)
    units, times = random.integers(0, 6, 60), random.integers(0, 40, 60)
    known = pa.table({"id": [f"u{one}" for one in units[:40]], "time": np.sort(times[:40])})
    served = pa.table({"unit_id": [*(f"u{one}" for one in units[40:59]), None], "time": times[40:]})
    found = _as_of(served, known)
    for place, (unit, time) in enumerate(zip(*(served[name].to_pylist() for name in ("unit_id", "time")), strict=True)):
        before = [
            at
            for at, (other, when) in enumerate(zip(*(known[name].to_pylist() for name in ("id", "time")), strict=True))
            if other == unit and when <= time
        ]
        assert found[place] == (before[-1] if before else -1)


def test_the_last_row_of_a_request_counts() -> None:
    known = pa.table({"id": ["a", "b", "a"]})
    assert _same(pa.table({"request_id": ["b", "a", "c"]}), known).tolist() == [1, 2, -1]
    assert _same(pa.table({"request_id": ["b"]}), known.slice(0, 0)).tolist() == [-1]


def test_of_a_busy_day_some_rows_are_drawn_from_all_of_it(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_skew, "MOST", 500)
    one = world()
    for hour in range(24):
        one._write(hour, Hour(rows=100))
    begin = int(BEGIN.timestamp())
    found = served_rows(one.watcher._rows(begin), begin, begin + 86_400, ["age"])
    assert found.num_rows == 500 == len(set(found["request_id"].to_pylist()))
    hours = np.bincount((np.asarray(found["time"]) // 1_000_000 - begin) // 3600, minlength=24)
    assert hours.min() >= 5 and hours.max() <= 45


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"data": "d", "id": "row"}, "expected one of request_id, unit_id, got 'row'"),
        ({"data": "d", "mature": 3}, "hint: did you mean mature_minutes?"),
        ({"data": "d", "mature_minutes": 60_000}, "expected serving.requests.keep_days above 42.6667"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
        configuration.read(project(tmp_path / "project", tmp_path, skew_rows=said))
