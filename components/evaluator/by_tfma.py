"""by_tfma: metrics that are not measured here, by TFMA's own pipeline on the same rows. They have no interval."""

from __future__ import annotations

import logging
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from tensorflow_model_analysis import version

from benison.components.evaluator import tfma_pipeline
from benison.components.evaluator.bound import Estimate
from benison.components.evaluator.compare import Answers, Metric
from benison.components.evaluator.measure import Floats, Whole
from benison.components.evaluator.slice import Slice
from benison.components.evaluator.tfma_pipeline import Figures, Wanted
from benison.core.errors import ConfigError
from benison.core.metrics import metric
from benison.measures.intervals import UNKNOWN

_LOG = logging.getLogger(__name__)
METHOD = f"TFMA {version.VERSION}, without interval"
NOTE = "TFMA gives no interval: with  judge: point  the value decides"
# Rows of a model that TFMA is done with in a second, about; it is told before a wait.
RATE = 400
_BATCH = 1000
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
    models = {role: found for role, found in answers.predictions.items() if role not in answers.same_as}
    rows = len(answers.rows)
    said = "TFMA measures %s of %s rows, without intervals: about %s"
    _LOG.warning(said, ", ".join(metrics), f"{rows:,}", _duration(rows * len(models) / RATE))
    wanted = Wanted(tuple(metrics), tuple(models), weighted=answers.rows.masses.each is not None)
    found = _figures(_batches(answers, models, slices), wanted, where)
    return {one.name: _metrics(found[one.keys], wanted, answers.same_as) for one in slices if one.keys in found}


def _duration(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute"
    return f"{seconds / 60:,.0f} minutes" if seconds < 7200 else f"{seconds / 3600:,.1f} hours"


def _batches(answers: Answers, models: Mapping[str, Floats], slices: Sequence[Slice]) -> list[pa.RecordBatch]:
    memberships = _memberships(slices, len(answers.rows))
    whole = tfma_pipeline.batch(
        np.asarray(answers.rows.labels, dtype=np.float64), models, answers.rows.masses.each, memberships
    )
    return [whole.slice(start, _BATCH) for start in range(0, whole.num_rows, _BATCH)]


def _memberships(slices: Sequence[Slice], rows: int) -> pa.ListArray:
    """The slices of each row, as `tfma_pipeline` calls them."""
    members: Whole = np.concatenate([one.rows for one in slices])
    numbers = np.repeat(np.arange(len(slices)), [len(one.rows) for one in slices])
    order = np.argsort(members, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(members, minlength=rows))])
    names = pa.array([tfma_pipeline.name_of(one.keys) for one in slices])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), names.take(pa.array(numbers[order])))


def _figures(batches: Sequence[pa.RecordBatch], wanted: Wanted, where: str) -> Figures:
    try:
        return _run(batches, wanted)
    except Exception as error:
        raise _failed(batches, wanted, where, error) from error


def _run(batches: Sequence[pa.RecordBatch], wanted: Wanted) -> Figures:
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        return tfma_pipeline.run(tfma_pipeline.given(batches), wanted, [], Path(scratch))


def _failed(batches: Sequence[pa.RecordBatch], wanted: Wanted, where: str, error: Exception) -> ConfigError:
    """What to raise: TFMA does not say which metric it was, so each is tried by itself on a few rows."""
    few, culprit, cause = [batches[0].slice(0, _FEW)], ", ".join(wanted.metrics), error
    for name in wanted.metrics:
        try:
            _run(few, Wanted((name,), wanted.models, weighted=wanted.weighted))
        except Exception as found:
            culprit, cause = name, found
            break
    expected = f"metrics that TFMA makes of labels and predictions of these {metric(culprit).kind.task} models"
    if culprit not in wanted.metrics:
        expected = "metrics that TFMA makes of these rows"
    said = str(cause).strip().splitlines() or [type(cause).__name__]
    return ConfigError(f"{where} (metrics_specs)", expected=expected, got=f"{culprit}: {said[0]}")


def _metrics(found: Mapping[str, Mapping[str, float]], wanted: Wanted, same_as: Mapping[str, str]) -> dict[str, Metric]:
    """The metrics of one slice."""

    def of(name: str) -> dict[str, Estimate]:
        figures = found.get(name, {})
        models = {role: Estimate(figures.get(role, math.nan), UNKNOWN, NOTE) for role in wanted.models}
        return {**models, **{role: models[other] for role, other in same_as.items()}}

    return {name: Metric(of(name), {}, METHOD, NOTE) for name in wanted.metrics}
