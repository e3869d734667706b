"""Walk: all rows of the data in their order, batch by batch, each batch with where it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from benison.sources.conform import Place
from benison.sources.dataset import Dataset


@dataclass(frozen=True)
class Rows:
    """Some rows that follow each other.

    Attributes:
        span: The span that they are of.
        source: The name of what they were read from, for messages.
        first: The number of the first of them there; rows count from 1.
        batch: The rows.
    """

    span: int
    source: str
    first: int
    batch: pa.RecordBatch

    @property
    def place(self) -> Place:
        """Where they come from, for messages."""
        return Place(self.source, self.first)


def walk(dataset: Dataset, *, by_period: bool) -> Iterator[Rows]:
    """All rows: spans ascending, then in the order of the sources.

    Args:
        dataset: The data.
        by_period: Whether one source can hold several spans; rows then count from the first of their span.
    """
    seen: Counter[str] = Counter()
    for part in dataset.parts:
        path = dataset.sources[part.source].path
        name = f"{path}, span {part.span}" if by_period else path
        for batch in dataset.batches(part):
            yield Rows(part.span, name, seen[name] + 1, batch)
            seen[name] += batch.num_rows
