"""Recurring runs of Kubeflow Pipelines. Its API keeps no labels, so what one runs is told by its description."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from benison.config.destinations import Destination
from benison.submit.kubeflow_connection import Connection, id_of
from benison.submit.kubeflow_uploads import experiment_of, version_of
from benison.submit.runs import Request
from benison.submit.schedules import Schedule
from benison.submit.timing import Timing, for_kubeflow, of_kubeflow

_MADE = re.compile(r"made by benison schedule, ([0-9a-f]{40})")


class KubeflowSchedules:
    """The schedules of a server of Kubeflow Pipelines.

    Args:
        destination: As for `benison.submit.kubeflow.Kubeflow`.
        pause: Waits for some seconds.

    Raises:
        BenisonError: It does not answer, or does not let us in.
    """

    def __init__(self, destination: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self._server = Connection(destination, pause)
        self._client = self._server.api

    def create(self, request: Request, name: str, timing: Timing, fingerprint: str) -> str:
        """Makes a schedule of which one run goes on at a time, and which makes up for none that was missed.

        Raises:
            BenisonError: The server does not answer, or does not take it.
        """
        experiment = experiment_of(self._server, request.experiment)
        pipeline, version = version_of(self._server, request)

        def made() -> str:
            schedule = self._client.create_recurring_run(
                experiment,
                name,
                description=f"made by benison schedule, {fingerprint}",
                cron_expression=for_kubeflow(timing),
                max_concurrency=1,
                no_catchup=True,
                params=dict(request.parameters),
                pipeline_id=pipeline,
                version_id=version,
                pipeline_root=request.root,
                service_account=request.service_account or None,
            )
            return id_of(schedule.recurring_run_id)

        return self._server.asked("a schedule", made)

    def listed(self, project: str, experiment: str) -> list[Schedule]:
        """The schedules of an experiment.

        Raises:
            BenisonError: The server does not answer.
        """
        within = self._server.experiment(experiment)
        found: list[Schedule] = []
        page = "" if within else None
        while page is not None:
            answer = self._page(within, page)
            found += [_schedule(one) for one in answer.recurring_runs or []]
            page = answer.next_page_token or None
        return found

    def pause(self, schedule: str) -> None:
        """Lets it start no run until it is resumed.

        Raises:
            BenisonError: The server does not answer, or knows no such schedule.
        """
        self._server.looked("a schedule's pause", lambda: self._client.disable_recurring_run(schedule))

    def resume(self, schedule: str) -> None:
        """Lets it start runs again.

        Raises:
            BenisonError: The server does not answer, or knows no such schedule.
        """
        self._server.looked("a schedule's end of pause", lambda: self._client.enable_recurring_run(schedule))

    def delete(self, schedule: str) -> None:
        """Deletes it; runs that it has started go on.

        Raises:
            BenisonError: The server does not answer, or knows no such schedule.
        """
        self._server.asked("a schedule's end", lambda: self._client.delete_recurring_run(schedule))

    def _page(self, experiment: str | None, token: str) -> Any:
        def answered() -> Any:
            return self._client.list_recurring_runs(experiment_id=experiment, page_token=token, page_size=100)

        return self._server.looked("schedules", answered)


def _schedule(one: Any) -> Schedule:
    timed = one.trigger.cron_schedule if one.trigger else None
    given = (one.runtime_config.parameters if one.runtime_config else None) or {}
    made = _MADE.fullmatch(one.description or "")
    return Schedule(
        id=str(one.recurring_run_id),
        name=str(one.display_name),
        timing=Timing(of_kubeflow(timed.cron) if timed else "by intervals"),
        state="active" if str(one.status) == "ENABLED" else "paused",
        fingerprint=made[1] if made else "",
        bundle=str(given.get("bundle_digest", "")),
    )
