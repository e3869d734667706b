"""Reading the examples and holdout artifacts: Parquet by split, labels as 0 and 1."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benison.core.casts import as_text
from benison.core.errors import DataError
from benison.core.spelling import nearest

_AT_ONCE = 65_536
_log = logging.getLogger(__name__)


def split_folder(artifact: Path, split: str) -> Path:
    """Where a split lies in an artifact: TFX's own layout."""
    return artifact / f"Split-{split}"


def read_split(artifact: Path, split: str, columns: list[str] | None = None) -> pa.Table:
    """The rows of a split, in the order in which example_gen sealed them.

    Args:
        artifact: An examples or holdout artifact.
        split: ``train``, ``eval`` or ``holdout``.
        columns: Only these; None: all.

    Raises:
        DataError: The split is not there.
    """
    return pa.concat_tables([pq.read_table(file, columns=columns) for file in split_files(artifact, split)])


def split_files(artifact: Path, split: str) -> list[Path]:
    """The files of a split in the order of their rows.

    Raises:
        DataError: The split is not there.
    """
    files = sorted(split_folder(artifact, split).glob("*.parquet"))
    if not files:
        raise DataError(str(split_folder(artifact, split)), expected="Parquet files", got="none")
    return files


@dataclass(frozen=True)
class LabelledSplit:
    """The rows of a split whose label is one of two values, read as they are needed: never all columns of all of them.

    Attributes:
        files: Where they lie.
        column_names: Of the data.
        labels: For each row 1 where it is positive, else 0: int8.
        known: For each row of the files whether it is one of them; None: every one is.
    """

    files: Sequence[Path]
    column_names: Sequence[str]
    labels: npt.NDArray[np.int8]
    known: pa.ChunkedArray | None

    @classmethod
    def open(cls, artifact: Path, split: str, column: str, *, positive: str, negative: str) -> LabelledSplit:
        """A split without the rows that have another label or none.

        Raises:
            DataError: The split is not there, or has no such column.
        """
        files = split_files(artifact, split)
        names = pq.read_schema(files[0]).names
        table = read_split(artifact, split, [column] if column in names else names[:1])
        known = _is_one_of(_label_texts(table, column, names), positive, negative)
        kept = table if (whole := pc.all(known).as_py() is not False) else table.filter(known)
        if left_out := table.num_rows - kept.num_rows:
            _log.info("%s: %d of %d rows have no known label, and are left out", split, left_out, table.num_rows)
        labels = binary_labels(kept, column, positive=positive, negative=negative)
        return cls(files, names, labels, None if whole else known)

    @property
    def num_rows(self) -> int:
        """How many there are."""
        return len(self.labels)

    def select(self, columns: Sequence[str]) -> pa.Table:
        """All rows with some columns alone."""
        table = pa.concat_tables([pq.read_table(file, columns=list(columns)) for file in self.files])
        return table if self.known is None else table.filter(self.known)

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.Table]:
        """Some columns of at most so many rows at a time, in order."""
        seen = 0
        for file in self.files:
            with pq.ParquetFile(file) as opened:
                for batch in opened.iter_batches(rows, columns=list(columns)):
                    table = pa.Table.from_batches([batch])
                    known = None if self.known is None else self.known.slice(seen, table.num_rows)
                    seen += table.num_rows
                    yield table if known is None else table.filter(known)

    def spread(self, columns: Sequence[str], most: int) -> pa.Table:
        """At most so many rows, evenly spread over all."""
        taken, seen = np.linspace(0, self.num_rows - 1, min(most, self.num_rows)).astype(np.int64), 0
        parts = []
        for table in self.batches(columns, _AT_ONCE):
            first, last = np.searchsorted(taken, [seen, seen + table.num_rows])
            parts.append(table.take(taken[first:last] - seen))
            seen += table.num_rows
        return pa.concat_tables(parts)


def binary_labels(table: pa.Table, column: str, *, positive: str, negative: str) -> npt.NDArray[np.int8]:
    """The label column as 0 (negative) and 1 (positive).

    Args:
        table: Rows with the label column.
        column: The label's name.
        positive: The value that counts as 1, as text.
        negative: The value that counts as 0, as text.

    Returns:
        One int8 for each row.

    Raises:
        DataError: The column is missing, or holds a third value or a missing one.
    """
    values = _label_texts(table, column, table.column_names)
    known = _is_one_of(values, positive, negative)
    if not pc.all(known).as_py() and len(values):
        row = pc.index(known, False).as_py()
        got = values[row].as_py()
        raise DataError(
            f"label column {column!r}, row {row + 1}",
            expected=f"{positive!r} or {negative!r}",
            got="nothing" if got is None else repr(got),
            hint="name the two values under label: in benison.yaml, and drop or mend other rows before",
        )
    return np.asarray(pc.equal(values, positive).to_numpy(), dtype=np.int8)


def _label_texts(table: pa.Table, column: str, names: Sequence[str]) -> pa.ChunkedArray:
    if column not in names:
        raise DataError("label", expected=f"a column {column!r}", got="none", hint=nearest(column, names))
    return as_text(table[column])


def _is_one_of(values: pa.ChunkedArray, positive: str, negative: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.or_(pc.equal(values, positive), pc.equal(values, negative)), False)
