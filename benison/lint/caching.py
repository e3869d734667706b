"""Tasks of ours that look outside or have effects, and would be answered by a cache."""

from __future__ import annotations

from collections.abc import Iterator

from benison.config.machines import LOCAL
from benison.lint.finding import Finding
from benison.lint.reading import Document
from benison.lint.references import dags

_NEVER_CACHED = ("bundle", "champion_resolver", "example_gen", "monitor", "pusher", "rollout")
_NEVER_HAPPENED = {
    "monitor": "traffic of another day",
    "pusher": "a promotion that never happened",
    "rollout": "a rollout that never happened",
}


def findings(document: Document, target: str) -> Iterator[Finding]:
    """Such tasks with a cache: its key holds neither the registry's state nor the data's.

    The local engine is the same: it reuses by what inputs contain, and these read what is no input.
    """
    executors = document.content.get("deploymentSpec", {}).get("executors", {})
    components = document.content.get("components", {})
    for place, dag in dags(document):
        for name, task in dag.get("tasks", {}).items():
            component = components[task["componentRef"]["name"]]
            ours = _component(executors.get(component.get("executorLabel"), {}))
            if ours in _NEVER_CACHED and task.get("cachingOptions", {}).get("enableCache"):
                where = document.where((*place, "tasks", name, "cachingOptions"))
                yield Finding(where, f"no cache for {ours}", "one", _why(ours, target))


def _component(executor: object) -> str:
    """Which of ours a program calls; empty: none."""
    program = str(executor)
    return next((name for name in _NEVER_CACHED if f"benison.components.{name}.run" in program), "")


def _why(component: str, target: str) -> str:
    what = _NEVER_HAPPENED.get(component, "an old champion, project or snapshot")
    cache = "results of earlier runs" if target == LOCAL else "the server's cache"
    return f"{cache} would answer with {what}; set_caching_options(False)"
