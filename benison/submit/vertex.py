"""Vertex AI Pipelines, through google-cloud-aiplatform's client of its API.

A job's id is made of the submit id, so that a repeated call can start nothing twice. ``PipelineJob.submit`` of the same
package would first look for the bucket, make one where it sees none, and hide what goes wrong in that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice
from typing import Any

from google.api_core.exceptions import NotFound
from google.cloud import aiplatform_v1 as api
from google.protobuf import json_format

from benison.config.destinations import Destination
from benison.core.errors import BrokenError
from benison.registry.log import utc
from benison.submit.calls import LIMIT_S, once
from benison.submit.runs import Listed, Request, RunState, Submitted, TaskState, Watched
from benison.submit.vertex_connection import PROJECT_LABEL, Connection, job_of

_RUNS = {
    "PIPELINE_STATE_RUNNING": "running",
    "PIPELINE_STATE_CANCELLING": "running",
    "PIPELINE_STATE_PAUSED": "running",
    "PIPELINE_STATE_SUCCEEDED": "succeeded",
    "PIPELINE_STATE_FAILED": "failed",
    "PIPELINE_STATE_CANCELLED": "cancelled",
}
_TASKS = {
    "RUNNING": "running",
    "CANCEL_PENDING": "running",
    "CANCELLING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "succeeded",  # its cache has answered
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "NOT_TRIGGERED": "not_run",
}


class Vertex:
    """Vertex AI in a project and region of Google Cloud; credentials are Google's application default ones.

    Args:
        destination: Where; an endpoint stands for the region's own.
        pause: Waits for some seconds.

    Raises:
        ConfigError: Project or location are not said.
        AccessError: There are no credentials.
    """

    def __init__(self, destination: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self._server = Connection(destination, api.PipelineServiceClient, pause)
        self._client = self._server.api

    def submit(self, request: Request) -> Submitted:
        """Starts the run once.

        Raises:
            BenisonError: The server does not answer, or does not take it.
        """

        def found() -> str | None:
            return self._found(request.name)

        page = self.page(request.name)
        if self._server.looked("runs", found):
            return Submitted(request.name, page, known=True)
        once(lambda: self._server.asked("runs", found), lambda: self._started(request), self._server.pause)
        return Submitted(request.name, page)

    def state(self, watched: Watched, run: str) -> RunState:
        """How a run stands.

        Raises:
            BenisonError: The server does not answer, or knows no such run.
        """
        job = self._server.asked("how the run stands", lambda: self._got(run))
        details = [one for one in job.job_detail.task_details if one.task_name in watched.tasks]
        tasks = {one.task_name: TaskState(_TASKS.get(one.state.name, "waiting"), one.error.message) for one in details}
        return RunState(_RUNS.get(job.state.name, "waiting"), tasks, job.error.message)

    def artifact(self, watched: Watched, run: str, task: str, name: str) -> str:
        """Vertex says where each artifact lies."""
        job = self._server.looked("what the run made", lambda: self._got(run))
        details = [one for one in job.job_detail.task_details if one.task_name == task and name in one.outputs]
        uris = [str(artifact.uri) for one in details for artifact in one.outputs[name].artifacts]
        if not uris:
            raise BrokenError(self.page(run), expected=f"an artifact {name} of {task}", got="none")
        return uris[-1]

    def page(self, run: str) -> str:
        """Where a person can look at a run."""
        return self._server.page(f"runs/{run}")

    def runs(self, project: str, experiment: str, most: int) -> list[Listed]:
        """The newest runs of a project, by the label that they were started with, the newest first.

        Raises:
            BenisonError: The server does not answer.
        """
        asked = api.ListPipelineJobsRequest(
            parent=self._server.parent,
            filter=f'labels.{PROJECT_LABEL}="{project}"',
            order_by="create_time desc",
            page_size=most,
        )

        def found() -> list[Listed]:
            jobs = self._client.list_pipeline_jobs(request=asked, timeout=LIMIT_S)
            return [self._listed(job) for job in islice(jobs, most)]

        return self._server.looked("runs", found)

    def cancel(self, run: str) -> None:
        """Asks for a run's end; it comes soon after.

        Raises:
            BenisonError: The server does not answer, or knows no such run.
        """
        name = f"{self._server.parent}/pipelineJobs/{run}"
        self._server.looked("a run's end", lambda: self._client.cancel_pipeline_job(name=name, timeout=LIMIT_S))

    def _listed(self, job: api.PipelineJob) -> Listed:
        run, state = job.name.rsplit("/", 1)[-1], _RUNS.get(job.state.name, "waiting")
        given = json_format.MessageToDict(api.PipelineJob.pb(job).runtime_config).get("parameterValues", {})
        return Listed(run, job.display_name, state, utc(job.create_time), given, self.page(run))

    def _got(self, run: str) -> Any:
        return self._client.get_pipeline_job(name=f"{self._server.parent}/pipelineJobs/{run}", timeout=LIMIT_S)

    def _found(self, run: str) -> str | None:
        """The run's id, if there is one of this id."""
        try:
            self._got(run)
        except NotFound:
            return None
        return run

    def _started(self, request: Request) -> str:
        asked = api.CreatePipelineJobRequest(
            parent=self._server.parent, pipeline_job=job_of(request), pipeline_job_id=request.name
        )
        self._server.asked("a run", lambda: self._client.create_pipeline_job(request=asked, timeout=LIMIT_S))
        return request.name
