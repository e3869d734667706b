"""References: what the validator holds a snapshot to beside its past, read where raw data is read."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa

from benison.config import Config, Table, date_columns, number_columns, text_columns
from benison.core import digests
from benison.sources.columns import Columns
from benison.sources.dataset import open_table
from benison.sources.seal import ParquetFiles

_log = logging.getLogger(__name__)
_FILE = "data.parquet"


def read(config: Config, data_root: str, folder: Path, scratch: Path) -> dict[str, Any]:
    """Copies the columns of reference tables that foreign keys name, and the serving examples.

    Args:
        config: The user's benison.yaml.
        data_root: Where relative paths start.
        folder: Where Table-<name> and Serving come to lie.
        scratch: A folder for what is not kept.

    Returns:
        tables and serving, as they stand in context.json.

    Raises:
        DataError: One cannot be read, or a column is not there.
    """
    tables = {}
    for table in config.data.references:
        if columns := referred(config, table.name):
            wanted = Columns(numeric=(), text=(), others=columns)
            tables[table.name] = _copied(table, data_root, wanted, folder / f"Table-{table.name}", scratch, columns)
    return {"tables": tables, "serving": _serving(config, data_root, folder / "Serving", scratch)}


def referred(config: Config, table: str) -> tuple[str, ...]:
    """The columns of a table that foreign keys name, sorted."""
    keys = [key for key in config.validation.foreign_keys if key.table == table]
    return tuple(sorted({column for key in keys for column in key.references}))


def _serving(config: Config, data_root: str, folder: Path, scratch: Path) -> dict[str, Any] | None:
    if config.data.serving is None:
        return None
    features = config.features
    wanted = Columns(number_columns(features), text_columns(features), date_columns(features))
    return _copied(config.data.serving, data_root, wanted, folder, scratch)


def _copied(
    table: Table, data_root: str, wanted: Columns, folder: Path, scratch: Path, columns: Iterable[str] = ()
) -> dict[str, Any]:
    """Writes a table, or some of its columns, and says what it is."""
    own = scratch / folder.name
    own.mkdir(parents=True)
    rows = 0
    with open_table(table, data_root, wanted, own) as dataset:
        schema = pa.schema([dataset.schema.field(name) for name in columns or dataset.schema.names])
        with ParquetFiles(folder, schema, _FILE) as file:
            for batch in (batch for part in dataset.parts for batch in dataset.batches(part)):
                file.add(pa.RecordBatch.from_arrays([batch.column(name) for name in schema.names], schema=schema))
                rows += batch.num_rows
        sources = [asdict(source) for source in dataset.sources]
    _log.info("%s: %s rows", table.path, f"{rows:,}")
    return {"rows": rows, "digest": digests.of_tree(folder), "sources": sources}
