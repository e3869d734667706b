"""beam: every figure by TFMA itself on Apache Beam, without intervals.

Of ready predictions that are past one machine, whose files Beam's workers read; or of the models of a pipeline, whose
answers they are given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions

from benison.components.evaluator import by_tfma, judge, tfma_pipeline
from benison.components.evaluator.columns import Columns
from benison.components.evaluator.compare import CHALLENGER, Answers, Measured, Metric, usable
from benison.components.evaluator.decide import Baselines
from benison.components.evaluator.evaluate import Asked, Data, Loaded, check_named, checks_of, gaps_of, judged
from benison.components.evaluator.gaps import Gap, comparisons_of
from benison.components.evaluator.predictions import (
    Policy,
    Read,
    asked_of,
    comparable,
    no_numbers,
    write,
)
from benison.components.evaluator.reading import Census, Counts, census, reading_of
from benison.components.evaluator.record import Outcome
from benison.components.evaluator.tables.order import ordered
from benison.components.evaluator.tfma_pipeline import Wanted
from benison.config import BASELINES
from benison.config.evaluation import BEAM
from benison.core import digests
from benison.core.beam_options import options
from benison.core.errors import ConfigError
from benison.core.files import scratch_beside
from benison.core.metrics import BINARY, better, metric
from benison.core.verdicts import Check
from benison.eval_config import EvalConfig
from benison.measures.intervals import UNKNOWN
from benison.metrics.bound import Estimate
from benison.metrics.slice import Keys, Slice, name_of
from benison.sources.dataset import Dataset

OPTION = "--beam-option"
# Metrics that need negatives as well as positives; of these TFMA says 0 where there are none.
_BY_NEGATIVES = (
    "auc",
    "recall_at_false_positive_rate",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
)


def run(
    dataset: Dataset,
    source: str,
    columns: Columns,
    positive: str | None,
    policy: Policy | None,
    folder: Path,
    flags: Sequence[str],
) -> dict[str, Any]:
    """As `predictions.run`, by TFMA on Beam.

    Args:
        dataset: As in `predictions.run`.
        source: Likewise.
        columns: Likewise.
        positive: Likewise.
        policy: Likewise.
        folder: Likewise; results pass through a folder beside it, which Beam's workers have to reach.
        flags: Options of Beam, as on its command line.

    Raises:
        ConfigError: As `predictions.run`; or TFMA has not what is asked for, or Beam not the options.
        DataError: As `predictions.run`.
    """
    asked_of_beam = options(flags, OPTION)
    comparable(policy, columns)
    without_plots(columns.config)
    if columns.own:
        got, hint = f"metrics of your own, {columns.own.path.name}", "evaluate in memory: --engine memory"
        raise ConfigError("--engine beam", expected="metrics that TFMA has", got=got, hint=hint)
    reading = reading_of(dataset, source, columns, positive)
    counted = census(dataset, reading)
    asked, keys = _asked(dataset, columns, policy, counted)
    wanted = Wanted(asked.config.metrics, tuple(columns.models), weighted=bool(columns.config.weight))
    by_tfma.announce(["every figure"], counted.rows)
    readers = [partial(reading.for_tfma, dataset, part) for part in dataset.parts]
    with scratch_beside(folder) as scratch, by_tfma.told(wanted.metrics, columns.config_file):
        figures = tfma_pipeline.run(_Rows(readers), wanted, asked_of_beam, scratch)
    found = [_measured(one, counted.slices[one], figures.get(one, {}), wanted, columns.task) for one in keys]
    outcome = judged(asked, found, _baselines(columns.models), _sound(counted, columns), _gaps(asked, found))
    engine = {"name": BEAM, "options": list(flags)}
    read = Read(dataset, source, columns, reading.values, counted.without_label, engine)
    return write(folder, asked, read, outcome)


class _Rows(beam.PTransform):  # type: ignore[misc]
    """Rows as TFMA takes them, read by Beam's workers, wherever these are."""

    def __init__(self, readers: Sequence[Callable[[], Iterator[pa.RecordBatch]]]) -> None:
        super().__init__()
        self._readers = list(readers)

    def expand(self, pipeline: Any) -> Any:
        """Parts are spread over workers first."""
        parts = pipeline | "Parts" >> beam.Create(self._readers) | "Spread" >> beam.Reshuffle()
        return parts | "Read" >> beam.FlatMap(lambda read: read())


def without_plots(config: EvalConfig) -> None:
    """Refuses plots, which are made of rows in memory.

    Raises:
        ConfigError: The evaluation config asks for some.
    """
    if config.plots:
        hint = "leave them out, or evaluate in memory"
        raise ConfigError("engine beam", expected="metrics alone", got=f"plots, {config.plots[0].kind}", hint=hint)


