"""What is handed to a server, and what it says of it: the same words for every server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Watched:
    """A pipeline whose runs are looked at.

    Attributes:
        pipeline: Its name, as its IR has it.
        tasks: The names of its tasks.
        root: The pipeline root.
    """

    pipeline: str
    tasks: Collection[str]
    root: str


@dataclass(frozen=True, kw_only=True)
class Request(Watched):
    """A run that is asked for.

    Attributes:
        ir: The compiled pipeline.
        digest: Of its bytes.
        parameters: Values of its parameters.
        project: The project's name.
        experiment: What the run is listed under, where the server has such lists.
        service_account: Whom it acts as; empty: the server's default.
        submit_id: Tells this run from all others, so that it is started once whatever happens on the way.
    """

    ir: Path
    digest: str
    parameters: Mapping[str, Any]
    project: str
    experiment: str
    service_account: str
    submit_id: str

    @property
    def name(self) -> str:
        """The run's name."""
        return f"{self.pipeline}-{self.submit_id}"


@dataclass(frozen=True)
class Submitted:
    """A run that a server has taken.

    Attributes:
        run: The server's id of it.
        page: Where a person can look at it.
        known: It had been started by an earlier call with the same submit id.
        twins: Other runs of the same submit id: a call that seemed lost got through after all.
    """

    run: str
    page: str
    known: bool = False
    twins: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskState:
    """How a task stands: waiting, running, succeeded, failed, cancelled or not_run; and why, where it failed."""

    state: str
    message: str = ""


@dataclass(frozen=True)
class RunState:
    """How a run stands.

    Attributes:
        state: waiting, running, or one of `ENDED`.
        tasks: Those that the server speaks of.
        message: What the server says of its end.
    """

    state: str
    tasks: Mapping[str, TaskState]
    message: str = ""


@dataclass(frozen=True)
class Listed:
    """A run in a list.

    Attributes:
        run: The server's id of it.
        name: As people see it.
        state: As `RunState` has it.
        started: When it was asked for: UTC, ISO 8601, to the second.
        parameters: What it was given.
        page: Where a person can look at it.
    """

    run: str
    name: str
    state: str
    started: str
    parameters: Mapping[str, Any]
    page: str


class Server(Protocol):
    """A place that runs pipelines."""

    def submit(self, request: Request) -> Submitted:
        """Starts a run, once for a submit id."""

    def state(self, watched: Watched, run: str) -> RunState:
        """How a run stands."""

    def artifact(self, watched: Watched, run: str, task: str, name: str) -> str:
        """The folder below which a task of a run that succeeded has left an artifact."""

    def page(self, run: str) -> str:
        """Where a person can look at a run."""

    def runs(self, project: str, experiment: str, most: int) -> list[Listed]:
        """The newest runs of a project, the newest first."""

    def cancel(self, run: str) -> None:
        """Asks for a run's end; it comes soon after."""
