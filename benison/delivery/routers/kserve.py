"""KServe as a router: an InferenceService whose predictor has two revisions, the last ready and the one before.

What a revision runs is read off the revision itself (KServe notes the storage URI there), not concluded from the order
of revisions: the status lags behind what was asked for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import urllib3
from kubernetes import client as api
from kubernetes import config as configured

from benison.config.traffic import Kserve
from benison.core import digests
from benison.core.errors import AccessError, BenisonError, ConfigError, ConflictError, ServerError
from benison.delivery.routers import Parties, Split

_SERVICES = ("serving.kserve.io", "v1beta1")
_REVISIONS = ("serving.knative.dev", "v1")
_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
_CANARY, _URI = "canaryTrafficPercent", "storageUri"
_SECONDS = 10


class KserveRouter:
    """Two revisions of an InferenceService.

    Args:
        place: Where it is.
        parties: The packages that they run.
    """

    def __init__(self, place: Kserve, parties: Parties) -> None:
        self._place, self._parties = place, parties
        with _telling(f"kubernetes ({place.context or 'credentials'})"):
            self._objects = api.CustomObjectsApi(_client(place))
        self._sources: dict[str, str] = {}

    def check(self) -> None:
        """Makes sure that the service runs the champion and nothing else.

        Raises:
            ConfigError: It is not so.
        """
        service = self._service()
        uri, wanted = self._model(service)[_URI], self._uri(self._parties.champion)
        if uri != wanted:
            hint = "deploy the champion's package first: spec.predictor.model.storageUri"
            raise ConfigError(self._where, expected=f"the champion, {wanted}", got=uri, hint=hint)
        split = self.read()
        if not split.is_at(0):
            hint = "wait until it is ready; canary roll-outs take KServe's serverless (Knative) deployment mode"
            raise ConfigError(self._where, expected="all traffic at the champion", got=str(split), hint=hint)

    def read(self) -> Split:
        """What the service's status says of traffic, by what its revisions run."""
        service = self._service()
        traffic = _predictor_status(service).get("traffic") or []
        if not traffic:
            return Split(0.0, "no traffic in status.components.predictor")
        shares = [(self._source(one["revisionName"]), float(one.get("percent") or 0)) for one in traffic]
        champion, challenger = map(self._uri, (self._parties.champion, self._parties.challenger))
        others = [uri or "no storage URI" for uri, share in shares if share and uri not in (champion, challenger)]
        own = sum(share for uri, share in shares if uri == challenger)
        return Split(own, f"traffic at {others[0]}" if others else "")

    def set(self, percent: float) -> None:
        """Has the challenger's package be the canary with this share; 0: the revision before has all."""
        service = self._service()
        model, share = self._model(service), round(percent)
        challenger = self._uri(self._parties.challenger)
        if not share and model[_URI] != challenger:
            return
        self._change(service, challenger, share)

    def settle(self, package: str) -> bool:
        """Has the service say one package and no canary: the other one stays at 0 until this one is ready."""
        service, uri = self._service(), self._uri(package)
        if self._model(service)[_URI] != uri:
            self._change(service, uri, 0)
            return False
        if not self._is_ready(service, uri):
            return False
        self._change(service, uri, None)
        return all(
            self._source(one["revisionName"]) == uri
            for one in _predictor_status(service).get("traffic", [])
            if one.get("percent")
        )

    def _change(self, service: dict[str, Any], uri: str, canary: int | None) -> None:
        """Replaces the service as it was read; where it was changed since, that is a conflict."""
        predictor, model = service["spec"]["predictor"], self._model(service)
        if (model[_URI], predictor.get(_CANARY)) == (uri, canary):
            return
        model[_URI] = uri
        predictor.pop(_CANARY, None)
        if canary is not None:
            predictor[_CANARY] = canary
        at = (*_SERVICES, self._place.namespace, "inferenceservices", self._place.service)
        with _telling(self._where):
            self._objects.replace_namespaced_custom_object(*at, service, _request_timeout=_SECONDS)

    def _is_ready(self, service: dict[str, Any], uri: str) -> bool:
        """Whether the last revision is of this package and ready."""
        status = _predictor_status(service)
        ready = status.get("latestReadyRevision") or ""
        return bool(ready) and ready == status.get("latestCreatedRevision") and self._source(ready) == uri

    def _service(self) -> dict[str, Any]:
        at = (*_SERVICES, self._place.namespace, "inferenceservices", self._place.service)
        with _telling(self._where):
            found: dict[str, Any] = self._objects.get_namespaced_custom_object(*at, _request_timeout=_SECONDS)
            return found

    def _source(self, revision: str) -> str:
        """The storage URI that a revision runs, which never changes."""
        if revision not in self._sources:
            at = (*_REVISIONS, self._place.namespace, "revisions", revision)
            with _telling(f"{self._where} (revision {revision})"):
                found = self._objects.get_namespaced_custom_object(*at, _request_timeout=_SECONDS)
            self._sources[revision] = found["metadata"].get("annotations", {}).get(_SOURCE, "")
        return self._sources[revision]

    def _model(self, service: dict[str, Any]) -> dict[str, Any]:
        """The part of the predictor that names a package: ``model``, or a framework in the old way."""
        predictor = service["spec"].get("predictor", {})
        found = [one for one in predictor.values() if isinstance(one, dict) and _URI in one]
        if len(found) != 1:
            hint = "write  spec: {predictor: {model: {modelFormat: ..., storageUri: ...}}}"
            raise ConfigError(self._where, expected="one storageUri in its predictor", got=str(len(found)), hint=hint)
        return found[0]

    def _uri(self, package: str) -> str:
        return f"{self._place.packages}/{package.removeprefix(digests.PREFIX)}"

    @property
    def _where(self) -> str:
        return f"inferenceservice {self._place.namespace}/{self._place.service}"


def _predictor_status(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = service.get("status", {}).get("components", {}).get("predictor", {})
    return found


def _client(place: Kserve) -> Any:
    """As kubectl finds the cluster, or the one that this runs in."""
    if not place.context and "KUBECONFIG" not in os.environ and "KUBERNETES_SERVICE_HOST" in os.environ:
        settings = api.Configuration()
        configured.load_incluster_config(client_configuration=settings)
        return api.ApiClient(settings)
    return configured.new_client_from_config(os.environ.get("KUBECONFIG"), place.context or None)


_HINTS = {
    401: "sign in to the cluster as kubectl does",
    403: "the controller needs get and update on inferenceservices, and get on Knative's revisions",
    404: "rollout.traffic in benison.yaml names the InferenceService and its namespace",
}


@contextlib.contextmanager
def _telling(where: str) -> Iterator[None]:
    """Turns what ends a call into an error that says of whom something was asked."""
    try:
        yield
    except api.ApiException as error:
        raise _refused(where, error) from None
    except configured.ConfigException as error:
        raise AccessError(where, expected="a cluster", got=str(error), hint="name one in a kubeconfig") from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        hint = "look whether the cluster can be reached from here"
        raise ServerError(where, expected="an answer", got=type(error).__name__, hint=hint) from None


def _refused(where: str, error: Any) -> BenisonError:
    got = f"{error.status}: {error.reason}"
    if error.status == 409:
        return ConflictError(where, expected="the service as it was read", got="a change by somebody else")
    if error.status >= 500 or error.status == 429:
        return ServerError(where, expected="a cluster that is well", got=got)
    return AccessError(where, expected="a request that it takes", got=got, hint=_HINTS.get(error.status, ""))
