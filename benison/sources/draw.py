"""Draw: some rows out of many, both answers among them, with memory for those rows alone."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from benison.core.casts import as_text

# Names that no column of data has.
_PRIORITY, _PLACE = "\0priority", "\0place"


def draw(batches: Iterable[pa.RecordBatch], rows: int, column: str, seed: int = 0) -> pa.Table:
    """Draws rows at random, without replacement, as many as can be of each value of a column, up to an equal share.

    Args:
        batches: All rows.
        rows: How many are wanted at most; where one value has too few, others fill up.
        column: The column whose values should all be there, such as the label.
        seed: The same seed draws the same rows out of the same batches.

    Returns:
        The rows that were drawn, in the order in which they came.

    Raises:
        ValueError: `rows` is below 1, or there is no batch.
    """
    if rows < 1:
        raise ValueError("rows must be at least 1")
    random, kept, first = np.random.default_rng(seed), None, 0
    for batch in batches:
        table = pa.Table.from_batches([batch])
        table = table.append_column(_PRIORITY, pa.array(random.random(len(table))))
        table = table.append_column(_PLACE, pa.array(np.arange(first, first + len(table))))
        first += len(table)
        kept = table if kept is None else pa.concat_tables([kept, table])
        if len(kept) > 8 * rows:
            kept = _least(kept, rows, column)
    if kept is None:
        raise ValueError("no rows")
    least = _least(kept, rows, column)
    chosen = _shared(least, rows, column).sort_by(_PLACE)
    return chosen.drop([_PRIORITY, _PLACE]).combine_chunks()


def _least(table: pa.Table, rows: int, column: str) -> pa.Table:
    """Of each value the rows of least priority number: whatever comes later, no others can be drawn."""
    ordered, ranks = _ranks(table, column)
    return ordered.filter(pa.array(ranks < rows))


def _shared(table: pa.Table, rows: int, column: str) -> pa.Table:
    """An equal share of each value, round by round until there are enough."""
    ordered, ranks = _ranks(table, column)
    return ordered.take(pa.array(np.lexsort((ordered[_PRIORITY].to_numpy(), ranks))[:rows]))


def _ranks(table: pa.Table, column: str) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """The rows by priority, and which number each has among those of its value, from 0."""
    ordered = table.sort_by(_PRIORITY)
    codes = pc.fill_null(as_text(ordered[column]), "").combine_chunks().dictionary_encode()
    numbers = np.asarray(codes.indices)
    by_value = np.argsort(numbers, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(numbers))[:-1]]) if len(numbers) else np.zeros(0, dtype=int)
    ranks = np.empty(len(numbers), dtype=np.int64)
    ranks[by_value] = np.arange(len(numbers)) - starts[numbers[by_value]]
    return ordered, ranks
