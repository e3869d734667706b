"""Fresh: a program of ours in a fresh interpreter, with its log passed on, and signals passed to it."""

from __future__ import annotations

import codecs
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import benison
from benison.core import errors
from benison.core.errors import BenisonError, ModelCodeError

GRACE_SECONDS = 20.0
LOG_BYTES = 16 << 20
_TAIL_BYTES = 64 << 10
_ENDING = (signal.SIGTERM, signal.SIGHUP)
# The very Benison that runs here, wherever it lies, without its folder being a place to import from.
_BOOT = (
    "import importlib, sys; sys.path.insert(0, sys.argv[1]); "
    "module = importlib.import_module(sys.argv[2]); del sys.path[0]; getattr(module, sys.argv[3])(*sys.argv[4:])"
)


def boot(module: str, function: str) -> list[str]:
    """The command that calls a function of a module of ours in a fresh interpreter, with what follows as its words."""
    root = str(Path(benison.__file__).resolve().parents[1])
    return [sys.executable, "-P", "-c", _BOOT, root, module, function]


def ask(program: str, request: Mapping[str, Any], folder: Path, *, where: str, to: str, **environment: str) -> Any:
    """Has a program do something in a process of its own and tell what came of it.

    Args:
        program: A module with ``answer(request)``, which returns what JSON can hold or raises a BenisonError.
        request: What it is asked.
        folder: An empty one for request and reply; its ``work/`` is where the program works.
        where: What messages name.
        to: What the program is expected to do, for messages.
        environment: Variables besides those of this process.

    Returns:
        What it answered.

    Raises:
        BenisonError: What it raised, or a `ModelCodeError` where it ended without a word.
        SystemExit: This process was told to end, by SIGTERM or SIGHUP; the program has ended before.
    """
    (folder / "work").mkdir(parents=True)
    reply, path = folder / "reply.json", folder / "request.json"
    path.write_text(json.dumps({"request": request, "parent": os.getpid()}))
    status = _run([program, str(path), str(reply)], folder / "work", environment)
    told = json.loads(reply.read_bytes()) if reply.exists() else {}
    if "error" in told:
        kind = getattr(errors, told["error"].pop("kind"))
        raise kind(told["error"].pop("where"), **told["error"])
    if "answer" not in told:
        got, hint = _ended(status)
        raise ModelCodeError(where, expected=to, got=got, hint=hint)
    return told["answer"]


def serve(program: str, path: str, reply: str) -> None:
    """The program's side of `ask`, in its own process."""
    told = json.loads(Path(path).read_bytes())
    die_with(told["parent"])
    try:
        content = {"answer": importlib.import_module(program).answer(told["request"])}
    except BenisonError as error:
        said = {"where": error.where, "expected": error.expected, "got": error.got, "hint": error.hint}
        content = {"error": {"kind": type(error).__name__, **said}}
    beside = Path(f"{reply}.part")
    beside.write_text(json.dumps(content))
    beside.replace(reply)


def die_with(parent: int) -> None:
    """Has the kernel kill this process when the one that started it ends; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)


def _ended(status: int) -> tuple[str, str]:
    """How a process ended that told nothing, and what to do about it."""
    if status >= 0:
        hint = "the log has its last words; os._exit ends a process without any"
        return f"the end of its process with exit code {status}", hint
    try:
        name = f" ({signal.Signals(-status).name})"
    except ValueError:
        name = ""
    hint = "the log has its last words; a crash is most often a fault of a library that is not written in Python"
    if -status == signal.SIGKILL:
        hint = "signal 9 is most often the kernel that was short of memory: take smaller batches or a smaller model"
    return f"the end of its process by signal {-status}{name}", hint


def _run(arguments: list[str], folder: Path, environment: Mapping[str, str]) -> int:
    """The exit status of a program: a signal's number below zero."""
    process = subprocess.Popen(
        [*boot(__name__, "serve"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        process_group=0,
    )
    assert process.stdout is not None
    log = threading.Thread(target=_pass_on, args=(process.stdout,), daemon=True)
    log.start()
    try:
        with _signals_passed_to(process) as received:
            status = process.wait()
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()
        # A process that left the group may hold the pipe open for ever.
        log.join(timeout=5)
    if received:
        raise SystemExit(128 + received[0])
    return status


@contextmanager
def _signals_passed_to(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Passes on what tells this process to end, and after a while makes sure of it; yields what came."""
    received: list[int] = []
    last = threading.Timer(GRACE_SECONDS, _signal_group, (process.pid, signal.SIGKILL))
    last.daemon = True

    def note(number: int, _frame: FrameType | None) -> None:
        if not received:
            last.start()
        received.append(number)
        _signal_group(process.pid, number)

    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, note) for number in _ENDING} if in_main else {}
    try:
        yield received
    finally:
        last.cancel()
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _pass_on(pipe: BinaryIO) -> None:
    """What a process writes, to this one's log; of very much, the beginning and the end."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    passed, left_out, tail = 0, 0, b""
    with pipe:
        while chunk := pipe.read1(1 << 16):  # type: ignore[attr-defined]
            if passed < LOG_BYTES:
                sys.stderr.write(decode(chunk))
                passed += len(chunk)
            else:
                tail, left_out = (tail + chunk)[-_TAIL_BYTES:], left_out + len(chunk)
    if left_out:
        sys.stderr.write(f"\n[{left_out - len(tail):,} bytes of the log are left out here]\n{decode(tail)}\n")
    sys.stderr.flush()
