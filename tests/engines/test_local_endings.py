"""Whatever ends, by whatever signal: the record says so, and no process is left."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benison.engines.local import LocalEngine, RunRequest
from benison.engines.record import RunRecord
from tests.engines.conftest import Run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc")
ROOT = Path(__file__).parents[2]


class Driver:
    """The engine in a process whose descendants, all of them, carry a token in their environment."""

    def __init__(self, ir: Path, runs: Path, toys: Path, parameters: dict[str, str], path: str = "") -> None:
        self.token, self.runs = secrets.token_hex(8), runs
        variables = {"TEST_TOKEN": self.token, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), path]))}
        # Where a killed engine leaves its scratch folder if its warm processes die with it.
        variables["TMPDIR"] = str(runs.parent)
        command = [sys.executable, "-m", "tests.engines.drive", ir, runs, toys, json.dumps(parameters)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **variables}, cwd=ROOT)

    def left(self) -> list[int]:
        """The processes with the token that still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.token.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def leaves_nothing(self) -> bool:
        """Whether no process is left within ten seconds."""
        deadline = time.monotonic() + 10
        while self.left() and time.monotonic() < deadline:
            os.sched_yield()
        return not self.left()

    def record(self) -> RunRecord:
        [folder] = self.runs.glob("2*")
        return RunRecord.read(folder)


@pytest.fixture
def drive(compiled: Callable[[str], Path], toys: Path, tmp_path: Path) -> Iterator[Callable[..., Driver]]:
    drivers: list[Driver] = []

    def start(name: str, parameters: dict[str, str], path: str = "") -> Driver:
        drivers.append(Driver(compiled(name), tmp_path / "runs", toys, parameters, path))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.process.kill()
        driver.process.communicate()


@pytest.fixture
def held(drive: Callable[..., Driver], fifo: Callable[[str], str]) -> tuple[Driver, int, int]:
    """A run whose task holds on for ever, with its process and that of its warm process."""
    ready = fifo("ready")
    driver = drive("holding", {"ready": ready, "never": fifo("never")})
    worker, warm = map(int, Path(ready).read_text().split())
    return driver, worker, warm


def test_a_held_task_has_five_processes_around_it(held: tuple[Driver, int, int]) -> None:
    driver, worker, warm = held
    # A process that has just turned into another program shows no environment for a moment.
    deadline = time.monotonic() + 10
    while len(driver.left()) < 5 and time.monotonic() < deadline:
        os.sched_yield()
    # Engine, warm process, worker, and the two that the worker has started.
    assert len(driver.left()) == 5
    assert {driver.process.pid, worker, warm} < set(driver.left())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_says_so_and_leaves_nothing(held: tuple[Driver, int, int], number: signal.Signals) -> None:
    driver, _, _ = held
    driver.process.send_signal(number)
    # KeyboardInterrupt goes on, and Python ends as for SIGINT.
    assert driver.process.wait() == -signal.SIGINT
    assert driver.left() == []
    record = driver.record()
    states = {name: task.state for name, task in record.tasks.items()}
    assert (record.state, states) == ("cancelled", {"hold": "cancelled", "one": "not_run"})
    assert record.ended is not None and record.tasks["hold"].error is None


def test_a_killed_worker_fails_its_task_alone(held: tuple[Driver, int, int]) -> None:
    driver, worker, _ = held
    os.kill(worker, signal.SIGKILL)
    assert driver.process.wait() == 0
    assert driver.left() == []
    record = driver.record()
    error = record.tasks["hold"].error
    assert error is not None
    assert error.message == "task hold: expected an end of its own, got killed by signal 9 (SIGKILL)"
    assert error.hint.startswith("something outside of the engine ended it; it used up to ")
    assert (record.state, record.tasks["one"].state) == ("failed", "not_run")


def test_a_killed_warm_process_takes_its_tasks_along(held: tuple[Driver, int, int]) -> None:
    driver, _, warm = held
    os.kill(warm, signal.SIGKILL)
    assert driver.process.wait() == 0
    assert driver.left() == []
    error = driver.record().tasks["hold"].error
    assert error is not None
    assert error.message == "task hold: expected an end of its own, got its warm process killed by signal 9 (SIGKILL)"


def test_a_killed_engine_leaves_nothing(held: tuple[Driver, int, int], tmp_path: Path) -> None:
    driver, _, _ = held
    scratch = [Path(f"/proc/{pid}/cwd").resolve() for pid in driver.left() if pid != driver.process.pid]
    driver.process.kill()
    assert driver.leaves_nothing()
    assert driver.record().state == "running"
    assert not any(folder.exists() for folder in scratch)


