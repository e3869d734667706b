"""own: metrics that the user wrote, each the ratio of two sums over rows; intervals, weights and gains come by that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.config.own_metrics import TERMS, OwnMetric, OwnMetrics
from benison.core.casts import as_text
from benison.core.errors import ModelCodeError
from benison.core.user_code import blamed, importable, imported
from benison.metrics.measure import Bools, Floats, Whole

Column = npt.NDArray[Any]
Terms = tuple[Floats, Floats]


@dataclass(frozen=True)
class Own:
    """The metrics of a file, ready to be asked.

    Attributes:
        declared: The file and what it declares.
        objects: Of each metric's class, by the metric's name.
        columns: Those that they ask for, of all rows.
    """

    declared: OwnMetrics
    objects: Mapping[str, Any]
    columns: Mapping[str, Column] = field(default_factory=dict)

    def part(self, rows: Whole) -> Own:
        """On some of the rows, by number."""
        return replace(self, columns={name: _kept(column[rows]) for name, column in self.columns.items()})

    def terms(self, labels: Bools | Floats, predictions: Floats) -> dict[str, Terms]:
        """What each row adds above and below the line, by metric.

        Raises:
            ModelCodeError: A metric fails, or answers something else than two arrays of finite numbers.
        """
        given = _kept(labels.astype(np.float64)), _kept(predictions.copy())
        return {one.kind.name: self._terms(one, *given) for one in self.declared.metrics}

    def _terms(self, one: OwnMetric, labels: Floats, predictions: Floats) -> Terms:
        path, columns = self.declared.path, {name: self.columns[name] for name in one.columns}
        expected = f"{one.class_name}.{TERMS} to return (above, below)"
        with blamed(path.parent, path.name, expected=expected):
            found = self.objects[one.kind.name].terms(labels, predictions, columns)
        where = f"{path.name}:{one.line} ({one.class_name}.{TERMS})"
        if not isinstance(found, tuple) or len(found) != 2:
            got = f"{len(found)} of them" if isinstance(found, tuple) else type(found).__name__
            raise ModelCodeError(where, expected="two arrays, (above, below)", got=got)
        above, below = (
            _numbers(part, len(labels), f"{where}, {side}")
            for part, side in zip(found, ("above", "below"), strict=True)
        )
        if (below < 0).any():
            got = f"{float(below.min()):g} in {int((below < 0).sum()):,} rows"
            raise ModelCodeError(f"{where}, below", expected="numbers from 0", got=got)
        return above, below


def opened(declared: OwnMetrics, table: pa.Table) -> Own:
    """Runs the file and picks the columns that its metrics ask for.

    Args:
        declared: The file, whose folder is where it may import neighbours from, and what it declares.
        table: The rows.

    Raises:
        ModelCodeError: The file cannot be imported, or a class cannot be made.
        ConfigError: There is no such column.
    """
    declared.check_columns(table.column_names)
    path = declared.path
    with importable(path.parent), blamed(path.parent, path.name, expected="a file of metrics that can be imported"):
        module = imported(path.resolve())
        objects = {one.kind.name: getattr(module, one.class_name)() for one in declared.metrics}
    columns = {name: _column(table[name]) for one in declared.metrics for name in one.columns}
    return Own(declared, objects, columns)


def _column(column: pa.ChunkedArray) -> Column:
    """Numbers as such, NaN where a row has none; whatever else as text, None where a row has none."""
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_boolean(column.type):
        numbers = pc.fill_null(column.cast(pa.float64()), float("nan"))
        return _kept(np.array(numbers.to_numpy(), dtype=np.float64))
    return _kept(np.array(as_text(column).to_pylist(), dtype=object))


def _kept(array: Column) -> Column:
    """The same, which nobody can write to: the next metric is given it too."""
    array.setflags(write=False)
    return array


def _numbers(part: Any, rows: int, where: str) -> Floats:
    """Numbers of each row; one alone stands for every row."""
    expected = f"an array of {rows:,} numbers, one for each row"
    try:
        found = np.asarray(part)
    except ValueError as error:
        raise ModelCodeError(where, expected=expected, got=str(error)) from error
    if found.dtype.kind not in "biuf":
        raise ModelCodeError(where, expected=expected, got=f"{type(part).__name__} of {found.dtype}")
    if found.shape not in ((), (rows,)):
        raise ModelCodeError(where, expected=expected, got=f"an array of shape {found.shape}")
    numbers = np.array(np.broadcast_to(found, (rows,)), dtype=np.float64)
    wrong = ~np.isfinite(numbers)
    if wrong.any():
        first = int(np.argmax(wrong))
        got = f"{int(wrong.sum()):,} NaN or infinite, the first in row {first + 1:,}"
        hint = "a row that does not count has 0 above and 0 below"
        raise ModelCodeError(where, expected=expected, got=got, hint=hint)
    return numbers
