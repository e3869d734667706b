"""Spill: typed rows on scratch disk, so that a source is parsed once and read as often as needed, in any number of
processes. Each batch lies there with its own types, since what a column is only its last value tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BATCH_ROWS = 1 << 16


@dataclass(frozen=True)
class Held:
    """A batch on disk.

    Attributes:
        place: Where it begins, in bytes.
        rows: How many it has.
        spans: How many rows of each span there are, where spans are told by time; else empty.
    """

    place: int
    rows: int
    spans: tuple[tuple[int, int], ...] = ()


class Spill:
    """A file of batches that is being written.

    Args:
        path: The file; None: batches are counted and not kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else pa.OSFile(str(path), "wb")
        self.batches: list[Held] = []

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, batch: pa.RecordBatch, spans: npt.NDArray[np.int64] | None = None) -> None:
        """Adds a batch of at most `BATCH_ROWS` rows; and the span of each, where they are told by time."""
        place = 0 if self._file is None else self._file.tell()
        self.batches.append(Held(place, batch.num_rows, () if spans is None else _counts(spans)))
        if self._file is not None:
            with pa.ipc.new_stream(self._file, batch.schema) as stream:
                stream.write_batch(batch)


def _counts(spans: npt.NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    values, counts = np.unique(spans, return_counts=True)
    return tuple(zip(values.tolist(), counts.tolist(), strict=True))


def read_back(path: Path, batches: Sequence[Held]) -> Iterator[pa.RecordBatch]:
    """The batches, one after the other; by reading and not by mapping, so that memory holds one alone."""
    with pa.OSFile(str(path), "rb") as file:
        for held in batches:
            file.seek(held.place)
            with pa.ipc.open_stream(file) as stream:
                yield stream.read_next_batch()
