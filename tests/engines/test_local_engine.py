import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.core import digests
from benison.core.errors import ConfigError, StorageError
from benison.engines.local import LocalEngine, RunRequest, TaskEvent
from benison.engines.record import RunRecord
from tests.engines.conftest import Run


def test_runs_a_pipeline_and_records_what_each_task_gave(run: Run, events: list[TaskEvent]) -> None:
    record = run("measuring", {"count": 5, "unit": "m"})
    assert (record.state, record.verdict, record.pipeline) == ("succeeded", "pushed", "measuring")
    assert record.parameters == {"count": 5, "unit": "m"}
    # The numbers 0 to 4: mean 2, five rows, doubled sum 20.
    measured = record.tasks["measure"]
    assert measured.parameters == {"verdict": "pushed", "mean": 2.0, "rows": 5, "text": "2.0 m"}
    assert record.tasks["total"].parameters == {"Output": 20.0}
    values = record.output("make", "data") / "values.txt"
    assert [float(line) for line in values.read_text().split()] == [0, 1, 2, 3, 4]
    assert measured.outputs["report"].metadata == {"mean": 2.0}
    assert measured.outputs["report"].digest is None
    assert "made 5 values" in (record.folder / "tasks" / "make" / "log.txt").read_text()
    assert [(event.task, event.state) for event in events] == [
        (task, state) for task in ("make", "measure", "total") for state in ("running", "succeeded")
    ]


def test_the_record_on_disk_is_the_record_returned(run: Run) -> None:
    record = run("measuring")
    assert RunRecord.read(record.folder) == record
    assert (record.folder / "pipeline.yaml").read_text().count("name: measuring") == 1
    assert record.folder.name == record.id
    assert record.versions["stack"] == ("current" if sys.version_info >= (3, 12) else "older")


def test_a_pipeline_without_a_verdict_has_none(run: Run) -> None:
    assert run("ending", {"how": "exit"}).verdict is None


def test_independent_tasks_run_side_by_side(run: Run, fifo: Callable[[str], str]) -> None:
    record = run("meeting", {"one": fifo("one"), "two": fifo("two")}, task_timeout_s=20)
    assert record.tasks["meet"].parameters == {"Output": "from the second"}
    assert record.tasks["meet-2"].parameters == {"Output": "from the first"}


@pytest.mark.parametrize("cold", ["", "1"])
def test_every_task_has_a_place_and_chance_of_its_own(run: Run, monkeypatch: pytest.MonkeyPatch, cold: str) -> None:
    monkeypatch.setenv("BENISON_SPAWN", cold)
    record = run("surrounded", cache=False)
    assert record.state == "succeeded"
    given = [task.parameters["Output"] for task in record.tasks.values()]
    assert len({one["cwd"] for one in given}) == 3
    assert all(Path(one["tempfile"]).parent == Path(one["TMPDIR"]) == Path(one["cwd"]) for one in given)
    assert not any(Path(one["cwd"]).exists() for one in given)
    assert len({one["drawn"] for one in given}) == 3
    assert [one["variable"] for one in given].count("set") == 1
    for name in record.tasks:
        log = (record.folder / "tasks" / name / "log.txt").read_text()
        assert "to stdout" in log and "to stderr" in log and "to the log" in log


def test_a_failed_task_says_why_and_stops_only_what_needs_it(run: Run, events: list[TaskEvent]) -> None:
    record = run("failing", {"path": "data.csv"})
    states = {name: task.state for name, task in record.tasks.items()}
    assert states == {"refuse": "failed", "divide": "failed", "one": "succeeded", "follow": "not_run"}
    assert record.state == "failed"
    refused, divided = record.tasks["refuse"].error, record.tasks["divide"].error
    assert refused is not None and divided is not None
    assert (refused.type, refused.message) == ("DataError", "data.csv: expected rows, got none")
    assert (refused.hint, refused.exit_code) == ("name another file", 2)
    assert (divided.type, divided.message, divided.exit_code) == ("ZeroDivisionError", "division by zero", 3)
    assert TaskEvent("follow", "not_run", None, "needs refuse, which failed") in events


def test_a_traceback_begins_in_the_component(run: Run) -> None:
    error = run("failing", {"path": "data.csv"}).tasks["divide"].error
    assert error is not None
    lines = error.traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1].endswith("in divide") and "ephemeral_component.py" in lines[1]
    assert "return 1 / by" in lines[2] and lines[-1] == "ZeroDivisionError: division by zero"
    assert "executor_main" not in error.traceback


def test_what_a_failed_task_wrote_is_kept_but_not_an_output(run: Run) -> None:
    record = run("failing", {"path": "data.csv"})
    assert (record.folder / "tasks" / "refuse" / "kept" / "half.txt").read_text() == "half"
    assert record.tasks["refuse"].outputs == {}


@pytest.mark.parametrize(
    ("how", "message", "hint"),
    [
        ("nan", "task odd: expected outputs that are finite, got NaN", "leave a figure out that is undefined"),
        ("moved", "got /elsewhere", "write to the artifact's path and leave its uri alone"),
        ("missing", "task odd, output note: expected text, got none", ""),
        ("link", "expected plain files and folders, got a link", "copy what it points to"),
        ("full", "No space left on device", "the disk is full; make room"),
    ],
)
def test_an_output_that_cannot_be_passed_on_fails_its_task(run: Run, how: str, message: str, hint: str) -> None:
    error = run("oddities", {"how": how}).tasks["odd"].error
    assert error is not None
    assert message in error.message and hint in error.hint


