"""Parquet: read by Arrow in batches."""

from __future__ import annotations

from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from benison.core.errors import DataError
from benison.sources.columns import Columns, check_names
from benison.sources.conform import Place, conform

BATCH_ROWS = 1 << 16


def read_parquet(stream: BinaryIO, source: str, columns: Columns) -> list[pa.Table]:
    """Reads a Parquet file.

    Raises:
        DataError: It is damaged, or a value is not of the kind that the configuration says.
    """
    try:
        file = pq.ParquetFile(stream)
        names = file.schema_arrow.names
        check_names(names, columns, source)
        batches = list(file.iter_batches(batch_size=BATCH_ROWS))
    except (pa.ArrowException, OSError) as error:
        hint = "it was cut short or damaged; write it again"
        raise DataError(source, expected="a whole Parquet file", got=_first_sentence(error), hint=hint) from error
    blocks, first = [], 1
    for batch in batches:
        blocks.append(conform(dict(zip(names, batch.columns, strict=True)), columns, Place(source, first)))
        first += batch.num_rows
    return blocks


def _first_sentence(error: Exception) -> str:
    return str(error).split(". ")[0].strip()
