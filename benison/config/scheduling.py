"""Which nodes of a Kubernetes cluster a task may run on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benison.core.sections import Section

OPERATORS = ("Equal", "Exists")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_KEY = re.compile(rf"(?:[a-z0-9](?:[a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}")
_VALUE = re.compile(rf"(?:{_NAME})?")


@dataclass(frozen=True)
class Toleration:
    """A taint that a task puts up with.

    Attributes:
        key: The taint's key; empty: every taint, which asks for `operator` Exists.
        operator: A word of `OPERATORS`.
        value: The taint's value, under Equal.
        effect: A word of `EFFECTS`; empty: all of them.
        seconds: Under NoExecute, how long the task stays on a node that is tainted while it runs; None: until its end.
    """

    key: str
    operator: str
    value: str
    effect: str
    seconds: int | None


def labels_of(section: Section, default: Mapping[str, str]) -> Mapping[str, str]:
    """``node_selector: {pool: gpu}``.

    Raises:
        ConfigError: A key or value is no label of Kubernetes.
    """
    if "node_selector" not in section.content:
        section.asked.add("node_selector")
        return default
    own = section.section("node_selector")
    for key in own.content:
        if not _KEY.fullmatch(str(key)):
            raise own.error(str(key), "a label's key, as in pool or example.org/pool", repr(key))
        if not _VALUE.fullmatch(own.take(key, str)):
            raise own.error(key, "a label's value: letters, digits, - _ and .", repr(own.content[key]))
    return dict(own.content)


def tolerations_of(section: Section, default: tuple[Toleration, ...]) -> tuple[Toleration, ...]:
    """``tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]``.

    Raises:
        ConfigError: Something in it is not understood, or Kubernetes refuses it.
    """
    if "tolerations" not in section.content:
        section.asked.add("tolerations")
        return default
    return tuple(_toleration(own) for own in section.sections("tolerations"))


def _toleration(own: Section) -> Toleration:
    operator = own.choice("operator", OPERATORS, "Equal")
    toleration = Toleration(
        key=own.take("key", str, ""),
        operator=operator,
        value=own.take("value", str, ""),
        effect=own.choice("effect", EFFECTS) if "effect" in own.content else "",
        seconds=own.whole("seconds") if "seconds" in own.content else None,
    )
    own.asked.update(("effect", "seconds"))
    own.close()
    if toleration.key and not _KEY.fullmatch(toleration.key):
        raise own.error("key", "a taint's key, as in nvidia.com/gpu", repr(toleration.key))
    if operator == "Exists" and toleration.value:
        raise own.error("value", "none: Exists asks for no value", repr(toleration.value))
    if not toleration.key and operator != "Exists":
        raise own.error("operator", "Exists where there is no key", repr(operator))
    if toleration.seconds is not None and toleration.effect != "NoExecute":
        raise own.error("seconds", "effect: NoExecute beside it", repr(toleration.effect or "all"))
    return toleration
