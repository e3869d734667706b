"""Work: what causes ask for, told by what changed in the project since the last run that answered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from benison import config as configuration
from benison.core.errors import ConfigError
from benison.plan.changes import Changes, changes_since
from benison.plan.steps import planned, why
from benison.triggers import entries
from benison.triggers.decide import Due, Work
from benison.triggers.repository import Branch
from benison.triggers.state import State


class Planner(Protocol):
    """Whoever knows what causes ask for."""

    def work(self, state: State, found: Due) -> Work:
        """What they ask for.

        Raises:
            BenisonError: It cannot be told.
        """


class Folder:
    """A project that is trained as it lies there.

    Args:
        code: Tells its code and configuration.
        data: As `Commits`.
    """

    def __init__(self, code: Callable[[], str], data: Callable[[], str] = str) -> None:
        self._code, self._data = code, data

    def work(self, state: State, found: Due) -> Work:
        """A training."""
        return Work((entries.TRAINING,), "training", code=self._code(), data=_data(state, found, self._data))


class Commits:
    """A project that is trained as a branch has it.

    Args:
        branch: The branch.
        data: Tells the data for alerts where they are no source of their own; empty: they cannot be told.
    """

    def __init__(self, branch: Branch, data: Callable[[], str] = str) -> None:
        self._branch, self._data = branch, data

    def work(self, state: State, found: Due) -> Work:
        """Checks of a commit that was not run so far, and a training, where it or another cause asks for one."""
        commit = state.seen[entries.GIT].key
        steps, because = self._asked(commit, state.base)
        if any(cause.kind != entries.GIT for cause in found.causes.values()):
            because = because if entries.TRAINING in steps else "; ".join(["training", *([because] if steps else [])])
            steps = (*(step for step in steps if step != entries.TRAINING), entries.TRAINING)
        data = _data(state, found, self._data)
        # What changes is told by content: a commit that changes nothing of the project is the same code.
        return Work(steps, because, commit, state.base, f"git:{self._branch.tree(commit)}", data)

    def _asked(self, commit: str, base: str) -> tuple[tuple[str, ...], str]:
        """The steps that a commit asks for by itself, and why."""
        if commit == base:
            return (), "nothing changed in the project"
        project = self._branch.project(commit)
        needed = {
            step.name: why(step)
            for step in planned(self._changes(project, commit, base), _config(project))
            if step.runs
        }
        if not needed:
            return (), "nothing that runs changed"
        checks = (entries.CHECKS,) if needed.keys() - {"train"} else ()
        steps = (*checks, *((entries.TRAINING,) if "train" in needed else ()))
        return steps, f"{' and '.join(steps)}, since {needed.get('train') or next(iter(needed.values()))}"

    def _changes(self, project: Path, commit: str, base: str) -> Changes:
        if not base or not self._branch.follows(commit, base):
            return Changes(whole="the branch was moved back or written anew" if base else "there is no run before")
        return changes_since(project, base)


def _data(state: State, found: Due, otherwise: Callable[[], str]) -> str:
    if seen := state.seen.get(entries.DATA):
        return seen.key
    return otherwise() if any(cause.kind == entries.ALERT for cause in found.causes.values()) else ""


def _config(project: Path) -> configuration.Config | None:
    try:
        return configuration.read(project)
    except ConfigError:
        return None
