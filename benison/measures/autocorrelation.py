"""By how much a sum of differences varies more than its parts, where neighbours in time hang together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# Above it no number of blocks that a rollout has would tell anything.
MOST_AUTOCORRELATION = 0.95
# Memory of up to an hour of 30 s blocks, looked for as soon as there are enough batches to tell.
BATCH_LENGTHS = (4, 8, 16, 32)
MIN_BATCHES = 8
# By simulation: with one, autocorrelation of 0.8 was underestimated too often.
ERRORS_ABOVE = 1.5


def inflation(apart: Floats, weight: Floats) -> Floats:
    """Long-run over plain variance of sqrt(w) (d - estimate) after each block: the greatest of several estimates.

    One is that of a first-order autoregression, quick but blind to memory under much noise; the others come from
    means of batches of blocks, which see any memory but take time.

    Args:
        apart: d, the difference in each block; time along the last axis.
        weight: w, 0 where a block does not count.

    Returns:
        1 or more, after each block.

    Reference:
        Conway (1963). Some tactical problems in digital simulation. Management Science 10, 47-61, for batch means.
    """
    centre = _over(np.cumsum(weight * apart, axis=-1), np.cumsum(weight, axis=-1))
    within = _about(weight, apart, apart, centre)
    found = _autoregressive(apart, weight, centre, within)
    for length in BATCH_LENGTHS:
        if weight.shape[-1] >= MIN_BATCHES * length:
            found = np.maximum(found, _batched(apart, weight, centre, within, length))
    return found


def _autoregressive(apart: Floats, weight: Floats, centre: Floats, within: Floats) -> Floats:
    """(1 + a) / (1 - a), where a is raised by its bias, (1 + 3 a) / n, and where it is above 0 by errors too.

    Reference: Kendall (1954). Note on bias in the estimation of autocorrelation. Biometrika 41, 403-404.
    """
    root = np.sqrt(weight)
    pairs, before = np.zeros_like(root), np.zeros_like(apart)
    pairs[..., 1:], before[..., 1:] = root[..., 1:] * root[..., :-1], apart[..., :-1]
    blocks = np.maximum(np.cumsum(weight > 0, axis=-1), 1)
    found = np.clip(_over(_about(pairs, apart, before, centre), within), -1.0, 1.0)
    error = np.where(found > 0, ERRORS_ABOVE * np.sqrt((1 - found**2) / blocks), 0.0)
    raised = np.clip(found + (1 + 3 * found) / blocks + error, 0.0, MOST_AUTOCORRELATION)
    ratio: Floats = (1 + raised) / (1 - raised)
    return ratio


def _batched(apart: Floats, weight: Floats, centre: Floats, within: Floats, length: int) -> Floats:
    """Squared sums of whole batches over the sum of squares; 1 before there are enough, then held until the next."""
    batches = weight.shape[-1] // length
    root = np.sqrt(weight[..., : batches * length])
    starts = np.arange(0, batches * length, length)
    moved = np.add.reduceat(root * apart[..., : batches * length], starts, axis=-1)
    roots = np.add.reduceat(root, starts, axis=-1)
    ends, counted = starts + length - 1, np.arange(1, batches + 1)
    between = np.cumsum(moved**2, axis=-1) - 2 * centre[..., ends] * np.cumsum(moved * roots, axis=-1)
    between = between + centre[..., ends] ** 2 * np.cumsum(roots**2, axis=-1)
    ratio = _over(between, within[..., ends]) * counted / np.maximum(counted - 1, 1)
    return _held(np.where(counted >= MIN_BATCHES, ratio, 1.0), length, weight.shape[-1])


def _held(found: Floats, length: int, blocks: int) -> Floats:
    """What is known at the end of each batch, until the end of the next; 1 before the first."""
    held = np.repeat(found, length, axis=-1)
    first = np.ones_like(held[..., : length - 1])
    last = np.repeat(found[..., -1:], length, axis=-1)
    joined: Floats = np.concatenate([first, held, last], axis=-1)[..., :blocks]
    return joined


def _about(weight: Floats, one: Floats, two: Floats, centre: Floats) -> Floats:
    """Cumulative sum of weight (one - centre)(two - centre), with the centre at each end."""
    plain, linear = np.cumsum(weight * one * two, axis=-1), np.cumsum(weight * (one + two), axis=-1)
    moved: Floats = plain - centre * linear + centre**2 * np.cumsum(weight, axis=-1)
    return moved


def _over(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return ratio
