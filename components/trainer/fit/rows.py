"""Whether anything can be learned from rows."""

from __future__ import annotations

import logging

from benison.components.trainer.steps.blocks import Blocks
from benison.core.errors import DataError

_log = logging.getLogger(__name__)


def usable(train: Blocks, held: Blocks, batch_size: int) -> None:
    """Makes sure that a model can be fitted to train and judged on eval; warns of what makes that poor.

    Raises:
        DataError: Train has one class only, or a split no rows.
    """
    for split, rows in (("train", train), ("eval", held)):
        if not len(rows):
            raise DataError(f"split {split}", expected="rows", got="none", hint="give it a larger share of the data")
    if (labels := train.labels).min() == labels.max():
        which = "positive" if labels[0] else "negative"
        hint = "take more data: a larger window, or other values under label: in benison.yaml"
        raise DataError("split train", expected="rows of both classes", got=f"{which} ones only", hint=hint)
    if (labels := held.labels).min() == labels.max():
        _log.warning("split eval has rows of one class only, so there is no AUC")
    if len(train) < batch_size:
        rows_of = "split train has %d rows, fewer than model.batch_size, %d: each epoch is one step of all of them"
        _log.warning(rows_of, len(train), batch_size)
