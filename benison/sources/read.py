"""Read: one file of raw data, whatever its format, as blocks of typed columns."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import pyarrow as pa

from benison.core.errors import DataError
from benison.sources.columns import Columns
from benison.sources.diagnose import no_rows
from benison.sources.read_csv import read_csv
from benison.sources.read_parquet import read_parquet
from benison.sources.read_tfrecord import read_tfrecord

_READERS: dict[str, Callable[[BinaryIO, str, Columns], list[pa.Table]]] = {
    "csv": read_csv,
    "parquet": read_parquet,
    "tfrecord": read_tfrecord,
}


def read(stream: BinaryIO, source: str, kind: str, columns: Columns) -> list[pa.Table]:
    """Reads a file.

    Args:
        stream: Its bytes, decompressed; it can be sought.
        source: Its name, for messages.
        kind: ``csv``, ``parquet`` or ``tfrecord``.
        columns: What the configuration says of its columns.

    Returns:
        Blocks of rows, as `conform` leaves them.

    Raises:
        DataError: It is empty, damaged, or something else than the configuration says; the message names the place.
    """
    with _compression(source):
        if not stream.read(1):
            raise DataError(source, expected="rows", got="an empty file")
        stream.seek(0)
        blocks = _READERS[kind](stream, source, columns)
    if not any(block.num_rows for block in blocks):
        raise no_rows(source)
    return blocks


@contextmanager
def _compression(source: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        hint = "it was cut short, damaged, or is no gzip; copy it again, or give it its true name"
        raise DataError(source, expected="a whole gzip file", got=str(error), hint=hint) from error
