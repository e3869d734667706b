"""Labels: which of the two values the rows have; one that no row has was written otherwise than in the data."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from benison.config import Label
from benison.core.errors import DataError
from benison.core.spelling import misspelt
from benison.sources.walk import Rows

_MOST_KEPT = 1000


class Labels:
    """Looks at the labels of all rows, and judges them at the end.

    Rows without a label, or with a third value, are let through: how many there may be is for example_validator to say.

    Args:
        label: The label's column and its two values.
    """

    def __init__(self, label: Label) -> None:
        self._label = label
        self._absent = [label.positive, label.negative]
        self._others: set[str] = set()
        self._first: tuple[str, str] | None = None

    def look(self, rows: Rows) -> None:
        """Takes some more rows."""
        column = rows.batch.column(self._label.column)
        found = [value for value in pc.unique(column).to_pylist() if value is not None]
        self._absent = [word for word in self._absent if word not in found]
        others = [value for value in found if value not in (self._label.positive, self._label.negative)]
        if others and self._first is None:
            row = rows.first + pc.index(column, pa.scalar(others[0], column.type)).as_py()
            self._first = f"{rows.source}, label column {self._label.column!r}, row {row}", others[0]
        self._others.update(others[: _MOST_KEPT - len(self._others)])

    def judge(self) -> None:
        """To be called after all rows.

        Raises:
            DataError: A value under label: in benison.yaml stands in no row, and another one does.
        """
        if self._first is None or not self._absent:
            return
        (where, other), word = self._first, self._absent[0]
        hint = f"no row has {word!r}, which benison.yaml names under label:; {misspelt(word, self._others)}"
        expected = f"{self._label.positive!r} or {self._label.negative!r}"
        raise DataError(where, expected=expected, got=repr(other), hint=hint.removesuffix("; "))
