import signal
from pathlib import Path

import pytest

from benison.engines import failures
from benison.engines.pool import Ended


def killed(number: int, log: Path, *, short_of_memory: bool) -> str:
    failure = failures.killed("train", Ended(1, -number, 812), log, short_of_memory=short_of_memory)
    assert failure.message == f"task train: expected an end of its own, got killed by signal {number} ({_name(number)})"
    return failure.hint


def _name(number: int) -> str:
    return signal.Signals(number).name


def test_hints_at_memory_only_where_the_system_has_run_short_of_it(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    assert killed(9, log, short_of_memory=True) == (
        "the machine probably ran out of memory; it used up to 812 MB; use less data at a time or a machine with more"
    )
    assert killed(9, log, short_of_memory=False) == "something outside of the engine ended it; it used up to 812 MB"
    assert killed(15, log, short_of_memory=True) == "something outside of the engine ended it; it used up to 812 MB"


def test_hints_at_the_log_where_a_library_crashed(tmp_path: Path) -> None:
    assert killed(11, tmp_path / "log.txt", short_of_memory=True) == "a library crashed; the end of log.txt shows where"


def test_shows_the_stack_at_the_end_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    stack = 'Fatal Python error: Aborted\n\nCurrent thread 0x1 (most recent call first):\n  File "a.py", line 1 in f\n'
    log.write_text(f"started\n{stack}")
    found = failures.killed("train", Ended(1, -6, 0), log, short_of_memory=False)
    assert found.traceback == stack


@pytest.mark.skipif(not Path("/proc/vmstat").exists(), reason="only Linux counts")
def test_reads_the_kernels_count() -> None:
    lines = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    assert failures.memory_kills() == int(lines["oom_kill"])


def test_a_warm_process_that_cannot_start_is_quoted(tmp_path: Path) -> None:
    found = failures.silent("train", 1, tmp_path / "log.txt", "ImportError: no kfp")
    assert found.message == (
        "task train: expected a report at the end, got an end with exit code 1 before it: ImportError: no kfp"
    )
    assert found.hint == "the installation may be damaged; install the locked requirements again"
