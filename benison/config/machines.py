"""CPU, memory, accelerators and machines, as each target spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from benison.core.errors import ConfigError
from benison.core.sections import Section
from benison.core.spelling import nearest

LOCAL, KUBEFLOW, VERTEX = "local", "kubeflow", "vertex"
TARGETS = (LOCAL, KUBEFLOW, VERTEX)

_CPU = re.compile(r"(\d+(?:\.\d+)?)(m?)")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGT]i?)?")
_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_RESOURCE = re.compile(r"[a-z0-9][a-z0-9.-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
# Vertex gives a step at most this much: cloud.google.com/vertex-ai/docs/pipelines/machine-types
VERTEX_CPUS, VERTEX_MEMORY_GB = 96, 624
VERTEX_COUNTS = (1, 2, 4, 8, 16)
# The GPUs among google.cloud.aiplatform_v1.AcceleratorType; the images drive no other kind.
VERTEX_ACCELERATORS = (
    "NVIDIA_A100_80GB",
    "NVIDIA_B200",
    "NVIDIA_GB200",
    "NVIDIA_H100_80GB",
    "NVIDIA_H100_MEGA_80GB",
    "NVIDIA_H200_141GB",
    "NVIDIA_L4",
    "NVIDIA_RTX_PRO_6000",
    "NVIDIA_TESLA_A100",
    "NVIDIA_TESLA_P100",
    "NVIDIA_TESLA_P4",
    "NVIDIA_TESLA_T4",
    "NVIDIA_TESLA_V100",
)
# Gigabytes a CPU in families whose names say all of a machine: cloud.google.com/compute/docs/machine-resource
_GB_PER_CPU = {
    ("e2", "standard"): 4.0,
    ("e2", "highmem"): 8.0,
    ("e2", "highcpu"): 1.0,
    ("n1", "standard"): 3.75,
    ("n1", "highmem"): 6.5,
    ("n1", "highcpu"): 0.9,
    ("n2", "standard"): 4.0,
    ("n2", "highmem"): 8.0,
    ("n2", "highcpu"): 1.0,
    ("g2", "standard"): 4.0,
}
_MACHINE = re.compile(r"([a-z0-9]+)-(standard|highmem|highcpu)-(\d+)")


@dataclass(frozen=True)
class Accelerator:
    """Accelerators of one kind.

    Attributes:
        kind: What the target calls it: ``nvidia.com/gpu`` on Kubernetes, ``NVIDIA_L4`` on Vertex.
        count: How many, from 1.
    """

    kind: str
    count: int


def cores(cpu: str) -> float:
    """CPU cores.

    >>> cores("500m")
    0.5
    """
    number, thousandth = _CPU.fullmatch(cpu).groups()  # type: ignore[union-attr]
    return float(number) / 1000 if thousandth else float(number)


def gigabytes(memory: str) -> float:
    """Memory in units of 10^9 bytes.

    >>> gigabytes("4Gi")
    4.294967296
    """
    number, unit = _MEMORY.fullmatch(memory).groups()  # type: ignore[union-attr]
    return float(number) * _UNITS[unit or ""] / 10**9


def cpu_of(section: Section, target: str, default: str) -> str:
    """``cpu: 4``, ``cpu: 500m``; empty: what the target gives by itself.

    Raises:
        ConfigError: It is no amount of CPUs, or more than the target has.
    """
    cpu = _amount(section, "cpu", default)
    if cpu and (not _CPU.fullmatch(cpu) or not cores(cpu)):
        raise section.error("cpu", "CPU cores, as in 4, 0.5 or 500m", repr(cpu))
    if cpu and target == VERTEX and cores(cpu) > VERTEX_CPUS:
        raise section.error("cpu", f"at most {VERTEX_CPUS}, the most that Vertex gives a task", cpu)
    return cpu


def memory_of(section: Section, target: str, default: str) -> str:
    """``memory: 16G``; empty: what the target gives by itself.

    Raises:
        ConfigError: It is no amount of memory, or more than the target has.
    """
    memory = _amount(section, "memory", default)
    if memory and (not _MEMORY.fullmatch(memory) or not gigabytes(memory)):
        raise section.error("memory", "bytes with a unit, as in 16G or 512Mi", repr(memory))
    if memory and gigabytes(memory) < 0.001:
        raise section.error("memory", "bytes with a unit, as in 16G or 512Mi", memory, f"is {memory}G meant?")
    if memory and target == VERTEX and gigabytes(memory) > VERTEX_MEMORY_GB:
        raise section.error("memory", f"at most {VERTEX_MEMORY_GB}G, the most that Vertex gives a task", memory)
    return memory


def _amount(section: Section, key: str, default: str) -> str:
    value = section.content.get(key)
    if type(value) in (int, float):
        section.asked.add(key)
        return f"{value:g}"
    return section.take(key, str, default)


def machine_of(section: Section) -> tuple[str, str] | None:
    """CPU and memory of ``machine: n2-standard-8``, since Vertex picks a step's machine by them alone; None: not said.

    Raises:
        ConfigError: The name does not say what the machine has, or CPU or memory is said beside it.
    """
    name = section.take("machine", str, "")
    if not name:
        return None
    if twice := [key for key in ("cpu", "memory") if key in section.content]:
        raise section.error(twice[0], "machine, or cpu and memory", "both", "keep one: a machine stands for both")
    found = _MACHINE.fullmatch(name)
    if found is None or (found[1], found[2]) not in _GB_PER_CPU:
        kinds = [f"{family}-{kind}-{{cpus}}" for family, kind in _GB_PER_CPU]
        raise section.error("machine", f"one of {', '.join(kinds)}", repr(name), "else say cpu and memory")
    cpus = int(found[3])
    if not 1 <= cpus <= VERTEX_CPUS:
        raise section.error("machine", f"1 to {VERTEX_CPUS} CPUs", repr(name))
    return str(cpus), f"{cpus * _GB_PER_CPU[found[1], found[2]]:g}G"


def accelerator_of(section: Section, target: str, default: Accelerator | None) -> Accelerator | None:
    """``accelerator: {type: NVIDIA_L4, count: 1}``.

    Raises:
        ConfigError: The target does not call it so, or not so many can be had.
    """
    if "accelerator" not in section.content:
        section.asked.add("accelerator")
        return default
    own = section.section("accelerator")
    kind, count = own.take("type", str), own.whole("count", 1, low=1)
    own.close()
    if wrong := _misnamed(own, target, kind):
        raise wrong
    if target == VERTEX and count not in VERTEX_COUNTS:
        raise own.error("count", f"one of {', '.join(map(str, VERTEX_COUNTS))}", count)
    return Accelerator(kind, count)


def _misnamed(section: Section, target: str, kind: str) -> ConfigError | None:
    if target == VERTEX:
        if kind in VERTEX_ACCELERATORS:
            return None
        hint = "Vertex has no names of Kubernetes" if "/" in kind else nearest(kind, VERTEX_ACCELERATORS)
        return section.error("type", "a GPU by Vertex's name, as in NVIDIA_L4", repr(kind), hint)
    if _RESOURCE.fullmatch(kind):
        return None
    hint = "node_selector picks the kind of GPU" if kind in VERTEX_ACCELERATORS else ""
    return section.error("type", "the name of a Kubernetes resource, as in nvidia.com/gpu", repr(kind), hint)
