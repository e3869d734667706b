"""Compiled KFP IR as dataclasses: the straight line of lightweight Python components that every engine runs.

What lies outside of it (conditions, loops, importers, containers of their own, installations at run time) is refused,
never skipped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS: Mapping[str, tuple[type, str]] = {
    "STRING": (str, "text"),
    "NUMBER_INTEGER": (int, "a whole number"),
    "NUMBER_DOUBLE": (float, "a number"),
    "BOOLEAN": (bool, "true or false"),
    "LIST": (list, "a list"),
    "STRUCT": (dict, "a mapping"),
}


@dataclass(frozen=True)
class ArtifactType:
    """What KFP calls an artifact: ``system.Dataset``, version ``0.0.1``."""

    title: str
    version: str


@dataclass(frozen=True)
class Parameter:
    """An input parameter of a component or pipeline.

    Attributes:
        kind: One of `KINDS`.
        optional: It may be left out; the default, or else the function's own, then holds.
        default: The value where none is given; None: there is none.
    """

    kind: str
    optional: bool
    default: Any


@dataclass(frozen=True)
class Component:
    """A lightweight Python component.

    Attributes:
        name: Its key in the IR.
        program: The Python source that defines the function.
        function: The function's name.
        environment: Variables that are set before the program is imported.
        accelerated: It asks for a GPU or another accelerator.
        parameters: Input parameters.
        artifacts: Input artifacts; True: may be left out.
        parameter_outputs: Output parameters and their kinds.
        artifact_outputs: Output artifacts and their types.
        image: What it runs in where it runs in a container.
        cpu: How many cores it may use there; 0: all.
        memory_mb: How much memory it may use there, in 10^6 bytes; 0: all.
    """

    name: str
    program: str
    function: str
    environment: Mapping[str, str]
    accelerated: bool
    parameters: Mapping[str, Parameter]
    artifacts: Mapping[str, bool]
    parameter_outputs: Mapping[str, str]
    artifact_outputs: Mapping[str, ArtifactType]
    image: str = ""
    cpu: float = 0.0
    memory_mb: int = 0


@dataclass(frozen=True)
class Constant:
    """A value written into the pipeline."""

    value: Any


@dataclass(frozen=True)
class PipelineParameter:
    """A value that comes with the request for a run."""

    name: str


@dataclass(frozen=True)
class TaskOutput:
    """What another task gives."""

    task: str
    name: str


Source = Constant | PipelineParameter | TaskOutput


@dataclass(frozen=True)
class Task:
    """A component at its place in the pipeline.

    Attributes:
        name: Unique in the pipeline.
        component: What runs.
        parameters: Where each input parameter comes from.
        artifacts: Where each input artifact comes from.
        after: The tasks that must have ended well before.
        cached: Whether an earlier result may stand for it.
        retries: How often it is tried again after it failed.
    """

    name: str
    component: Component
    parameters: Mapping[str, Source]
    artifacts: Mapping[str, TaskOutput]
    after: frozenset[str]
    cached: bool
    retries: int = 0


@dataclass(frozen=True)
class Pipeline:
    """A whole pipeline; `tasks` come in an order in which each follows what it needs."""

    name: str
    parameters: Mapping[str, Parameter]
    tasks: Mapping[str, Task]
    outputs: Mapping[str, TaskOutput]


def typed(kind: str, value: Any) -> Any:
    """A number as the kind that was declared: IR and KFP's executors know floats only."""
    if kind == "NUMBER_INTEGER" and type(value) is float and value.is_integer():
        return int(value)
    if kind == "NUMBER_DOUBLE" and type(value) is int:
        return float(value)
    return value


def fits(kind: str, value: Any) -> bool:
    """Whether a value, as `typed` gives it, is of a kind; a number has to be finite."""
    return type(value) is KINDS[kind][0] and (type(value) is not float or math.isfinite(value))
