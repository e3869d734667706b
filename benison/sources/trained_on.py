"""Trained on: which rows a model has seen, as keys, so that a holdout can be shown to hold none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benison.core import key_sets
from benison.core.examples import split_files
from benison.core.key_sets import KeySet, TrainedOn
from benison.sources.keys import Keys, complete_keys, content_keys

# eval as well: it says when training ends, and which hyperparameters are best.
_SPLITS = ("train", "eval")
_AT_ONCE = 1 << 17


def trained_on(examples: Path, entity: Sequence[str], folder: Path) -> TrainedOn:
    """Writes the keys of all rows of train and eval, with a label or without.

    Memory holds 8 bytes for each row.

    Args:
        examples: The artifact.
        entity: The columns that tell entities apart; empty: none do. Where the data lack one, nothing is written of
            entities, and the evaluator says that they cannot be told apart.
        folder: Where the files come to lie.

    Raises:
        DataError: A split is not there.
        StorageError: The folder is read-only or full.
    """
    files = [path for split in _SPLITS for path in split_files(examples, split)]
    columns = tuple(pq.read_schema(files[0]).names)
    known = bool(entity) and set(entity) <= set(columns)
    return TrainedOn(
        rows=_key_set(files, columns, content_keys, folder),
        entities=_key_set(files, tuple(entity), complete_keys, folder) if known else None,
    )


def _key_set(
    files: Sequence[Path], columns: tuple[str, ...], keys_of: Callable[[pa.Table, Sequence[str]], Keys], folder: Path
) -> KeySet:
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    keys, end = np.empty(rows, np.uint64), 0
    for path in files:
        with pq.ParquetFile(path) as opened:
            for batch in opened.iter_batches(_AT_ONCE, columns=list(columns)):
                some = keys_of(pa.Table.from_batches([batch]), columns)
                keys[end : end + len(some)] = some
                end += len(some)
    return key_sets.write(keys[:end], columns, rows - end, folder)
