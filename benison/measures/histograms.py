"""Histograms of numbers of any scale: quantiles, round edges, and what lies between and beyond them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

MOST_EDGES = 42
_BINS = 40
# Beyond these a width, or its fortieth, is no number any more.
_LEAST, _MOST = 1e-300, 1e300


def quantiles(values: Floats, shares: Sequence[float], weights: Floats | None = None) -> Floats:
    """The least value that at least a share of all weight does not exceed: the inverse of the distribution function.

    Args:
        values: Without NaN.
        shares: Above 0, below 1.
        weights: From 0; None: every value weighs 1.

    Returns:
        One of the values for each share; NaN where nothing weighs anything.

    >>> quantiles(np.array([40.0, 10.0, 30.0, 20.0]), [0.25, 0.5, 0.51]).tolist()
    [10.0, 20.0, 30.0]
    """
    total = float(len(values)) if weights is None else float(weights.sum())
    if not total > 0:
        return np.full(len(shares), math.nan)
    if weights is None:
        places = np.ceil(np.asarray(shares) * total).astype(np.int64) - 1
        return np.asarray(np.partition(values, places)[places], dtype=np.float64)
    order = np.argsort(values, kind="stable")
    until = np.cumsum(weights[order])
    return np.asarray(values[order[np.searchsorted(until, np.asarray(shares) * until[-1])]], dtype=np.float64)


def edges(low: float, high: float) -> Floats:
    """Edges of at most 41 equal bins that hold a range; their width is 1, 2 or 5 times a power of ten.

    Every multiple of the width is the middle of a bin, 0 as well: what is symmetric about 0 looks so, and whole numbers
    lie apart.

    Args:
        low: Where the range begins.
        high: Where it ends, `low` itself included: bins then reach a tenth of it to both sides, or 1 where it is 0.

    Returns:
        Ascending, each once, at most `MOST_EDGES`; none where the range is none, or too wide for a float.

    >>> edges(-7.0, 93.0)[:3].tolist(), float(edges(-7.0, 93.0)[-1])
    ([-7.5, -2.5, 2.5], 97.5)
    """
    if not max(abs(low), abs(high)) <= _MOST:
        return np.zeros(0)
    if high - low < _LEAST:
        room = abs(low) / 10 if abs(low) > _LEAST else 1.0
        low, high = low - room, high + room
    width = _round_width((high - low) / _BINS)
    half = Fraction(1, 2)
    first, last = math.floor(Fraction(low) / width - half), math.ceil(Fraction(high) / width - half)
    # Of exact fractions the nearest floats: 0.05 is 0.05, and not what a sum of tenths comes to.
    return np.unique([float((number + half) * width) for number in range(first, last + 1)])


def _round_width(least: float) -> Fraction:
    power = Fraction(10) ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def columns(values: Floats, edges: Floats, weights: Floats | None = None) -> Floats:
    """What values weigh below the first edge, from each edge to the next, and above the last.

    A value on an edge belongs to the bin above it, and on the last to the bin below, as NumPy has it.

    Args:
        values: Without NaN.
        edges: Ascending, each once, at least two.
        weights: As in `quantiles`.

    Returns:
        One more than there are edges.

    >>> columns(np.array([-3.0, 0.0, 1.0, 2.0, 9.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [1.0, 1.0, 2.0, 1.0]
    """
    places = np.searchsorted(edges, values, side="right")
    places[values == edges[-1]] -= 1
    return np.bincount(places, weights, minlength=len(edges) + 1).astype(np.float64)
