"""The trigger manager of a project, put together: its ledger, what it looks at, where its runs go."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benison.alerts.alert_log import AlertLog
from benison.cli import packing, sending
from benison.cli import project as projects
from benison.cli.project import Project
from benison.config import Target
from benison.config.machines import LOCAL
from benison.core.errors import InputError
from benison.plan.changes import NO_COMMIT
from benison.registry.registry import Registry
from benison.submit import outcome
from benison.triggers import entries
from benison.triggers.alerts import Alerts, nothing_newer
from benison.triggers.doors import DataNotices, Door, Pushes
from benison.triggers.entries import Run
from benison.triggers.ledger import Ledger
from benison.triggers.look import Look, Manager, Places
from benison.triggers.repository import Branch
from benison.triggers.sources import DataFiles, Source, schedules_of
from benison.triggers.starting import SUMMARY, Children, Progress, Starter, devices_of, here
from benison.triggers.work import Commits, Folder, Planner

# What Kubeflow and Vertex call an end that nobody's gate decided.
_ENDS = {"failed": entries.FAILED, "cancelled": entries.FAILED}


@dataclass(frozen=True)
class Made:
    """A manager, and what else a command needs of it.

    Attributes:
        project: The project.
        manager: The manager.
        sources: What it looks at.
        planner: Knows what causes ask for.
        branch: The branch among the sources; None: none.
        alerts: The alert log; None: it is not looked at.
    """

    project: Project
    manager: Manager
    sources: tuple[Source, ...]
    planner: Planner
    branch: Branch | None
    alerts: Alerts | None

    def look(self) -> Look:
        """Looks once, and removes the commits that no run needs any more."""
        look = self.manager.look()
        if self.branch:
            self.branch.tidy({one.run.commit for one in self.manager.ledger.state().active.values()})
        return look


def ledger_of(project: Project) -> Ledger:
    """The ledger of a project; its registry is made where there is none so far."""
    registry = Registry.create(project.registry, project.config.name)
    return Ledger(registry.store, registry.model)


def make(folder: Path, registry: str | None, runs: Path | None) -> Made:
    """Puts a project's manager together.

    Raises:
        BenisonError: There is no project, or it is not one that can be managed.
    """
    project = projects.find(folder, registry, runs)
    asked, work = project.config.triggers, project.runs / ".triggers"
    branch = Branch(asked.git, project.folder, work) if asked.git else None
    files = DataFiles(project.config.data, project.folder) if project.config.data.path else None
    data = (files,) if files and asked.data else ()
    sources = (*((branch,) if branch else ()), *data, *schedules_of(asked.schedules))
    told = files.key if files else str
    planner = Commits(branch, told) if branch else Folder(lambda: packing.packed(project).digest, told)
    places, alerts = _places(project, branch, work), _alerts(project, files)
    manager = Manager(
        ledger_of(project), sources, planner, places, asked.policy, lambda: datetime.now(UTC), projects.who(), alerts
    )
    return Made(project, manager, sources, planner, branch, alerts)


def _alerts(project: Project, files: DataFiles | None) -> Alerts | None:
    asked = project.config.triggers.alerts
    if asked is None:
        return None
    registry = Registry.create(project.registry, project.config.name)
    log = AlertLog(registry.store, registry.model)
    return Alerts(log, asked, lambda: nothing_newer(registry, files))


def _places(project: Project, branch: Branch | None, work: Path) -> Places:
    asked = project.config.triggers
    hook = asked.git.webhook if asked.git else None
    steps = _Steps(project, branch)
    children = Children(work / "steps", steps.words, [hook.secret] if hook else [])
    starters: dict[str, Starter] = {LOCAL: children}
    target = project.config.targets[asked.target]
    if asked.target != LOCAL:
        starters[asked.target] = _Server(steps, target)
    return Places(asked.target, here(work), starters, devices_of(target))


@dataclass(frozen=True)
class _Steps:
    """The project that a run is about, and what carries out its steps here."""

    project: Project
    branch: Branch | None

    def project_of(self, run: Run) -> Project:
        """The project at the run's commit; registry, runs and data stay where they are."""
        if not run.commit or self.branch is None:
            return self.project
        found = projects.find(self.branch.project(run.commit))
        return replace(found, registry=self.project.registry, runs=self.project.runs)

    def words(self, run: Run, step: str, folder: Path) -> list[str]:
        """The command of a step."""
        project, own = self.project_of(run), [sys.executable, "-m", "benison"]
        if step == entries.CHECKS:
            words = [*own, "ci", "-p", str(project.folder), "--since", run.since or NO_COMMIT]
            return [*words, "--sample-of", str(self.project.folder)]
        words = [*own, "run", str(project.folder), "--registry", project.registry, "--runs", str(project.runs)]
        words += ["--data-root", str(self.project.folder), "--summary", str(folder / SUMMARY)]
        return [*words, *(["--span", str(run.span)] if run.span else [])]


class _Server:
    """Trainings on a cluster. Its runs are told apart by the key of ours, so that none is started twice."""

    def __init__(self, steps: _Steps, target: Target) -> None:
        self._steps, self._target = steps, target

    def start(self, run: Run, step: str) -> str:
        """Sends the project and starts its pipeline, once for the run's key."""
        project = self._steps.project_of(run)
        packing.preflight(project)
        asked = sending.runnable(project, run.target)
        request = sending.request_of(project, asked, sending.PIPELINE, run.span, run.key)
        return sending.server_at(asked).submit(request).run

    def look(self, run: Run, step: str, name: str) -> Progress:
        """How it stands on the server."""
        server, watched = sending.server_at(self._target), sending.watched_of(self._target, sending.PIPELINE)
        found = server.state(watched, name)
        page = server.page(name)
        if found.state in _ENDS:
            why = f"{found.state}{f': {found.message}' if found.message else ''}"
            return Progress(_ENDS[found.state], why, page=page)
        if found.state != "succeeded":
            return Progress(page=page)
        came_to = outcome.of_run(server, watched, name)
        word = came_to.word if came_to else found.state
        why = "the gate said no" if word == entries.BLOCKED else f"it came to an end: {word}"
        return Progress(word, why, page=page)


def secret_of(variable: str, environment: Mapping[str, str]) -> bytes:
    """A webhook's secret.

    Args:
        variable: The variable that holds it.
        environment: Of this process.

    Raises:
        InputError: It is not set, or short enough to be guessed.
    """
    value = environment.get(variable, "")
    if len(value) < 16:
        got = "none" if not value else f"{len(value)} of them"
        hint = "openssl rand -hex 32  makes one"
        raise InputError(f"${variable}", expected="a secret of 16 characters or more", got=got, hint=hint)
    return value.encode()


def doors_of(project: Project) -> list[Door]:
    """Who may wake a project's manager.

    Raises:
        InputError: A secret is not set.
    """
    asked, found = project.config.triggers, list[Door]()
    if asked.git and asked.git.webhook:
        found.append(Pushes(asked.git.webhook, secret_of(asked.git.webhook.secret, os.environ)))
    if asked.data and asked.data.pubsub:
        found.append(DataNotices(asked.data.pubsub))
    return found
