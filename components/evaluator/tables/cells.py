"""Cells: the crosses of slice columns that occur, one number each, and the slices that they add up to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benison.components.evaluator.tables.buckets import Whole
from benison.components.evaluator.tables.coding import Coding
from benison.eval_config import Slicing
from benison.metrics.slice import MOST, Keys

Combination = tuple[int, ...]
# Combinations that have a number of 64 bits.
_MOST_MIXED = 1 << 62
# Combinations that are looked up, and not searched for.
_LOOKED_UP = 1 << 16
_NEW = -2
# A cross with more cells would need more memory than its slices on their own, each row counted in each of them.
_CROSSED = 256


@dataclass
class Cells:
    """Cells of one cross of columns.

    Attributes:
        columns: Their names.
        slicings: Those whose slices the cells add up to.
        whole: Whether they say what all rows together are, too.
        rest: Whether combinations in none of the slices share one cell.
        numbers: The number of each combination of values that occurs, from 0.
    """

    columns: tuple[str, ...]
    slicings: tuple[Slicing, ...]
    whole: bool
    rest: bool
    numbers: dict[Combination, int] = field(default_factory=dict)
    _groups: Whole = field(default_factory=lambda: np.zeros(0, np.int64))
    _sizes: Sequence[int] = ()

    def groups(
        self, labels: Whole, positive: Sequence[bool], columns: Sequence[Whole], codings: Sequence[Coding]
    ) -> Whole | None:
        """Twice the row's cell, and one more where it is positive; -1 where it has no label.

        None where there are more cells than can be counted together; they are then those from before.

        Args:
            labels: The number of each row's label.
            positive: Of each label's number whether it is the positive one.
            columns: The numbers of each row's values, by column.
            codings: What these mean.
        """
        sizes = [len(positive), *(len(coding.values) for coding in codings)]
        if (size := math.prod(sizes)) > _MOST_MIXED:
            return None
        before, mixed = len(self.numbers), labels
        for values, codes in zip(sizes[1:], columns, strict=True):
            mixed = mixed * values + codes
        if size <= _LOOKED_UP:
            groups = self._looked_up(mixed, sizes, positive, codings)
        else:
            present, places = np.unique(mixed, return_inverse=True)
            groups = self._numbered(present, sizes, positive, codings)[places]
        if len(self.numbers) > (MOST + 1 if self.rest else _CROSSED):
            self.numbers = dict(list(self.numbers.items())[:before])
            return None
        return groups

    def _looked_up(
        self, mixed: Whole, sizes: Sequence[int], positive: Sequence[bool], codings: Sequence[Coding]
    ) -> Whole:
        """Groups by a table that is kept until there is a new value."""
        if self._sizes != sizes:
            self._groups, self._sizes = np.full(math.prod(sizes), _NEW), sizes
        groups = self._groups.take(mixed)
        if (new := groups == _NEW).any():
            present = np.unique(mixed[new])
            self._groups[present] = self._numbered(present, sizes, positive, codings)
            groups = self._groups.take(mixed)
        return groups

    def _numbered(
        self, present: Whole, sizes: Sequence[int], positive: Sequence[bool], codings: Sequence[Coding]
    ) -> Whole:
        combinations = zip(*(codes.tolist() for codes in np.unravel_index(present, sizes)), strict=True)
        return np.array([self._group(label, values, positive, codings) for label, *values in combinations], np.int64)

    def _group(self, label: int, values: list[int], positive: Sequence[bool], codings: Sequence[Coding]) -> int:
        if not label:
            return -1
        combination = tuple(values)
        if self.rest and combination not in self.numbers and not self._keys(self.slicings[0], combination, codings):
            combination = ()
        return 2 * self.numbers.setdefault(combination, len(self.numbers)) + positive[label]

    def slices(self, codings: Sequence[Coding]) -> dict[Keys, list[int]]:
        """The cells of each slice that occurs."""
        found: dict[Keys, list[int]] = {(): list(self.numbers.values())} if self.whole else {}
        for slicing in self.slicings:
            own: dict[Keys, list[int]] = {}
            for combination, number in self.numbers.items():
                if keys := self._keys(slicing, combination, codings):
                    own.setdefault(keys, []).append(number)
            found |= {keys: cells for keys, cells in own.items() if keys not in found}
        return found

    def _keys(self, slicing: Slicing, combination: Combination, codings: Sequence[Coding]) -> Keys:
        """The slice that holds a combination; empty where none does."""
        if len(combination) < len(self.columns):
            return ()
        values = {name: of.values[at] for name, of, at in zip(self.columns, codings, combination, strict=True)}
        crossed = [(name, value) for name in slicing.keys if (value := values[name]) is not None]
        if len(crossed) < len(slicing.keys) or any(values[name] != value for name, value in slicing.values):
            return ()
        return tuple(sorted([*crossed, *slicing.values]))


def together(slicings: Sequence[Slicing]) -> list[Cells]:
    """One cross of all columns, so that each row is counted once."""
    columns = tuple(dict.fromkeys(name for slicing in slicings for name in slicing.columns))
    return [Cells(columns, tuple(slicings), whole=True, rest=False)]


def apart(slicings: Sequence[Slicing]) -> list[Cells]:
    """One cross for each slicing, where that of all columns would be too large."""
    return [
        Cells(tuple(dict.fromkeys(one.columns)), (one,), whole=not number, rest=True)
        for number, one in enumerate(one for one in dict.fromkeys(slicings) if one.columns)
    ]
