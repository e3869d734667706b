"""checkpoints: a training's state on disk or in an object store, for the retry of a task that was taken away."""

from __future__ import annotations

import io
import json
import logging
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benison.components.trainer.fit.progress import Epoch, Progress
from benison.components.trainer.fit.speed import Speed
from benison.components.trainer.steps.protocol import Arrays, variables_of
from benison.core import digests
from benison.core.errors import BenisonError
from benison.sources.blobs import Blobs, blobs_at

KEPT = 2
_KINDS = ("state/", "best/")
_NAME = re.compile(r"(\d{8})-([0-9a-f]{64})\.npz")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """What a checkpoint holds.

    Attributes:
        progress: Of the training.
        state: The variables of model and optimizer.
        callbacks: What of each callback JSON can hold.
    """

    progress: Progress
    state: Arrays
    callbacks: list[dict[str, Any]]


class Checkpoints:
    """The checkpoints of one training, by the digest of all that it depends on.

    A file is named by its number and the digest of its bytes, so that half a file or a changed one is known as such.

    Args:
        blobs: Where they lie.
        key: The digest of what the training depends on.
        minutes: Time between two of them.
    """

    def __init__(self, blobs: Blobs, key: str, minutes: float) -> None:
        self._blobs, self._key, self._minutes = blobs, key, minutes
        self._saved_at = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for the next."""
        return time.monotonic() - self._saved_at >= 60 * self._minutes

    def save(self, saved: Saved, model: Any) -> None:
        """Writes one, and removes all but the one before it."""
        content = _packed(saved, {"key": self._key, "variables": _signature(model)})
        known = self._names()
        number = int(known[-1][:8]) + 1 if known else 1
        self._blobs.put(f"{number:08d}-{digests.of_bytes(content).removeprefix(digests.PREFIX)}.npz", content)
        for old in known[: len(known) + 1 - KEPT]:
            self._blobs.remove(old)
        self._saved_at = time.monotonic()
        _log.info("checkpoint %d: epoch %d, step %d", number, saved.progress.epoch + 1, saved.progress.step)

    def newest(self, model: Any) -> Saved | None:
        """The newest one that is whole and of this training; None: there is none."""
        for name in reversed(self._names()):
            try:
                return self._read(name, model)
            except (ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
                _log.warning("checkpoint %s is not used: %s", self._blobs.where(name), error)
        return None

    def clear(self) -> None:
        """Removes them all; nobody needs them once the training is done."""
        for name in self._names():
            try:
                self._blobs.remove(name)
            except BenisonError as error:
                _log.warning("checkpoint %s could not be removed: %s", self._blobs.where(name), error)

    def _names(self) -> list[str]:
        return [name for name in self._blobs.names() if _NAME.fullmatch(name)]

    def _read(self, name: str, model: Any) -> Saved:
        content = self._blobs.get(name)
        if content is None:
            raise ValueError("it is gone")
        if digests.of_bytes(content) != digests.PREFIX + name[9:-4]:
            raise ValueError("its bytes are not those that were written")
        return _unpacked(content, {"key": self._key, "variables": _signature(model)})


def checkpoints_at(root: str, key: str, minutes: float) -> Checkpoints | None:
    """The checkpoints of a training below a place; None where the place is empty.

    Raises:
        DataError: The place is neither a folder nor one of an object store.
    """
    if not root:
        return None
    return Checkpoints(blobs_at(root, digests.as_folder_name(key), "checkpoint_root"), key, minutes)


def _signature(model: Any) -> list[Any]:
    """What variables there are, so that those of another model are not mistaken for them."""
    return [[variable.path, list(variable.shape), str(variable.dtype)] for variable in variables_of(model)]


def _packed(saved: Saved, identity: Mapping[str, Any]) -> bytes:
    progress = saved.progress
    told = {
        **identity,
        "progress": {
            "epoch": progress.epoch,
            "step": progress.step,
            "loss_sum": progress.loss_sum.hex(),
            "micro_batch": progress.micro_batch,
            "halved": progress.halved,
            "stopped": progress.stopped,
            "best_epoch": progress.best.epoch,
        },
        "curves": [asdict(epoch) for epoch in progress.curves],
        "speed": [speed.kept() for speed in progress.speed],
        "callbacks": saved.callbacks,
    }
    arrays = {f"state/{n:05d}": array for n, array in enumerate(saved.state)}
    arrays |= {f"best/{n:05d}": array for n, array in enumerate(progress.weights)}
    content = io.BytesIO()
    # NaN, an AUC that is not defined, is written and read as Python does.
    np.savez(content, told=np.frombuffer(json.dumps(told).encode(), np.uint8), **arrays)
    return content.getvalue()


def _unpacked(content: bytes, identity: Mapping[str, Any]) -> Saved:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        told = json.loads(file["told"].tobytes())
        if {name: told[name] for name in identity} != identity:
            raise ValueError("it is of another training")
        state, best = ([file[name] for name in sorted(file.files) if name.startswith(kind)] for kind in _KINDS)
    curves = [Epoch(**epoch) for epoch in told["curves"]]
    kept = told["progress"]
    kept["loss_sum"] = float.fromhex(kept["loss_sum"])
    best_epoch = kept.pop("best_epoch")
    progress = Progress(**kept, curves=curves, speed=[Speed(**speed) for speed in told["speed"]], weights=best)
    progress.best = next((epoch for epoch in curves if epoch.epoch == best_epoch), progress.best)
    return Saved(progress, state, told["callbacks"])
