"""From predictions to figures: every metric of every slice for each model, and the gains over the baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benison.components.evaluator.bound import Estimate, estimate, gain, method
from benison.components.evaluator.measure import Bools, Floats, Rows, Sample
from benison.components.evaluator.own import Own
from benison.components.evaluator.slice import Slice
from benison.core.metrics import BINARY, better
from benison.measures.intervals import Interval

CHALLENGER = "challenger"


@dataclass(frozen=True)
class Answers:
    """What the models answered on the holdout.

    Attributes:
        rows: The rows and what they count.
        predictions: Each role's probabilities, or numbers; every array with all rows, in one order.
        same_as: Of roles whose model is another role's, that role; it is measured once, and the gain is 0 for certain.
        own: The metrics that the user wrote, on the same rows; None: there are none.
    """

    rows: Rows
    predictions: Mapping[str, Floats]
    same_as: Mapping[str, str]
    own: Own | None = None

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """Each model that differs from those before it, on all rows."""
        own = [role for role in self.predictions if role not in self.same_as]
        return {role: self._sample(self.predictions[role]) for role in own}

    def _sample(self, predictions: Floats) -> Sample:
        return Sample(self.rows, predictions, added=self.own.terms(self.rows.labels, predictions) if self.own else {})


@dataclass(frozen=True)
class Metric:
    """A metric on a slice.

    Attributes:
        models: Each role's value and interval.
        gains: Each baseline's, for a metric that has a direction.
        method: How the intervals came about.
        note: Why one is missing; empty where none is.
    """

    models: Mapping[str, Estimate]
    gains: Mapping[str, Estimate]
    method: str
    note: str


@dataclass(frozen=True)
class Measured:
    """A slice with all its metrics.

    Attributes:
        keys: As in `Slice`.
        name: As in `Slice`.
        rows: How many.
        positives: How many of them are positive; None: they have no two classes.
        metrics: By name.
    """

    keys: tuple[tuple[str, str], ...]
    name: str
    rows: int
    positives: int | None
    metrics: Mapping[str, Metric]

    @property
    def negatives(self) -> int | None:
        return None if self.positives is None else self.rows - self.positives


def compare(answers: Answers, slices: Sequence[Slice], metrics: Sequence[str], confidence: float) -> list[Measured]:
    """Measures each slice.

    Args:
        answers: Sound ones only.
        slices: Which rows.
        metrics: Which figures.
        confidence: Of each bound alone.
    """
    measured = [_measured(answers, one, metrics, confidence) for one in slices[:1]]
    # NumPy lets go of the interpreter in its loops, so that slices are measured side by side; what they share the first
    # has worked out.
    with ThreadPoolExecutor() as pool:
        return measured + list(pool.map(lambda one: _measured(answers, one, metrics, confidence), slices[1:]))


def _measured(answers: Answers, one: Slice, metrics: Sequence[str], confidence: float) -> Measured:
    rows = answers.rows.part(one.rows)
    samples = {role: whole.part(one.rows, rows) for role, whole in answers.samples.items()}
    found = {metric: _metric(metric, samples, answers.same_as, confidence) for metric in metrics}
    return Measured(one.keys, one.name, rows.count, rows.positives, found)


def _metric(metric: str, samples: Mapping[str, Sample], same_as: Mapping[str, str], confidence: float) -> Metric:
    models = {role: estimate(metric, sample, confidence) for role, sample in samples.items()}
    gains = {} if not better(metric) else {CHALLENGER: _over_itself(models[CHALLENGER])}
    for role in [role for role in samples if gains and role != CHALLENGER]:
        gains[role] = gain(metric, samples[CHALLENGER], samples[role], confidence)
    for role, other in same_as.items():
        models[role] = models[other]
        gains |= {role: gains[other]} if gains else {}
    gains.pop(CHALLENGER, None)
    missing = [f"{role}: {found.note}" for role, found in models.items() if found.note]
    return Metric(models, gains, method(metric), "; ".join(missing))


def sound(predictions: Floats, task: str) -> Bools:
    """Which predictions are what a model of the task answers: probabilities, or finite numbers."""
    found = (predictions >= 0) & (predictions <= 1) if task == BINARY else np.isfinite(predictions)
    return np.asarray(found, dtype=np.bool_)


def usable(answers: Answers, slices: Sequence[Slice]) -> tuple[Answers, list[Slice]]:
    """The rows to which every model gave a probability, or a number: figures of the others would be none."""
    kept = np.ones(len(answers.rows), dtype=np.bool_)
    for found in answers.predictions.values():
        kept &= sound(found, answers.rows.task)
    place = np.cumsum(kept) - 1
    predictions = {role: found[kept] for role, found in answers.predictions.items()}
    cut = [replace(one, rows=place[one.rows[kept[one.rows]]]) for one in slices]
    members = np.flatnonzero(kept)
    own = answers.own.part(members) if answers.own else None
    return replace(answers, rows=answers.rows.part(members), predictions=predictions, own=own), cut


def _over_itself(found: Estimate) -> Estimate:
    """The gain of a model over itself: exactly nothing, where there is a figure at all."""
    return found if math.isnan(found.value) else Estimate(0.0, Interval(0.0, 0.0))
