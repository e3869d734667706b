"""Control flow and placeholders that a target does not resolve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benison.config.machines import KUBEFLOW, LOCAL, VERTEX
from benison.lint.finding import Finding
from benison.lint.reading import Document, Place

_TIMES = ("{{$.pipeline_job_create_time_utc}}", "{{$.pipeline_job_schedule_time_utc}}")
_WORKSPACE = "{{$.workspace_path}}"
_ONE_OF = (
    "Kubeflow up to 2.16 fails on them when the run is under way (kubeflow/pipelines #13436); "
    "read each branch's output within the branch"
)


def findings(document: Document, target: str) -> Iterator[Finding]:
    """What a target leaves unresolved; the local engine's own reader says what it refuses."""
    if target == LOCAL:
        return
    for place, node in document.walk():
        if target == KUBEFLOW and _is_one_of(place, node):
            yield Finding(document.where(place), "an output of one task", "dsl.OneOf", _ONE_OF)
        if isinstance(node, str) and "{{$" in node:
            yield from _placeholders(document, place, node, target)


def _is_one_of(place: Place, node: Any) -> bool:
    several = place[-1] == "artifactSelectors" and isinstance(node, list) and len(node) > 1
    return place[-1] == "valueFromOneof" or several


def _placeholders(document: Document, place: Place, text: str, target: str) -> Iterator[Finding]:
    where = document.where(place)
    if target == KUBEFLOW and (found := next((one for one in _TIMES if one in text), "")):
        why = "Kubeflow up to 2.16 hands the placeholder itself to the task (kubeflow/pipelines #12616)"
        yield Finding(where, "a time that comes as a parameter", found, why)
    if target == VERTEX and _WORKSPACE in text:
        yield Finding(where, "artifacts between tasks", "a workspace", "Vertex has none")
