"""write: a split as the TFRecords of tf.Examples that TFX's ExampleGen would hand on, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf

from benison.config import Label
from benison.core.errors import DataError
from benison.core.examples import LabelledSplit, split_files
from benison.sources.encode import BLOCK_ROWS, encode
from benison.tfx.records import write_all, write_split


@dataclass(frozen=True)
class Written:
    """A split as a module finds it.

    Attributes:
        pattern: Matches its files, as TFX gives it.
        rows: How many.
        positives: How many of them are positive.
    """

    pattern: str
    rows: int
    positives: int


def columns_of(examples: Path, split: str) -> pa.Schema:
    """The columns of a split.

    Raises:
        DataError: The split is not there.
    """
    return pq.read_schema(split_files(examples, split)[0])


def write(examples: Path, split: str, label: Label, kinds: Mapping[str, str], folder: Path) -> Written:
    """Writes the rows of a split that have a known label.

    Args:
        examples: The artifact.
        split: ``train`` or ``eval``.
        label: A row without either of its values is left out.
        kinds: Which list of a tf.Example keeps each column, see `sources.encode`.
        folder: Where ``Split-<split>/`` comes to lie.

    Raises:
        DataError: The split is not there, or a value cannot be kept so.
    """
    found = LabelledSplit.open(examples, split, label.column, positive=label.positive, negative=label.negative)
    pattern = write_split(folder, split, found.batches(found.column_names, BLOCK_ROWS), kinds)
    return Written(pattern, found.num_rows, int(found.labels.sum()))


def sample(examples: Path, split: str, kinds: Mapping[str, str], path: Path, most: int) -> None:
    """Writes at most so many rows of a split, evenly spread, as TFRecords without compression."""
    every = sum(pq.read_metadata(file).num_rows for file in split_files(examples, split))
    step, seen = max(1, -(-every // most)), 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for file in split_files(examples, split):
            for batch in pq.ParquetFile(file).iter_batches(BLOCK_ROWS, columns=list(kinds)):
                taken = pa.array(range(-seen % step, batch.num_rows, step), pa.int64())
                write_all(writer, encode(pa.Table.from_batches([batch]).take(taken), kinds))
                seen += batch.num_rows


def require(train: Written, held: Written) -> None:
    """Refuses splits that nothing can be learned from.

    Raises:
        DataError: A split has no rows, or train has one class only.
    """
    for split, written in (("train", train), ("eval", held)):
        if not written.rows:
            raise DataError(f"split {split}", expected="rows", got="none", hint="give it a larger share of the data")
    if train.positives in (0, train.rows):
        which = "positive" if train.positives else "negative"
        hint = "take more data: a larger window, or other values under label: in benison.yaml"
        raise DataError("split train", expected="rows of both classes", got=f"{which} ones only", hint=hint)
