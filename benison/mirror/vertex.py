"""A model of Vertex AI's Model Registry and its versions, through google-cloud-aiplatform's client of its API."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import NotFound, from_grpc_status
from google.api_core.operations_v1 import AbstractOperationsClient
from google.cloud import aiplatform_v1 as api
from google.protobuf.field_mask_pb2 import FieldMask

from benison.config.destinations import Destination
from benison.config.mirror import Container, VertexMirror
from benison.core import digests
from benison.core.errors import BrokenError, ServerError
from benison.mirror.artifacts import package_at
from benison.mirror.wanted import PACKAGE
from benison.submit.calls import LIMIT_S
from benison.submit.vertex_connection import SIGN_IN, Connection

DEFAULT = "default"
# Vertex AI copies artifacts and image while it takes a version in; half an hour in all.
_POLLS_S = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *repeat(60.0, 29))
_SAYS = "package "
_UPLOAD = ".UploadModelOperationMetadata"
_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_BUSY = "what was done stays; mirror again later, and it goes on from there"
_HINTS: Mapping[int, str] = {
    400: "mirror.vertex in benison.yaml names image and artifacts; Vertex AI's service agent has to read both",
    401: SIGN_IN,
    403: "ask for roles/aiplatform.user in the project; its Vertex AI service agent reads the bucket and the image",
    404: "mirror.vertex in benison.yaml names project and location",
    409: "somebody else works on the model at this moment; mirror again, and it goes on from what is there",
    429: f"the project's quota is used up; {_BUSY}",
    **dict.fromkeys((500, 502, 503, 504), _BUSY),
}


@dataclass(frozen=True)
class Version:
    """A version as it stands there.

    Attributes:
        id: Its number.
        package: The digest of the package that it is, if a mirror made it; empty: it is somebody else's.
        labels: All of them.
        aliases: All of them.
    """

    id: str
    package: str
    labels: Mapping[str, str]
    aliases: frozenset[str]


class VertexModel:
    """A model; it is made by the first version that is uploaded.

    Args:
        place: Where, and what serves a version.
        name: The name that people see; the id too, unless the place says another.
        pause: Waits for some seconds.

    Raises:
        AccessError: There are no credentials.
    """

    def __init__(self, place: VertexMirror, name: str, pause: Callable[[float], None] = time.sleep) -> None:
        destination = Destination(endpoint=place.api, project=place.project, location=place.location)
        self._server = Connection(destination, api.ModelServiceClient, pause, _HINTS)
        self._operations = Connection(destination, _operations_client, pause, _HINTS)
        self._api, self._container, self._shown = self._server.api, place.container, name
        self._id = place.model or name
        self.name = f"{self._server.parent}/models/{self._id}"

    def versions(self) -> list[Version]:
        """Every version, oldest first; none where there is no such model.

        Raises:
            BenisonError: The API does not answer, or does not let us in; a version contradicts itself.
        """

        def found() -> list[Any]:
            try:
                return list(self._api.list_model_versions(name=self.name, timeout=LIMIT_S))
            except NotFound:
                return []

        return sorted(map(_version, self._server.looked("versions", found)), key=lambda one: int(one.id))

    def wait_for_uploads(self) -> bool:
        """Waits for uploads that are under way, whoever began them, so that none is made twice; whether there were any.

        Raises:
            BenisonError: The API does not answer; or one was not at its end in half an hour.
        """

        def found() -> list[Any]:
            try:
                known = list(self._operations.api.list_operations(self.name, "", retry=None, timeout=LIMIT_S))
            except NotFound:
                return []
            return [one for one in known if one.metadata.type_url.endswith(_UPLOAD) and not one.done]

        under_way = self._operations.looked("uploads", found)
        for operation in under_way:
            self._ended("an upload", operation)
        return bool(under_way)

    def upload(self, package: str, artifacts: str, labels: Mapping[str, str], *, is_first: bool) -> Version:
        """Makes a version, and waits until it is there.

        Args:
            package: The digest of the package.
            artifacts: The folder of a bucket that it lies in.
            labels: Of the version.
            is_first: Whether there is no such model yet; whoever makes it at the same moment is a conflict.

        Raises:
            BenisonError: The API does not take it, or it was not there in half an hour.
        """
        model = api.Model(
            display_name=self._shown,
            description=f"{self._shown}: its versions follow Benison's promotion log, which alone decides",
            version_description=f"{_SAYS}{package}",
            artifact_uri=artifacts,
            container_spec=_spec(self._container),
            labels=labels,
        )
        place = {"model_id": self._id} if is_first else {"parent_model": self.name}
        asked = api.UploadModelRequest(parent=self._server.parent, model=model, **place)
        what = f"version {digests.short(package)}"
        operation = self._server.asked(what, lambda: self._api.upload_model(request=asked, timeout=LIMIT_S))
        ended = self._ended(what, operation.operation)
        made = self._server.asked(what, lambda: _came_to(ended))
        return Version(str(made.model_version_id), package, dict(labels), frozenset())

    def label(self, version: Version, labels: Mapping[str, str]) -> None:
        """Sets labels of a version; others that it has stay.

        Raises:
            BenisonError: The API does not take it.
        """
        model = api.Model(name=f"{self.name}@{version.id}", labels={**version.labels, **labels})
        mask = FieldMask(paths=["labels"])
        self._server.looked("labels", lambda: self._api.update_model(model=model, update_mask=mask, timeout=LIMIT_S))

    def alias(self, version: Version, changes: list[str]) -> None:
        """Gives a version aliases, each of which leaves the version that had it; those after ``-`` it loses.

        Raises:
            BenisonError: The API does not take it.
        """
        name = f"{self.name}@{version.id}"
        self._server.looked(
            "aliases", lambda: self._api.merge_version_aliases(name=name, version_aliases=changes, timeout=LIMIT_S)
        )

    def _ended(self, what: str, operation: Any) -> Any:
        """An operation, once it has ended."""
        name, client = operation.name, self._operations.api
        for wait in _POLLS_S:
            if operation.done:
                break
            self._server.pause(wait)
            operation = self._operations.looked(what, lambda: client.get_operation(name, retry=None, timeout=LIMIT_S))
        if not operation.done:
            raise ServerError(f"{self.name} ({what})", expected="a version", got="none in half an hour", hint=_BUSY)
        return operation


def _operations_client(transport: str, client_options: dict[str, Any]) -> Any:
    """Asks under the path that the API's documentation names; the model client's own would ask under ``/ui/``."""
    return AbstractOperationsClient(transport=transport, client_options=ClientOptions(**client_options, scopes=_SCOPES))


def _version(model: Any) -> Version:
    """One that lacks the label, or whose artifacts are no package, is none of a mirror's.

    Raises:
        BrokenError: It says that it is one, and its artifacts lie elsewhere: else it would be uploaded at every look.
    """
    labels, aliases = dict(model.labels), frozenset(map(str, model.version_aliases))
    package = package_at(model.artifact_uri) if PACKAGE in labels else ""
    if PACKAGE in labels and model.version_description.startswith(_SAYS) and not package:
        where, expected = f"{model.name} (version {model.version_id})", "artifacts in the folder of a package"
        hint = f"take its label {PACKAGE} away, and it counts as somebody else's"
        raise BrokenError(where, expected=expected, got=repr(str(model.artifact_uri)), hint=hint)
    return Version(str(model.version_id), package, labels, aliases)


def _spec(container: Container) -> api.ModelContainerSpec:
    own = bool(container.predict_route or container.health_route)
    return api.ModelContainerSpec(
        image_uri=container.image,
        predict_route=container.predict_route,
        health_route=container.health_route,
        ports=[api.Port(container_port=container.port)] if own else [],
    )


def _came_to(operation: Any) -> Any:
    """What an operation that has ended made.

    Raises:
        GoogleAPICallError: It failed.
    """
    if operation.HasField("error"):
        raise from_grpc_status(operation.error.code, operation.error.message)  # type: ignore[no-untyped-call]
    return api.UploadModelResponse.deserialize(operation.response.value)
