"""targets: in benison.yaml: what the same pipeline asks of each place where it runs. All of it is optional."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benison.config.destinations import NOT_THERE, Destination, destination_of
from benison.config.environment import Secret, secrets_of, variables_of
from benison.config.machines import (
    KUBEFLOW,
    LOCAL,
    TARGETS,
    VERTEX,
    Accelerator,
    accelerator_of,
    cpu_of,
    machine_of,
    memory_of,
)
from benison.config.retries import NEVER, USUAL, Retries, retries_of
from benison.config.scheduling import Toleration, labels_of, tolerations_of
from benison.core.images import GROUP_OF, IMAGES
from benison.core.sections import Section
from benison.core.spelling import nearest

GPU = "train-gpu"
_ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+\.gserviceaccount\.com")
_KUBERNETES_ACCOUNT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*")
# Its effects lie in the registry, and nobody but a person should try them a second time.
_WITH_EFFECTS = "pusher"
_NO_TIME_LIMIT = "Vertex has no time limit for a task; cancel the run instead"
_ELSEWHERE = {
    **NOT_THERE,
    (LOCAL, "retries"): "what fails here fails again; what succeeded is reused when the run is started again",
    (LOCAL, "node_selector"): "this machine has no other nodes",
    (LOCAL, "tolerations"): "this machine has no other nodes",
    (LOCAL, "machine"): "this machine is the one there is; say cpu and memory",
    (LOCAL, "service_account"): "runs on this machine are yours",
    (LOCAL, "parameters"): "benison run fills them in",
    (LOCAL, "environment"): "what the shell has, tasks here have",
    (LOCAL, "secrets"): "what the shell has, tasks here have",
    (VERTEX, "secrets"): "Vertex has no secrets of Kubernetes; its service account is let in",
    (KUBEFLOW, "machine"): "Kubernetes picks nodes by cpu, memory and node_selector",
    (VERTEX, "node_selector"): "Vertex picks machines by cpu, memory and accelerator",
    (VERTEX, "tolerations"): "Vertex has no taints",
    (VERTEX, "timeout_minutes"): _NO_TIME_LIMIT,
}


@dataclass(frozen=True)
class Settings:
    """What one component asks for; empty and None: what the target gives by itself.

    Attributes:
        image: The image it runs in, in the place of Benison's.
        cpu: CPU cores, as in ``4`` or ``500m``.
        memory: Bytes with a unit, as in ``16G``.
        accelerator: GPUs.
        retries: How often a failed task is tried again.
        timeout_minutes: How long a task may take.
        node_selector: Labels of the nodes it may run on.
        tolerations: Taints of nodes that it puts up with.
        secrets: Secrets of Kubernetes that become variables of its tasks, beside those of every task.
    """

    image: str = ""
    cpu: str = ""
    memory: str = ""
    accelerator: Accelerator | None = None
    retries: Retries = NEVER
    timeout_minutes: float | None = None
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True)
class Target:
    """A place where pipelines run, and what is asked of it.

    Attributes:
        name: One of `TARGETS`.
        images: References by group of components, as `IMAGES` has them.
        usual: What components ask for that are not among `components`.
        components: What each component of its own asks for.
        parameters: Values of the pipeline's parameters that a run need not name.
        service_account: Whom runs act as; empty: the server's default.
        destination: Where `benison submit` sends it.
        environment: Variables of every task, by name; nothing secret.
        secrets: Secrets of Kubernetes that become variables of every task.
    """

    name: str
    images: Mapping[str, str]
    usual: Settings
    components: Mapping[str, Settings]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    service_account: str = ""
    destination: Destination = field(default_factory=Destination)
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()

    def settings(self, component: str) -> Settings:
        """What a component asks for."""
        return self.components.get(component, self.usual)

    def image(self, component: str) -> str:
        """The image of a component: its own, else its group's, else that with CUDA where it has GPUs."""
        own = self.settings(component)
        return own.image or self.images[GPU if own.accelerator else GROUP_OF[component]]


def targets_of(section: Section) -> dict[str, Target]:
    """Reads ``targets:``; a target that is not said is there with its defaults.

    Raises:
        ConfigError: Something in it is not understood, or a target does not have it.
    """
    found = {name: _target(section.section(name, optional=True), name) for name in TARGETS}
    section.close()
    return found


