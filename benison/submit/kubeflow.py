"""Kubeflow Pipelines, through ``kfp.Client``.

Its API has no key that makes a repeated call harmless. So a version is named by the digest of its IR, a run by its
submit id, and both are looked for before they are made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benison.config.destinations import Destination
from benison.registry.log import utc
from benison.submit.calls import once
from benison.submit.kubeflow_connection import Connection, id_of, named
from benison.submit.kubeflow_uploads import experiment_of, version_of
from benison.submit.runs import Listed, Request, RunState, Submitted, TaskState, Watched

_STATES = {
    "PENDING": "waiting",
    "RUNNING": "running",
    "CANCELING": "running",
    "PAUSED": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "not_run",
    "FAILED": "failed",
    "CANCELED": "cancelled",
}


class Kubeflow:
    """A server of Kubeflow Pipelines.

    Args:
        destination: Where it is; without an endpoint as KFP's client finds it: KF_PIPELINES_ENDPOINT, the cluster that
            this runs in, or that of kubectl.
        pause: Waits for some seconds.

    Raises:
        BenisonError: It does not answer, or does not let us in.
    """

    def __init__(self, destination: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self._server = Connection(destination, pause)
        self._client = self._server.api

    def submit(self, request: Request) -> Submitted:
        """Uploads the pipeline's version unless it is there, and starts the run once.

        Raises:
            BenisonError: The server does not answer, or does not take it.
        """
        experiment = experiment_of(self._server, request.experiment)
        if found := self._found(request, experiment):
            return self._submitted(found, known=True)
        version = version_of(self._server, request)
        run, perhaps_two = once(
            lambda: next(iter(self._found(request, experiment)), None),
            lambda: self._started(request, experiment, version),
            self._server.pause,
        )
        others = [other for other in self._found(request, experiment) if other != run] if perhaps_two else []
        return self._submitted([run, *others], known=False)

    def state(self, watched: Watched, run: str) -> RunState:
        """How a run stands.

        Raises:
            BenisonError: The server does not answer, or knows no such run.
        """
        found = self._server.asked("how the run stands", lambda: self._client.get_run(run))
        details = found.run_details.task_details if found.run_details else None
        tasks = {one.display_name: _task(one) for one in details or [] if one.display_name in watched.tasks}
        message = found.error.message if found.error else ""
        return RunState(_STATES.get(str(found.state), "waiting"), tasks, message or "")

    def artifact(self, watched: Watched, run: str, task: str, name: str) -> str:
        """KFP's server has no output parameters in its answers; its launcher writes below pipeline, run and task."""
        return f"{watched.root}/{watched.pipeline}/{run}/{task}"

    def page(self, run: str) -> str:
        """Where a person can look at a run."""
        return self._server.page(f"runs/details/{run}")

    def runs(self, project: str, experiment: str, most: int) -> list[Listed]:
        """The newest runs of an experiment, the newest first.

        Raises:
            BenisonError: The server does not answer.
        """
        within = self._server.experiment(experiment)
        if within is None:
            return []

        def found() -> list[Listed]:
            listed = self._client.list_runs(experiment_id=within, sort_by="created_at desc", page_size=most)
            return [self._listed(run) for run in listed.runs or []]

        return self._server.looked("runs", found)

    def cancel(self, run: str) -> None:
        """Asks for a run's end; it comes soon after.

        Raises:
            BenisonError: The server does not answer, or knows no such run.
        """
        self._server.looked("a run's end", lambda: self._client.terminate_run(run))

    def _listed(self, run: Any) -> Listed:
        parameters = run.runtime_config.parameters if run.runtime_config else None
        state = _STATES.get(str(run.state), "waiting")
        return Listed(run.run_id, run.display_name, state, utc(run.created_at), parameters or {}, self.page(run.run_id))

    def _found(self, request: Request, experiment: str) -> list[str]:
        """The runs of a submit id, the oldest first."""

        def found() -> list[str]:
            listed = self._client.list_runs(
                experiment_id=experiment, filter=named(request.name), sort_by="created_at", page_size=100
            )
            return [str(run.run_id) for run in listed.runs or []]

        return self._server.looked("runs", found)

    def _started(self, request: Request, experiment: str, version: tuple[str, str]) -> str:
        def made() -> str:
            run = self._client.run_pipeline(
                experiment,
                request.name,
                params=dict(request.parameters),
                pipeline_id=version[0],
                version_id=version[1],
                pipeline_root=request.root,
                service_account=request.service_account or None,
            )
            return id_of(run.run_id)

        return self._server.asked("a run", made)

    def _submitted(self, runs: list[str], *, known: bool) -> Submitted:
        return Submitted(runs[0], self.page(runs[0]), known, tuple(runs[1:]))


def _task(detail: Any) -> TaskState:
    message = detail.error.message if detail.error else ""
    return TaskState(_STATES.get(str(detail.state), "waiting"), message or "")
