"""The warm processes that tasks run in: started when first needed, kept between runs, ended without a trace."""

from __future__ import annotations

import json
import os
import secrets
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.engines import processes
from benison.engines.closure import Closure
from benison.engines.ir import Component, Pipeline

# What every task needs, and most of them use.
_ALWAYS = ("kfp.dsl.executor_main", "numpy", "pyarrow")


@dataclass(frozen=True)
class Started:
    """A worker runs."""

    id: int
    pid: int


@dataclass(frozen=True)
class Ended:
    """A worker is gone.

    Attributes:
        id: What `Pool.submit` returned.
        status: Its exit code, or the number of the signal that killed it below zero.
        peak_mb: Its largest memory, with what it shares with its warm process; 0: unknown.
        with_warm: It was not the worker that ended, but its warm process.
        last_words: What the warm process said last, or Docker.
        out_of_memory: It ran into the limit of its container.
        not_started: Its container was never started.
    """

    id: int
    status: int
    peak_mb: int
    with_warm: bool = False
    last_words: str = ""
    out_of_memory: bool = False
    not_started: bool = False


Event = Started | Ended


class _Warm:
    """The engine's end of one warm process."""

    def __init__(self, kind: str, preload: Iterable[str], mark: str, scratch: Path, path: str) -> None:
        self.kind, self.mark = kind, mark
        self.channel, theirs = socket.socketpair()
        options = {"parent": os.getpid(), "mark": mark, "scratch": str(scratch), "preload": list(preload)}
        self._log = scratch / f"{mark}.log"
        with theirs, self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "benison.engines.zygote", str(theirs.fileno()), json.dumps(options)],
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=scratch,
                env=_environment(kind, mark, path),
            )
        self.ready, self.forkable = False, True
        self.waiting: list[dict[str, Any]] = []
        self.workers: dict[int, int] = {}
        self._rest = b""

    def send(self, request: dict[str, Any]) -> None:
        """Asks for a worker, at once or as soon as the process is ready."""
        self.workers[request["id"]] = 0
        if not self.ready:
            self.waiting.append(request)
            return
        # A process that is gone shows on the other direction.
        with suppress(OSError):
            request["spawn"] = self.kind == "spawn" or not self.forkable
            self.channel.sendall(json.dumps(request).encode() + b"\n")

    def opened(self, *, forkable: bool) -> None:
        """It takes requests from now on, also those made before."""
        self.ready, self.forkable = True, forkable
        for request in self.waiting:
            self.send(request)
        self.waiting.clear()

    def receive(self) -> list[dict[str, Any]] | None:
        """What it says; None: it is gone."""
        received = b""
        with suppress(ConnectionError):
            received = self.channel.recv(1 << 16)
        if not received:
            return None
        *lines, self._rest = (self._rest + received).split(b"\n")
        return [json.loads(line) for line in lines]

    @property
    def last_words(self) -> str:
        """The last line of what it and its libraries have written."""
        lines = self._log.read_text(errors="replace").split("\n") if self._log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def end(self) -> int:
        """Kills it and all that it has started."""
        self.process.kill()
        status = self.process.wait()
        self.channel.close()
        for pid in filter(None, self.workers.values()):
            processes.kill_group(pid)
        processes.kill_marked(self.mark)
        return status


def _environment(kind: str, mark: str, path: str) -> dict[str, str]:
    known = os.environ.get("PYTHONPATH")
    environment = {**os.environ, processes.MARK: mark, "_KFP_RUNTIME": "true"}
    environment["PYTHONPATH"] = os.pathsep.join([path, known] if known else [path])
    if kind != "light":
        environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return environment


def kind_of(component: Component, closure: Closure) -> str:
    """Which warm process a component's tasks run in: ``light``, ``heavy`` or ``spawn``.

    Libraries read some variables when they are imported, a GPU's driver has not been proven to survive a fork, and
    macOS kills forks that use its frameworks: such tasks get an interpreter of their own, and with ``BENISON_SPAWN=1``
    in the environment all of them do.
    """
    asked = os.environ.get("BENISON_SPAWN") == "1" or sys.platform == "darwin"
    if asked or component.environment or component.accelerated or (closure.heavy and _gpu_visible()):
        return "spawn"
    return "heavy" if closure.heavy else "light"


