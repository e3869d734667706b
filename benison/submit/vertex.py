"""Vertex AI Pipelines, through google-cloud-aiplatform's client of its API.

A job's id is made of the submit id, so that a repeated call can start nothing twice. ``PipelineJob.submit`` of the same
package would first look for the bucket, make one where it sees none, and hide what goes wrong in that.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import requests
import yaml
from google.api_core.exceptions import GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud import aiplatform_v1 as api

from benison.config.destinations import Destination
from benison.core.errors import AccessError, BrokenError, ConfigError
from benison.submit.calls import LIMIT_S, once, refused, repeated, silent
from benison.submit.runs import Request, RunState, Submitted, TaskState

_T = TypeVar("_T")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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
_SIGN_IN = "sign in with  gcloud auth application-default login, or name a key in GOOGLE_APPLICATION_CREDENTIALS"
_HINTS = {
    401: _SIGN_IN,
    403: "ask for roles/aiplatform.user in the project, and roles/iam.serviceAccountUser on the service account",
    404: "targets.vertex.project and location in benison.yaml name the project and its region",
    429: "the project's quota of pipeline jobs is used up; try later, with the same --submit-id",
}
_PUSHED = "pushed_model"
# Google's library puts the call before what the server said.
_ADDRESS = re.compile(r"^[A-Z]+ https?://\S+ ")


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
        for key in ("project", "location"):
            if not getattr(destination, key):
                raise ConfigError("benison.yaml (targets.vertex)", expected=f"{key}, to submit to it", got="none")
        self._destination, self._pause = destination, pause
        endpoint = destination.endpoint or f"https://{destination.location}-aiplatform.googleapis.com"
        self._where, self._parent = endpoint, f"projects/{destination.project}/locations/{destination.location}"
        with _telling(f"{endpoint} (credentials)"):
            self._client = api.PipelineServiceClient(transport="rest", client_options={"api_endpoint": endpoint})

    def submit(self, request: Request) -> Submitted:
        """Starts the run once.

        Raises:
            BenisonError: The server does not answer, or does not take it.
        """

        def found() -> str | None:
            return self._found(request.name)

        if repeated(found, self._pause):
            return Submitted(request.name, self._page(request.name), known=True)
        once(found, lambda: self._started(request), self._pause)
        return Submitted(request.name, self._page(request.name))

    def state(self, request: Request, run: str) -> RunState:
        """How a run stands.

        Raises:
            BenisonError: The server does not answer, or knows no such run.
        """
        job = self._asked("how the run stands", lambda: self._got(run))
        details = [one for one in job.job_detail.task_details if one.task_name in request.tasks]
        tasks = {one.task_name: TaskState(_TASKS.get(one.state.name, "waiting"), one.error.message) for one in details}
        return RunState(_RUNS.get(job.state.name, "waiting"), tasks, job.error.message)

    def pushed(self, request: Request, run: str) -> str:
        """Vertex says where each artifact lies."""
        job = repeated(lambda: self._asked("what the run made", lambda: self._got(run)), self._pause)
        details = [one for one in job.job_detail.task_details if one.task_name == "pusher" and _PUSHED in one.outputs]
        uris = [str(artifact.uri) for one in details for artifact in one.outputs[_PUSHED].artifacts]
        if not uris:
            raise BrokenError(self._page(run), expected=f"an artifact {_PUSHED} of the pusher", got="none")
        return uris[-1]

    def _got(self, run: str) -> api.PipelineJob:
        return self._client.get_pipeline_job(name=f"{self._parent}/pipelineJobs/{run}", timeout=LIMIT_S)

    def _found(self, run: str) -> str | None:
        """The run's id, if there is one of this id."""

        def look() -> str | None:
            try:
                self._got(run)
            except NotFound:
                return None
            return run

        return self._asked("runs", look)

    def _started(self, request: Request) -> str:
        job = {
            "displayName": request.name,
            "pipelineSpec": yaml.load(request.ir.read_bytes(), Loader=_LOADER),
            "runtimeConfig": {"gcsOutputDirectory": request.root, "parameterValues": dict(request.parameters)},
            "serviceAccount": request.service_account,
        }
        asked = api.CreatePipelineJobRequest(
            parent=self._parent, pipeline_job=api.PipelineJob.from_json(json.dumps(job)), pipeline_job_id=request.name
        )
        self._asked("a run", lambda: self._client.create_pipeline_job(request=asked, timeout=LIMIT_S))
        return request.name

    def _page(self, run: str) -> str:
        place = f"locations/{self._destination.location}/pipelines/runs/{run}"
        return f"https://console.cloud.google.com/vertex-ai/{place}?project={self._destination.project}"

    def _asked(self, what: str, call: Callable[[], _T]) -> _T:
        with _telling(f"{self._where} ({what})"):
            return call()


@contextlib.contextmanager
def _telling(where: str) -> Iterator[None]:
    """Turns what ends a call into an error that says what was asked of whom."""
    try:
        yield
    except GoogleAPICallError as error:
        raise refused(where, int(error.code or 500), _ADDRESS.sub("", str(error.message)), _HINTS) from None
    except (requests.Timeout, RetryError):
        raise silent(where, "none in time", "try later, with the same --submit-id") from None
    except (requests.ConnectionError, TransportError) as error:
        how = "no connection" if "establish" in str(error) else "a connection that was cut"
        raise silent(where, how, "look whether the network leads there") from None
    except GoogleAuthError as error:
        raise AccessError(where, expected="credentials", got=type(error).__name__, hint=_SIGN_IN) from None
