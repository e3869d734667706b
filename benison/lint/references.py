"""Names in a compiled pipeline that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benison.core.spelling import nearest
from benison.lint.finding import Finding
from benison.lint.reading import Document, Place

_PRODUCERS = ("producerTask", "producerSubtask")


def findings(document: Document) -> Iterator[Finding]:
    """Components, executors and tasks that are named and are not there."""
    components = document.content.get("components", {})
    executors = document.content.get("deploymentSpec", {}).get("executors", {})
    for place, component in document.under("components"):
        label = component.get("executorLabel")
        if label is not None and label not in executors:
            yield _missing(document, (*place, "executorLabel"), "an executor of this file", label, executors)
    for place, dag in dags(document):
        tasks = dag.get("tasks", {})
        for name, task in tasks.items():
            reference, at = task.get("componentRef", {}).get("name"), (*place, "tasks", name)
            if reference not in components:
                yield _missing(document, (*at, "componentRef"), "a component of this file", reference, components)
            for other in task.get("dependentTasks", []):
                if other not in tasks:
                    yield _missing(document, (*at, "dependentTasks"), "a task beside it", other, tasks)
        yield from _producers(document, dag, place, tasks)


def dags(document: Document) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The graph of the pipeline and of each component that is one, with their places."""
    for place, node in document.walk():
        if place[-1] == "dag" and isinstance(node, Mapping) and place[0] in ("root", "components"):
            yield place, node


def _producers(document: Document, node: Any, at: Place, tasks: Mapping[str, Any]) -> Iterator[Finding]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in _PRODUCERS and value not in tasks:
                yield _missing(document, (*at, key), "a task of the same graph", value, tasks)
            yield from _producers(document, value, (*at, str(key)), tasks)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _producers(document, value, (*at, str(index)), tasks)


def _missing(document: Document, place: Place, expected: str, got: Any, known: Mapping[str, Any]) -> Finding:
    return Finding(document.where(place), expected, repr(got), nearest(str(got), known))