def test_tasks_may_start_processes_and_end_with_threads_and_exit_functions(run: Run) -> None:
    record = run("spreading", task_timeout_s=30)
    assert record.tasks["share-out"].parameters == {"Output": 1.0}
    data = record.output("linger", "data")
    assert {path.name: path.read_text() for path in data.iterdir()} == {"thread.txt": "late", "exit.txt": "later"}
    # What they wrote last is part of what the digest vouches for.
    assert record.tasks["linger"].outputs["data"].digest == digests.of_tree(data)


def test_a_task_that_takes_too_long_shows_where_it_stood(run: Run, fifo: Callable[[str], str]) -> None:
    reader = subprocess.Popen(["cat", ready := fifo("ready")], stdout=subprocess.PIPE)
    record = run("holding", {"ready": ready, "never": fifo("never")}, task_timeout_s=1)
    pid = int(reader.communicate()[0].split()[0])
    error = record.tasks["hold"].error
    assert error is not None
    assert error.message == "task hold: expected an end within 1 s, got none"
    assert error.hint == "log.txt shows where it stood; raise the limit if it needs longer"
    assert "rendezvous.py" in error.traceback and "in take" in error.traceback
    assert not Path(f"/proc/{pid}").exists()
    assert record.tasks["one"].state == "not_run"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"cuont": 1},
            "parameter cuont: expected a parameter of the pipeline, got 'cuont'\n\nhint: did you mean count?",
        ),
        ({"count": "five"}, "parameter count: expected a whole number, got 'five'"),
        ({"count": True}, "parameter count: expected a whole number, got True"),
        ({"unit": 5}, "parameter unit: expected text, got 5"),
    ],
)
def test_refuses_parameters_that_do_not_fit(
    run: Run, tmp_path: Path, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        run("measuring", parameters)
    assert str(caught.value) == message
    assert not (tmp_path / "runs").exists()


def test_refuses_a_missing_parameter(run: Run) -> None:
    with pytest.raises(ConfigError, match="parameter how: expected text, got none"):
        run("ending")


@pytest.mark.skipif(sys.platform != "linux", reason="/sys is a folder that nobody can write, on Linux")
def test_refuses_a_folder_that_cannot_be_written(engine: LocalEngine, compiled: Callable[[str], Path]) -> None:
    refusal = r"expected a folder with room that can be written, got (no permission|a read-only file system)"
    with pytest.raises(StorageError, match=refusal):
        engine.run(RunRequest(compiled("measuring"), {}, Path("/sys/runs")))


def test_refuses_a_file_in_the_place_of_the_folder(
    engine: LocalEngine, compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(StorageError, match="got a file in the place of a folder"):
        engine.run(RunRequest(compiled("measuring"), {}, tmp_path / "runs"))


def test_refuses_a_full_disk_before_anything_starts(
    engine: LocalEngine, events: list[TaskEvent], compiled: Callable[[str], Path], tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", runs], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root can make a disk that is full")
    events.clear()
    try:
        with pytest.raises(StorageError, match="got a full disk\n\nhint: make room or name another folder"):
            engine.run(RunRequest(compiled("measuring"), {}, runs))
        assert list(runs.iterdir()) == []
    finally:
        subprocess.run(["umount", runs], check=True)
    assert events == []


def test_an_observer_that_raises_ends_the_run(toys: Path, compiled: Callable[[str], Path], tmp_path: Path) -> None:
    def observe(event: TaskEvent) -> None:
        raise LookupError(event.task)

    with LocalEngine(observer=observe, packages=[toys]) as engine, pytest.raises(LookupError, match="make"):
        engine.run(RunRequest(compiled("measuring"), {}, tmp_path / "runs"))
    [folder] = (tmp_path / "runs").glob("2*")
    assert RunRecord.read(folder).state == "cancelled"


def test_imports_no_heavy_library_and_not_kfp() -> None:
    code = "import benison.engines.local, sys, json; print(json.dumps(sorted(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=_with_root())
    tops = {name.partition(".")[0] for name in json.loads(printed.stdout)}
    assert tops.isdisjoint({"kfp", "tensorflow", "keras", "pyarrow", "numpy"})


def _with_root() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


def test_a_task_is_tried_as_often_as_its_retry_policy_says(run: Run, events: list[TaskEvent], tmp_path: Path) -> None:
    record = run("stumbling", {"tally": str(tmp_path / "tally"), "failures": 2})
    task = record.tasks["stumble"]
    assert (record.state, task.state, task.parameters) == ("succeeded", "succeeded", {"Output": 3})
    assert [event.state for event in events] == ["running", "waiting", "running", "waiting", "running", "succeeded"]
    assert events[1].message == "attempt 1 failed and is followed by another: not yet"
    kept = sorted(path.name for path in (record.folder / "tasks").rglob("*.txt"))
    assert kept == ["1.txt", "2.txt", "3.txt", "log.txt", "log.txt", "log.txt"]
    assert [path.name for path in (record.folder / "tasks" / "stumble" / "kept").iterdir()] == ["3.txt"]


def test_a_task_fails_when_its_attempts_are_used_up(run: Run, tmp_path: Path) -> None:
    record = run("stumbling", {"tally": str(tmp_path / "tally"), "failures": 3})
    assert record.state == record.tasks["stumble"].state == "failed"
    assert (tmp_path / "tally").read_text() == "xxx"
