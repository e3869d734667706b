"""Cells: the Parquet files of a split, cut into rows of one span that are read on their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benison.components.example_validator.measure import BATCH_ROWS, Cell
from benison.core.errors import DataError
from benison.core.examples import split_files, split_folder

# A cell has about so many rows: enough that starting and merging one costs little beside reading it.
CELL_ROWS = 1 << 18


@dataclass(frozen=True)
class Piece:
    """Some rows of a row group: the place of the first one in it, and how many."""

    file: Path
    group: int
    first: int
    rows: int


def split_group(split: str) -> str:
    """What `measure` calls a split."""
    return f"split {split}"


def span_group(span: int) -> str:
    """What `measure` calls a span."""
    return f"span {span}"


def split_cells(artifact: Path, split: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, Cell]]:
    """The cells of a split, in the order of its rows, each with its span.

    Args:
        artifact: An examples or holdout artifact.
        split: ``train``, ``eval`` or ``holdout``.
        spans: Number and rows of each span, in the order in which they lie in the split.

    Raises:
        DataError: The files do not have as many rows as the spans.
    """
    files = split_files(artifact, split)
    pieces = list(_by_span(files, spans))
    rows, said = sum(piece.rows for _, piece in pieces), sum(count for _, count in spans)
    held = sum(pq.read_metadata(file).num_rows for file in files)
    if not rows == said == held:
        expected = f"{said:,} rows, as in snapshot.json"
        raise DataError(str(split_folder(artifact, split)), expected=expected, got=f"{held:,}")
    found = []
    for span, of_span in groupby(pieces, key=lambda pair: pair[0]):
        groups = (split_group(split), span_group(span))
        for some in _together([piece for _, piece in of_span]):
            found.append((span, _cell(groups, some)))
    # A split or a span without rows is measured too, so that a check can say so.
    empty = [span for span, count in spans if not count]
    return found + [(span, _cell((split_group(split), span_group(span)), [])) for span in empty]


def file_cells(files: Sequence[Path], group: str) -> list[Cell]:
    """The cells of whole files; one without rows where they have none."""
    return [_cell((group,), some) for some in _together(list(_pieces(files)))] or [_cell((group,), [])]


def _cell(groups: tuple[str, ...], pieces: Sequence[Piece]) -> Cell:
    return Cell(groups, partial(read_pieces, pieces), sum(piece.rows for piece in pieces))


def _pieces(files: Sequence[Path]) -> Iterator[Piece]:
    """Every row group."""
    for file in files:
        metadata = pq.read_metadata(file)
        for group in range(metadata.num_row_groups):
            yield Piece(file, group, 0, metadata.row_group(group).num_rows)


def _by_span(files: Sequence[Path], spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, Piece]]:
    """Row groups cut where a span ends."""
    left = iter(_pieces(files))
    piece = Piece(Path(), 0, 0, 0)
    for span, rows in spans:
        while rows:
            piece = piece if piece.rows else next(left, piece)
            if not piece.rows:
                return
            taken = min(rows, piece.rows)
            yield span, Piece(piece.file, piece.group, piece.first, taken)
            piece = Piece(piece.file, piece.group, piece.first + taken, piece.rows - taken)
            rows -= taken


def _together(pieces: list[Piece]) -> Iterator[list[Piece]]:
    """Pieces in a row that make up a cell."""
    some: list[Piece] = []
    for piece in pieces:
        if some and sum(one.rows for one in some) + piece.rows > CELL_ROWS:
            yield some
            some = []
        some.append(piece)
    if some:
        yield some


def read_pieces(pieces: Sequence[Piece]) -> Iterator[pa.RecordBatch]:
    """The rows of some pieces, batch by batch, on this thread alone."""
    for piece in pieces:
        skip, left = piece.first, piece.rows
        file = pq.ParquetFile(piece.file)
        for batch in file.iter_batches(BATCH_ROWS, row_groups=[piece.group], use_threads=False):
            wanted = batch.slice(skip, left)
            skip, left = max(0, skip - batch.num_rows), left - wanted.num_rows
            if wanted.num_rows:
                yield wanted
            if not left:
                break
