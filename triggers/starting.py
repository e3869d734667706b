"""Starting: a step of a run, once, here or on a server; and how it stands."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benison.config import Target
from benison.core.errors import BrokenError
from benison.triggers import child, entries
from benison.triggers.entries import Run

_LIMIT_S = 60
SUMMARY = "summary.json"


@dataclass(frozen=True)
class Progress:
    """How a step stands.

    Attributes:
        outcome: How it ended; empty: it did not so far.
        why: What is to be said of that.
        hours: The hours that it took; None: those since it was started.
        page: Where a person can look.
        known: Whether anything could be learnt of it.
    """

    outcome: str = ""
    why: str = ""
    hours: float | None = None
    page: str = ""
    known: bool = True


class Starter(Protocol):
    """A place where steps are carried out."""

    def start(self, run: Run, step: str) -> str:
        """Starts a step, once for a run's key however often it is called; returns what the place calls it.

        Raises:
            InputError: It can never be started as it is.
            BenisonError: It could not be started this time.
        """

    def look(self, run: Run, step: str, name: str) -> Progress:
        """How a step stands that was started under a name.

        Raises:
            BenisonError: It cannot be told this time.
        """


def here(work: Path) -> str:
    """What this machine and a folder of it are called in the ledger."""
    return f"{socket.gethostname()}:{work}"


def devices_of(target: Target) -> int:
    """How many devices a run on a target holds: accelerators, or one machine.

    Args:
        target: The target.
    """
    settings = [target.usual, *target.components.values()]
    return max([1, *(one.accelerator.count for one in settings if one.accelerator)])


class Children:
    """Steps that are carried out on this machine, each by a process that outlives the manager.

    Args:
        work: A folder of this machine; each step has one of its own in it.
        command: The words that carry out a step, told its folder.
        hidden: Variables that steps are not to see.
    """

    def __init__(
        self, work: Path, command: Callable[[Run, str, Path], list[str]], hidden: Collection[str] = ()
    ) -> None:
        self._work, self._command, self._hidden = work, command, hidden

    def start(self, run: Run, step: str) -> str:
        """Starts a step unless it was begun.

        Raises:
            BenisonError: The project cannot be had, or no process can be started.
        """
        folder = self._folder(run, step)
        folder.mkdir(parents=True, exist_ok=True)
        words = [sys.executable, "-m", "benison.triggers.child", str(folder), *self._command(run, step, folder)]
        env = {name: value for name, value in os.environ.items() if name not in self._hidden}
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=env, timeout=_LIMIT_S)
        if done.returncode:
            got = f"one that left with {done.returncode}"
            raise BrokenError(str(folder), expected="a process that carries the step out", got=got)
        return folder.name

    def look(self, run: Run, step: str, name: str) -> Progress:
        """How a step stands."""
        folder = self._work / name
        # In this order: what ends between the two looks has left its mark before it lets go of the lock.
        lives, over = child.alive(folder), (folder / child.EXIT).is_file()
        if over:
            said = json.loads((folder / child.EXIT).read_bytes())
            return _ended(folder, step, int(said["code"]), float(said["seconds"]) / 3600)
        if lives:
            return Progress()
        if not (folder / child.BEGUN).is_file():
            return Progress(known=False, why=f"nothing is left of it at {folder}")
        return _ended(folder, step, None, None)

    def _folder(self, run: Run, step: str) -> Path:
        return self._work / f"{run.key}-{step}"


def _ended(folder: Path, step: str, code: int | None, hours: float | None) -> Progress:
    """How a step ended, by its exit code, or what it wrote down itself where nobody was there to hear that."""
    log = str(folder / child.LOG)
    if step == entries.CHECKS:
        outcome = {0: entries.PASSED, 1: entries.REJECTED}.get(3 if code is None else code, entries.FAILED)
        return Progress(outcome, _why(outcome, code, log), hours, log)
    verdict, page = _summary(folder)
    outcome = verdict if verdict and code in (None, 0, 1) else entries.FAILED
    return Progress(outcome, _why(outcome, code, log), hours, page or log)


def _summary(folder: Path) -> tuple[str, str]:
    """Verdict and page of the training; empty where it came to none."""
    try:
        last = json.loads((folder / SUMMARY).read_bytes())["runs"][-1]
    except (OSError, ValueError, LookupError):
        return "", ""
    return str(last["verdict"] or ""), str(last["page"] or "")


def _why(outcome: str, code: int | None, log: str) -> str:
    if outcome in entries.FAILURES:
        return f"it ended {'without an exit code' if code is None else f'with exit code {code}'}; see {log}"
    words = {
        entries.REJECTED: f"the checks said no; see {log}",
        entries.BLOCKED: "the gate said no",
        entries.PASSED: "the checks passed",
    }
    return words.get(outcome, f"it came to an end: {outcome}")
