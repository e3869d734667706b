"""What a model is fitted to, and whether anything can be learned from it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from benison.components.trainer.steps.blocks import Blocks, pack
from benison.core.errors import DataError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rows:
    """The rows of a split.

    Attributes:
        inputs: By input name an array [n, width], float32 or int32.
        labels: n values, 0 or 1.
    """

    inputs: Mapping[str, npt.NDArray[Any]]
    labels: npt.NDArray[Any]

    def packed(self) -> Blocks:
        """The same in two arrays."""
        return pack(self.inputs, self.labels)


def usable(train: Rows, held: Rows, batch_size: int) -> None:
    """Makes sure that a model can be fitted to train and judged on eval; warns of what makes that poor.

    Raises:
        DataError: Train has one class only, or a split no rows.
    """
    for split, rows in (("train", train), ("eval", held)):
        if not len(rows.labels):
            raise DataError(f"split {split}", expected="rows", got="none", hint="give it a larger share of the data")
    if train.labels.min() == train.labels.max():
        which = "positive" if train.labels[0] else "negative"
        hint = "take more data: a larger window, or other values under label: in benison.yaml"
        raise DataError("split train", expected="rows of both classes", got=f"{which} ones only", hint=hint)
    if held.labels.min() == held.labels.max():
        _log.warning("split eval has rows of one class only, so there is no AUC")
    if len(train.labels) < batch_size:
        rows_of = "split train has %d rows, fewer than model.batch_size, %d: each epoch is one step of all of them"
        _log.warning(rows_of, len(train.labels), batch_size)
