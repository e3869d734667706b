import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benison.engines.closure import Closure
from benison.engines.ir import Component
from benison.engines.local import TaskEvent
from benison.engines.record import RunRecord
from benison.engines.reuse import key_of
from tests.engines.conftest import Run

ALL = {"make", "measure", "total"}


def reused(record: RunRecord) -> set[str]:
    assert record.state == "succeeded"
    return {name for name, task in record.tasks.items() if task.state == "reused"}


@pytest.fixture
def module(toys: Path) -> Iterator[Path]:
    """A first-party module that measure imports, and that may be changed."""
    path = toys / "rounding.py"
    before = path.read_text()
    yield path
    path.write_text(before)


def test_an_unchanged_run_is_reused_whole(run: Run, events: list[TaskEvent]) -> None:
    first = run("measuring")
    second = run("measuring")
    assert (reused(first), reused(second)) == (set(), ALL)
    for name, task in second.tasks.items():
        assert task.reused_from == first.id
        assert task.outputs == first.tasks[name].outputs
        assert task.parameters == first.tasks[name].parameters
        assert task.log == first.tasks[name].log
    assert second.verdict == "pushed"
    assert second.output("make", "data") == first.output("make", "data")
    assert not (second.folder / "tasks").exists()
    assert TaskEvent("make", "reused", 0.0, f"from {first.id}") in events


def test_what_was_reused_points_at_the_run_that_did_the_work(run: Run) -> None:
    first, _, third = run("measuring"), run("measuring"), run("measuring")
    assert third.tasks["make"].reused_from == first.id


def test_nothing_is_reused_where_that_is_switched_off(run: Run) -> None:
    run("measuring")
    again = run("measuring", cache=False)
    assert reused(again) == set()
    # What ran instead is what the next run finds.
    assert run("measuring").tasks["make"].reused_from == again.id


def test_a_task_with_caching_off_always_runs_and_what_follows_goes_by_its_content(run: Run) -> None:
    run("half_cached")
    assert reused(run("half_cached")) == {"measure"}


def test_a_changed_parameter_runs_what_it_reaches(run: Run) -> None:
    run("measuring", {"unit": "m"})
    # Another text comes out of measure, so total runs as well.
    assert reused(run("measuring", {"unit": "km"})) == {"make"}
    assert reused(run("measuring", {"unit": "m"})) == ALL


def test_changed_content_of_an_input_runs_what_reads_it(run: Run) -> None:
    run("half_cached", {"count": 5})
    assert reused(run("half_cached", {"count": 6})) == set()
    assert reused(run("half_cached", {"count": 5})) == {"measure"}


def test_changed_code_of_an_imported_module_runs_what_imports_it(run: Run, module: Path) -> None:
    run("measuring")
    module.write_text("def rounded(value: float) -> float:\n    return value + 1\n")
    changed = run("measuring")
    # The module is two imports away from the component.
    assert reused(changed) == {"make"}
    assert changed.tasks["measure"].parameters["mean"] == 3.0


def test_a_module_that_nobody_imports_may_change(run: Run, toys: Path) -> None:
    run("measuring")
    (toys / "unrelated.py").write_text("1\n")
    assert reused(run("measuring")) == ALL


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("harm", ["deleted", "changed", "added", "emptied"])
def test_an_output_that_is_not_what_it_was_is_made_again(run: Run, harm: str, settled: bool) -> None:
    first = run("measuring")
    if settled:
        # By now the index knows the stamps of all outputs.
        run("measuring")
    data = first.output("make", "data")
    if harm == "deleted":
        shutil.rmtree(data)
    elif harm == "changed":
        values = data / "values.txt"
        before = values.stat()
        values.write_text(values.read_text().replace("3", "7"))
        os.utime(values, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (values.stat().st_size, values.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    elif harm == "added":
        (data / "more.txt").write_text("")
    else:
        (data / "values.txt").unlink()
    again = run("measuring")
    # make gives the same content as before, so what follows is reused.
    assert reused(again) == {"measure", "total"}
    assert again.tasks["make"].outputs["data"].digest == first.tasks["make"].outputs["data"].digest
    assert reused(run("measuring")) == ALL


def test_a_run_folder_that_was_moved_is_reused(run: Run, tmp_path: Path) -> None:
    first = run("measuring")
    shutil.copytree(tmp_path / "runs", tmp_path / "copy")
    shutil.rmtree(tmp_path / "runs")
    (tmp_path / "copy").rename(tmp_path / "runs")
    assert reused(run("measuring")) == ALL
    assert first.output("make", "data").exists()


@pytest.mark.parametrize("content", ["", "{", "{}", '{"kind": "reuse"}', "[1]"])
def test_a_damaged_index_is_no_index(run: Run, tmp_path: Path, content: str) -> None:
    run("measuring")
    for entry in (tmp_path / "runs" / ".reuse").iterdir():
        entry.write_text(content)
    assert reused(run("measuring")) == set()
    assert reused(run("measuring")) == ALL


def test_an_index_that_points_outside_is_no_index(run: Run, tmp_path: Path) -> None:
    first = run("measuring")
    shutil.copytree(first.output("make", "data"), tmp_path / "data")
    for entry in (tmp_path / "runs" / ".reuse").glob("sha256-*.json"):
        entry.write_text(entry.read_text().replace(f"{first.id}/tasks/make/data", "../data"))
    assert "make" not in reused(run("measuring"))


def test_a_failed_task_is_tried_again(run: Run) -> None:
    run("failing", {"path": "data.csv"})
    again = run("failing", {"path": "data.csv"})
    assert {name for name, task in again.tasks.items() if task.state == "reused"} == {"one"}
    assert again.tasks["refuse"].state == "failed"


def test_entries_carry_stamps_once_the_outputs_have_come_to_rest(run: Run, tmp_path: Path) -> None:
    run("measuring")
    run("measuring")
    entries = [json.loads(path.read_text()) for path in (tmp_path / "runs" / ".reuse").glob("sha256-*.json")]
    stamps = [stamp for entry in entries for stamp in entry["stamps"].values()]
    assert len(stamps) == 2 and all(stamp.startswith("sha256:") for stamp in stamps)


def test_where_a_task_keeps_its_checkpoints_does_not_count() -> None:
    component = Component("train", "", "train", {}, False, {}, {}, {}, {})
    closure = Closure(digest="sha256:0", heavy=False, preload=(), packages=frozenset())

    def key(**parameters: str) -> str:
        return key_of(component, closure, parameters, {})

    assert key(checkpoint_root="/here", unit="m") == key(checkpoint_root="/there", unit="m")
    assert key(checkpoint_root="/here", unit="m") != key(checkpoint_root="/here", unit="km")
