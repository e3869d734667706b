"""Images, accelerators and amounts that a target does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from benison.config.machines import LOCAL, VERTEX, VERTEX_ACCELERATORS, VERTEX_COUNTS, VERTEX_CPUS, VERTEX_MEMORY_GB
from benison.core.spelling import nearest
from benison.lint.finding import WARNING, Finding
from benison.lint.reading import Document, Place

_EXECUTORS = ("deploymentSpec", "executors")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_TAG = re.compile(r":([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$")


def findings(document: Document, target: str) -> Iterator[Finding]:
    """What of each executor's container a cluster cannot give."""
    if target == LOCAL:
        return
    yield from _of_nobody(document)
    for place, executor in document.under(*_EXECUTORS):
        container = executor.get("container")
        if not isinstance(container, Mapping):
            continue
        at = (*place, "container")
        yield from _image(document, (*at, "image"), str(container.get("image", "")))
        yield from _installs(document, (*at, "command"), container.get("command", []))
        resources = container.get("resources", {})
        yield from _accelerator(document, (*at, "resources", "accelerator"), resources.get("accelerator", {}), target)
        if target == VERTEX:
            yield from _amounts(document, (*at, "resources"), resources)


def _image(document: Document, place: Place, image: str) -> Iterator[Finding]:
    if "{{" in image:
        return
    where, tag = document.where(place), _TAG.search(image.rpartition("/")[2])
    if not _DIGEST.search(image) and tag is None:
        why = "without them a run cannot be repeated, and nodes keep what they pulled first"
        yield Finding(where, "an image with a tag or digest", repr(image), why)
    elif tag is not None and tag[1] == "latest" and not _DIGEST.search(image):
        why = "latest is another image tomorrow, and caches do not notice"
        yield Finding(where, "a tag that stays", repr(image), why)


def _of_nobody(document: Document) -> Iterator[Finding]:
    """One warning for all images that name no registry."""
    images = [executor.get("container", {}).get("image", "") for _, executor in document.under(*_EXECUTORS)]
    if found := sorted({image for image in images if not _has_host(image)}):
        why = "they are pulled from Docker Hub unless nodes have them; say images: under targets: in benison.yaml"
        where = document.where(_EXECUTORS)
        yield Finding(where, "images of a registry that is named", ", ".join(found), why, WARNING)


def _has_host(image: str) -> bool:
    host, slash, _ = image.partition("/")
    return "{{" in image or not image or bool(slash and re.search(r"[.:]|^localhost$", host))


def _installs(document: Document, place: Place, command: Any) -> Iterator[Finding]:
    if any("pip install" in str(part) for part in command):
        why = "what it gets differs from day to day; put it into the image"
        yield Finding(document.where(place), "what is installed already", "an installation at run time", why, WARNING)


def _accelerator(document: Document, place: Place, said: Mapping[str, Any], target: str) -> Iterator[Finding]:
    kind = str(said.get("resourceType") or said.get("type") or "")
    if not kind or "{{" in kind:
        return
    where = document.where(place)
    if target != VERTEX:
        if "/" not in kind:
            why = "Kubeflow asks Kubernetes for a resource of this name, and no node has it: the task waits for ever"
            yield Finding(where, "a resource of Kubernetes, as in nvidia.com/gpu", repr(kind), why)
        return
    if kind not in VERTEX_ACCELERATORS and not kind.startswith("TPU_"):
        yield Finding(where, "an accelerator by Vertex's name", repr(kind), nearest(kind, VERTEX_ACCELERATORS))
    count = str(said.get("resourceCount") or said.get("count") or "1")
    if kind.startswith("NVIDIA") and count not in map(str, VERTEX_COUNTS):
        yield Finding(where, f"{', '.join(map(str, VERTEX_COUNTS))} accelerators", count, "Vertex has no such machine")


def _amounts(document: Document, place: Place, resources: Mapping[str, Any]) -> Iterator[Finding]:
    for key, most in (("cpuLimit", VERTEX_CPUS), ("memoryLimit", VERTEX_MEMORY_GB)):
        if float(resources.get(key, 0)) > most:
            where = document.where((*place, key))
            yield Finding(where, f"at most {most}", f"{resources[key]:g}", "Vertex gives a task no more")
