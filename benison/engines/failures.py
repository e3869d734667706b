"""Why a task failed whose process could not say so itself."""

from __future__ import annotations

import re
import signal
from contextlib import suppress
from pathlib import Path

from benison.core.errors import BenisonError, TaskError
from benison.engines.pool import Ended
from benison.engines.record import Failure

_VMSTAT = Path("/proc/vmstat")
_LOG_BYTES = 1 << 16
# What faulthandler begins with, on a crash and on request.
_STACK = re.compile(r"^(?:Fatal Python error|Current thread 0x|Thread 0x)", re.MULTILINE)


def of_error(error: BenisonError) -> Failure:
    """An error that the engine met while it handled the task."""
    message = str(error).partition("\n\nhint: ")[0]
    return Failure(type(error).__name__, message, error.hint, "", error.exit_code)


def killed(task: str, event: Ended, log: Path, *, short_of_memory: bool) -> Failure:
    """A task whose process a signal ended.

    Args:
        task: Its name.
        event: Which signal, and whether it hit the warm process that the task ran in.
        log: The task's log, which holds the stack if there was time for one.
        short_of_memory: The system killed something for want of memory, or cannot say that it did not.
    """
    number = -event.status
    whose = "its warm process killed" if event.with_warm else "killed"
    got = f"{whose} by signal {number}{_named(number)}"
    peak = f"; it used up to {event.peak_mb} MB" if event.peak_mb else ""
    hint = f"something outside of the engine ended it{peak}"
    if number == signal.SIGKILL and short_of_memory:
        hint = f"the machine probably ran out of memory{peak}; use less data at a time or a machine with more"
    elif number not in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        hint = f"a library crashed; the end of {log.name} shows where"
    return _failure(task, "an end of its own", got, hint, log)


def not_started(task: str, image: str, said: str, log: Path) -> Failure:
    """A task whose container Docker could not start.

    Args:
        task: Its name.
        image: What it was to run in.
        said: What Docker said last.
        log: The task's log, which holds all of it.
    """
    hint = f"{log.name} holds all that Docker said"
    return _failure(task, f"a container of {image}", f"none: {said or 'Docker said nothing'}", hint, log)


def out_of_memory(task: str, limit_mb: int, log: Path) -> Failure:
    """A task that its container's limit of memory ended."""
    limit = f"the {limit_mb:,} MB that its container may use" if limit_mb else "the memory there is"
    hint = "raise  memory  under targets.local in benison.yaml, or use less data at a time"
    return _failure(task, f"a need of no more than {limit}", "more", hint, log)


def out_of_time(task: str, seconds: float, log: Path) -> Failure:
    """A task that took longer than it was given."""
    hint = f"{log.name} shows where it stood; raise the limit if it needs longer"
    return _failure(task, f"an end within {seconds:g} s", "none", hint, log)


def silent(task: str, code: int, log: Path, last_words: str = "") -> Failure:
    """A task whose process, or whose warm process, ended without a report.

    Args:
        task: Its name.
        code: The exit code.
        log: The task's log.
        last_words: What the warm process said, if it was that.
    """
    hint = f"something in it ended Python at once (os._exit); the end of {log.name} may show what"
    got = f"an end with exit code {code} before it"
    if last_words:
        hint, got = "the installation may be damaged; install the locked requirements again", f"{got}: {last_words}"
    return _failure(task, "a report at the end", got, hint, log)


def _failure(task: str, expected: str, got: str, hint: str, log: Path) -> Failure:
    found = of_error(TaskError(f"task {task}", expected=expected, got=got, hint=hint))
    return Failure(found.type, found.message, found.hint, _stack(log), found.exit_code)


def _named(number: int) -> str:
    with suppress(ValueError):
        return f" ({signal.Signals(number).name})"
    return ""


def _stack(log: Path) -> str:
    """The last stack in a log; empty where there is none."""
    with suppress(OSError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _LOG_BYTES))
        text = file.read().decode(errors="replace")
        found = _STACK.search(text)
        return text[found.start() :] if found else ""
    return ""


def memory_kills() -> int | None:
    """How many processes the kernel has killed for want of memory since it started; None: it does not say."""
    with suppress(OSError):
        found = re.search(r"^oom_kill (\d+)$", _VMSTAT.read_text(), re.MULTILINE)
        return int(found.group(1)) if found else None
    return None
