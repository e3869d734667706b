"""Some rows, measured as plainly as possible: TFDV's own generators over lists of values, and tallies in one go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl

from benison.components.example_validator.measure import Asked, Cell, LabelCounts, Measured, measure
from benison.measures.tallies import ColumnTally

NO_LABELS = LabelCounts(0, 0, 0, {}, 0)


def statistics(table: pa.Table, schema: Any = None) -> Any:
    """TFDV's statistics of one list of values for each row; no list where the value is missing."""
    columns = []
    for column in table.columns:
        plain = column.cast(pa.int64()) if pa.types.is_boolean(column.type) else column
        lists = [None if value is None else [value] for value in plain.to_pylist()]
        columns.append(pa.array(lists, pa.list_(plain.type)))
    batch = pa.RecordBatch.from_arrays(columns, table.column_names)
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=schema))


def measured_by_us(table: pa.Table, schema: Any = None) -> Any:
    """TFDV's statistics as the validator makes them."""
    [(_, found)] = measure([Cell(("rows",), lambda: iter(table.to_batches()))], Asked(table.schema, schema))
    return found.statistics


def tallies(table: pa.Table, label: str = "", positive: Any = 1) -> dict[str, ColumnTally]:
    """Of each column, by the class of the rows; all rows are negative where no label is named."""
    classes = np.zeros(len(table), np.int8)
    if label:
        classes = np.array([value == positive for value in table[label].to_pylist()], np.int8)
    found = {}
    for name in table.column_names:
        found[name] = ColumnTally.of(table.schema.field(name).type)
        found[name].add(pa.concat_arrays(table[name].chunks), classes)
    return found


def measured(table: pa.Table, schema: Any = None, label: str = "", positive: Any = 1) -> Measured:
    """Rows without times; without labels too unless one is named."""
    counts = NO_LABELS
    if label:
        positives = sum(value == positive for value in table[label].to_pylist())
        counts = LabelCounts(positives, len(table) - positives, 0, {}, 0)
    held = statistics(table, schema) if len(table) else statistics(table.slice(0, 0), schema)
    return Measured(len(table), held, tallies(table, label, positive) if len(table) else {}, None, None, counts)
