"""Kubeflow Pipelines, through ``kfp.Client``.

Its API has no key that makes a repeated call harmless. So a version is named by the digest of its IR, a run by its
submit id, and both are looked for before they are made again.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import kfp
import kfp_server_api
import urllib3
from google.auth.exceptions import GoogleAuthError
from kfp.client import ServiceAccountTokenVolumeCredentials

from benison.config.destinations import Destination
from benison.core import digests
from benison.core.errors import AccessError, BenisonError
from benison.submit.calls import LIMIT_S, once, refused, repeated, silent
from benison.submit.runs import Request, RunState, Submitted, TaskState

_T = TypeVar("_T")
# What kfp's own command line reads; the client alone takes a token as an argument only.
_TOKEN = "KFP_EXISTING_TOKEN"
_TOKEN_FILE = Path("/var/run/secrets/kubeflow/pipelines/token")
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
_SIGN_IN = (
    f"sign in as kfp's client has it: {_TOKEN}, KF_PIPELINES_IAP_OAUTH2_CLIENT_ID, "
    "a cookie in ~/.config/kfp/context.json, or the token of a service account"
)
_WRONG_PLACE = "targets.kubeflow.endpoint in benison.yaml, else KF_PIPELINES_ENDPOINT, names the server's address"
_HINTS = {
    401: _SIGN_IN,
    403: "ask for the right to create pipelines and runs in the namespace that targets.kubeflow.namespace names",
    404: _WRONG_PLACE,
}


class _Client(kfp.Client):  # type: ignore[misc]
    """KFP's client, which asks after the server's health once, and not five times over 25 s."""

    def get_kfp_healthz(self, sleep_duration: int = 0) -> Any:
        return self._healthz_api.healthz_service_get_healthz(_request_timeout=LIMIT_S)


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
        self._destination, self._pause = destination, pause
        self._namespace = destination.namespace or None
        self._where = destination.endpoint or os.environ.get("KF_PIPELINES_ENDPOINT", "") or "Kubeflow Pipelines"
        self._client = repeated(lambda: self._asked("its health", self._connected), pause)

    def _connected(self) -> kfp.Client:
        in_pod = _TOKEN_FILE.exists() or "KF_PIPELINES_SA_TOKEN_PATH" in os.environ
        client = _Client(
            host=self._destination.endpoint or None,
            namespace=self._destination.namespace or "kubeflow",
            existing_token=os.environ.get(_TOKEN) or None,
            credentials=ServiceAccountTokenVolumeCredentials() if in_pod else None,
        )
        _limit(client.runs.api_client.rest_client)
        return client

    def submit(self, request: Request) -> Submitted:
        """Uploads the pipeline's version unless it is there, and starts the run once.

        Raises:
            BenisonError: The server does not answer, or does not take it.
        """
        experiment = self._experiment(request.experiment)
        if found := self._runs(request, experiment):
            return self._submitted(found, known=True)
        version = self._version(request, self._pipeline(request))
        run, perhaps_two = once(
            lambda: next(iter(self._runs(request, experiment)), None),
            lambda: self._started(request, experiment, version),
            self._pause,
        )
        others = [other for other in self._runs(request, experiment) if other != run] if perhaps_two else []
        return self._submitted([run, *others], known=False)

    def state(self, request: Request, run: str) -> RunState:
        """How a run stands.

        Raises:
            BenisonError: The server does not answer, or knows no such run.
        """
        found = self._asked("how the run stands", lambda: self._client.get_run(run))
        details = found.run_details.task_details if found.run_details else None
        tasks = {one.display_name: _task(one) for one in details or [] if one.display_name in request.tasks}
        message = found.error.message if found.error else ""
        return RunState(_STATES.get(str(found.state), "waiting"), tasks, message or "")

    def pushed(self, request: Request, run: str) -> str:
        """KFP's server has no output parameters in its answers; its launcher writes below pipeline, run and task."""
        return f"{request.root}/{request.pipeline}/{run}/pusher"

    def _experiment(self, name: str) -> str:
        """The id of the experiment of a name, which is made unless it is there."""

        def made() -> str:
            return _id(self._client.create_experiment(name, namespace=self._namespace).experiment_id)

        # It looks for the name itself before it makes one.
        return repeated(lambda: self._asked("an experiment", made), self._pause)

    def _pipeline(self, request: Request) -> str:
        def found() -> str | None:
            listed = self._client.list_pipelines(filter=_named(request.pipeline), namespace=self._namespace).pipelines
            return str(listed[0].pipeline_id) if listed else None

        def made() -> str:
            uploaded = self._client.upload_pipeline(str(request.ir), request.pipeline, namespace=self._namespace)
            return _id(uploaded.pipeline_id)

        return self._there("the pipeline", found, made)

    def _version(self, request: Request, pipeline: str) -> tuple[str, str]:
        name = digests.as_folder_name(request.digest)

        def found() -> str | None:
            listed = self._client.list_pipeline_versions(pipeline, filter=_named(name)).pipeline_versions
            return str(listed[0].pipeline_version_id) if listed else None

        def made() -> str:
            uploaded = self._client.upload_pipeline_version(str(request.ir), name, pipeline_id=pipeline)
            return _id(uploaded.pipeline_version_id)

        return pipeline, self._there("the pipeline's version", found, made)

    def _there(self, what: str, found: Callable[[], str | None], made: Callable[[], str]) -> str:
        """The id of something that is made unless it is there."""

        def look() -> str | None:
            return self._asked(what, found)

        known = repeated(look, self._pause)
        return known or once(look, lambda: self._asked(what, made), self._pause)[0]

    def _runs(self, request: Request, experiment: str) -> list[str]:
        """The runs of a submit id, the oldest first."""

        def found() -> list[str]:
            listed = self._client.list_runs(
                experiment_id=experiment, filter=_named(request.name), sort_by="created_at", page_size=100
            )
            return [str(run.run_id) for run in listed.runs or []]

        return repeated(lambda: self._asked("runs", found), self._pause)

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
            return _id(run.run_id)

        return self._asked("a run", made)

    def _submitted(self, runs: list[str], *, known: bool) -> Submitted:
        page = f"{self._client._get_url_prefix()}/#/runs/details/{runs[0]}"
        return Submitted(runs[0], page, known, tuple(runs[1:]))

    def _asked(self, what: str, call: Callable[[], _T]) -> _T:
        """Makes a call; whatever ends it becomes an error that says what was asked of whom."""
        where = f"{self._where} ({what})"
        # Its remarks are of its own versions, and its links go to stdout.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _telling(where):
            warnings.simplefilter("ignore")
            return call()


