"""Read: one file of raw data as blocks of typed columns, all at once."""

from __future__ import annotations

import io
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from benison.core.errors import DataError
from benison.sources.columns import Columns, check_names
from benison.sources.conform import Place, conform
from benison.sources.diagnose import no_rows
from benison.sources.pieces import compression
from benison.sources.read_csv import read_csv, read_header
from benison.sources.read_tfrecord import read_tfrecord


def read(stream: BinaryIO, source: str, kind: str, columns: Columns) -> list[pa.Table]:
    """Reads a file. To go when example_gen streams."""
    with compression(source):
        if not stream.read(1):
            raise DataError(source, expected="rows", got="an empty file")
        stream.seek(0)
        blocks = list(_blocks(stream, source, kind, columns))
    tables, first = [], 1
    for block in blocks:
        tables.append(conform(block, columns, Place(source, first)))
        first += tables[-1].num_rows
    if not any(table.num_rows for table in tables):
        raise no_rows(source)
    if kind == "tfrecord":
        check_names(sorted({name for table in tables for name in table.column_names}), columns, source)
    return tables


def _blocks(stream: BinaryIO, source: str, kind: str, columns: Columns) -> Any:
    if kind == "csv":
        names, first = read_header(stream, source, columns)
        check_names(names, columns, source)
        stream.seek(first)
        again = io.BytesIO
        position = stream.tell()
        stream.seek(0)
        content = stream.read()
        stream.seek(position)
        return read_csv(stream, names, source, lambda: again(content))
    if kind == "parquet":
        try:
            table = pq.read_table(stream)
        except (pa.ArrowException, OSError) as error:
            hint = "it was cut short or damaged; write it again"
            got = str(error).split(". ")[0].strip()
            raise DataError(source, expected="a whole Parquet file", got=got, hint=hint) from error
        check_names(table.column_names, columns, source)
        return [dict(zip(batch.schema.names, batch.columns, strict=True)) for batch in table.to_batches(1 << 16)]
    return read_tfrecord(stream, source)
