"""Process: a package in a fresh process, watched: how long it takes, how much memory, and what it died of."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.components.infra_validator import child, frames
from benison.core.errors import ServerError
from benison.core.fresh import boot

Floats = npt.NDArray[np.float64]
MEGABYTE = 1_000_000
_LOOKS_A_SECOND = 50
_LAST_WORDS = 2000
# To import TensorFlow on a machine that has much else to do is no fault of a package.
_START_SECONDS = 300.0


@dataclass(frozen=True)
class Limits:
    """What a process may take.

    Attributes:
        memory_mb: Resident memory, in millions of bytes.
        timeout_seconds: To load, and to answer.
    """

    memory_mb: int
    timeout_seconds: float


class Process:
    """A package that answers in a process of its own; use `started`.

    Attributes:
        role: Whose package it is, for messages.
        load_seconds: How long the package took to load.
        peak_bytes: The most resident memory that was seen so far.
        gone: Why it answers no more; empty: it does.
    """

    def __init__(self, role: str, package: Path, limits: Limits, log: Path) -> None:
        self.role, self.limits, self._log = role, limits, log
        self.load_seconds, self.peak_bytes, self.gone, self._why = 0.0, 0, "", ""
        theirs, self._requests = os.pipe()
        self._replies, back = os.pipe()
        with log.open("wb") as words:
            self._process = subprocess.Popen(
                [*boot(child.__name__, "main"), str(package), str(theirs), str(back), str(os.getpid())],
                pass_fds=[theirs, back],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                cwd=log.parent,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TF_CPP_MIN_LOG_LEVEL": "2"},
                process_group=0,
            )
        os.close(theirs)
        os.close(back)
        self._done = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def load(self) -> None:
        """Has the package loaded, and waits for it.

        Raises:
            ServerError: It does not load: it says so, or its process is gone.
        """
        self._told("a process that starts", _START_SECONDS)
        self.send(b"{}")
        told = self._told("a package that loads")
        if "error" in told:
            raise self._given_up("a package that loads", str(told["error"]))
        self.load_seconds = float(told["seconds"])

    def answers(self, body: bytes) -> Floats:
        """What it answers to one request.

        Args:
            body: ``{"instances": [...]}``.

        Returns:
            Whatever numbers come, in their order.

        Raises:
            ServerError: None came.
        """
        self.send(body)
        return self.receive()

    def send(self, body: bytes) -> None:
        """Sends a request; what became of a process that is gone is told by `receive`."""
        with suppress(BrokenPipeError):
            frames.write(self._requests, body)

    def receive(self) -> Floats:
        """The next answer.

        Raises:
            ServerError: As `answers`.
        """
        told = self._told("answers")
        if "error" in told:
            raise self._lost("answers", str(told["error"]))
        return np.asarray(told["answers"], dtype=np.float64)

    def settle(self) -> None:
        """Takes the last measure: too much memory counts where it was only for the last moment, too."""
        self._measure()
        if self.peak_bytes > self.limits.memory_mb * MEGABYTE:
            self._given_up("answers", self._too_much())

    def end(self) -> None:
        """Ends the process, whatever it does."""
        self._done.set()
        self.kill()
        self._process.wait()
        self._watch.join()
        for pipe in (self._requests, self._replies):
            os.close(pipe)

    def _told(self, expected: str, within: float = 0.0) -> dict[str, Any]:
        seconds = within or self.limits.timeout_seconds
        try:
            reply = frames.read(self._replies, time.monotonic() + seconds)
        except TimeoutError:
            self.kill(f"nothing within {seconds:g} s")
            raise self._given_up(expected, self._why) from None
        if reply is None:
            self._process.wait()
            raise self._given_up(expected, self._why or self._ended())
        told: dict[str, Any] = json.loads(reply)
        return told

    def give_up(self, error: ServerError) -> None:
        """Asks it no more, for a reason."""
        self.gone = self.gone or str(error)
        self.kill()

    def _given_up(self, expected: str, got: str) -> ServerError:
        error = self._lost(expected, got)
        self.gone = self.gone or str(error)
        return error

    def _lost(self, expected: str, got: str) -> ServerError:
        return ServerError(f"the {self.role} in a process of its own", expected=expected, got=" ".join(got.split()))

    def _ended(self) -> str:
        """How the process ended by itself, with its last words."""
        status = self._process.returncode
        how = f"its end with exit code {status}" if status >= 0 else f"its end by {_signal_name(-status)}"
        text = self._log.read_bytes()[-_LAST_WORDS:].decode(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f"{how}: {lines[-1]}" if lines else how

    def kill(self, why: str = "") -> None:
        """Ends the process at once; the first reason that is given is the one that is told."""
        self._why = self._why or why
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _look(self) -> None:
        """Ends a process that takes more memory than it may."""
        while not self._done.wait(1 / _LOOKS_A_SECOND) and self._process.poll() is None:
            self._measure()
            if self.peak_bytes > self.limits.memory_mb * MEGABYTE:
                self.kill(self._too_much())

    def _too_much(self) -> str:
        return f"{self.peak_bytes / MEGABYTE:,.0f} MB of memory, of which {self.limits.memory_mb:,} MB are allowed"

    def _measure(self) -> None:
        self.peak_bytes = max(self.peak_bytes, resident(self.pid))


@contextmanager
def started(packages: Mapping[str, Path], limits: Limits, scratch: Path) -> Iterator[dict[str, Process]]:
    """Fresh processes, which end with the block; they start side by side, and load nothing until they are told to.

    Args:
        packages: By role.
        limits: What each process may take.
        scratch: A folder for what they write.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    processes: dict[str, Process] = {}
    try:
        for role, package in packages.items():
            processes[role] = Process(role, package, limits, scratch / f"{role}.log")
        yield processes
    finally:
        for process in processes.values():
            process.end()


def resident(pid: int, proc: Path = Path("/proc")) -> int:
    """The most bytes of memory that a process had resident, now where the system keeps no peak; 0: it is gone.

    The kernel's own count for rusage is of no use, since a process takes over that of the one that started it.
    """
    try:
        lines = (proc / str(pid) / "status").read_text().splitlines()
    except FileNotFoundError:
        return 0 if proc.exists() else _by_ps(pid)
    except ProcessLookupError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _by_ps(pid: int) -> int:
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return int(found) * 1024 if found.strip() else 0


def _signal_name(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"