@contextlib.contextmanager
def _telling(where: str) -> Iterator[None]:
    try:
        yield
    except BenisonError:
        raise
    except kfp_server_api.ApiException as error:
        status = int(error.status or 0)
        if not status:
            raise silent(where, "no secure connection", "look at the certificate of the server") from None
        raise refused(where, status, _said(error), _HINTS) from None
    except urllib3.exceptions.HTTPError as error:
        raise silent(where, _how(error), f"look whether the server is up; {_WRONG_PLACE}") from None
    except (GoogleAuthError, OSError) as error:
        raise AccessError(where, expected="credentials", got=type(error).__name__, hint=_SIGN_IN) from error
    except (TypeError, ValueError, AttributeError) as error:
        got = f"something else ({error})"
        raise AccessError(where, expected="an answer of Kubeflow Pipelines' API", got=got, hint=_SIGN_IN) from error


def _how(error: Exception) -> str:
    """What became of a connection. Not the library's own words, in which addresses with secrets may stand."""
    reason = getattr(error, "reason", None) or error
    kinds = urllib3.exceptions
    if isinstance(reason, kinds.NewConnectionError):
        return "no connection"
    return "none in time" if isinstance(reason, kinds.TimeoutError) else "a connection that was cut"


def _said(error: kfp_server_api.ApiException) -> str:
    """The server's message, out of its JSON; a page of HTML says nothing."""
    try:
        content = json.loads(error.body)
        return str(content.get("message") or content.get("error_message") or content.get("error") or "")
    except (TypeError, ValueError, AttributeError):
        return str(error.reason or "")


def _id(found: str | None) -> str:
    """An id; a login page that was answered in its place has none."""
    if not found:
        raise ValueError("no id in it; perhaps a page to sign in on")
    return found


def _named(name: str) -> str:
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})


def _task(detail: Any) -> TaskState:
    message = detail.error.message if detail.error else ""
    return TaskState(_STATES.get(str(detail.state), "waiting"), message or "")


def _limit(rest: Any) -> None:
    """Ends each request after a time; kfp's client hands no limit on, and the default is to wait for ever."""
    unlimited = rest.request

    def request(*positional: Any, **named: Any) -> Any:
        named["_request_timeout"] = named.get("_request_timeout") or LIMIT_S
        return unlimited(*positional, **named)

    rest.request = request