def _gpu_visible() -> bool:
    return Path("/dev/nvidiactl").exists() and os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in ("", "-1")


class Pool:
    """Warm processes by kind: ``light``, ``heavy``, and ``spawn``, which starts an interpreter for each task.

    Args:
        path: Folders that hold first-party packages.
    """

    def __init__(self, path: Iterable[Path]) -> None:
        self._path = os.pathsep.join(dict.fromkeys(map(str, path)))
        self._mark, self._count = secrets.token_hex(8), 0
        self._warm: dict[str, _Warm] = {}
        self._scratch: Path | None = None

    @property
    def scratch(self) -> Path:
        """A folder for what is gone after the engine; its name is short, since sockets are put below it."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="benison-")).resolve()
        return self._scratch

    def new_scratch(self) -> Path:
        """An empty folder of its own for a task."""
        self._count += 1
        folder = self.scratch / str(self._count)
        folder.mkdir()
        return folder

    def start(self, kind: str, preload: Iterable[str]) -> None:
        """Starts a warm process unless it runs already."""
        known = self._warm.get(kind)
        if known and (known.workers or known.process.poll() is None):
            return
        if known:
            self._end(known)
        self._count += 1
        modules = () if kind == "spawn" else (*_ALWAYS, *preload)
        warm = _Warm(kind, modules, f"{self._mark}-{self._count}", self.scratch, self._path)
        self._warm[kind] = warm

    def prepare(self, pipeline: Pipeline, runs: Path) -> None:
        """Nothing has to be there for tasks beside what the engine itself needs."""

    def place_of(self, component: Component) -> str:
        """What a result depends on beside the code: nothing, since tasks run in the engine's own environment."""
        return ""

    def submit(self, kind: str, task: Path, log: Path, component: Component) -> int:
        """Runs a task file in a worker of a kind that was started; returns the id that events carry."""
        self._count += 1
        environment = dict(component.environment)
        request = {"id": self._count, "task": str(task), "log": str(log), "environment": environment}
        self._warm[kind].send(request)
        return self._count

    def wait(self, timeout: float | None, wakeup: socket.socket | None = None) -> list[Event]:
        """Waits for events, at most so many seconds, or until there is something to read at `wakeup`."""
        with selectors.DefaultSelector() as selector:
            for warm in self._warm.values():
                selector.register(warm.channel, selectors.EVENT_READ, warm)
            if wakeup is not None:
                selector.register(wakeup, selectors.EVENT_READ)
            ready = [key.data for key, _ in selector.select(timeout) if key.data is not None]
        return [event for warm in ready for event in self._events(warm)]

    def _events(self, warm: _Warm) -> list[Event]:
        messages = warm.receive()
        if messages is None:
            return self._lost(warm)
        events: list[Event] = []
        for message in messages:
            if message["event"] == "ready":
                warm.opened(forkable=message["forkable"])
            elif message["event"] == "started":
                warm.workers[message["id"]] = message["pid"]
                events.append(Started(message["id"], message["pid"]))
            else:
                del warm.workers[message["id"]]
                events.append(Ended(message["id"], message["status"], message["peak_mb"]))
        return events

    def _lost(self, warm: _Warm) -> list[Event]:
        """A warm process is gone, and its workers with it."""
        # Its end of the channel closes a moment before it can be reaped; a kill in between would hide its own status.
        with suppress(subprocess.TimeoutExpired):
            warm.process.wait(timeout=5)
        status = self._end(warm)
        return [Ended(id, status, 0, with_warm=True, last_words=warm.last_words) for id in warm.workers]

    def _end(self, warm: _Warm) -> int:
        del self._warm[warm.kind]
        return warm.end()

    def close(self) -> None:
        """Ends every process that was started, and all they have started."""
        for warm in list(self._warm.values()):
            self._end(warm)
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
