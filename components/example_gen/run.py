"""ExampleGen: locate -> read -> settle -> split -> seal."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa

from benison import config as configuration
from benison import eval_config
from benison.components.example_gen.seal import Sealed, Source, seal
from benison.components.example_gen.split import Assignment, by_hash, by_time
from benison.config import Config, Label
from benison.core import digests, documents
from benison.core.errors import DataError
from benison.core.examples import binary_labels
from benison.core.files import write_atomically
from benison.core.locations import local_path
from benison.core.spans import SpanPattern
from benison.core.spelling import nearest
from benison.sources import locate
from benison.sources.columns import Columns
from benison.sources.keys import row_keys
from benison.sources.read import read
from benison.sources.settle import same_columns, settle
from benison.sources.times import moments

_log = logging.getLogger(__name__)


def run(*, data_root: str, span: int, bundle: Path, examples: Path, holdout: Path, references: Path) -> None:
    """Reads raw data, splits it and seals it as an immutable snapshot.

    Args:
        data_root: The folder that relative paths in benison.yaml start at: an absolute path, or file:// and one.
        span: The newest span to use; 0 for the newest there is.
        bundle: The user's project.
        examples: The artifact that becomes the splits train and eval.
        holdout: The artifact that becomes the split holdout.
        references: The artifact that becomes reference tables, serving examples and context.json.
    """
    config = configuration.read(bundle / "project")
    path = str(local_path(data_root, "data_root") / config.data.path)
    paths = _located(SpanPattern(path), span, config.data.window)
    sources = [Source(number, name, path.stat().st_size, digests.of_file(path)) for number, name, path in paths]
    tables = _read([(name, path) for _, name, path in paths], Columns.of(config), config.data.format)
    _check_slices(bundle / "project" / config.evaluation, tables[0].column_names)
    for source, table in zip(sources, tables, strict=True):
        _check_labels(table, config.label, source.path)
    sealed = _sealed(tables, sources, config)
    _write(sealed, {"train": examples, "eval": examples, "holdout": holdout})
    context = {"read_at": None, "tables": {}, "serving": None}
    documents.write(references / "context.json", "references", context, durable=False)
    counts = ", ".join(f"{split} {part['rows']:,}" for split, part in sealed.snapshot["splits"].items())
    _log.info(
        "snapshot %s, %s: %s",
        digests.short(sealed.snapshot["digest"]),
        locate.listed([s.span for s in sources]),
        counts,
    )


def _located(pattern: SpanPattern, span: int, window: int) -> list[tuple[int, str, Path]]:
    """Number, name and path of each file to read."""
    if pattern.numbered:
        beside = Path(pattern.parent or "/").glob(pattern.wildcard())
        found = {number for path in beside if (number := pattern.span_of(str(path))) is not None}
        chosen = locate.choose(found, span, window, pattern)
    else:
        chosen = locate.alone(span, pattern.path)
    paths = [(number, locate.short_name(pattern, number), Path(pattern.at(number))) for number in chosen]
    for _, _, path in paths:
        _check_file(path)
    return paths


def _check_file(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        raise DataError(str(path), expected="a file", got="a folder", hint="one file to a span; put the parts together")
    names = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(str(path), expected="a file", got="none", hint=nearest(path.name, names))


def peek(path: str, kind: str) -> pa.Table:
    """The rows of the newest span before there is a configuration, of types as the data suggest them.

    Args:
        path: Where they lie: an absolute path, with {span} for a span's number.
        kind: ``csv``, ``parquet`` or ``tfrecord``.

    Raises:
        DataError: There is no such file, or it cannot be read.
    """
    paths = _located(SpanPattern(path), 0, 1)
    return _read([(name, path) for _, name, path in paths], Columns((), ()), kind)[0]


def _check_slices(path: Path, columns: list[str]) -> None:
    """A slice on an unknown column is told here, before hours of training and not after."""
    eval_config.check_columns(eval_config.read(path), path, columns)


def _read(paths: Sequence[tuple[str, Path]], columns: Columns, kind: str) -> list[pa.Table]:
    """One table for each file, all of the same columns and types."""
    sources = {}
    for name, path in paths:
        with _opened(path) as stream:
            sources[name] = read(stream, name, kind, columns)
        _log.info("%s: %s rows", name, f"{sum(block.num_rows for block in sources[name]):,}")
    # A tf.Example without a feature leaves it out; in the other formats a column is there or not.
    if kind != "tfrecord":
        same_columns(sources)
    return settle(list(sources.values()), columns, infer=kind == "csv")


def _opened(path: Path) -> BinaryIO:
    try:
        return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise DataError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error


def _check_labels(table: pa.Table, label: Label, source: str) -> None:
    try:
        binary_labels(table, label.column, positive=label.positive, negative=label.negative)
    except DataError as error:
        where = f"{source}, {error.where}"
        raise DataError(where, expected=error.expected, got=error.got, hint=error.hint) from error


def _sealed(tables: list[pa.Table], sources: list[Source], config: Config) -> Sealed:
    splits, table = config.data.splits, pa.concat_tables(tables)
    key = sorted(splits.key or table.column_names) if splits.by == "hash" else []
    assignment: Assignment
    if splits.by == "hash":
        assignment = by_hash(row_keys(table, key), splits.shares)
    else:
        named = zip(tables, sources, strict=True)
        times = [moments(part[splits.time], splits.time, source.path) for part, source in named]
        assignment = by_time(np.concatenate(times), splits.shares)
    return seal(table, assignment, sources, {**asdict(splits), "key": key, "shares": list(splits.shares)}, config.label)


def _write(sealed: Sealed, folders: dict[str, Path]) -> None:
    """snapshot.json comes last: where it is, the rest is."""
    for (split, path), content in sealed.files.items():
        write_atomically(folders[split] / path, content, durable=False)
    for folder in sorted(set(folders.values())):
        documents.write(folder / "snapshot.json", "snapshot", sealed.snapshot, durable=False)
