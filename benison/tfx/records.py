"""Records: rows as the TFRecords of tf.Examples that TFX's ExampleGen hands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import tensorflow as tf

from benison.core.examples import split_folder
from benison.sources.encode import encode

_FILE = "data_tfrecord-00000-of-00001.gz"
# Level 1 is three times as fast as the default and a quarter larger.
_OPTIONS = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)


def write_split(folder: Path, name: str, tables: Iterable[pa.Table], kinds: Mapping[str, str]) -> str:
    """Writes a split.

    Args:
        folder: Where ``Split-<name>/`` comes to lie.
        name: What it is called.
        tables: Its rows.
        kinds: Which list of a tf.Example keeps each column, see `sources.encode`.

    Returns:
        A pattern that matches its files, as TFX gives it.

    Raises:
        DataError: A value cannot be kept so.
    """
    target = split_folder(folder, name)
    target.mkdir(parents=True)
    with tf.io.TFRecordWriter(str(target / _FILE), _OPTIONS) as writer:
        for table in tables:
            write_all(writer, encode(table, kinds))
    return f"{target}/*"


def write_all(writer: tf.io.TFRecordWriter, records: Iterable[bytes]) -> None:
    """Writes some records."""
    for record in records:
        writer.write(record)
