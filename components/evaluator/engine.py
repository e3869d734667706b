"""engine: whether rows are held in memory, counted into tables as they are read, or given to TFMA on Beam."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benison.components.evaluator import by_tfma
from benison.components.evaluator.columns import Columns
from benison.components.evaluator.predictions import IN_MEMORY, Policy, metrics_of
from benison.components.evaluator.streamed import TABLES, thresholds_of
from benison.components.evaluator.tables.buckets import BUCKETS, EDGES, MOST_THRESHOLDS
from benison.config.evaluation import BEAM
from benison.core import memory
from benison.core.errors import ConfigError
from benison.core.metrics import BINARY, MULTICLASS, RANKING, THRESHOLD, metric
from benison.sources.dataset import Dataset

_LOG = logging.getLogger(__name__)
# What a row takes in memory at most: each column as it is read and as it is filtered, and what a model is ranked by.
_OF_COLUMN, _OF_MODEL = 60, 250
# Of what is left of the memory, this much is for the rows.
_SHARE = 0.5


@dataclass(frozen=True)
class _Obstacle:
    """Why tables will not do, as an error says it."""

    got: str
    hint: str


ENGINES = (IN_MEMORY, TABLES, BEAM)


def chosen(dataset: Dataset, columns: Columns, policy: Policy | None, wanted: str | None) -> str:
    """Which engine: what is wanted, else rows in memory, or tables where rows would not fit and tables will do.

    Args:
        dataset: The rows.
        columns: What their columns are.
        policy: What must hold.
        wanted: One of `ENGINES`; None: nobody said.

    Raises:
        ConfigError: Tables are wanted, and do not tell what is asked for.
    """
    obstacle = _obstacle(columns, metrics_of(columns, policy))
    if wanted == TABLES and obstacle:
        raise ConfigError("--engine tables", expected="what tables can tell", got=obstacle.got, hint=obstacle.hint)
    if wanted not in (None, IN_MEMORY) and columns.task in (MULTICLASS, RANKING):
        got, hint = f"models of {columns.task}", "evaluate in memory: --engine memory"
        raise ConfigError(f"--engine {wanted}", expected="models that answer yes or no, or numbers", got=got, hint=hint)
    if wanted is not None:
        return wanted
    rows = sum(one.rows for one in dataset.sources)
    needed, there = rows * bytes_of_row(columns), memory.available()
    if needed <= _SHARE * there:
        return IN_MEMORY
    if obstacle:
        said = "%d rows may need %d MB of memory where %d MB are left, and cannot be counted as they are read: %s"
        _LOG.warning(said, rows, needed >> 20, there >> 20, obstacle.got)
    return IN_MEMORY if obstacle else TABLES


def bytes_of_row(columns: Columns) -> int:
    """About what a row takes in memory, at most."""
    return _OF_COLUMN * len(columns.all) + _OF_MODEL * len(columns.models)


def _obstacle(columns: Columns, metrics: Sequence[str]) -> _Obstacle | None:
    if columns.task != BINARY:
        return _Obstacle(f"models of {columns.task}", "evaluate in memory: --engine memory")
    if columns.own:
        return _Obstacle(f"metrics of your own, {columns.own.path.name}", "evaluate in memory: --engine memory")
    for what, column in (("weights", columns.config.weight), ("units", columns.unit)):
        if column:
            return _Obstacle(f"{what} in column {column!r}", "evaluate in memory: --engine memory")
    if theirs := by_tfma.asked(metrics):
        return _Obstacle(f"{theirs[0]}, which TFMA measures", "evaluate in memory, or by TFMA: --engine beam")
    thresholds = thresholds_of(metrics)
    off = [one for one in thresholds if EDGES[np.searchsorted(EDGES, one)] != one]
    if off:
        hint = f"ask at multiples of 1/{BUCKETS:,}, or evaluate in memory: --engine memory"
        return _Obstacle(f"a threshold of {off[0]:.12g}", hint)
    if len(thresholds) > MOST_THRESHOLDS:
        hint = f"ask at {MOST_THRESHOLDS} at most, or evaluate in memory: --engine memory"
        return _Obstacle(f"{len(thresholds)} thresholds", hint)
    return _of_order(metrics)


def _of_order(metrics: Sequence[str]) -> _Obstacle | None:
    """Metrics that need more of the order of rows than buckets tell."""
    for name in metrics:
        asked = metric(name)
        if asked.kind.parameter not in ("", THRESHOLD, "num_thresholds"):
            return _Obstacle(name, "evaluate in memory: --engine memory")
        if asked.kind.parameter == "num_thresholds" and asked.parameter != BUCKETS and not np.isnan(asked.parameter):
            hint = f"ask for {asked.kind.name} or {asked.kind.name}@{BUCKETS}, or evaluate in memory: --engine memory"
            return _Obstacle(name, hint)
    return None
