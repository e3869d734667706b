"""Where a target's pipelines are submitted to; who may do so is never said in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benison.config.machines import KUBEFLOW, LOCAL, VERTEX
from benison.core.sections import Section

_HERE = "pipelines run here by themselves; benison run starts them"
_ON_VERTEX = "Vertex is told by project and location"
NOT_THERE = {
    **{(LOCAL, key): _HERE for key in ("pipeline_root", "endpoint", "namespace", "experiment", "project", "location")},
    (KUBEFLOW, "project"): "Kubeflow is told by endpoint and namespace",
    (KUBEFLOW, "location"): "Kubeflow is told by endpoint and namespace",
    (VERTEX, "namespace"): _ON_VERTEX,
    (VERTEX, "experiment"): "Vertex lists runs by project and location",
}
_ROOTS = {KUBEFLOW: re.compile(r"(gs|s3|az|abfs|file)://[^?#\s]+"), VERTEX: re.compile(r"gs://[^?#\s]+")}
_ROOT_WORDS = {KUBEFLOW: "a bucket's folder: gs://, s3://, az://", VERTEX: "a bucket's folder: gs://"}
_ENDPOINT = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PROJECT = re.compile(r"[a-z0-9.:-]+")
_LOCATION = re.compile(r"[a-z]+-[a-z]+[0-9]+")


@dataclass(frozen=True)
class Destination:
    """A server, and where it keeps what its runs make; empty: not said.

    Attributes:
        pipeline_root: The folder of artifacts, and of the projects that are sent; without ``/`` at its end.
        endpoint: The server's address; empty: as the platform's own client finds it.
        namespace: Of Kubernetes, where several people share a Kubeflow.
        experiment: What Kubeflow lists runs under.
        project: Of Google Cloud.
        location: Its region.
    """

    pipeline_root: str = ""
    endpoint: str = ""
    namespace: str = ""
    experiment: str = ""
    project: str = ""
    location: str = ""


def destination_of(section: Section, target: str) -> Destination:
    """Reads where a target's pipelines go.

    Raises:
        ConfigError: Something in it is not understood.
    """
    if target == LOCAL:
        return Destination()
    root = _said(section, "pipeline_root", _ROOTS[target], _ROOT_WORDS[target])
    endpoint = _said(section, "endpoint", _ENDPOINT, "an address as in https://kubeflow.example.org/pipeline")
    if target == KUBEFLOW:
        namespace = _said(section, "namespace", _NAMESPACE, "a namespace of Kubernetes")
        experiment = section.take("experiment", str, "").strip()
        return Destination(root.rstrip("/"), endpoint.rstrip("/"), namespace=namespace, experiment=experiment)
    project = _said(section, "project", _PROJECT, "a project's id")
    location = _said(section, "location", _LOCATION, "a region as in europe-west4")
    return Destination(root.rstrip("/"), endpoint.rstrip("/"), project=project, location=location)


def _said(section: Section, key: str, form: re.Pattern[str], expected: str) -> str:
    said = section.take(key, str, "")
    if said and not form.fullmatch(said):
        # An address may hold a password, which must not be shown.
        got = "one of another form, or with a user, password or ? in it" if key == "endpoint" else repr(said)
        raise section.error(key, expected, got)
    return said
