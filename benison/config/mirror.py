"""mirror: in benison.yaml: another registry that shows what the promotion log says. All of it is optional."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benison.core.sections import Section

_PROJECT = re.compile(r"[a-z0-9.:-]+")
_LOCATION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_FOLDER = re.compile(r"gs://[^/?#\s]+(/[^?#\s]+)?")
_IMAGE = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)+(:[A-Za-z0-9_.-]+)?(@sha256:[0-9a-f]{64})?")
_MODEL = re.compile(r"[a-z_][a-z0-9_-]{0,62}")
_ROUTE = re.compile(r"/[^\s?#]*")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+")


@dataclass(frozen=True)
class Container:
    """What serves a version where somebody deploys it.

    Attributes:
        image: The container image: a ready-made one of Vertex AI's, or one's own.
        predict_route: The HTTP path of predictions; empty: the image's own, as with a ready-made one.
        health_route: Likewise of the state of health.
        port: Where it listens.
    """

    image: str
    predict_route: str = ""
    health_route: str = ""
    port: int = 8080


@dataclass(frozen=True)
class VertexMirror:
    """A model of Vertex AI's Model Registry that shows what the promotion log says.

    Attributes:
        project: Of Google Cloud.
        location: Its region.
        artifacts: The bucket's folder that packages are copied to; without ``/`` at its end.
        container: What serves a version.
        model: The id of the model there; empty: the project's name.
        api: The API's address; empty: the region's own.
    """

    project: str
    location: str
    artifacts: str
    container: Container
    model: str = ""
    api: str = ""


def mirror_of(section: Section) -> VertexMirror:
    """Reads ``mirror:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    vertex = section.section("vertex")
    section.close()
    mirror = VertexMirror(
        project=_said(vertex, "project", _PROJECT, "a project's id"),
        location=_said(vertex, "location", _LOCATION, "a region as in europe-west4"),
        artifacts=_said(vertex, "artifacts", _FOLDER, "a bucket's folder: gs://").rstrip("/"),
        container=_container(vertex),
        model=_said(vertex, "model", _MODEL, "up to 63 of a to z, 0 to 9, - and _, no digit or - first", ""),
        api=_api(vertex),
    )
    vertex.close()
    return mirror


def _container(section: Section) -> Container:
    port = section.whole("port", 8080, low=1)
    if port > 65535:
        raise section.error("port", "a port from 1 to 65535", port)
    return Container(
        image=_said(section, "image", _IMAGE, "an image, as in europe-west4-docker.pkg.dev/acme/ml/name:tag"),
        predict_route=_said(section, "predict_route", _ROUTE, "a path that begins with /", ""),
        health_route=_said(section, "health_route", _ROUTE, "a path that begins with /", ""),
        port=port,
    )


def _api(section: Section) -> str:
    said = section.take("api", str, "")
    if said and not _ADDRESS.fullmatch(said):
        # It may hold a password, which must not be shown.
        raise section.error("api", "an address as in https://10.0.0.7", "one of another form, or with a user in it")
    return said


def _said(section: Section, key: str, form: re.Pattern[str], expected: str, default: str | None = None) -> str:
    said = section.take(key, str) if default is None else section.take(key, str, default)
    if said != default and not form.fullmatch(said):
        raise section.error(key, expected, repr(said))
    return said
