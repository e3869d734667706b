"""Seal: the splits as Parquet whose bytes depend on the rows alone, and the document that says what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benison.components.example_gen.split import Assignment
from benison.config import SPLITS, Label
from benison.core import digests

ROW_GROUP_ROWS = 1 << 17
_FILE = "data-00000.parquet"
_TYPES = {pa.int64(): "int64", pa.float64(): "float64", pa.string(): "string"}


@dataclass(frozen=True)
class Source:
    """A file that rows were read from.

    Attributes:
        span: Its number.
        path: Its name, without the machine's folders.
        size: In bytes.
        digest: Of its bytes.
    """

    span: int
    path: str
    size: int
    digest: str


@dataclass(frozen=True)
class Sealed:
    """A snapshot, ready to be written.

    Attributes:
        files: The bytes of each split's Parquet file, by split and path within the artifact.
        snapshot: The content of snapshot.json.
    """

    files: Mapping[tuple[str, str], bytes]
    snapshot: Mapping[str, Any]


def seal(
    table: pa.Table, assignment: Assignment, sources: Sequence[Source], split_by: Mapping[str, Any], label: Label
) -> Sealed:
    """Cuts the table into its splits and says what each of them is.

    Args:
        table: All rows, in the order of the sources.
        assignment: 0, 1 or 2 for each row: train, eval, holdout.
        sources: The files that the rows came from.
        split_by: How rows were split.
        label: The label column, and its value that counts as positive.
    """
    files, splits, manifest = {}, {}, []
    for number, split in enumerate(SPLITS):
        rows = table.filter(pa.array(assignment == number))
        content, path = parquet(rows), f"Split-{split}/{_FILE}"
        entry = {"path": path, "size": len(content), "digest": digests.of_bytes(content)}
        files[split, path] = content
        manifest.append(entry)
        splits[split] = {"rows": rows.num_rows, "positives": _positives(rows, label), "digest": _tree(entry)}
    snapshot = {
        "digest": digests.of_manifest(manifest),
        "spans": [source.span for source in sources],
        "sources": [asdict(source) for source in sources],
        "splits": splits,
        "split_by": dict(split_by),
        "columns": [{"name": field.name, "type": _TYPES[field.type]} for field in table.schema],
        "label": asdict(label),
    }
    return Sealed(files, snapshot)


def parquet(rows: pa.Table) -> bytes:
    """A Parquet file without times, names of machines, or anything else that is not the rows."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, version="2.6", compression="zstd", compression_level=3, row_group_size=ROW_GROUP_ROWS)
    return bytes(sink.getvalue().to_pybytes())


def _tree(entry: Mapping[str, Any]) -> str:
    """The digest of the folder of a split: what `digests.of_tree` says of it once it is written."""
    return digests.of_manifest([{**entry, "path": _FILE}])


def _positives(rows: pa.Table, label: Label) -> int:
    return pc.sum(pc.equal(rows[label.column], label.positive)).as_py() or 0
