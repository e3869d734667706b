"""The second document of a compiled pipeline: what it asks of one platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2

from benison.config.machines import KUBEFLOW, LOCAL, VERTEX
from benison.core.spelling import nearest
from benison.lint.finding import Finding
from benison.lint.protos import strict
from benison.lint.reading import Document

_ONE = {
    LOCAL: "the local engine reads no platform's settings; compile it without kfp.kubernetes",
    VERTEX: "Vertex refuses a second document; compile it without kfp.kubernetes, dsl.PipelineConfig and a workspace",
}
# What Benison writes itself, and what KubernetesExecutorConfig has it be in JSON.
_OWN = {"activeDeadlineSeconds": str, "nodeSelector": Mapping, "tolerations": list, "secretAsEnv": list}


def findings(others: Sequence[Document], target: str) -> Iterator[Finding]:
    """What of the documents after the first a target does not take."""
    for document in others:
        if target != KUBEFLOW:
            yield Finding(document.where(next(iter(document.lines), ())), "one document", "a second one", _ONE[target])
            continue
        wrong = list(strict(document, (), spec_pb2.PlatformSpec()))
        yield from wrong or _platforms(document)


def _platforms(document: Document) -> Iterator[Finding]:
    for place, _ in document.under("platforms"):
        if place[-1] != "kubernetes":
            yield Finding(document.where(place), "the platform kubernetes", repr(place[-1]))
    for place, executor in document.under("platforms", "kubernetes", "deploymentSpec", "executors"):
        message = _message()
        yield from strict(document, place, message) if message else _by_own_list(document, place, executor)


def _message() -> Any:
    """KubernetesExecutorConfig, where kfp-kubernetes is installed."""
    try:
        from kfp.kubernetes import kubernetes_executor_config_pb2
    except ImportError:
        return None
    return kubernetes_executor_config_pb2.KubernetesExecutorConfig()


def _by_own_list(document: Document, place: tuple[str, ...], executor: Any) -> Iterator[Finding]:
    for key, value in executor.items() if isinstance(executor, Mapping) else ():
        where = document.where((*place, str(key)))
        if key not in _OWN:
            hint = f"{nearest(str(key), _OWN)}; install kfp-kubernetes to have all its settings checked"
            yield Finding(where, "a setting of Kubernetes that can be checked", repr(key), hint)
        elif not isinstance(value, _OWN[key]):
            yield Finding(where, f"what KubernetesExecutorConfig has for {key}", repr(value))
