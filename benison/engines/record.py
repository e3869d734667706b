"""The record of a run: run.json, written whole at each change of state."""

from __future__ import annotations

import platform
import secrets
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import benison
from benison.core import documents
from benison.core.files import storage_errors, write_atomically
from benison.core.secrets import Redactor

FILE = "run.json"


@dataclass(frozen=True)
class Failure:
    """Why a task failed.

    Attributes:
        type: The exception's name.
        message: What it said.
        hint: How to go on; empty where nobody knows.
        traceback: The component's own; empty where the process ended without one.
        exit_code: 2 for bad input, 3 for what should not happen.
    """

    type: str
    message: str
    hint: str
    traceback: str
    exit_code: int

    def redacted(self) -> Failure:
        """The same without secrets."""
        message, hint, trace = map(Redactor().text, (self.message, self.hint, self.traceback))
        return replace(self, message=message, hint=hint, traceback=trace)


@dataclass(frozen=True)
class Output:
    """An output artifact.

    Attributes:
        path: Relative to the runs folder.
        digest: Of its content; None where the task wrote nothing.
        metadata: What the component noted at it.
    """

    path: str
    digest: str | None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskRecord:
    """A task of a run.

    Attributes:
        state: waiting, running, succeeded, reused, failed, cancelled or not_run.
        started: UTC, ISO 8601; None where it did not start.
        ended: Likewise.
        seconds: From start to end.
        reused_from: The run that did the work.
        outputs: Its artifacts.
        parameters: Its output parameters.
        error: Why it failed.
        log: What it wrote to stdout and stderr, relative to the runs folder.
    """

    state: str = "waiting"
    started: str | None = None
    ended: str | None = None
    seconds: float | None = None
    reused_from: str | None = None
    outputs: Mapping[str, Output] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    error: Failure | None = None
    log: str | None = None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TaskRecord:
        """The inverse of `dataclasses.asdict`."""
        outputs = {name: Output(**output) for name, output in content["outputs"].items()}
        error = Failure(**content["error"]) if content["error"] else None
        return cls(**{**content, "outputs": outputs, "error": error})


@dataclass(frozen=True)
class RunRecord:
    """A run.

    Attributes:
        folder: Where it lies; not part of run.json.
        id: UTC time of its start and four random digits; the folder's name.
        pipeline: The pipeline's name.
        state: running, succeeded, failed or cancelled.
        verdict: The pipeline's output ``verdict``; None before the end and for pipelines without.
        started: UTC, ISO 8601.
        ended: Likewise; None before the end.
        parameters: As they were bound.
        versions: Of Benison, Python and the stack.
        tasks: In the order in which they started, those that did not at the end.
    """

    folder: Path
    id: str
    pipeline: str
    state: str
    verdict: str | None
    started: str
    ended: str | None
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    tasks: Mapping[str, TaskRecord]

    def with_task(self, name: str, **changes: Any) -> RunRecord:
        """The same with one task changed."""
        return replace(self, tasks={**self.tasks, name: replace(self.tasks[name], **changes)})

    def output(self, task: str, name: str) -> Path:
        """Where an output artifact lies."""
        return self.folder.parent / self.tasks[task].outputs[name].path

    def save(self, *, passing: bool = False) -> None:
        """Writes run.json, without secrets.

        Args:
            passing: Another state follows soon: it is neither held to the schema nor waited for until the disk has it,
                which would take longer than many a task.

        Raises:
            StorageError: The folder cannot be written.
        """
        content = _without_secrets(asdict(self))
        del content["folder"]
        if passing:
            write_atomically(
                self.folder / FILE, documents.encode({"kind": "run", "format": 1, **content}), durable=False
            )
        else:
            documents.write(self.folder / FILE, "run", content)

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Reads a run's record.

        Raises:
            DataError: There is none, or it is not one.
        """
        content = documents.read(folder / FILE, "run")
        tasks = {name: TaskRecord.from_json(task) for name, task in content["tasks"].items()}
        tasks = dict(sorted(tasks.items(), key=lambda item: item[1].started or "~"))
        known = {key: value for key, value in content.items() if key not in ("kind", "format")}
        return cls(**{**known, "folder": folder, "tasks": tasks})


def _without_secrets(content: dict[str, Any]) -> dict[str, Any]:
    """A record with its parameters redacted; what a failure said is already."""
    redactor = Redactor()
    for task in content["tasks"].values():
        task["parameters"] = redactor.tree(task["parameters"])
        for output in task["outputs"].values():
            output["metadata"] = redactor.tree(output["metadata"])
    return {**content, "parameters": redactor.tree(content["parameters"])}


def now() -> str:
    """The time as it stands in records."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def versions() -> dict[str, str]:
    """What a run ran on; each stack has Python versions of its own."""
    stack = "current" if sys.version_info >= (3, 12) else "older"
    return {"benison": benison.__version__, "python": platform.python_version(), "stack": stack}


def new_folder(runs: Path) -> Path:
    """Makes the folder of a new run: ``20261120-190337-3f9a``.

    Raises:
        StorageError: The runs folder cannot be written.
    """
    with storage_errors(runs):
        runs.mkdir(parents=True, exist_ok=True)
        while True:
            folder = runs / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
            with suppress(FileExistsError):
                folder.mkdir()
                return folder
