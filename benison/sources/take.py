"""Take: one piece of a source becomes typed batches, with evidence of what its columns are.

Pieces are taken in forked workers. What a column is, only all its values together tell; so batches of text formats wait
on scratch disk, each with the types of its own values, and take those of the whole when they are read back. Parquet has
types already, and is read again instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benison.core.errors import DataError
from benison.sources import numerals
from benison.sources.columns import Columns
from benison.sources.conform import Place, conform
from benison.sources.numerals import Evidence
from benison.sources.pieces import Piece, read
from benison.sources.spill import BATCH_ROWS, Held, Spill
from benison.sources.times import Spans


@dataclass(frozen=True)
class Wanted:
    """What is asked of every piece.

    Attributes:
        columns: What the configuration says of the columns.
        spans: How a row's time tells its span; None: it does not.
        texts: Columns that stay text, since it is known that some of their values are.
        only: The columns that are looked at; None: all.
    """

    columns: Columns
    spans: Spans | None = None
    texts: frozenset[str] = frozenset()
    only: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Taken:
    """What came of a piece.

    Attributes:
        piece: Where it came from.
        path: Where its batches lie; None: they were only looked at.
        batches: What they hold, in order.
        evidence: By column.
        rounded: Columns of which some texts were kept as float64, from which they cannot be had back.
        fault: Why there is nothing; None: there was none. Its rows count from the piece's first.
    """

    piece: Piece
    path: Path | None = None
    batches: tuple[Held, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    rounded: frozenset[str] = frozenset()
    fault: DataError | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(held.rows for held in self.batches)


def take(piece: Piece, wanted: Wanted, into: Path | None, first: int = 1) -> Taken:
    """Reads a piece once.

    Args:
        piece: What to read.
        wanted: What is asked.
        into: Where batches go; None: they are only looked at.
        first: The number of its first row, for messages.

    Returns:
        What came of it; a fault of the data is in it and not raised, so that the first of all can be told.
    """
    try:
        with Spill(into) as spill:
            evidence, rounded = _take(piece, wanted, spill, first)
        return Taken(piece, into, tuple(spill.batches), evidence, rounded)
    except DataError as error:
        return Taken(piece, fault=error)


def _take(piece: Piece, wanted: Wanted, spill: Spill, first: int) -> tuple[dict[str, Evidence], frozenset[str]]:
    found: dict[str, Evidence] = {}
    rounded: set[str] = set()
    for block in conformed(piece, wanted.columns, first, wanted.only):
        stored = {name: _stored(block[name].chunk(0), name, piece, wanted) for name in block.column_names}
        for name, (array, evidence) in stored.items():
            found[name] = found.get(name, Evidence()) + evidence
            if pa.types.is_floating(array.type) and pa.types.is_string(block[name].type):
                rounded.add(name)
        batch = pa.record_batch([array for array, _ in stored.values()], list(stored))
        spill.write(batch, _spans(batch, wanted.spans, Place(piece.name, first)))
        first += batch.num_rows
    return found, frozenset(rounded)


def _spans(batch: pa.RecordBatch, spans: Spans | None, place: Place) -> npt.NDArray[np.int64] | None:
    return None if spans is None else spans.of(pa.chunked_array([batch[spans.column]]), place)


def conformed(
    piece: Piece, columns: Columns, first: int, only: tuple[str, ...] | None = None, coded: Collection[str] = ()
) -> Iterator[pa.Table]:
    """A piece's blocks as `conform` leaves them, none of them empty.

    Args:
        piece: What to read.
        columns: What the configuration says of its columns.
        first: The number of its first row, for messages.
        only: The columns of a Parquet file that are wanted; None: all.
        coded: Columns of a Parquet file with texts that stay indices into a dictionary.
    """
    for block in read(piece, only, first, coded):
        table = conform(block, columns, Place(piece.name, first), clean=piece.format == "csv", coded=coded)
        first += table.num_rows
        for start in range(0, table.num_rows, BATCH_ROWS):
            yield table.slice(start, BATCH_ROWS)


def _stored(array: pa.Array, name: str, piece: Piece, wanted: Wanted) -> tuple[pa.Array, Evidence]:
    """A column as it is kept, and what it can be."""
    columns = wanted.columns
    if name in columns.text or name in wanted.texts:
        return array, numerals.TEXT
    if not (pa.types.is_string(array.type) or pa.types.is_null(array.type)):
        return array, numerals.of_numbers(array)
    if name in columns.numeric or not (piece.format == "csv" or name in dict(piece.partitions)):
        return array, numerals.TEXT if array.null_count < len(array) else Evidence()
    return numerals.of_texts(array)
