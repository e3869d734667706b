"""Seal: the splits as Parquet whose bytes depend on the rows alone, and the document that says what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benison.config import SPLITS, Label
from benison.core import digests
from benison.core.examples import split_folder
from benison.core.files import storage_errors
from benison.sources.walk import Rows

ROW_GROUP_ROWS = 1 << 17
FILE_ROWS = 1 << 23
Assign = Callable[[Rows], npt.NDArray[np.int8]]
_TYPES = {pa.int64(): "int64", pa.float64(): "float64", pa.string(): "string"}


class ParquetFiles:
    """Rows on their way into a folder: full row groups, in files of `FILE_ROWS` rows, in whatever pieces they come.

    There is nothing in the files that is not the rows: no time, no name of a machine, no trace of the pieces.

    Args:
        folder: The folder to make.
        schema: The rows' columns.
        whole: The name of one file that holds all rows, instead.
    """

    def __init__(self, folder: Path, schema: pa.Schema, whole: str = "") -> None:
        self._folder, self._schema, self._whole = folder, schema, whole
        self._held: list[pa.RecordBatch] = []
        self._held_rows, self._file_rows, self._files = 0, 0, 0
        self._writer: pq.ParquetWriter

    def __enter__(self) -> ParquetFiles:
        with storage_errors(self._folder):
            self._folder.mkdir(parents=True)
            self._writer = self._next_file()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with storage_errors(self._folder):
            if kind is None and self._held_rows:
                self._write(pa.Table.from_batches(self._held))
            self._writer.close()

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes some more rows."""
        self._held.append(batch)
        self._held_rows += batch.num_rows
        if self._held_rows < ROW_GROUP_ROWS:
            return
        held = pa.Table.from_batches(self._held)
        with storage_errors(self._folder):
            for start in range(0, self._held_rows - ROW_GROUP_ROWS + 1, ROW_GROUP_ROWS):
                self._write(held[start : start + ROW_GROUP_ROWS])
        self._held = held[self._held_rows // ROW_GROUP_ROWS * ROW_GROUP_ROWS :].to_batches()
        self._held_rows %= ROW_GROUP_ROWS

    def _write(self, group: pa.Table) -> None:
        """One row group, in one piece: how a page is cut depends on the pieces."""
        if self._file_rows == FILE_ROWS and not self._whole:
            self._writer.close()
            self._writer = self._next_file()
        self._writer.write_table(group.combine_chunks(), row_group_size=ROW_GROUP_ROWS)
        self._file_rows += group.num_rows

    def _next_file(self) -> pq.ParquetWriter:
        path = self._folder / (self._whole or f"data-{self._files:05d}.parquet")
        self._files, self._file_rows = self._files + 1, 0
        return pq.ParquetWriter(path, self._schema, version="2.6", compression="zstd", compression_level=3)


@dataclass
class Counts:
    """What is counted of a split.

    Attributes:
        positives: Rows with the label's positive value.
        negatives: Rows with its negative value.
        spans: Rows by span.
    """

    positives: int = 0
    negatives: int = 0
    spans: Counter[int] = field(default_factory=Counter)

    def add(self, span: int, batch: pa.RecordBatch, label: Label) -> None:
        """Takes some more rows."""
        values = batch.column(label.column)
        self.positives += _equal(values, label.positive)
        self.negatives += _equal(values, label.negative)
        self.spans[span] += batch.num_rows

    def to_json(self, spans: Iterable[int]) -> dict[str, Any]:
        """As it stands in snapshot.json."""
        return {
            "rows": self.spans.total(),
            "positives": self.positives,
            "negatives": self.negatives,
            "spans": [{"span": span, "rows": self.spans[span]} for span in spans],
        }


def _equal(values: pa.Array, word: str) -> int:
    return pc.sum(pc.equal(values, word)).as_py() or 0


def write(rows: Iterable[Rows], schema: pa.Schema, assign: Assign, label: Label, folder: Path) -> list[Counts]:
    """Writes the splits.

    Args:
        rows: All rows, spans ascending.
        schema: Their columns.
        assign: Tells the split of each, as its place in `SPLITS`.
        label: The label's column and its two values.
        folder: Where Split-train, Split-eval and Split-holdout come to lie.

    Returns:
        What was counted of each split.
    """
    counts = [Counts() for _ in SPLITS]
    with ExitStack() as open_files:
        files = [open_files.enter_context(ParquetFiles(split_folder(folder, split), schema)) for split in SPLITS]
        for some in rows:
            assignment = assign(some)
            for number in range(len(SPLITS)):
                own = some.batch.filter(pa.array(assignment == np.int8(number)))
                files[number].add(own)
                counts[number].add(some.span, own, label)
    return counts


def describe(
    folder: Path,
    counts: Sequence[Counts],
    schema: pa.Schema,
    sources: Sequence[Mapping[str, Any]],
    split_by: Mapping[str, Any],
    label: Label,
) -> dict[str, Any]:
    """The content of snapshot.json.

    Args:
        folder: Where the splits lie.
        counts: What was counted of each.
        schema: Their columns.
        sources: What the rows were read from.
        split_by: How they were split.
        label: The label's column and its two values.
    """
    spans, manifest = sorted({source["span"] for source in sources}), digests.manifest_of(folder)
    splits = {
        split: {**counted.to_json(spans), "digest": _below(f"Split-{split}/", manifest)}
        for split, counted in zip(SPLITS, counts, strict=True)
    }
    return {
        "digest": digests.of_manifest(manifest),
        "spans": spans,
        "sources": list(sources),
        "splits": splits,
        "split_by": dict(split_by),
        "columns": [{"name": field.name, "type": _TYPES[field.type]} for field in schema],
        "label": asdict(label),
    }


def _below(prefix: str, manifest: Sequence[Mapping[str, Any]]) -> str:
    """The digest of a folder within: what `digests.of_tree` says of it."""
    own = [entry for entry in manifest if entry["path"].startswith(prefix)]
    return digests.of_manifest([{**entry, "path": entry["path"].removeprefix(prefix)} for entry in own])
