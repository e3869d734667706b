"""Vertex AI as a router: the traffic split of an endpoint, between two models that are deployed there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError, TransportError
from google.cloud import aiplatform_v1 as api
from google.protobuf.field_mask_pb2 import FieldMask

from benison.config.traffic import Vertex
from benison.core import digests
from benison.core.errors import AccessError, BenisonError, ConfigError, ConflictError, ServerError
from benison.delivery.google_answers import SIGN_IN, refused
from benison.delivery.routers import Parties, Split

_SECONDS = 10.0


class VertexRouter:
    """Two models of an endpoint, each deployed under its package's digest as display name.

    Args:
        place: The endpoint.
        parties: The packages.

    Raises:
        AccessError: There are no credentials.
    """

    def __init__(self, place: Vertex, parties: Parties) -> None:
        self._parties, self._region = parties, f"projects/{place.project}/locations/{place.location}"
        self._name = f"{self._region}/endpoints/{place.endpoint}"
        address = place.api or f"https://{place.location}-aiplatform.googleapis.com"
        with _telling(f"{address} (credentials)"):
            self._api = api.EndpointServiceClient(transport="rest", client_options={"api_endpoint": address})

    def check(self) -> None:
        """Makes sure that both packages are deployed, and that the champion has all traffic.

        Raises:
            ConfigError: It is not so.
        """
        endpoint = self._endpoint()
        for package in (self._parties.champion, self._parties.challenger):
            self._id(endpoint, package)
        split = self._split(endpoint)
        if not split.is_at(0):
            hint = "set its traffic split by hand: 100 at the champion"
            raise ConfigError(self._name, expected="all traffic at the champion", got=str(split), hint=hint)

    def read(self) -> Split:
        """What the endpoint's traffic split says."""
        return self._split(self._endpoint())

    def set(self, percent: float) -> None:
        """Sets the split, unless somebody else changed the endpoint since it was read."""
        endpoint, share = self._endpoint(), round(percent)
        champion, challenger = (self._id(endpoint, one) for one in (self._parties.champion, self._parties.challenger))
        wanted = {id: part for id, part in ((champion, 100 - share), (challenger, share)) if part}
        if _parts(endpoint) == wanted:
            return
        changed = api.Endpoint(name=self._name, etag=endpoint.etag, traffic_split=wanted)
        with _telling(self._name):
            self._api.update_endpoint(
                endpoint=changed, update_mask=FieldMask(paths=["traffic_split"]), retry=None, timeout=_SECONDS
            )

    def settle(self, package: str) -> bool:
        """Who has all traffic keeps it; the other one stays deployed, for whoever deployed it to take away."""
        return True

    def deployed(self, packages: Mapping[str, str]) -> dict[str, str]:
        """The numbers of deployed models, by which Vertex tells what each did.

        Args:
            packages: By whatever name the caller has for them.

        Raises:
            BenisonError: One is not deployed, or the API does not answer.
        """
        endpoint = self._endpoint()
        return {name: self._id(endpoint, package) for name, package in packages.items()}

    def _endpoint(self) -> api.Endpoint:
        with _telling(self._name):
            return self._api.get_endpoint(name=self._name, retry=None, timeout=_SECONDS)

    def _split(self, endpoint: api.Endpoint) -> Split:
        parts = _parts(endpoint)
        own = parts.pop(self._id(endpoint, self._parties.challenger), 0)
        parts.pop(self._id(endpoint, self._parties.champion), 0)
        return Split(float(own), f"traffic at deployed model {next(iter(parts))}" if parts else "")

    def _id(self, endpoint: api.Endpoint, package: str) -> str:
        """The deployed model of a package."""
        found = [one.id for one in endpoint.deployed_models if one.display_name == package]
        if len(found) != 1:
            hint = "deploy it with its digest as display name, and no traffic so far:  "
            hint += f"gcloud ai endpoints deploy-model ... --display-name={package}"
            expected = f"one deployed model of package {digests.short(package)}"
            raise ConfigError(self._name, expected=expected, got=str(len(found)), hint=hint)
        return str(found[0])


def _parts(endpoint: api.Endpoint) -> dict[str, int]:
    return {id: int(part) for id, part in endpoint.traffic_split.items() if part}


_HINTS = {
    401: SIGN_IN,
    403: "the controller needs aiplatform.endpoints.get and aiplatform.endpoints.update",
    404: "rollout.traffic in benison.yaml names project, location and endpoint",
}
# How Vertex says that the etag is of an older state.
_OLDER = (409, 412)


@contextlib.contextmanager
def _telling(where: str) -> Iterator[None]:
    """Turns what ends a call into an error that says of whom something was asked."""
    try:
        yield
    except GoogleAPICallError as error:
        raise _refused(where, int(error.code or 500), str(error.message)) from None
    except (requests.RequestException, RetryError, TransportError) as error:
        hint = "look whether the network leads there"
        raise ServerError(where, expected="an answer", got=type(error).__name__, hint=hint) from None
    except GoogleAuthError as error:
        raise AccessError(where, expected="credentials", got=type(error).__name__, hint=SIGN_IN) from None


def _refused(where: str, status: int, said: str) -> BenisonError:
    if status in _OLDER:
        return ConflictError(where, expected="the endpoint as it was read", got="a change by somebody else")
    return refused(where, status, said, _HINTS)
