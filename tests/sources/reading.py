"""Files of a test, opened as a run would."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_files

NOTHING = Columns()


@contextmanager
def opened(
    files: Mapping[str, bytes], columns: Columns = NOTHING, path: str = "", format: str = "csv"
) -> Iterator[Dataset]:
    """Writes files into a folder of their own and opens them.

    Args:
        files: Their contents by path.
        columns: What the configuration says.
        path: What to open; empty: the only one.
        format: What they are.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        with open_files(path or next(iter(files)), format, str(root), columns, Path(folder) / "scratch") as dataset:
            yield dataset


def table(dataset: Dataset) -> pa.Table:
    """All rows of a dataset."""
    batches = [batch for part in dataset.parts for batch in dataset.batches(part)]
    assert all(batch.schema == dataset.schema and 0 < batch.num_rows <= 1 << 16 for batch in batches)
    return pa.Table.from_batches(batches, dataset.schema)


def rows(content: bytes, name: str, columns: Columns = NOTHING, format: str = "csv") -> dict[str, list[Any]]:
    """The columns of one file."""
    with opened({name: content}, columns, format=format) as dataset:
        return dict(table(dataset).to_pydict())
