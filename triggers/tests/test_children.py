"""Steps that real processes carry out: once, whoever starts them, and seen to their end whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.core.errors import BrokenError
from benison.registry.stores import LocalStore
from benison.triggers import child, entries
from benison.triggers.entries import Run
from benison.triggers.starting import Children, Progress
from benison.triggers.tests.world import World, settle

RUN = Run(
    causes=(1,),
    key="00ff00ff00ff00ff",
    place="here",
    target="local",
    steps=(entries.CHECKS,),
    commit="",
    since="",
    code="",
    data="",
    span=0,
    who="ci",
    when="2026-11-20T12:00:00Z",
    why="a test",
)
# Adds a line for each time that it is carried out.
COUNTS = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write('x'); "


def python(work: Path, then: str = "") -> Callable[[Run, str, Path], list[str]]:
    return lambda run, step, folder: [sys.executable, "-c", COUNTS + then, str(work / "count")]


def ended(children: Children, step: str, name: str) -> Progress:
    """How it ended, within half a minute."""
    deadline = time.monotonic() + 30
    while not (progress := children.look(RUN, step, name)).outcome and time.monotonic() < deadline:
        os.sched_yield()
    return progress


@pytest.mark.parametrize(
    ("step", "then", "outcome"),
    [
        (entries.CHECKS, "", entries.PASSED),
        (entries.CHECKS, "sys.exit(1)", entries.REJECTED),
        (entries.CHECKS, "sys.exit(2)", entries.FAILED),
        (entries.TRAINING, "", entries.FAILED),
        (entries.TRAINING, "os = __import__('os'); os.kill(os.getpid(), 9)", entries.FAILED),
    ],
)
def test_a_step_ends_as_its_command_does(tmp_path: Path, step: str, then: str, outcome: str) -> None:
    children = Children(tmp_path, python(tmp_path, then))
    found = ended(children, step, children.start(RUN, step))
    assert found.outcome == outcome and found.hours is not None and found.page.endswith("log.txt")


@pytest.mark.parametrize(("verdict", "code"), [("pushed", 0), ("blocked", 1)])
def test_a_training_tells_its_verdict_and_page(tmp_path: Path, verdict: str, code: int) -> None:
    def words(run: Run, step: str, folder: Path) -> list[str]:
        said = f'{{"runs": [{{"verdict": "{verdict}", "page": "/r/report.html"}}]}}'
        write = f"import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('{said}'); sys.exit({code})"
        return [sys.executable, "-c", write, str(folder / "summary.json")]

    children = Children(tmp_path, words)
    found = ended(children, entries.TRAINING, children.start(RUN, entries.TRAINING))
    assert (found.outcome, found.page) == (verdict, "/r/report.html")


def test_a_step_is_carried_out_once_however_often_and_by_whomever_it_is_started(tmp_path: Path) -> None:
    children = Children(tmp_path, python(tmp_path))
    words = [sys.executable, "-m", "benison.triggers.child", str(tmp_path / f"{RUN.key}-checks")]
    rivals = [subprocess.Popen([*words, *python(tmp_path)(RUN, "", tmp_path)]) for _ in range(6)]
    name = children.start(RUN, entries.CHECKS)
    assert [rival.wait(60) for rival in rivals] == [0] * 6
    assert ended(children, entries.CHECKS, name).outcome == entries.PASSED
    children.start(RUN, entries.CHECKS)
    assert (tmp_path / "count").read_text() == "x"


def test_a_step_whose_process_was_killed_is_over_and_failed(tmp_path: Path) -> None:
    children = Children(tmp_path, python(tmp_path))
    folder = tmp_path / f"{RUN.key}-checks"
    folder.mkdir()
    lock = child._taken(folder)
    assert lock is not None and children.look(RUN, entries.CHECKS, folder.name) == Progress()
    os.close(lock)
    found = children.look(RUN, entries.CHECKS, folder.name)
    assert found.outcome == entries.FAILED and found.why.startswith("it ended without an exit code; see ")


def test_a_step_does_not_see_the_secrets_of_the_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_SECRET", "0123456789abcdef")
    children = Children(
        tmp_path, python(tmp_path, "sys.exit('HOOK_SECRET' in __import__('os').environ)"), ["HOOK_SECRET"]
    )
    assert ended(children, entries.CHECKS, children.start(RUN, entries.CHECKS)).outcome == entries.PASSED


def test_a_step_that_cannot_be_begun_is_told(tmp_path: Path) -> None:
    (tmp_path / f"{RUN.key}-checks" / "lock").mkdir(parents=True)
    with pytest.raises(BrokenError, match="expected a process that carries the step out, got one that left with 3"):
        Children(tmp_path, python(tmp_path)).start(RUN, entries.CHECKS)


def test_a_step_of_which_nothing_is_left_is_unknown(tmp_path: Path) -> None:
    found = Children(tmp_path, python(tmp_path)).look(RUN, entries.CHECKS, "gone")
    assert not found.known and found.why == f"nothing is left of it at {tmp_path / 'gone'}"


@pytest.mark.slow
def test_managers_that_are_killed_at_calls_to_the_file_system_start_each_run_once(tmp_path: Path) -> None:
    """SIGKILL of a manager whose runs are real processes, over a store on disk."""
    events, kills = {"open", "os.link", "os.rename", "subprocess.Popen"}, 0
    for at in range(1, 1000, 2):
        root = tmp_path / str(at)
        root.mkdir()
        children = Children(root / "steps", python(root))
        world = World(LocalStore(root / "registry"), children)
        world.manager().ask("go")
        pid = os.fork()
        if pid == 0:
            _dies(at, events, world)
        killed = os.waitpid(pid, 0)[1] == signal.SIGKILL
        deadline = time.monotonic() + 30
        while not world.said("finished") and time.monotonic() < deadline:
            settle(world.manager())
        assert (root / "count").read_text() == "x" and len(world.runs()) == 1, at
        assert len(world.said("started")) == len(world.said("finished")) == 1, at
        if not killed:
            break
        kills += 1
    assert kills > 5


def _dies(at: int, events: set[str], world: World) -> None:
    left = at

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in events:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    try:
        manager = world.manager()
        sys.addaudithook(hook)
        settle(manager)
    finally:
        os._exit(0)
