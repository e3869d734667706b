"""Parquet: row groups that are read by Arrow in batches, each on its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benison.core.errors import DataError

BATCH_ROWS = 1 << 16
_BUFFER_BYTES = 1 << 20


def read_footer(path: Path, source: str) -> tuple[pa.Schema, tuple[int, ...]]:
    """What the file says of itself.

    Args:
        path: The file.
        source: Its name, for messages.

    Returns:
        Its columns, and how many rows each row group has.

    Raises:
        DataError: It is damaged.
    """
    with _whole(source), pq.ParquetFile(path) as file:
        schema, meta = file.schema_arrow, file.metadata
        return schema, tuple(meta.row_group(number).num_rows for number in range(meta.num_row_groups))


def read_group(
    path: Path, source: str, group: int, names: Sequence[str] | None = None, coded: Collection[str] = ()
) -> Iterator[Mapping[str, pa.Array]]:
    """Reads one row group, page by page.

    Args:
        path: The file.
        source: Its name, for messages.
        group: Which row group, from 0.
        names: The columns; None: all.
        coded: Columns of texts that are left as indices into a dictionary.

    Yields:
        Blocks of at most `BATCH_ROWS` rows.

    Raises:
        DataError: It is damaged.
    """
    with (
        _whole(source),
        pq.ParquetFile(path, read_dictionary=list(coded), buffer_size=_BUFFER_BYTES, pre_buffer=False) as file,
    ):
        for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=names, use_threads=False):
            yield dict(zip(batch.schema.names, batch.columns, strict=True))


@contextmanager
def _whole(source: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        hint = "it was cut short or damaged; write it again"
        raise DataError(source, expected="a whole Parquet file", got=_first_sentence(error), hint=hint) from error


def _first_sentence(error: Exception) -> str:
    return str(error).split(". ")[0].strip()
