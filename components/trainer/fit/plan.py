"""plan: the devices, the precision and the seeds of a training, settled before any data are read."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.client import device_lib

from benison.components.trainer.steps.blocks import Blocks
from benison.config import Model as Settings
from benison.core.errors import ConfigError

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How a training is computed.

    Attributes:
        device: CPU, or the names of the GPUs.
        precision: ``float32``, ``bfloat16`` or ``float16``.
        xla: Whether XLA compiles the steps.
        strategy: Spreads a step over several GPUs; None: there is one device.
        room: The bytes of rows that may lie on a GPU; None: they lie in the machine's memory, where they are anyway.
    """

    device: str = "CPU"
    precision: str = "float32"
    xla: bool = False
    strategy: Any = None
    room: int | None = None

    def holds(self, rows: Blocks) -> bool:
        """Whether the rows are to lie on the device, or for lack of one in TensorFlow's own memory."""
        return not rows.on_disk and (self.room is None or rows.nbytes <= self.room)

    @property
    def replicas(self) -> int:
        """Over how many devices a step is spread."""
        return self.strategy.num_replicas_in_sync if self.strategy else 1

    @contextmanager
    def building(self) -> Iterator[None]:
        """Where a model is built that is to be trained so."""
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(POLICIES[self.precision])
        try:
            with self.strategy.scope() if self.strategy else nullcontext():
                yield
        finally:
            keras.config.set_dtype_policy(before)


def seeded(seed: int, *, deterministic: bool = True) -> None:
    """Makes Python, NumPy and TensorFlow repeat themselves; call it before the model is built.

    Raises:
        ConfigError: The seed is one that NumPy does not take.
    """
    if not 0 <= seed < 2**32:
        raise ConfigError("benison.yaml (model.seed)", expected=f"a whole number below {2**32}", got=str(seed))
    # Layers are numbered within a process: without this the names of variables depend on what was built before.
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    if deterministic:
        tf.config.experimental.enable_op_determinism()


def planned(settings: Settings) -> Plan:
    """Looks for GPUs and settles what is left to ``auto``.

    Call it before anything else that starts TensorFlow: GPUs cannot be hidden or told to grow their memory afterwards.

    Raises:
        ConfigError: A GPU is required and none is visible.
    """
    found = tf.config.list_physical_devices("GPU")
    if settings.accelerator == "none":
        with suppress(RuntimeError):
            tf.config.set_visible_devices([], "GPU")
        found = []
    if settings.accelerator == "required" and not found:
        raise _no_gpu()
    for gpu in found:
        # Started already, in a process that trains again: then it was told the first time.
        with suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    details = [tf.config.experimental.get_device_details(gpu) for gpu in found]
    names = [str(detail.get("device_name", gpu.name)) for detail, gpu in zip(details, found, strict=True)]
    capability = min((detail.get("compute_capability", (0, 0)) for detail in details), default=(0, 0))
    return Plan(
        device=", ".join(names) or "CPU",
        precision=precision_of(settings.precision, capability[0]),
        xla=settings.xla == "always" or (settings.xla == "auto" and bool(found) and not settings.deterministic),
        strategy=tf.distribute.MirroredStrategy() if len(found) > 1 else None,
        room=_room() if found else None,
    )


def _room() -> int:
    """A quarter of the smallest GPU's memory; the rest is for the model."""
    # It would take all of the memory at once, unless it is told as well.
    growing = tf.compat.v1.ConfigProto(gpu_options=tf.compat.v1.GPUOptions(allow_growth=True))
    devices = device_lib.list_local_devices(session_config=growing)
    limits = [device.memory_limit for device in devices if device.device_type == "GPU"]
    return int(min(limits, default=0) // 4)


def precision_of(asked: str, capability: int) -> str:
    """What is computed in.

    Args:
        asked: A word of `benison.config.training.PRECISIONS`.
        capability: The major compute capability of the least of the GPUs; 0: there is none.

    >>> [precision_of("auto", capability) for capability in (0, 6, 7, 8, 9)]
    ['float32', 'float32', 'float16', 'bfloat16', 'bfloat16']
    """
    if asked != "auto":
        return asked
    return "bfloat16" if capability >= 8 else "float16" if capability == 7 else "float32"


def _no_gpu() -> ConfigError:
    cuda = "with" if tf.test.is_built_with_cuda() else "without"
    shown = os.environ.get("CUDA_VISIBLE_DEVICES")
    driver = "a driver" if _driver() else "no driver in /proc/driver/nvidia"
    devices = f"{len(list(Path('/dev').glob('nvidia[0-9]*')))} of /dev/nvidia*"
    return ConfigError(
        "benison.yaml (model.accelerator)",
        expected="a GPU that TensorFlow sees, since one is required",
        got=f"none: TensorFlow {tf.__version__} built {cuda} CUDA, {devices}, {driver}, "
        f"CUDA_VISIBLE_DEVICES {'not set' if shown is None else repr(shown)}",
        hint="ask for one where the task is started, or write  accelerator: auto",
    )


def _driver() -> str | None:
    try:
        return Path("/proc/driver/nvidia/version").read_text().splitlines()[0].removeprefix("NVRM version:").strip()
    except (OSError, IndexError):
        return None


def environment(plan: Plan, micro_batch: int) -> Mapping[str, Any]:
    """What a training was done with, as it stands in training.json."""
    threading = tf.config.threading
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "device": plan.device,
        "driver": None if plan.device == "CPU" else _driver(),
        "threads": {
            "intra": threading.get_intra_op_parallelism_threads() or cores,
            "inter": threading.get_inter_op_parallelism_threads() or cores,
        },
        "precision": plan.precision,
        "xla": plan.xla,
        "micro_batch": micro_batch,
        "replicas": plan.replicas,
    }
