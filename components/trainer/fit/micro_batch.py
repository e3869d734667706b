"""How many rows go through the model at once: as many as pays, and half of it where the memory ends."""

from __future__ import annotations

import logging
import time

import numpy as np
import numpy.typing as npt

from benison.components.trainer.steps.protocol import Steps
from benison.config import Model as Settings
from benison.core.errors import ModelCodeError

_SMALLEST_TRIED = 32
_LEAST_GAIN = 1.05
_TRIED_SECONDS = 0.1
_log = logging.getLogger(__name__)


def first(settings: Settings, steps: Steps, order: npt.NDArray[np.int32]) -> int:
    """The micro-batch that a training begins with.

    Where it is left open, it is the whole batch if the training must repeat, since a micro-batch found by the clock
    would round otherwise the next time; else the one from which on a larger one is hardly faster.

    Args:
        settings: The training's.
        steps: Tried out, and left as they were.
        order: Row numbers [steps, batch size].
    """
    batch: int = order.shape[1]
    if settings.micro_batch is not None:
        return min(settings.micro_batch, batch)
    return batch if settings.deterministic else found(steps, order)


def found(steps: Steps, order: npt.NDArray[np.int32]) -> int:
    """Doubles the micro-batch until that makes steps less than 5% faster, or the memory ends."""
    batch, state = order.shape[1], steps.state()
    size, best = min(_SMALLEST_TRIED, batch), (0.0, min(_SMALLEST_TRIED, batch))
    while True:
        rate = _rate(steps, order, size)
        if not rate or rate < best[0] * _LEAST_GAIN:
            break
        best = (rate, size)
        if size == batch:
            break
        size = min(2 * size, batch)
    steps.restore(state)
    _log.info("micro-batch: %d of %d rows, at %.0f rows a second", best[1], batch, best[0])
    return best[1]


def _rate(steps: Steps, order: npt.NDArray[np.int32], size: int) -> float:
    """Rows a second; 0 where they do not fit."""
    steps.micro_batch = size
    one = order[:1]
    try:
        steps.run(steps.load(one))
        start, done = time.perf_counter(), 0
        while (taken := time.perf_counter() - start) < _TRIED_SECONDS:
            steps.run(steps.load(one))
            done += 1
    except Exception as error:
        if not steps.out_of_memory(error):
            raise
        return 0.0
    return done * order.shape[1] / taken


def halved(micro_batch: int, where: str) -> int:
    """Half of it.

    Raises:
        ModelCodeError: It is one row.
    """
    if micro_batch == 1:
        raise ModelCodeError(
            where,
            expected="a model that fits into memory with one row at a time",
            got="one that does not",
            hint="take a smaller model, or a machine with more memory",
        )
    _log.warning("out of memory with micro-batches of %d rows: half of it from here on", micro_batch)
    return micro_batch // 2
