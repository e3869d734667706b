"""streamed: ready predictions of more rows than memory holds, from tables of counts to figures and verdict."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benison.components.evaluator import judge
from benison.components.evaluator.columns import Columns
from benison.components.evaluator.compare import CHALLENGER, Part, Parts
from benison.components.evaluator.evaluate import Data, check_named, concluded
from benison.components.evaluator.predictions import (
    Policy,
    Read,
    asked_of,
    comparable,
    meaning_of,
    metrics_of,
    no_numbers,
    no_rows,
    write,
)
from benison.components.evaluator.tables.buckets import BUCKETS, MOST_BINS
from benison.components.evaluator.tables.order import ordered
from benison.components.evaluator.tables.read import count
from benison.components.evaluator.tables.stand_ins import of_model, of_pair
from benison.components.evaluator.tables.tables import SliceTables, Tables
from benison.components.evaluator.tables.tally import Wanted
from benison.core import digests
from benison.core.metrics import THRESHOLD, metric
from benison.core.verdicts import Check
from benison.measures.ranking import tied
from benison.metrics import measure_of
from benison.metrics.measure import Floats, Rows, Sample, Whole
from benison.metrics.slice import Keys, name_of
from benison.sources.dataset import Dataset

_LOG = logging.getLogger(__name__)
TABLES = "tables"


def run(
    dataset: Dataset, source: str, columns: Columns, positive: str | None, policy: Policy | None, folder: Path
) -> dict[str, Any]:
    """As `predictions.run`, in memory that does not grow with the rows, where `engine.streams` allows it.

    Args:
        dataset: As in `predictions.run`.
        source: Likewise.
        columns: Likewise.
        positive: Likewise.
        policy: Likewise.
        folder: Likewise.

    Raises:
        ConfigError: As `predictions.run`.
        DataError: As `predictions.run`; or the label is a share of each row.
    """
    comparable(policy, columns)
    tables = count(dataset, wanted_of(columns, positive, metrics_of(columns, policy)))
    values = _values(tables, source, columns, positive)
    positives = tables.labels[values[0]] if values[0] is not None else 0
    types = {name: dataset.schema.field(name).type for name in columns.config.columns}
    snapshot = digests.of_json([one.digest for one in dataset.sources])
    asked = asked_of(columns, policy, Data(snapshot, tables.rows, positives, types))
    keys = ordered(tables, columns.config.slicings, types, columns.config_file)
    check_named(asked, keys)
    counted = Counted(tables, tuple(columns.models))
    parts = Parts({name_of(one): partial(counted.part, one) for one in keys}, counted.roles, {})
    outcome = concluded(asked, parts, _sound(tables, list(asked.names.values())))
    whole = counted.part(()).models
    unseen = {role: _unseen(one) for role, one in whole.items()}
    engine = {"name": TABLES, "buckets": BUCKETS, "bins": MOST_BINS, "unseen": unseen}
    return write(folder, asked, Read(dataset, source, columns, values, tables.unlabelled, engine), outcome)


def wanted_of(columns: Columns, positive: str | None, metrics: Sequence[str]) -> Wanted:
    """What is counted for some metrics."""
    models = tuple(model.column for model in columns.models.values())
    pairs = tuple((0, baseline) for baseline in range(1, len(models)))
    slicings, where = columns.config.slicings, columns.config_file
    return Wanted(columns.label, positive, models, pairs, slicings, where, thresholds_of(metrics), sums_of(metrics))


def thresholds_of(metrics: Sequence[str]) -> tuple[float, ...]:
    """Those at which metrics are asked for, each once."""
    asked = [one for name in metrics if (one := metric(name)).kind.parameter == THRESHOLD]
    return tuple(sorted({one.parameter for one in asked}))


def sums_of(metrics: Sequence[str]) -> tuple[str, ...]:
    """What metrics that are asked for need the sum of, each once."""
    return tuple(dict.fromkeys(total for name in metrics if (total := measure_of(metric(name)).total)))


def _values(tables: Tables, source: str, columns: Columns, positive: str | None) -> tuple[str | None, str | None]:
    """The label's two values, as `meaning_of`; there has to be something to measure."""
    if not tables.rows + tables.unlabelled:
        raise no_rows(source)
    if tables.unlabelled:
        _LOG.info("%d rows have no label, and are left out", tables.unlabelled)
    found = meaning_of(sorted(tables.labels), columns.label, positive)
    for model, unusable in zip(columns.models.values(), tables.unusable, strict=True):
        if unusable.missing == tables.rows:
            raise no_numbers(model.column, "no number in any row")
    return found


def _sound(tables: Tables, names: Sequence[str]) -> list[Check]:
    return [
        judge.check_counted(name, tables.rows, unusable.missing, unusable.outside)
        for name, unusable in zip(names, tables.unusable, strict=True)
    ]


def _unseen(sample: Sample) -> float | None:
    """The share of pairs of which it is not known which of the two rows ranks higher; None without both classes."""
    found = tied(sample.levels) if sample.binned else 0.0
    return None if np.isnan(found) else found


@dataclass(frozen=True)
class Counted:
    """What the models answered, as rows that stand for several.

    Attributes:
        tables: What was counted.
        roles: Of the tables' models; the one that is asked about comes first, and is paired with each of the others.
    """

    tables: Tables
    roles: tuple[str, ...]

    def part(self, keys: Keys) -> Part:
        """A slice."""
        found = self.tables.slices[keys]
        models = {role: self._model(found, number) for number, role in enumerate(self.roles)}
        pairs = {role: self._pair(found, number, models) for number, role in enumerate(self.roles) if number}
        return Part(keys, name_of(keys), models, pairs)

    def _model(self, found: SliceTables, number: int) -> Sample:
        on_grid = self.tables.on_grid[number]
        rows = of_model(found, number, on_grid=on_grid)
        sums = found.sums.values[:, number].sum(axis=0)
        exact = {name: float(one) for name, one in zip(self.tables.sums, sums, strict=True)}
        return Sample(_rows(rows.labels, rows.times), rows.predictions[0], binned=not on_grid, totals=exact)

    def _pair(self, found: SliceTables, number: int, models: dict[str, Sample]) -> tuple[Sample, Sample]:
        bins, on_grid = self.tables.bins, self.tables.on_grid
        both = ((bins[0], bins[number]), (on_grid[0], on_grid[number]))
        stand_ins = of_pair(found, number - 1, (0, number), *both)
        rows = _rows(stand_ins.labels, stand_ins.times)
        one, two = (
            Sample(rows, predictions, binned=True, finer=models[role])
            for predictions, role in zip(stand_ins.predictions, (CHALLENGER, self.roles[number]), strict=True)
        )
        return one, two


def _rows(labels: Any, times: Whole) -> Rows:
    each: Floats = times.astype(np.float64)
    return Rows.of(labels, times=each)
