"""ExampleGen: read -> split -> seal, batch by batch, so that memory holds a batch and not the data."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benison import config as configuration
from benison.components.example_gen import references as held_to
from benison.components.example_gen.split import key_of, splitter
from benison.config import Config, Data, Splits
from benison.core import digests, documents
from benison.core.examples import split_folder
from benison.core.files import scratch_beside, storage_errors
from benison.sources import locate
from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_dataset
from benison.sources.sealed import check_columns, sealed
from benison.sources.walk import Rows, walk

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
    project = bundle / "project"
    config = configuration.read(project)
    with scratch_beside(examples) as scratch:
        snapshot = _sealed(config, data_root, span, project, scratch)
        context = _context(config, data_root, scratch)
        splits, tables = scratch / "splits", scratch / "references"
        train_and_eval = [split_folder(splits, split) for split in ("train", "eval")]
        _hand_over(train_and_eval, examples, "snapshot.json", "snapshot", snapshot)
        _hand_over([split_folder(splits, "holdout")], holdout, "snapshot.json", "snapshot", snapshot)
        _hand_over(sorted(tables.iterdir()), references, "context.json", "references", context)
    _say(snapshot)


def _sealed(config: Config, data_root: str, span: int, project: Path, scratch: Path) -> dict[str, Any]:
    """Writes the splits into splits/ of a folder, and says what they are."""
    raw, columns = scratch / "raw", Columns.of(config)
    raw.mkdir()
    with open_dataset(config.data, data_root, span, columns, project, raw) as dataset:
        names = dataset.schema.names
        check_columns(config, project, names)
        rows, split_by = _rows_of(dataset, config.data), _split_by(config.data.splits, names)
        with splitter(config.data.splits, names, rows, scratch) as assign:
            return sealed(rows(), dataset, lambda some: assign(some.batch), config, split_by, scratch / "splits")


def _rows_of(dataset: Dataset, data: Data) -> Callable[[], Iterator[Rows]]:
    """All rows, as often as they are asked for."""
    return lambda: walk(dataset, by_period=bool(data.every))


def _split_by(splits: Splits, columns: list[str]) -> dict[str, Any]:
    return {**asdict(splits), "key": list(key_of(splits, columns)), "shares": list(splits.shares)}


def _context(config: Config, data_root: str, scratch: Path) -> dict[str, Any]:
    """Writes references into references/ of a folder, and says what they are."""
    tables = scratch / "references"
    tables.mkdir()
    read = held_to.read(config, data_root, tables, scratch / "read")
    # The moment makes a new artifact of the same data, so it is there only where it is asked for.
    asked = config.validation.freshness is not None
    return {"read_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}" if asked else None, **read}


def _hand_over(folders: list[Path], artifact: Path, name: str, kind: str, content: Mapping[str, Any]) -> None:
    """Puts finished folders into an artifact; the document comes last: where it is, the rest is."""
    path = artifact / name
    with storage_errors(artifact):
        artifact.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        for folder in folders:
            shutil.rmtree(artifact / folder.name, ignore_errors=True)
            shutil.move(folder, artifact / folder.name)
    documents.write(path, kind, content, durable=False)


def _say(snapshot: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{split} {part['rows']:,}" for split, part in snapshot["splits"].items())
    _log.info("snapshot %s, %s: %s", digests.short(snapshot["digest"]), locate.listed(snapshot["spans"]), counts)
