"""A loss that is no number: the batch that made it is kept aside, and the training ends."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benison.components.trainer.steps.blocks import Blocks
from benison.core.errors import ModelCodeError
from benison.core.files import write_atomically

FOLDER = "diverged"
_HINT = "lower the learning rate, or clip gradients"


def diverged(
    where: str, epoch: int, step: int, loss: float, rows: npt.NDArray[np.int32], train: Blocks, folder: Path | None
) -> ModelCodeError:
    """The error for a step whose loss is not finite, after its batch was written.

    Args:
        where: The model's file.
        epoch: From 1.
        step: Of the epoch, from 1.
        loss: What it was.
        rows: The numbers of the rows of train that the step took.
        train: All of them.
        folder: Where the batch is put; None: nowhere.
    """
    place = f"{where} (epoch {epoch}, step {step})"
    if folder is None:
        return ModelCodeError(place, expected="a finite loss", got=f"{loss:g}", hint=_HINT)
    file = folder / FOLDER / "batch.npz"
    batch = train.take(rows)
    content, inputs = io.BytesIO(), {f"input/{name}": values for name, values in batch.inputs.items()}
    np.savez(content, rows=rows, label=batch.floats[:, -1], **inputs)
    write_atomically(file, content.getvalue())
    said = {"epoch": epoch, "step": step, "loss": f"{loss:g}", "batch": file.name, "rows": len(rows)}
    write_atomically(file.with_name("diverged.json"), json.dumps(said, indent=1).encode())
    hint = f"{_HINT}; look whether the batch holds something odd, it lies in {file}"
    return ModelCodeError(place, expected="a finite loss", got=f"{loss:g}", hint=hint)


def not_finite(where: str, epoch: int, loss: float, eval_loss: float) -> ModelCodeError:
    """The error for an epoch whose loss on eval is not finite."""
    got = f"{loss:g} on train, {eval_loss:g} on eval"
    return ModelCodeError(f"{where} (epoch {epoch})", expected="a finite loss", got=got, hint=_HINT)
