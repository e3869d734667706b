"""order: which rows each step of an epoch takes, and how a step is cut into micro-batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Some megabytes, and some gigabytes at most, for rows of the usual width.
RUN, WINDOW = 1 << 12, 1 << 20


def order_of(seed: int, epoch: int, rows: int, batch_size: int) -> npt.NDArray[np.int32]:
    """The rows of every step of an epoch.

    The rows are shuffled by PCG64 seeded with seed and epoch, so that any epoch's order can be made without those
    before it. What is left over of the last batch takes no part; it is other rows in each epoch. Up to `WINDOW` rows
    every order is equally likely. More are shuffled as runs of `RUN` rows, and then row by row within each `WINDOW`, so
    that what lies on disk is read in pieces; also where they lie in memory, since the machine must not change a model.

    Args:
        seed: Of the training, not negative.
        epoch: From 0.
        rows: How many there are, fewer than 2^31.
        batch_size: Rows of a step. Where there are fewer, the one step takes them all.

    Returns:
        Row numbers [steps, batch_size].

    >>> order_of(1, 0, 7, 3).shape, order_of(1, 0, 2, 3).shape
    ((2, 3), (1, 2))
    """
    shuffled = _shuffled(np.random.Generator(np.random.PCG64([seed, epoch])), rows)
    batch = min(batch_size, rows)
    steps = rows // batch
    return shuffled[: steps * batch].astype(np.int32, copy=False).reshape(steps, batch)


def _shuffled(random: np.random.Generator, rows: int) -> npt.NDArray[Any]:
    if rows <= WINDOW:
        return random.permutation(rows)
    runs = random.permutation(-(-rows // RUN)).astype(np.int32) * RUN
    order = (runs[:, np.newaxis] + np.arange(RUN, dtype=np.int32)).ravel()
    order = order[order < rows]
    for start in range(0, rows, WINDOW):
        random.shuffle(order[start : start + WINDOW])
    return order


def cut(batch: int, micro_batch: int) -> tuple[int, int]:
    """How many whole micro-batches a step has, and how many rows the smaller one after them; 0: there is none.

    >>> cut(256, 64), cut(100, 32)
    ((4, 0), (3, 4))
    """
    return divmod(batch, min(micro_batch, batch))
