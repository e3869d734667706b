"""The request log from one server's exchange to whoever reads it meanwhile."""

import fcntl
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from benison.config.serving import RequestLog
from benison.delivery.request_log import JOURNAL, ROTATED, TIME, read_file, read_since, schema_of
from benison.delivery.traffic import Role, place
from benison.serving import journal as journals
from benison.serving.exchange import Exchange, Redaction, record
from benison.serving.journal import Journal
from benison.serving.request_logger import KEY, RequestLogger
from serving.tests.running import ROOT, until

NOW = datetime.now(UTC)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
ROWS = pa.table({"x": [0.5, None], "city": ["Bonn", None]})


def exchange(name: str, rows: pa.Table = ROWS, status: int = 200, time: datetime = NOW) -> Exchange:
    time_us = int(time.timestamp() * 1e6)
    scores = [0.25] * rows.num_rows if status == 200 else None
    error = "" if status == 200 else "no answer"
    return Exchange(name, f"unit {name}", time_us, Role.CHAMPION, "sha256:1", 3, rows, scores, status, error, 1.5)


def batch(*names: str) -> pa.RecordBatch:
    (found,) = record([exchange(name) for name in names], Redaction({}, b"key"))
    return found


def names(folder: Path, since: datetime = YEAR) -> list[str]:
    """Whose rows the log has, each as often as it has them."""
    return sorted(name for one in read_since(folder, since) for name in one.column("request_id").to_pylist())


def twice(*said: str) -> list[str]:
    """Each exchange has two rows."""
    return sorted([*said, *said])


def test_every_row_of_a_request_is_one_of_the_log() -> None:
    (found,) = record([exchange("a"), exchange("b", status=504)], Redaction({}, b"key"))
    features = pa.struct([("x", pa.float64()), ("city", pa.string())])
    assert found.schema == schema_of(features)
    rows = found.to_pylist()
    first = {"request_id": "a", "row": 0, "unit_id": "unit a", "role": "champion", "package": "sha256:1", "number": 3}
    first |= {"score": 0.25, "status": 200, "error": "", "latency_ms": 1.5, "features": {"x": 0.5, "city": "Bonn"}}
    assert {name: value for name, value in rows[0].items() if name != "time"} == first
    assert abs(rows[0]["time"] - NOW) < timedelta(milliseconds=1)
    assert rows[1]["features"] == {"x": None, "city": None}
    assert [(row["row"], row["score"], row["status"], row["error"]) for row in rows[2:]] == [
        (0, None, 504, "no answer"),
        (1, None, 504, "no answer"),
    ]


def test_redacted_columns_are_left_out_or_hashed_by_a_key() -> None:
    hashed, other = (
        record([exchange("a")], Redaction({"city": "hash", "x": "drop", "none": "drop"}, key))[0].to_pylist()
        for key in (b"one", b"two")
    )
    assert hashed[0]["features"].keys() == {"city"}
    assert len(hashed[0]["features"]["city"]) == 32
    assert hashed[0]["features"] != other[0]["features"]
    assert hashed[1]["features"] == {"city": None}
    (bare,) = record([exchange("a")], Redaction({"city": "drop", "x": "drop"}, b"one"))
    assert bare.num_rows == 2


def test_packages_of_other_columns_have_batches_of_their_own() -> None:
    more = exchange("b", ROWS.append_column("y", pa.array([1, 2])))
    found = record([exchange("a"), more, exchange("c")], Redaction({}, b"key"))
    assert [one.column("request_id").to_pylist() for one in found] == [["a", "a", "c", "c"], ["b", "b"]]


def test_rows_are_there_soon_and_stay_when_the_log_is_closed(tmp_path: Path) -> None:
    log = RequestLogger(RequestLog(tmp_path), lambda rows: pytest.fail(f"{rows} rows dropped"))
    log.put(exchange("a"))
    until(lambda: names(tmp_path) == twice("a"), 5)
    assert [file.suffix for file in tmp_path.glob("*/*")] == [JOURNAL]
    log.put(exchange("b"))
    log.close()
    assert [file.suffix for file in tmp_path.glob("*/*")] == [ROTATED]
    assert names(tmp_path) == twice("a", "b")


