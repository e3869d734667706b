"""Label time: no label was known before the features of its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.components.example_validator.examine import Rows
from benison.components.example_validator.keyed import lacking
from benison.components.example_validator.keys import SHOWN
from benison.components.example_validator.measure import Cell, workers_for
from benison.core.forks import map_forked
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.times import seconds

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Order:
    """Rows whose label was known before their features, among those with both times."""

    rows: int = 0
    known: int = 0
    early: int = 0
    unread: str = ""
    some: tuple[str, ...] = ()

    def __add__(self, other: _Order) -> _Order:
        some = (*self.some, *other.some)[:SHOWN]
        unread = self.unread or other.unread
        return _Order(self.rows + other.rows, self.known + other.known, self.early + other.early, unread, some)


def label_time(rows: Rows, feature_time: str, label_time: str) -> Check:
    """No label was known before the features of its row: such features hold what came after the label.

    Args:
        rows: All rows.
        feature_time: When a row's features were known.
        label_time: When its label was: numbers both, or times as texts both.
    """
    subject, allowed = f"columns {feature_time}, {label_time}", "no row with a label from before its features"
    why = lacking((feature_time, label_time), rows) or _different(rows.columns, feature_time, label_time)
    order = _Order() if why else _ordered(rows.cells, feature_time, label_time)
    if not why and order.unread:
        why = f"{order.unread!r} is no time"
    if not why and not order.known:
        why = "no row has both times"
    numbers = {"early": order.early, "known": order.known, "rows": order.rows}
    if why:
        reason = f"{subject}: {why}, so it was not checked whether labels come after features"
        name, verdict = "label_time", Verdict.INCONCLUSIVE
        return Check(name, subject, Tier.HARD, verdict, "not checked", allowed, reason, numbers)
    verdict = Verdict.FAIL if order.early else Verdict.PASS
    observed = f"{order.early:,} of {order.known:,} rows"
    shown = f", such as {'; '.join(order.some)}" if order.some else ""
    reason = f"{subject}: {observed} have a {feature_time} after {label_time}{shown}; allowed none"
    reason += "; compute features as of a moment before the label" if order.early else ""
    return Check("label_time", subject, Tier.HARD, verdict, observed, allowed, reason, numbers)


def _different(columns: pa.Schema, one: str, other: str) -> str:
    """Why two columns cannot be compared; empty where they can."""
    kinds = [pa.types.is_string(columns.field(name).type) for name in (one, other)]
    return "one is text and the other numbers" if kinds[0] != kinds[1] else ""


def _ordered(cells: Sequence[Cell], feature_time: str, label_time: str) -> _Order:
    def of_cell(cell: Cell) -> _Order:
        return sum((_of_batch(batch, feature_time, label_time) for batch in cell.batches()), _Order())

    return sum(map_forked(of_cell, cells, workers_for(cells)), _Order())


def _of_batch(batch: pa.RecordBatch, feature_time: str, label_time: str) -> _Order:
    both = pc.and_(pc.is_valid(batch[feature_time]), pc.is_valid(batch[label_time]))
    columns = [batch[name].filter(both) for name in (feature_time, label_time)]
    features, labels = (_times(column) for column in columns)
    for found in (features, labels):
        if isinstance(found, str):
            return _Order(batch.num_rows, len(columns[0]), 0, found)
    late = np.flatnonzero(np.greater(features, labels))
    shown = zip(*(column.take(pa.array(late[:SHOWN])).to_pylist() for column in columns), strict=True)
    some = tuple(f"{one} after {other}" for one, other in shown)
    return _Order(batch.num_rows, len(columns[0]), len(late), "", some)


def _times(column: pa.Array) -> Floats | str:
    """Numbers as they are, texts in seconds; of texts that are no times, the first one."""
    if not pa.types.is_string(column.type):
        return np.asarray(column.cast(pa.float64(), safe=False), dtype=np.float64)
    encoded = column.dictionary_encode()
    found = seconds(encoded.dictionary)
    if found is None:
        values = encoded.dictionary
        return next(str(values[at]) for at in range(len(values)) if seconds(values[at : at + 1]) is None)
    return np.asarray(found[np.asarray(encoded.indices)], dtype=np.float64)