def usual(name: str) -> Target:
    """A target of which nothing is said."""
    return _target(Section("", {}), name)


def _target(section: Section, name: str) -> Target:
    _has(section, name)
    images = _images(section)
    settings = _settings(section, name, Settings(retries=NEVER if name == LOCAL else USUAL))
    target = Target(
        name=name,
        images=images,
        usual=settings,
        components=_components(section, name, settings),
        parameters=section.take("parameters", dict, {}),
        service_account=_service_account(section, name),
        destination=destination_of(section, name),
        environment=variables_of(section),
        secrets=secrets_of(section),
    )
    section.close()
    return target


def _has(section: Section, target: str) -> None:
    """Refuses what the target has not, with the reason."""
    for key in section.content:
        if why := _ELSEWHERE.get((target, str(key))):
            raise section.error(str(key), f"nothing: {target} has none", "one", why)


def _components(section: Section, target: str, usual: Settings) -> dict[str, Settings]:
    own = section.section("components", optional=True)
    for name in own.content:
        if name not in GROUP_OF:
            raise own.error(str(name), "a component", repr(name), nearest(str(name), GROUP_OF))
    cautious = Settings(**{**vars(usual), "retries": NEVER})
    found = {_WITH_EFFECTS: cautious}
    for name in own.content:
        found[name] = _component(own.section(name), target, name, cautious if name == _WITH_EFFECTS else usual)
    return found


def _component(section: Section, target: str, name: str, usual: Settings) -> Settings:
    _has(section, target)
    if target == LOCAL and "timeout_minutes" in section.content:
        raise section.error("timeout_minutes", "one for all tasks", "one of a component", "say it under targets.local")
    image = _image(section, "image") if "image" in section.content else ""
    accelerator = accelerator_of(section, target, None)
    if accelerator and not image and GROUP_OF[name] != "train":
        raise section.error("accelerator", "an image with CUDA beside it", "none", "only the trainer's image has one")
    settings = _settings(section, target, Settings(**{**vars(usual), "image": image, "accelerator": accelerator}))
    secrets = secrets_of(section)
    section.close()
    return replace(settings, secrets=secrets)


def _settings(section: Section, target: str, usual: Settings) -> Settings:
    machine = machine_of(section) or (usual.cpu, usual.memory)
    return Settings(
        image=usual.image,
        accelerator=usual.accelerator,
        cpu=cpu_of(section, target, machine[0]),
        memory=memory_of(section, target, machine[1]),
        retries=retries_of(section, usual.retries),
        timeout_minutes=_timeout(section, usual.timeout_minutes),
        node_selector=labels_of(section, usual.node_selector),
        tolerations=tolerations_of(section, usual.tolerations),
    )


def _timeout(section: Section, default: float | None) -> float | None:
    if "timeout_minutes" not in section.content:
        section.asked.add("timeout_minutes")
        return default
    return section.number("timeout_minutes", low=1, high=30 * 24 * 60)


def _images(section: Section) -> dict[str, str]:
    """A registry's folder before Benison's names, or a whole reference for each group."""
    said = section.content.get("images")
    if said is None:
        section.asked.add("images")
        return dict(IMAGES)
    if isinstance(said, str):
        prefix = _image(section, "images").rstrip("/")
        return {group: f"{prefix}/{image}" for group, image in IMAGES.items()}
    own = section.section("images")
    found = {group: _image(own, group) if group in own.content else image for group, image in IMAGES.items()}
    own.asked.update(IMAGES)
    own.close()
    return found


def _image(section: Section, key: str) -> str:
    said = section.take(key, str)
    if not _IMAGE.fullmatch(said):
        raise section.error(key, "an image, as in registry.example.org/ml/name:tag", repr(said))
    return said


def _service_account(section: Section, target: str) -> str:
    said = section.take("service_account", str, "")
    if said and target == VERTEX and not _ACCOUNT.fullmatch(said):
        raise section.error("service_account", "NAME@PROJECT.iam.gserviceaccount.com", repr(said))
    if said and not (target == VERTEX or _KUBERNETES_ACCOUNT.fullmatch(said)):
        raise section.error("service_account", "a service account of Kubernetes", repr(said))
    return said