def evaluate(
    asked: Loaded, slices: Sequence[Slice], answers: Answers, more: Sequence[Check], beam_options: PipelineOptions
) -> Outcome:
    """As `evaluate.evaluate`, of what the models of a pipeline answered.

    Args:
        asked: What is to be evaluated.
        slices: Its slices.
        answers: What the models answered to its rows.
        more: Further checks of the models.
        beam_options: Of Beam.

    Raises:
        ConfigError: TFMA cannot make one of the metrics of these rows.
    """
    sound = checks_of(asked, answers)
    answers, kept = usable(answers, slices)
    by_tfma.announce(["every figure"], len(answers.rows))
    figures = by_tfma.figures(answers, kept, asked.config.metrics, asked.config_file, beam_options)
    labels, weights = np.asarray(answers.rows.labels, dtype=np.float64), answers.rows.masses.each
    wanted = Wanted(asked.config.metrics, tuple(answers.predictions), weighted=weights is not None)
    found = []
    for one in kept:
        counts = Counts()
        counts.add(labels[one.rows], None if weights is None else weights[one.rows])
        of_all = _with_twins(figures.get(one.keys, {}), answers.same_as)
        found.append(_measured(one.keys, counts, of_all, wanted, asked.data.task))
    baselines = _baselines(answers.predictions, answers.same_as)
    return judged(asked, found, baselines, sound, _gaps(asked, found), more)


def _with_twins(figures: Mapping[str, Mapping[str, float]], same_as: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """The figures of models that are another's too."""
    twins = {name: {role: of[other] for role, other in same_as.items() if other in of} for name, of in figures.items()}
    return {name: {**of, **twins[name]} for name, of in figures.items()}


def _asked(dataset: Dataset, columns: Columns, policy: Policy | None, counted: Census) -> tuple[Asked, list[Keys]]:
    """What is to be evaluated, and its slices."""
    for role, model in columns.models.items():
        if counted.rows and counted.missing[role] == counted.rows:
            raise no_numbers(model.column, "no number in any row")
    types = {name: dataset.schema.field(name).type for name in columns.config.columns}
    snapshot = digests.of_json([one.digest for one in dataset.sources])
    named = {"weight": columns.config.weight, "unit": columns.unit}
    counted_by = {what: name for what, name in named.items() if name}
    positives = counted.positives if columns.task == BINARY else None
    asked = asked_of(columns, policy, Data(snapshot, counted.rows, positives, types, counted_by, columns.task))
    keys = ordered(counted, columns.config.slicings, types, columns.config_file)
    check_named(asked, keys)
    return asked, keys


def _sound(counted: Census, columns: Columns) -> list[Check]:
    binary = columns.task == BINARY
    return [
        judge.check_counted(model.name, counted.rows, counted.missing[role], counted.outside[role])
        if binary
        else judge.check_counted_numbers(model.name, counted.rows, counted.missing[role])
        for role, model in columns.models.items()
    ]


def _baselines(roles: Collection[str], same_as: Mapping[str, str] | None = None) -> Baselines:
    present = tuple(role for role in BASELINES if role in roles)
    return Baselines(present, len({(same_as or {}).get(role, role) for role in present}) < len(present))


def _gaps(asked: Asked, found: Sequence[Measured]) -> list[Gap]:
    """What the policy asks of groups; without intervals there is no more to say of them."""

    def again(names: Sequence[str], metrics: Sequence[str], levels: Sequence[float]) -> dict[float, list[Measured]]:
        return {level: [one for one in found if one.name in names] for level in levels}

    asked_for = comparisons_of(replace(asked.config, slicings=()), asked.gate)
    return gaps_of(asked, asked_for, found, again)


def _measured(
    keys: Keys, counts: Counts, figures: Mapping[str, Mapping[str, float]], wanted: Wanted, task: str
) -> Measured:
    positives = counts.positives if task == BINARY else None
    metrics = {
        name: _metric(name, {} if _undefined(name, counts, task) else figures.get(name, {}), wanted.models)
        for name in wanted.metrics
    }
    return Measured(keys, name_of(keys), counts.rows, positives, metrics)


def _undefined(name: str, counts: Counts, task: str) -> bool:
    """Whether a class is missing that the figure is of: TFMA says 0 then."""
    asked = metric(name)
    if task != BINARY or not (asked.kind.needs or asked.kind.parameter == "num_thresholds"):
        return False
    return not counts.positive or (not counts.negative and asked.kind.name in _BY_NEGATIVES)


def _metric(name: str, figures: Mapping[str, float], roles: Sequence[str]) -> Metric:
    values = {role: figures.get(role, math.nan) for role in roles}
    models = {role: Estimate(value, UNKNOWN, by_tfma.NOTE) for role, value in values.items()}
    turned = better(name)
    others = [role for role in roles if role != CHALLENGER] if turned else []
    gains = {role: Estimate(turned * (values[CHALLENGER] - values[role]), UNKNOWN, by_tfma.OF_GAIN) for role in others}
    return Metric(models, gains, by_tfma.METHOD, by_tfma.NOTE)
