"""What a target asks of a pipeline, written into its compiled form: pure, from documents to documents."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from benison.config.environment import Secret
from benison.config.machines import LOCAL, Accelerator, cores, gigabytes
from benison.config.retries import Retries
from benison.config.scheduling import Toleration
from benison.config.targets import Settings, Target
from benison.core.errors import ConfigError
from benison.core.spelling import nearest
from benison.engines.ir import KINDS, fits, typed

IR = dict[str, Any]


def applied(spec: IR, target: Target, uncached: Collection[str] = ()) -> list[IR]:
    """A pipeline as a target runs it.

    Args:
        spec: The pipeline as KFP compiles it.
        target: Where it is to run.
        uncached: Components whose results must not be taken from a cache, beside those that the pipeline excludes.

    Returns:
        The pipeline, and where Kubernetes is asked for something of its own, a second document.

    Raises:
        ConfigError: The target names a parameter that the pipeline does not have, or a value of another kind.
    """
    spec = copy.deepcopy(spec)
    executors = spec["deploymentSpec"]["executors"]
    asked: dict[str, IR] = {}
    for label, executor in executors.items():
        component = _component(label)
        settings = target.settings(component)
        executor["container"] = {**executor["container"], **_container(target.image(component), settings)}
        if target.environment:
            own_env = [{"name": name, "value": value} for name, value in sorted(target.environment.items())]
            executor["container"]["env"] = [*executor["container"].get("env", []), *own_env]
        if target.name != LOCAL and (own := _kubernetes(settings, (*target.secrets, *settings.secrets))):
            asked[label] = own
    for task in spec["root"]["dag"]["tasks"].values():
        component = _component(spec["components"][task["componentRef"]["name"]]["executorLabel"])
        task.update(_retry(target.settings(component).retries))
        if component in uncached:
            task["cachingOptions"] = {}
    _set_defaults(spec["root"], target)
    return [spec, {"platforms": {"kubernetes": {"deploymentSpec": {"executors": asked}}}}] if asked else [spec]


def _component(label: str) -> str:
    """``exec-example-gen``, and ``exec-example-gen-2`` where KFP tells two of a kind apart."""
    return re.sub(r"^exec-|-\d+$", "", label).replace("-", "_")


def _container(image: str, settings: Settings) -> IR:
    """Image and resources, each in the field that Kubeflow reads and in the older one that Vertex reads."""
    resources: IR = {}
    if settings.cpu:
        resources |= {"cpuLimit": cores(settings.cpu), "resourceCpuLimit": settings.cpu}
    if settings.memory:
        resources |= {"memoryLimit": gigabytes(settings.memory), "resourceMemoryLimit": settings.memory}
    if settings.accelerator:
        resources["accelerator"] = _accelerator(settings.accelerator)
    return {"image": image, **({"resources": resources} if resources else {})}


def _accelerator(accelerator: Accelerator) -> IR:
    kind, count = accelerator.kind, str(accelerator.count)
    return {"type": kind, "count": count, "resourceType": kind, "resourceCount": count}


def _retry(retries: Retries) -> IR:
    if not retries.count:
        return {}
    policy = {
        "maxRetryCount": retries.count,
        "backoffDuration": f"{retries.backoff_s}s",
        "backoffFactor": retries.factor,
        "backoffMaxDuration": f"{retries.longest_s}s",
    }
    return {"retryPolicy": policy}


def _kubernetes(settings: Settings, secrets: Sequence[Secret]) -> IR:
    """KubernetesExecutorConfig of kfp-kubernetes, as JSON has it: whole numbers of 64 bits are texts."""
    own: IR = {}
    if settings.timeout_minutes:
        own["activeDeadlineSeconds"] = str(round(settings.timeout_minutes * 60))
    if settings.node_selector:
        own["nodeSelector"] = {"labels": dict(settings.node_selector)}
    if settings.tolerations:
        own["tolerations"] = [_toleration(toleration) for toleration in settings.tolerations]
    if secrets:
        own["secretAsEnv"] = [_secret(secret) for secret in secrets]
    return own


def _secret(secret: Secret) -> IR:
    pairs = [{"secretKey": key, "envVar": variable} for key, variable in secret.variables.items()]
    return {"secretName": secret.name, "keyToEnv": pairs}


def _toleration(toleration: Toleration) -> IR:
    said = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
        "tolerationSeconds": "" if toleration.seconds is None else str(toleration.seconds),
    }
    return {key: value for key, value in said.items() if value}


def _set_defaults(root: IR, target: Target) -> None:
    parameters: Mapping[str, IR] = root.get("inputDefinitions", {}).get("parameters", {})
    for name, value in target.parameters.items():
        where = f"benison.yaml (targets.{target.name}.parameters.{name})"
        if name not in parameters:
            hint = nearest(name, parameters)
            raise ConfigError(where, expected="a parameter of the pipeline", got=repr(name), hint=hint)
        kind = parameters[name]["parameterType"]
        if not fits(kind, typed(kind, value)):
            raise ConfigError(where, expected=KINDS[kind][1], got=repr(value))
        whole_as_float = float(value) if type(value) is int else value
        parameters[name].update(defaultValue=whole_as_float, isOptional=True)
