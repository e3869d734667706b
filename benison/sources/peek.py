"""Peek: a look at data before there is a configuration."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa

from benison.sources.columns import Columns
from benison.sources.dataset import open_files


def peek(path: str, format: str) -> pa.Table:
    """The rows of the newest span, of types as the data suggest them.

    Args:
        path: Where they lie: an absolute path or a URI, with the same signs as data.path.
        format: ``csv``, ``parquet``, ``tfrecord`` or ``jsonl``.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    with (
        tempfile.TemporaryDirectory(prefix="benison-") as scratch,
        open_files(path, format, "/", Columns(), Path(scratch)) as data,
    ):
        batches = [batch for part in data.parts for batch in data.batches(part)]
        return pa.Table.from_batches(batches, data.schema)
