"""Rows in cells of splits and spans, as `cells` reads them from an artifact."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from benison.components.example_validator.examine import Rows
from benison.components.example_validator.measure import Cell


def cell(groups: Sequence[str], table: pa.Table) -> Cell:
    return Cell(tuple(groups), lambda: iter(table.to_batches()), table.num_rows)


def rows(*spans: pa.Table) -> Rows:
    """Each table is a span, from span 1 on; its first half lies in train, the other in holdout."""
    cells = []
    for number, table in enumerate(spans, 1):
        half = (len(table) + 1) // 2
        for split, part in (("train", table.slice(0, half)), ("holdout", table.slice(half))):
            cells.append(cell((f"split {split}", f"span {number}"), part))
    return Rows(spans[0].schema, tuple(cells))


def in_splits(splits: Mapping[str, pa.Table]) -> Rows:
    """Rows of one span."""
    cells = [cell((f"split {split}", "span 1"), table) for split, table in splits.items()]
    return Rows(next(iter(splits.values())).schema, tuple(cells))