def test_a_sample_is_all_of_some_units_and_every_failure(tmp_path: Path) -> None:
    log = RequestLogger(RequestLog(tmp_path, sample=0.3), lambda rows: None)
    for n in range(100):
        log.put(exchange(f"{n}"))
    log.put(exchange("failed", status=500))
    log.close()
    kept = [f"{n}" for n in range(100) if place(f"unit {n}", "request log") < 30]
    assert 10 < len(kept) < 50
    assert names(tmp_path) == twice("failed", *kept)


def test_rows_before_a_moment_are_left_out_and_other_days_not_opened(tmp_path: Path) -> None:
    log = RequestLogger(RequestLog(tmp_path), lambda rows: None)
    log.put(exchange("old", time=NOW - timedelta(minutes=5)))
    log.put(exchange("new"))
    log.close()
    past = tmp_path / "2026-01-03"
    past.mkdir()
    (past / f"not{ROTATED}").write_text("no Parquet at all")
    assert names(tmp_path, NOW - timedelta(seconds=1)) == twice("new")
    assert list(read_since(tmp_path / "nowhere", YEAR)) == []


@pytest.mark.parametrize("torn", [1, 7, 100, 500])
def test_a_torn_end_hides_no_row_before_it(tmp_path: Path, torn: int) -> None:
    journal = Journal(tmp_path, batch("a").schema)
    journal.write(batch("a"))
    whole = journal.path.stat().st_size
    journal.write(batch("b"))
    journal.close()
    content = journal.path.read_bytes()
    journal.path.write_bytes(content[: whole + torn])
    assert names(tmp_path) == twice("a")
    journal.path.write_bytes(content[:torn])
    assert names(tmp_path) == []
    assert journals.adopt(tmp_path) == 1
    assert list(tmp_path.glob("*/*")) == []


def test_journals_of_the_living_are_left_alone_and_those_of_the_dead_taken_over(tmp_path: Path) -> None:
    living, dead = (Journal(tmp_path, batch("a").schema) for _ in range(2))
    for journal, name in ((living, "living"), (dead, "dead")):
        journal.write(batch(name))
    with living.path.open("rb") as held, pytest.raises(OSError, match="unavailable"):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    dead.close()
    assert journals.adopt(tmp_path) == 1
    assert {file.suffix for file in tmp_path.glob("*/*")} == {JOURNAL, ROTATED}
    assert names(tmp_path) == twice("living", "dead")
    living.rotate()
    assert names(tmp_path) == twice("living", "dead")


def test_no_row_is_lost_or_read_twice_while_files_are_rotated(tmp_path: Path) -> None:
    """What was there before a reader began is read once, whatever becomes of its file."""
    log = RequestLogger(RequestLog(tmp_path), lambda rows: None, rotate_rows=20)
    done = threading.Event()

    def write() -> None:
        for n in range(600):
            log.put(exchange(f"{n:03}"))
            done.wait(0.005)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    before: list[str] = []
    while not done.is_set():
        found = names(tmp_path)
        assert found == twice(*sorted(set(found)))
        assert set(before) <= set(found)
        before = found
    writer.join()
    log.close()
    assert names(tmp_path) == twice(*(f"{n:03}" for n in range(600)))
    assert len(list(tmp_path.glob(f"*/*{ROTATED}"))) > 3


def test_a_journal_that_is_rotated_between_list_and_look_is_read_where_it_went(tmp_path: Path) -> None:
    journal = Journal(tmp_path, batch("a").schema)
    journal.write(batch("a"))
    listed = journal.path
    journal.rotate()
    assert sum(one.num_rows for one in read_file(listed)) == 2
    listed.with_suffix(ROTATED).unlink()
    assert list(read_file(listed)) == []


