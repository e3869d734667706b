"""Read: the tables of a dataset, whatever its size, counted by forked processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator.predictions import numbers_of
from benison.components.evaluator.tables.buckets import Bins, Floats, fitted
from benison.components.evaluator.tables.tables import Tables, bytes_of
from benison.components.evaluator.tables.tally import Tally, Wanted
from benison.core import memory
from benison.core.forks import cores, map_forked
from benison.metrics.slice import MOST
from benison.sources.dataset import Dataset, Part

# What bins are fitted to. Others would be as right, though not as fine where rows are many.
_SAMPLE = 1 << 20
# One process holds the counts of cells and, at its end, of slices; ours the sum, and what one hands in.
_TIMES = 3


def count(dataset: Dataset, wanted: Wanted, workers: int | None = None) -> Tables:
    """Counts every row of a dataset, once; the tables are the same for any number of workers.

    Each worker needs a few times the memory of its tables, which `bytes_of` says, and that of a batch.

    Args:
        dataset: Rows with the columns that are wanted.
        wanted: What is counted.
        workers: How many processes; None: one for each core, as far as memory holds the tables of a thousand slices
            for each.

    Raises:
        ConfigError: There are too many slices.
        DataError: The label has more than two values, or a file cannot be read.
    """
    bins = tuple(_bins(dataset, wanted)) if wanted.pairs else ()
    count = _workers(wanted) if workers is None else workers
    shares = [share for number in range(count) if (share := dataset.parts[number::count])]
    tables = Tally(wanted, bins).tables()
    for found in map_forked(_Share(dataset, wanted, bins), shares, count):
        tables += found
    return tables


@dataclass(frozen=True)
class _Share:
    """Counts some of the parts."""

    dataset: Dataset
    wanted: Wanted
    bins: tuple[Bins, ...]

    def __call__(self, parts: Sequence[Part]) -> Tables:
        tally = Tally(self.wanted, self.bins)
        for part in parts:
            for batch in self.dataset.columns(part, self.wanted.columns):
                tally.add(batch)
        return tally.tables()


def _workers(wanted: Wanted) -> int:
    each = _TIMES * bytes_of(MOST, len(wanted.models), len(wanted.pairs))
    return max(1, min(cores(), memory.available() // each - 1))


def _bins(dataset: Dataset, wanted: Wanted) -> Iterator[Bins]:
    """Of each model, fitted to the first rows."""
    taken: list[list[Floats]] = []
    batches = (batch for part in dataset.parts for batch in dataset.columns(part, wanted.models))
    while sum(len(batch[0]) for batch in taken) < _SAMPLE and (batch := next(batches, None)) is not None:
        taken.append([numbers_of(column) for column in batch.columns])
    for each in zip(*taken, strict=True):
        found = np.concatenate(each)
        yield fitted(found[(found >= 0) & (found <= 1)], wanted.thresholds)
