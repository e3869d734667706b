"""Coding: a column's values as small numbers, found while reading; by value, whatever dictionary they are in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.evaluator.tables.buckets import Whole
from benison.core.casts import as_text
from benison.metrics.slice import MOST


@dataclass
class Coding:
    """The numbers of a column's values.

    Attributes:
        wanted: The values that have a number; None: every one.
        values: Those that there are, by their number; the first stands for none.
        seen: Some more, which have no number, for messages.
    """

    wanted: tuple[str, ...] | None = None
    values: list[str | None] = field(default_factory=lambda: [None])
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.values += self.wanted or ()
        self._numbers = {value: number for number, value in enumerate(self.values)}
        self._last, self._codes = pa.nulls(0), np.zeros(1, np.int64)

    @property
    def full(self) -> bool:
        """Whether there are more values than slices are allowed."""
        return len(self.values) > MOST + 1

    @property
    def texts(self) -> frozenset[str]:
        """Values that the column has, up to about a thousand of those without a number."""
        return frozenset(self.seen.union(value for value in self.values if value is not None and not self.wanted))

    def codes(self, column: pa.Array) -> Whole:
        """The number of each row's value; 0 where there is none, or none that is wanted."""
        indices, values = _coded(column)
        # Batches of one row group have one dictionary.
        if not values.equals(self._last):
            self._last, self._codes = values, np.append(self._of(as_text(values)), 0)
        return self._codes.take(indices)

    def _of(self, texts: pa.Array) -> Whole:
        if self.wanted is not None:
            self.seen.update(value for value in texts[:MOST].to_pylist() if value is not None and len(self.seen) < MOST)
            found = pc.index_in(texts, value_set=pa.array(self.wanted, pa.string()))
            return np.asarray(pc.fill_null(found, -1).to_numpy(), dtype=np.int64) + 1
        return np.array([self._number(value) for value in texts.to_pylist()], dtype=np.int64)

    def _number(self, value: str | None) -> int:
        if value not in self._numbers and not self.full:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers.get(value, 0)


def _coded(column: pa.Array) -> tuple[Whole, pa.Array]:
    """A column as indices into values, -1 for none."""
    if pa.types.is_integer(column.type) and len(column) and not column.null_count:
        numbers = column.to_numpy()
        least, most = int(numbers.min()), int(numbers.max())
        # Labels that are 0 and 1, most of all, need no dictionary.
        if most - least <= 1:
            return numbers - least, pa.array([*range(least, most + 1)], column.type)
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    indices = pc.fill_null(coded.indices, -1) if coded.indices.null_count else coded.indices
    return indices.to_numpy(), coded.dictionary
