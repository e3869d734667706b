"""Counts that are added to in place, by the million, in as little memory as holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from benison.components.evaluator.tables.buckets import Whole

Integers = npt.NDArray[Any]
_NARROW = np.int32
# More than that many together, and one count might not fit.
_MOST_NARROW = np.iinfo(_NARROW).max


def narrow(counts: Whole) -> Integers:
    """The same counts, in half the memory where they fit."""
    return counts.astype(_NARROW) if counts.max(initial=0) <= _MOST_NARROW else counts


class Counts:
    """Rows of counts, each of one width.

    Args:
        width: How many counts are a row.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._counts: Integers = np.zeros((0, width), _NARROW)
        self._added = 0

    def grow(self, rows: int) -> None:
        """Makes room for rows, with zeros; those that there are stay."""
        if rows > len(self._counts):
            more = np.zeros((rows - len(self._counts), self._width), self._counts.dtype)
            self._counts = np.concatenate([self._counts, more])

    def add(self, places: Whole) -> None:
        """Counts one at each place.

        Args:
            places: Row times width plus column.
        """
        self._added += len(places)
        if self._added > _MOST_NARROW:
            self._counts = self._counts.astype(np.int64, copy=False)
        np.add.at(self._counts.reshape(-1), places, self._counts.dtype.type(1))

    def total(self, rows: Whole) -> Whole:
        """The sum of some rows."""
        return np.asarray(self._counts[rows].sum(axis=0, dtype=np.int64))
