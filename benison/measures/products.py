"""Sums of products."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def dot(one: npt.NDArray[Any], two: npt.NDArray[Any]) -> float:
    """sum(one x two), the same to the last bit on however many cores, and without waiting for busy ones.

    ``one @ two`` is BLAS's, which splits long sums among threads: by as many as there are cores.

    Args:
        one: Numbers [n], or truth values.
        two: Likewise.

    >>> dot(np.array([1.0, 2.0, 4.0]), np.array([True, False, True]))
    5.0
    """
    return float(np.einsum("i,i->", one, two, dtype=np.float64))