def test_a_folder_that_cannot_be_written_holds_nobody_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    dropped: list[int] = []
    (tmp_path / "file").write_text("in the way")
    log = RequestLogger(RequestLog(tmp_path / "file" / "log"), dropped.append)
    for n in range(3):
        log.put(exchange(f"{n}"))
        until(partial(_sums_to, dropped, 2 * (n + 1)), 5)
    (tmp_path / "file").unlink()
    log.put(exchange("later"))
    log.close()
    assert names(tmp_path / "file" / "log") == twice("later")
    assert caplog.text.count("answers go on, rows are lost") == 1
    assert caplog.text.count("written again") == 1


_FULL = """
import resource, sys, time
from pathlib import Path
from benison.config.serving import RequestLog
from benison.serving.request_logger import RequestLogger
from serving.tests.test_request_logger import exchange
dropped, folder = [], Path(sys.argv[1])
log = RequestLogger(RequestLog(folder), dropped.append)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (6000, most))
for n in range(2000):
    log.put(exchange(f"{n}"))
    while n % 20 == 0 and log._taken:
        time.sleep(0.01)
    if len(dropped) > 2:
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
log.put(exchange("last"))
log.close()
print(sum(dropped), n)
"""


def test_a_disk_without_room_loses_what_does_not_fit_and_nothing_else(tmp_path: Path) -> None:
    """Files that may not grow fail in the middle of a write, as those on a full disk do."""
    done = subprocess.run([sys.executable, "-c", _FULL, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True)
    dropped, last = map(int, done.stdout.split())
    kept = names(tmp_path)
    assert kept == twice(*set(kept))
    assert "last" in kept
    assert 0 < len(kept) == 2 * (last + 2) - dropped < 2 * (last + 2)
    assert done.stderr.count("answers go on, rows are lost") >= 1


def _sums_to(numbers: Sequence[int], wanted: int) -> bool:
    return sum(numbers) == wanted


def test_what_comes_faster_than_it_is_written_is_counted(tmp_path: Path) -> None:
    dropped: list[int] = []
    log = RequestLogger(RequestLog(tmp_path), dropped.append)
    large = pa.table({"x": [0.5] * 60_000})
    log.put(exchange("a", large))
    log.put(exchange("b", large))
    log.close()
    assert dropped in ([60_000], [])
    assert len(names(tmp_path)) == 120_000 - sum(dropped)


def aged(folder: Path, days: int, name: str, size: int) -> Path:
    day = folder / (datetime.now(UTC).date() - timedelta(days=days)).isoformat()
    day.mkdir(parents=True, exist_ok=True)
    (day / name).write_bytes(bytes(size))
    return day / name


def test_old_days_go_and_then_the_oldest_files_but_no_journal_for_its_size(tmp_path: Path) -> None:
    old = [aged(tmp_path, 3, f"a{ROTATED}", 10), aged(tmp_path, 3, f"b{JOURNAL}", 10)]
    files = [aged(tmp_path, 1, f"{n}{ROTATED}", 100) for n in "ab"] + [
        aged(tmp_path, 0, f"{n}{ROTATED}", 100) for n in "cd"
    ]
    journal = aged(tmp_path, 1, f"e{JOURNAL}", 100)
    (tmp_path / "notes").mkdir()
    assert journals.prune(tmp_path, keep_days=3, max_bytes=320) == 4
    assert [file.exists() for file in [*old, *files, journal]] == [False, False, False, False, True, True, True]
    assert not old[0].parent.exists()
    assert (tmp_path / "notes").exists()


def test_the_key_of_hashes_may_be_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "the same for all servers")
    for name in ("one", "two"):
        log = RequestLogger(RequestLog(tmp_path, redact={"city": "hash"}), lambda rows: None)
        log.put(exchange(name))
        log.close()
    seen: Sequence[str] = [row["features"]["city"] for one in read_since(tmp_path, YEAR) for row in one.to_pylist()]
    assert len(set(seen)) == 2
    assert schema_of(pa.struct([])).field("time").type == TIME
