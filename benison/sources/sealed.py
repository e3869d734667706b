"""Sealed: rows into splits and the document that says what they are, whoever tells which row belongs to which."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benison import eval_config
from benison.config import Config
from benison.sources import seal
from benison.sources.dataset import Dataset
from benison.sources.labels import Labels
from benison.sources.seal import Assign
from benison.sources.walk import Rows


def check_columns(config: Config, project: Path, names: Sequence[str]) -> None:
    """Tells a slice or a metric on an unknown column here, before hours of training and not after.

    Args:
        config: The project's benison.yaml.
        project: Its folder.
        names: The data's columns.

    Raises:
        ConfigError: There is no such column.
    """
    path = project / config.evaluation.file
    with config.speaking():
        eval_config.check_columns(eval_config.read(path), path, list(names))
    if config.own_metrics:
        config.own_metrics.check_columns(list(names))


def sealed(
    rows: Iterable[Rows], dataset: Dataset, assign: Assign, config: Config, split_by: Mapping[str, Any], folder: Path
) -> dict[str, Any]:
    """Writes the splits.

    Args:
        rows: All rows, spans ascending.
        dataset: What they are of.
        assign: Tells the split of each.
        config: Which column is the label.
        split_by: How they are split.
        folder: Where Split-train, Split-eval and Split-holdout come to lie.

    Returns:
        The content of snapshot.json.

    Raises:
        DataError: The label's values are written otherwise than in the data.
    """
    labels = Labels(config.label)
    counts = seal.write(_watched(rows, labels), dataset.schema, assign, config.label, folder)
    labels.judge()
    sources = [asdict(source) for source in dataset.sources]
    return seal.describe(folder, counts, dataset.schema, sources, split_by, config.label)


def _watched(rows: Iterable[Rows], labels: Labels) -> Iterator[Rows]:
    for some in rows:
        labels.look(some)
        yield some
