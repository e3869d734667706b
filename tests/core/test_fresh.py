from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benison.core.errors import DataError, ModelCodeError
from benison.core.fresh import LOG_BYTES, ask

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = """
import os, signal, subprocess, sys, time
from pathlib import Path
from benison.core.errors import DataError

def answer(request):
    return globals()[request["do"]](request)

def echo(request):
    print("to stdout"); print("to stderr", file=sys.stderr)
    return {"cwd": os.getcwd(), "request": request, "variable": os.environ["VARIABLE"], "path": sys.path}

def refuse(request):
    raise DataError("rows", expected="some", got="none", hint="more")

def leave(request):
    os._exit(0)

def crash(request):
    os.kill(os.getpid(), signal.SIGSEGV)

def be_killed(request):
    os.kill(os.getpid(), signal.SIGKILL)

def write_much(request):
    for _ in range(40):
        sys.stdout.write("x" * (1 << 20))
    print("the end")

def leave_a_child_behind(request):
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid

def hang(request):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(request["pid"]).write_text(str(os.getpid()))
    time.sleep(600)

def wait(request):
    Path(request["pid"]).write_text(str(os.getpid()))
    time.sleep(600)
"""
PARENT = """
import sys
from pathlib import Path
from benison.core import fresh
fresh.GRACE_SECONDS = 0.3
folder, do = Path(sys.argv[1]), sys.argv[2]
request = {"do": do, "pid": str(folder / "pid.txt")}
fresh.ask("programs", request, folder / "asked", where="here", to="answer", PYTHONPATH=str(folder))
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    (tmp_path / "programs.py").write_text(PROGRAMS)
    return tmp_path


def told(programs: Path, do: str, **request: Any) -> Any:
    environment = {"PYTHONPATH": str(programs), "VARIABLE": "set"}
    asked = {"do": do, **request}
    return ask("programs", asked, programs / "asked", where="module.py", to="run_fn to return", **environment)


def test_a_program_answers_from_a_folder_of_its_own_and_its_log_is_passed_on(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(programs, "echo", number=1)
    assert found["cwd"] == str(programs / "asked" / "work")
    assert (found["request"], found["variable"]) == ({"do": "echo", "number": 1}, "set")
    assert str(ROOT) not in found["path"]
    written = capsys.readouterr()
    assert written.out == ""
    assert "to stdout\n" in written.err
    assert "to stderr\n" in written.err


def test_an_error_comes_through_as_it_was_raised(programs: Path) -> None:
    with pytest.raises(DataError, match=re.escape("rows: expected some, got none\n\nhint: more")):
        told(programs, "refuse")


@pytest.mark.parametrize(
    ("do", "said"),
    [
        ("leave", "with exit code 0\n\nhint: the log has its last words; os._exit ends a process without any"),
        ("crash", "by signal 11 (SIGSEGV)\n\nhint: the log has its last words; a crash is most often a fault of"),
        ("be_killed", "by signal 9 (SIGKILL)\n\nhint: signal 9 is most often the kernel that was short of memory"),
        ("nothing_of_this_name", "with exit code 1\n\nhint: the log has its last words"),
    ],
)
def test_a_process_that_ends_without_a_word_is_said_as_what_it_is(programs: Path, do: str, said: str) -> None:
    message = f"module.py: expected run_fn to return, got the end of its process {said}"
    with pytest.raises(ModelCodeError, match=re.escape(message)):
        told(programs, do)


def test_of_a_log_without_end_the_beginning_and_the_end_are_kept(
    programs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told(programs, "write_much")
    written = capsys.readouterr().err
    assert LOG_BYTES < len(written) < LOG_BYTES + (1 << 18)
    assert re.search(r"\[\d\d,\d{3},\d{3} bytes of the log are left out here\]", written)
    assert written.endswith("the end\n\n")


def test_what_a_program_started_ends_with_it(programs: Path) -> None:
    assert gone(told(programs, "leave_a_child_behind"))


@pytest.mark.parametrize("do", ["wait", "hang"])
def test_sigterm_is_passed_on_and_ends_both_even_where_the_program_ignores_it(programs: Path, do: str) -> None:
    parent = started(programs, do)
    child = pid_of(programs)
    parent.send_signal(signal.SIGTERM)
    assert parent.wait(timeout=60) == 128 + signal.SIGTERM
    assert gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_program_ends_with_its_parent_that_is_killed(programs: Path) -> None:
    parent = started(programs, "wait")
    child = pid_of(programs)
    parent.kill()
    parent.wait()
    assert gone(child)


def started(programs: Path, do: str) -> subprocess.Popen[bytes]:
    (programs / "parent.py").write_text(PARENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, str(programs / "parent.py"), str(programs), do], env=environment)


def pid_of(programs: Path) -> int:
    return int(until(lambda: (programs / "pid.txt").read_text() if (programs / "pid.txt").exists() else ""))


def gone(pid: int) -> bool:
    """Whether a process ends; what is dead and not yet reaped counts."""

    def ended() -> bool:
        status = Path(f"/proc/{pid}/status")
        try:
            return "State:\tZ" in status.read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True

    return bool(until(ended))


def until(found: Any) -> Any:
    """What a function returns once it is something; polls, since another process has no way to tell."""
    end = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < end, "it did not happen within a minute"
        time.sleep(0.01)
    return value
