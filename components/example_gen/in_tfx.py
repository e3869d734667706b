"""The reader for a TFX pipeline: splits as TFX's ExampleGen writes them; asked by tfx.py, in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.example_gen.run import run
from benison.config import SPLITS
from benison.core import documents, logs
from benison.core.examples import split_files
from benison.sources.encode import BLOCK_ROWS, stored_as
from benison.tfx.asked import Asked
from benison.tfx.examples import REFERENCES
from benison.tfx.given import Given
from benison.tfx.records import write_split


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Reads, splits and writes.

    Args:
        request: An `Asked`: no inputs; the output ``examples``; the parameters ``project``, ``project_digest``,
            ``data_root`` and ``span``.

    Returns:
        The names of the ``splits`` and the newest ``span``.
    """
    logs.configure()
    asked = Asked.from_json(request)
    given, into, scratch = Given.of(asked), asked.outputs["examples"], asked.scratch / "data"
    folders = {split: scratch / ("holdout" if split == "holdout" else "examples") for split in SPLITS}
    run(
        data_root=asked.parameters["data_root"],
        span=int(asked.parameters["span"]),
        bundle=given.bundle,
        examples=folders["train"],
        holdout=folders["holdout"],
        references=into / REFERENCES,
    )
    kinds = stored_as(pq.read_schema(split_files(folders["train"], "train")[0]), _schema(given))
    for split, folder in folders.items():
        write_split(into, split, _rows(split_files(folder, split)), kinds)
    spans = documents.read(folders["train"] / "snapshot.json", "snapshot")["spans"]
    return {"splits": list(SPLITS), "span": max(spans)}


def _schema(given: Given) -> schema_pb2.Schema:
    """The project's; an empty one where SchemaGen is still to infer it."""
    path = given.project / given.config.data.schema
    return text_format.Parse(path.read_text(), schema_pb2.Schema()) if path.is_file() else schema_pb2.Schema()


def _rows(files: list[Path]) -> Iterator[pa.Table]:
    for file in files:
        with pq.ParquetFile(file) as opened:
            yield from (pa.Table.from_batches([batch]) for batch in opened.iter_batches(BLOCK_ROWS))
