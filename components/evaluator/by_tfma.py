"""by_tfma: metrics that are not measured here, by TFMA's own pipeline on the same rows. They have no interval."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_model_analysis import version

from benison.components.evaluator import tfma_pipeline
from benison.components.evaluator.compare import Answers, Metric
from benison.components.evaluator.tfma_pipeline import Figures, Wanted
from benison.core.beam_options import options
from benison.core.errors import ConfigError
from benison.core.metrics import metric
from benison.measures.intervals import UNKNOWN
from benison.metrics.bound import Estimate
from benison.metrics.slice import Slice

_LOG = logging.getLogger(__name__)
METHOD = f"TFMA {version.VERSION}, without interval"
NOTE = "TFMA gives no interval; the value alone decides where the policy says  judge: point"
OF_GAIN = "TFMA gives no interval"
# Rows that TFMA is done with in a second, about: 160 with many metrics and slices, 350 with few. Told before a wait.
RATE = 250
# So many rows tell whether a metric can be made at all.
_FEW = 20


def asked(metrics: Sequence[str]) -> list[str]:
    """Those that TFMA measures."""
    return [name for name in metrics if metric(name).kind.tfma is not None]


def measured(
    answers: Answers, slices: Sequence[Slice], metrics: Sequence[str], where: str
) -> dict[str, dict[str, Metric]]:
    """Metrics of each slice, by its name.

    Args:
        answers: Sound ones only.
        slices: Which rows.
        metrics: Those that TFMA measures.
        where: The file that names them, for messages.

    Raises:
        ConfigError: TFMA cannot make one of these rows.
    """
    if not metrics:
        return {}
    announce(metrics, len(answers.rows))
    found = figures(answers, slices, metrics, where, options([], ""))
    return {one.name: _metrics(found.get(one.keys, {}), metrics, answers) for one in slices}


def figures(
    answers: Answers, slices: Sequence[Slice], metrics: Sequence[str], where: str, beam_options: PipelineOptions
) -> Figures:
    """TFMA's figures of rows in memory, of each model that differs from those before it.

    Args:
        answers: Sound ones only.
        slices: Which rows.
        metrics: Which figures.
        where: The file that names them, for messages.
        beam_options: Of Beam.

    Raises:
        ConfigError: TFMA cannot make one of these rows; it does not say which, so each is tried on a few rows.
    """
    models = {role: found for role, found in answers.predictions.items() if role not in answers.same_as}
    labels, weights = np.asarray(answers.rows.labels, dtype=np.float64), answers.rows.masses.each
    wanted = Wanted(tuple(metrics), tuple(models), weighted=weights is not None)
    batches = tfma_pipeline.batches(labels, models, weights, slices)
    if not batches:
        return {}
    try:
        return _run(batches, wanted, beam_options)
    except Exception:
        for name in metrics:
            with told([name], where):
                _run([batches[0].slice(0, _FEW)], replace(wanted, metrics=(name,)), options([], ""))
        with told(metrics, where):
            raise


def announce(metrics: Sequence[str], rows: int) -> None:
    """Says what TFMA measures, and about how long that takes on one machine.

    Args:
        metrics: Their names.
        rows: How many there are.
    """
    said = "TFMA measures %s of %s rows, without intervals, %s"
    _LOG.warning(said, ", ".join(metrics), f"{rows:,}", _duration(rows / RATE))


def _duration(seconds: float) -> str:
    if seconds < 60:
        return "in less than a minute on one machine"
    about = f"{seconds / 60:,.0f} minutes" if seconds < 7200 else f"{seconds / 3600:,.0f} hours"
    return f"in about {about} on one machine"


def _run(batches: Sequence[pa.RecordBatch], wanted: Wanted, beam_options: PipelineOptions) -> Figures:
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        return tfma_pipeline.run(beam.Create(list(batches)), wanted, beam_options, Path(scratch))


@contextmanager
def told(metrics: Sequence[str], where: str) -> Iterator[None]:
    """Says of whatever goes wrong in TFMA which metrics it was asked for.

    Args:
        metrics: Their names.
        where: The file that names them.

    Raises:
        ConfigError: Something went wrong.
    """
    try:
        yield
    except Exception as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        expected, got = "metrics that TFMA makes of these rows", f"{', '.join(metrics)}: {said}"
        raise ConfigError(f"{where} (metrics_specs)", expected=expected, got=got) from error


def _metrics(found: Mapping[str, Mapping[str, float]], metrics: Sequence[str], answers: Answers) -> dict[str, Metric]:
    """The metrics of one slice."""

    def of(name: str) -> dict[str, Estimate]:
        values = found.get(name, {})
        twins = {role: answers.same_as.get(role, role) for role in answers.predictions}
        return {role: Estimate(values.get(twin, math.nan), UNKNOWN, NOTE) for role, twin in twins.items()}

    return {name: Metric(of(name), {}, METHOD, NOTE) for name in metrics}
