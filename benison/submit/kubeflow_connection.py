"""The connection to Kubeflow Pipelines: ``kfp.Client``, and what its failures mean."""

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
from benison.core.errors import AccessError, BenisonError
from benison.submit.calls import LIMIT_S, refused, repeated, silent

_T = TypeVar("_T")
# What kfp's own command line reads; the client alone takes a token as an argument only.
_TOKEN = "KFP_EXISTING_TOKEN"
_TOKEN_FILE = Path("/var/run/secrets/kubeflow/pipelines/token")
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


class Connection:
    """A server of Kubeflow Pipelines.

    Args:
        destination: Where it is; without an endpoint as KFP's client finds it: KF_PIPELINES_ENDPOINT, the cluster that
            this runs in, or that of kubectl.
        pause: Waits for some seconds.

    Raises:
        BenisonError: It does not answer, or does not let us in.
    """

    def __init__(self, destination: Destination, pause: Callable[[float], None] = time.sleep) -> None:
        self._destination, self.pause = destination, pause
        self.namespace = destination.namespace or None
        self._where = destination.endpoint or os.environ.get("KF_PIPELINES_ENDPOINT", "") or "Kubeflow Pipelines"
        self.api = self.looked("its health", self._connected)

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

    def asked(self, what: str, call: Callable[[], _T]) -> _T:
        """Makes a call; whatever ends it becomes an error that says what was asked of whom."""
        where = f"{self._where} ({what})"
        # Its remarks are of its own versions, and its links go to stdout.
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _telling(where):
            warnings.simplefilter("ignore")
            return call()

    def looked(self, what: str, call: Callable[[], _T]) -> _T:
        """Makes a call that changes nothing, again where the server could not answer."""
        return repeated(lambda: self.asked(what, call), self.pause)

    def experiment(self, name: str) -> str | None:
        """The id of the experiment of a name."""

        def found() -> str | None:
            listed = self.api.list_experiments(filter=named(name), namespace=self.namespace).experiments
            return str(listed[0].experiment_id) if listed else None

        return self.looked("experiments", found)

    def page(self, place: str) -> str:
        """Where a person can look at something."""
        return f"{self.api._get_url_prefix()}/#/{place}"


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


def id_of(found: str | None) -> str:
    """An id; a login page that was answered in its place has none."""
    if not found:
        raise ValueError("no id in it; perhaps a page to sign in on")
    return found


def named(name: str) -> str:
    """A filter for what has a name."""
    predicate = {"operation": "EQUALS", "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [predicate]})


def _limit(rest: Any) -> None:
    """Ends each request after a time; kfp's client hands no limit on, and the default is to wait for ever."""
    unlimited = rest.request

    def request(*positional: Any, **named: Any) -> Any:
        named["_request_timeout"] = named.get("_request_timeout") or LIMIT_S
        return unlimited(*positional, **named)

    rest.request = request
