"""Tasks in containers: each in its component's image by ``docker run``, what it reads and writes mounted as it lies."""

from __future__ import annotations

import os
import secrets
import selectors
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benison.core.errors import BrokenError
from benison.core.files import storage_errors
from benison.engines.ir import Component, Pipeline
from benison.engines.pool import Ended, Event, Started

# Nobody on the machine; of the group that owns what root owns.
_NOBODY, _GROUP = 10001, 0
# What the stores of registries and checkpoints read; given by name, so that no value is seen in a list of processes.
_CREDENTIALS = ("AWS_", "AZURE_", "GOOGLE_")
# Docker's own, where a container could not be started.
_NOT_STARTED = (125, 126, 127)
_KILLED = 137


@dataclass(frozen=True)
class Mounts:
    """The folders that tasks see, where they lie, and variables that not every task is to see.

    Attributes:
        read: They only read them.
        written: They write there too; made where they are missing.
        variables: By component the names of those that its tasks alone are given.
    """

    read: Sequence[Path] = ()
    written: Sequence[Path] = ()
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Running:
    """A container on its way: Docker's command, and what closes when it ends."""

    id: int
    process: subprocess.Popen[bytes]
    ended: socket.socket
    log: Path


class Containers:
    """Runs tasks in containers; stands where `Pool` does.

    Args:
        mounts: What they see beside the runs folder.
    """

    def __init__(self, mounts: Mounts) -> None:
        self._mounts, self._mark, self._count = mounts, secrets.token_hex(6), 0
        self._ids: dict[str, str] = {}
        self._running: dict[int, _Running] = {}
        self._runs = Path()
        self._scratch: Path | None = None
        self._fresh: list[Event] = []

    def prepare(self, pipeline: Pipeline, runs: Path) -> None:
        """Makes sure that Docker answers, that it has every image, and that the containers' user may write.

        Args:
            pipeline: What is going to run.
            runs: The runs folder.

        Raises:
            BrokenError: It does not, or lacks one.
            StorageError: A folder cannot be made.
        """
        _check_docker()
        for task in pipeline.tasks.values():
            image = task.component.image
            if image not in self._ids:
                self._ids[image] = _image_id(image)
        self._runs = runs
        for folder in (*self._mounts.written, runs):
            with storage_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            _open_to_containers(folder)

    def place_of(self, component: Component) -> str:
        """What a result depends on beside the code: the image."""
        return self._ids[component.image]

    @property
    def scratch(self) -> Path:
        """A folder for what is gone after the engine."""
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="benison-")).resolve()
            _open_to_containers(self._scratch)
        return self._scratch

    def new_scratch(self) -> Path:
        """An empty folder of its own for a task."""
        self._count += 1
        folder = self.scratch / str(self._count)
        folder.mkdir()
        _open_to_containers(folder)
        return folder

    def start(self, kind: str, preload: Iterable[str]) -> None:
        """Nothing is warmed up: a container starts with its task."""

    def submit(self, kind: str, task: Path, log: Path, component: Component) -> int:
        """Starts a task's container; returns the id that events carry."""
        self._count += 1
        _open_to_containers(log.parent)
        ours, theirs = socket.socketpair()
        with theirs, log.open("wb") as out:
            process = subprocess.Popen(
                self._command(self._count, task, component),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._running[self._count] = _Running(self._count, process, ours, log)
        self._fresh.append(Started(self._count, process.pid))
        return self._count

    def _name(self, id: int) -> str:
        return f"benison-{self._mark}-{id}"

    def _command(self, id: int, task: Path, component: Component) -> list[str]:
        user = (os.getuid(), os.getgid()) if os.getuid() else (_NOBODY, _GROUP)
        command = ["docker", "run", "--name", self._name(id), "--init", "--read-only", "--tmpfs", "/tmp:exec,mode=1777"]
        command += ["--user", f"{user[0]}:{user[1]}", "--security-opt", "no-new-privileges", "--cap-drop", "ALL"]
        command += ["--pull", "never", "--shm-size", "1g"]
        command += ["--cpus", f"{component.cpu:g}"] if component.cpu else []
        # Without swap of its own, so that it ends where it runs into the limit.
        limit = f"{component.memory_mb}m"
        command += ["--memory", limit, "--memory-swap", limit] if component.memory_mb else []
        for folder, mode in self._mounted(task):
            command += ["--mount", f"type=bind,source={folder},target={folder}{mode}"]
        for name, value in component.environment.items():
            command += ["--env", f"{name}={value}"]
        own = self._mounts.variables.get(component.function, ())
        for name in sorted(os.environ):
            command += ["--env", name] if name.startswith(_CREDENTIALS) or name in own else []
        return [*command, component.image, "python", "-P", "-m", "benison.engines.contained", str(task)]

    def _mounted(self, task: Path) -> list[tuple[Path, str]]:
        written = [folder.resolve() for folder in (*self._mounts.written, self._runs, task.parent)]
        read = [folder.resolve() for folder in self._mounts.read]
        # The outer ones first, so that what may be written inside of a folder that is only read is mounted over it.
        found = {**dict.fromkeys(read, ",readonly"), **dict.fromkeys(written, "")}
        return sorted(found.items(), key=lambda one: len(one[0].parts))

    def wait(self, timeout: float | None, wakeup: socket.socket | None = None) -> list[Event]:
        """Waits for events, at most so many seconds, or until there is something to read at `wakeup`."""
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            return fresh
        with selectors.DefaultSelector() as selector:
            for one in self._running.values():
                selector.register(one.ended, selectors.EVENT_READ, one)
            if wakeup is not None:
                selector.register(wakeup, selectors.EVENT_READ)
            ready = [key.data for key, _ in selector.select(timeout) if key.data is not None]
        return [self._ended(one) for one in ready]

    def _ended(self, one: _Running) -> Ended:
        del self._running[one.id]
        one.ended.close()
        status, name = one.process.wait(), self._name(one.id)
        if status in _NOT_STARTED:
            _docker("rm", "--force", name)
            return Ended(one.id, status, 0, not_started=True, last_words=_last_line(one.log))
        # A command that was killed leaves its container running.
        out_of_memory = _docker("inspect", "--format", "{{.State.OOMKilled}}", name).stdout.strip() == "true"
        _docker("rm", "--force", name)
        signal = status - 128 if 128 < status <= _KILLED + 20 else 0
        return Ended(one.id, -signal if signal else status, 0, out_of_memory=out_of_memory)

    def close(self) -> None:
        """Ends every container that was started."""
        for one in list(self._running.values()):
            _docker("rm", "--force", self._name(one.id))
            one.process.kill()
            one.process.wait()
            one.ended.close()
        self._running.clear()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def _docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _check_docker() -> None:
    expected = "Docker, to run tasks in containers"
    try:
        found = _docker("version", "--format", "{{.Server.Version}}")
    except OSError as error:
        hint = "install Docker, or run without --containers"
        raise BrokenError("docker", expected=expected, got="no such command", hint=hint) from error
    if found.returncode:
        said = next((line for line in reversed(found.stderr.splitlines()) if line.strip()), "no answer")
        hint = "start its daemon, and make sure that you may use it"
        raise BrokenError("docker", expected=expected, got=said.strip(), hint=hint)


def _image_id(image: str) -> str:
    found = _docker("image", "inspect", "--format", "{{.Id}}", image)
    if found.returncode:
        hint = "build it:  make images  in Benison's sources; or pull it, and name it under  targets.local.images"
        raise BrokenError(f"image {image}", expected="an image on this machine", got="none", hint=hint)
    return found.stdout.strip()


def _open_to_containers(folder: Path) -> None:
    """Where root runs the engine, containers run as nobody, of root's group."""
    if os.getuid() == 0:
        with storage_errors(folder):
            folder.chmod(folder.stat().st_mode | 0o2070)


def _last_line(log: Path) -> str:
    with suppress(OSError):
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
        said = [line for line in lines if line and not line.startswith("See 'docker run --help'")]
        return next(iter(reversed([line for line in said if not line.startswith("Run 'docker run")])), "")
    return ""
