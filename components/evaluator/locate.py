"""locate: which rows have a prediction that is none, by file and row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from benison.components.evaluator.columns import Columns, Model
from benison.components.evaluator.compare import sound
from benison.components.evaluator.predictions import numbers_of
from benison.core.errors import DataError
from benison.core.metrics import MULTICLASS, RANKING, REGRESSION
from benison.metrics.measure import Floats
from benison.pages.figures import listed
from benison.sources.dataset import Dataset, Part

LEAVE_OUT = "--leave-out-invalid"
_MOST = 5
_EXPECTED = {
    REGRESSION: "a finite number in every row",
    RANKING: "a finite number in every row",
    MULTICLASS: "probabilities from 0 to 1 in every row, in sum 1",
}


@dataclass
class Invalid:
    """The rows in which a model has no prediction.

    Attributes:
        rows: How many rows have a label.
        counts: How many of them have no prediction, by what they have instead.
        first: The first few of these: file, row from 1 after the header, and what stands there.
    """

    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    first: list[tuple[str, int, str]] = field(default_factory=list)


def invalid(dataset: Dataset, columns: Columns, model: Model) -> Invalid:
    """Finds the rows with a label to which a model has given no prediction of its task.

    Args:
        dataset: The rows.
        columns: What the columns are.
        model: One of its models.
    """
    found = Invalid()
    for part in dataset.parts:
        for at, batch in _batches(dataset, part, (columns.label, *model.columns)):
            _add(found, batch, columns.task, (dataset.sources[part.source].path, at))
    return found


def refuse(dataset: Dataset, columns: Columns) -> None:
    """Makes sure that every row with a label has a prediction of every model.

    Raises:
        DataError: Some have none; the message says how many, of which column, and where the first are.
    """
    for model in columns.models.values():
        found = invalid(dataset, columns, model)
        if found.counts:
            expected = _EXPECTED.get(columns.task, "a probability from 0 to 1 in every row")
            hint = f"mend them, or measure the other rows with  {LEAVE_OUT} , which no policy passes"
            raise DataError(f"prediction column {model.column!r}", expected=expected, got=_told(found), hint=hint)


def _batches(dataset: Dataset, part: Part, names: Sequence[str]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Batches, each with the number of its first row."""
    at = part.first
    for batch in dataset.columns(part, names):
        yield at, batch
        at += batch.num_rows


def _add(found: Invalid, batch: pa.RecordBatch, task: str, place: tuple[str, int]) -> None:
    known = np.asarray(batch.column(0).is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    values = np.column_stack([numbers_of(column) for column in batch.columns[1:]])
    wrong = known & ~sound(values if task == MULTICLASS else values[:, 0], task)
    found.rows += int(np.count_nonzero(known))
    for row in np.flatnonzero(wrong).tolist():
        what = _what(values[row], task)
        found.counts[what] = found.counts.get(what, 0) + 1
        if len(found.first) < _MOST:
            shown = ", ".join("none" if np.isnan(value) else f"{value:g}" for value in values[row])
            found.first.append((place[0], place[1] + row, shown))


def _what(values: Floats, task: str) -> str:
    if np.isnan(values).any():
        return "missing, NaN or no number"
    if task in (REGRESSION, RANKING):
        return "infinite"
    outside = bool(np.any((values < 0) | (values > 1)))
    return "outside of 0 to 1" if outside else "not adding up to 1"


def _told(found: Invalid) -> str:
    total = sum(found.counts.values())
    counts = listed([f"{count:,} {what}" for what, count in sorted(found.counts.items())])
    more = ", ..." if total > len(found.first) else ""
    return f"{total:,} of {found.rows:,} rows without one: {counts}; {_places(found.first)}{more}"


def _places(first: Sequence[tuple[str, int, str]]) -> str:
    """``a.csv, row 8 (1.7), row 9 (none); b.csv, row 1 (none)``."""
    by_file: Mapping[str, list[str]] = {file: [] for file, _, _ in first}
    for file, row, shown in first:
        by_file[file].append(f"row {row:,} ({shown})")
    return "; ".join(f"{file}, {', '.join(rows)}" for file, rows in by_file.items())