def test_a_killed_engine_and_warm_process_leave_no_worker(held: tuple[Driver, int, int]) -> None:
    driver, worker, warm = held
    driver.process.kill()
    os.kill(warm, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while worker in driver.left() and time.monotonic() < deadline:
        os.sched_yield()
    assert worker not in driver.left()
    for pid in driver.left():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_an_end_during_imports_leaves_nothing(
    drive: Callable[..., Driver], toys: Path, fifo: Callable[[str], str], tmp_path: Path, number: signal.Signals
) -> None:
    ready, library = fifo("ready"), tmp_path / "site"
    library.mkdir()
    (library / "slow_library.py").write_text(
        f"import os\nopen({ready!r}, 'w').write(str(os.getpid()))\nopen({fifo('never')!r}).read()\n"
    )
    changed = toys / "arithmetic.py"
    before = changed.read_text()
    changed.write_text(f"import slow_library\n{before}")
    try:
        driver = drive("measuring", {}, str(library))
        warm = int(Path(ready).read_text())
    finally:
        changed.write_text(before)
    assert {driver.process.pid, warm} <= set(driver.left())
    driver.process.send_signal(number)
    driver.process.wait()
    assert driver.leaves_nothing()
    assert driver.record().state == ("running" if number == signal.SIGKILL else "cancelled")


@pytest.mark.parametrize(
    ("how", "message", "hint"),
    [
        ("exit", "expected a report at the end, got an end with exit code 7 before it", "os._exit"),
        ("kill", "expected an end of its own, got killed by signal 9 (SIGKILL)", "something outside of the engine"),
        ("warm", "got its warm process killed by signal 9 (SIGKILL)", "something outside of the engine"),
        ("segfault", "got killed by signal 11 (SIGSEGV)", "a library crashed; the end of log.txt shows where"),
        ("sys.exit", "the component called sys.exit(1)", ""),
    ],
)
@pytest.mark.parametrize("cold", ["", "1"])
def test_a_task_that_ends_its_process_fails(
    run: Run, monkeypatch: pytest.MonkeyPatch, cold: str, how: str, message: str, hint: str
) -> None:
    monkeypatch.setenv("BENISON_SPAWN", cold)
    record = run("ending", {"how": how}, cache=False)
    task = record.tasks["end-self"]
    assert task.state == "failed" and task.error is not None
    assert message in task.error.message and hint in task.error.hint
    assert ("in end_self" in task.error.traceback) == (how in ("segfault", "sys.exit"))


def test_the_engine_goes_on_after_it_has_lost_a_warm_process(run: Run) -> None:
    assert run("ending", {"how": "warm"}, cache=False).state == "failed"
    assert run("measuring", cache=False).state == "succeeded"


def test_a_warm_process_that_was_lost_between_runs_is_replaced(
    engine: LocalEngine, compiled: Callable[[str], Path], tmp_path: Path, fifo: Callable[[str], str]
) -> None:
    ready = fifo("ready")
    reader = subprocess.Popen(["cat", ready], stdout=subprocess.PIPE)
    request = RunRequest(compiled("holding"), {"ready": ready, "never": "/dev/null"}, tmp_path / "runs")
    assert engine.run(request).state == "succeeded"
    warm = int(reader.communicate()[0].split()[1])
    os.kill(warm, signal.SIGKILL)
    os.waitid(os.P_PID, warm, os.WEXITED | os.WNOWAIT)
    assert engine.run(RunRequest(compiled("measuring"), {}, tmp_path / "runs", cache=False)).state == "succeeded"


def test_a_finished_task_leaves_none_of_what_it_started_in_its_group(
    drive: Callable[..., Driver], fifo: Callable[[str], str]
) -> None:
    ready = fifo("ready")
    driver = drive("holding", {"ready": ready, "never": "/dev/null"})
    Path(ready).read_text()
    assert driver.process.wait() == 0
    assert driver.left() == []


def test_two_runs_at_once_on_one_folder_do_not_disturb_each_other(
    drive: Callable[..., Driver], run: Run, tmp_path: Path
) -> None:
    drivers = [drive("measuring", {}) for _ in range(3)]
    assert [driver.process.wait() for driver in drivers] == [0, 0, 0]
    records = [RunRecord.read(folder) for folder in (tmp_path / "runs").glob("2*")]
    assert [record.state for record in records] == ["succeeded"] * 3
    assert len({record.tasks["make"].outputs["data"].digest for record in records}) == 1
    assert {task.state for task in run("measuring").tasks.values()} == {"reused"}
    shutil.rmtree(tmp_path / "runs")
