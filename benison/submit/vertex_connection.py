"""The connection to Vertex AI: google-cloud-aiplatform's clients of its API, and what their failures mean."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import requests
import yaml
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud import aiplatform_v1 as api

from benison.config.destinations import Destination
from benison.core.errors import AccessError, ConfigError
from benison.submit.calls import refused, repeated, silent
from benison.submit.runs import Request

_T = TypeVar("_T")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
PROJECT_LABEL = "benison-project"
_AGAIN = "try later, with the same --submit-id"
SIGN_IN = "sign in with  gcloud auth application-default login, or name a key in GOOGLE_APPLICATION_CREDENTIALS"
HINTS: Mapping[int, str] = {
    401: SIGN_IN,
    403: "ask for roles/aiplatform.user in the project, and roles/iam.serviceAccountUser on the service account",
    404: "targets.vertex.project and location in benison.yaml name the project and its region",
    429: "the project's quota of pipeline jobs is used up; try later, with the same --submit-id",
    504: _AGAIN,
}
# Google's library puts the call before what the server said.
_ADDRESS = re.compile(r"^[A-Z]+ https?://\S+ ")


class Connection:
    """Vertex AI in a project and region of Google Cloud; credentials are Google's application default ones.

    Args:
        destination: Where; an endpoint stands for the region's own.
        client: The class of a client of its API.
        pause: Waits for some seconds.
        hints: What to do, by the status of an answer; 504 is also for one that did not come in time.

    Raises:
        ConfigError: Project or location are not said.
        AccessError: There are no credentials.
    """

    def __init__(
        self,
        destination: Destination,
        client: Callable[..., Any],
        pause: Callable[[float], None] = time.sleep,
        hints: Mapping[int, str] = HINTS,
    ) -> None:
        for key in ("project", "location"):
            if not getattr(destination, key):
                raise ConfigError("benison.yaml (targets.vertex)", expected=f"{key}, to submit to it", got="none")
        self._destination, self.pause, self._hints = destination, pause, hints
        endpoint = destination.endpoint or f"https://{destination.location}-aiplatform.googleapis.com"
        self._where, self.parent = endpoint, f"projects/{destination.project}/locations/{destination.location}"
        with _telling(f"{endpoint} (credentials)", hints):
            self.api = client(transport="rest", client_options={"api_endpoint": endpoint})

    def asked(self, what: str, call: Callable[[], _T]) -> _T:
        """Makes a call; whatever ends it becomes an error that says what was asked of whom."""
        with _telling(f"{self._where} ({what})", self._hints):
            return call()

    def looked(self, what: str, call: Callable[[], _T]) -> _T:
        """Makes a call that changes nothing, again where the server could not answer."""
        return repeated(lambda: self.asked(what, call), self.pause)

    def page(self, place: str) -> str:
        """Where a person can look at something."""
        found = f"locations/{self._destination.location}/pipelines/{place}"
        return f"https://console.cloud.google.com/vertex-ai/{found}?project={self._destination.project}"


def job_of(request: Request, **labels: str) -> api.PipelineJob:
    """The job that a request asks for."""
    said = {
        "displayName": request.name,
        "pipelineSpec": yaml.load(request.ir.read_bytes(), Loader=_LOADER),  # noqa: S506 -- a safe one, in C
        "runtimeConfig": {"gcsOutputDirectory": request.root, "parameterValues": dict(request.parameters)},
        "serviceAccount": request.service_account,
        "labels": {PROJECT_LABEL: request.project, **labels},
    }
    job: api.PipelineJob = api.PipelineJob.from_json(json.dumps(said))
    return job


@contextlib.contextmanager
def _telling(where: str, hints: Mapping[int, str]) -> Iterator[None]:
    """Turns what ends a call into an error that says what was asked of whom."""
    try:
        yield
    except GoogleAPICallError as error:
        raise refused(where, int(error.code or 500), _ADDRESS.sub("", str(error.message)), hints) from None
    except (requests.Timeout, RetryError):
        raise silent(where, "none in time", hints[504]) from None
    except (requests.ConnectionError, TransportError) as error:
        how = "no connection" if "establish" in str(error) else "a connection that was cut"
        raise silent(where, how, "look whether the network leads there") from None
    except GoogleAuthError as error:
        raise AccessError(where, expected="credentials", got=type(error).__name__, hint=SIGN_IN) from None
