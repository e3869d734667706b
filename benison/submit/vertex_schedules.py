"""Schedules of Vertex AI Pipelines, through google-cloud-aiplatform's client of their API.

A schedule has no labels of its own; those of the job that it starts tell what it runs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from google.cloud import aiplatform_v1 as api
from google.protobuf import json_format

from benison.config.destinations import Destination
from benison.submit.calls import LIMIT_S
from benison.submit.runs import Request
from benison.submit.schedules import Schedule
from benison.submit.timing import Timing, for_vertex, of_vertex
from benison.submit.vertex_connection import PROJECT_LABEL, Connection, job_of

_LABEL = "benison-schedule"
_STATES = {"ACTIVE": "active", "PAUSED": "paused", "COMPLETED": "ended"}


class VertexSchedules:
    """The schedules in a project and region of Google Cloud.

    Args:
        destination: As for `benison.submit.vertex.Vertex`.
        pause: Waits for some seconds.

    Raises:
        ConfigError: Project or location are not said.
        AccessError: There are no credentials.
    """

    def __init__(self, destination: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self._server = Connection(destination, api.ScheduleServiceClient, pause)
        self._client = self._server.api

    def create(self, request: Request, name: str, timing: Timing, fingerprint: str) -> str:
        """Makes a schedule of which one run goes on at a time, and which makes up for none that was missed.

        Raises:
            BenisonError: The server does not answer, or does not take it.
        """
        job = api.CreatePipelineJobRequest(
            parent=self._server.parent, pipeline_job=job_of(request, **{_LABEL: fingerprint})
        )
        schedule = api.Schedule(
            display_name=name, cron=for_vertex(timing), max_concurrent_run_count=1, create_pipeline_job_request=job
        )

        def made() -> str:
            asked = {"parent": self._server.parent, "schedule": schedule}
            return str(self._client.create_schedule(**asked, timeout=LIMIT_S).name.rsplit("/", 1)[-1])

        return self._server.asked("a schedule", made)

    def listed(self, project: str, experiment: str) -> list[Schedule]:
        """The schedules whose runs are of a project.

        Raises:
            BenisonError: The server does not answer.
        """

        def found() -> list[Schedule]:
            pages = self._client.list_schedules(parent=self._server.parent, timeout=LIMIT_S)
            return [_schedule(one) for one in pages if _labels(one).get(PROJECT_LABEL) == project]

        return self._server.looked("schedules", found)

    def pause(self, schedule: str) -> None:
        """Lets it start no run until it is resumed.

        Raises:
            BenisonError: The server does not answer, or knows no such schedule.
        """
        name = self._name(schedule)
        self._server.looked("a schedule's pause", lambda: self._client.pause_schedule(name=name, timeout=LIMIT_S))

    def resume(self, schedule: str) -> None:
        """Lets it start runs again, from the next time on.

        Raises:
            BenisonError: The server does not answer, or knows no such schedule.
        """
        asked = {"name": self._name(schedule), "catch_up": False}
        self._server.looked("a schedule's end of pause", lambda: self._client.resume_schedule(**asked, timeout=LIMIT_S))

    def delete(self, schedule: str) -> None:
        """Deletes it; runs that it has started go on. Google's operation for it ends by itself.

        Raises:
            BenisonError: The server does not answer, or knows no such schedule.
        """
        name = self._name(schedule)
        self._server.asked("a schedule's end", lambda: self._client.delete_schedule(name=name, timeout=LIMIT_S))

    def _name(self, schedule: str) -> str:
        return f"{self._server.parent}/schedules/{schedule}"


def _labels(one: api.Schedule) -> dict[str, str]:
    return dict(one.create_pipeline_job_request.pipeline_job.labels)


def _schedule(one: api.Schedule) -> Schedule:
    config = api.PipelineJob.pb(one.create_pipeline_job_request.pipeline_job).runtime_config
    given = json_format.MessageToDict(config).get("parameterValues", {})
    return Schedule(
        id=one.name.rsplit("/", 1)[-1],
        name=one.display_name,
        timing=of_vertex(one.cron),
        state=_STATES.get(one.state.name, "active"),
        fingerprint=_labels(one).get(_LABEL, ""),
        bundle=str(given.get("bundle_digest", "")),
    )
