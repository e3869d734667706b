"""From predictions to figures: every metric of every slice for each model, and the gains over the baselines."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benison.components.evaluator.bound import Estimate, estimate, gain, method
from benison.components.evaluator.measure import Floats, Rows, Sample
from benison.components.evaluator.slice import Slice
from benison.core.metrics import better
from benison.measures.intervals import Interval

CHALLENGER = "challenger"


@dataclass(frozen=True)
class Answers:
    """What the models answered on the holdout.

    Attributes:
        rows: The rows and what they count.
        predictions: Each role's probabilities; every array with all rows, in one order.
        same_as: Of roles whose model is another role's, that role; it is measured once, and the gain is 0 for certain.
    """

    rows: Rows
    predictions: Mapping[str, Floats]
    same_as: Mapping[str, str]

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """Each model that differs from those before it, on all rows."""
        own = [role for role in self.predictions if role not in self.same_as]
        return {role: Sample(self.rows, self.predictions[role]) for role in own}


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
        positives: How many of them are positive.
        metrics: By name.
    """

    keys: tuple[tuple[str, str], ...]
    name: str
    rows: int
    positives: int
    metrics: Mapping[str, Metric]

    @property
    def negatives(self) -> int:
        return self.rows - self.positives


def compare(answers: Answers, slices: Sequence[Slice], metrics: Sequence[str], confidence: float) -> list[Measured]:
    """Measures each slice.

    Args:
        answers: Probabilities in [0, 1] only.
        slices: Which rows.
        metrics: Which figures.
        confidence: Of each bound alone.
    """
    # NumPy lets go of the interpreter in its loops, so that models are ranked, and slices measured, side by side.
    with ThreadPoolExecutor() as pool:
        if slices:
            list(pool.map(lambda sample: sample.levels, answers.samples.values()))
        return list(pool.map(lambda one: _measured(answers, one, metrics, confidence), slices))


def at_confidences(
    answers: Answers, slices: Sequence[Slice], metrics: Sequence[str], confidences: Sequence[float]
) -> dict[float, list[Measured]]:
    """The same once more, at other confidences; what does not depend on them is worked out once for each slice.

    Args:
        answers: As in `compare`.
        slices: Which rows.
        metrics: Which figures.
        confidences: Of each bound alone.
    """

    def at_each(one: Slice) -> list[Measured]:
        samples = _samples(answers, one)
        return [_of(samples, answers, one, metrics, confidence) for confidence in confidences]

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(at_each, slices))
    return {confidence: [levels[place] for levels in found] for place, confidence in enumerate(confidences)}


def _samples(answers: Answers, one: Slice) -> dict[str, Sample]:
    rows = answers.rows.part(one.rows)
    return {role: whole.part(one.rows, rows) for role, whole in answers.samples.items()}


def _measured(answers: Answers, one: Slice, metrics: Sequence[str], confidence: float) -> Measured:
    return _of(_samples(answers, one), answers, one, metrics, confidence)


def _of(
    samples: Mapping[str, Sample], answers: Answers, one: Slice, metrics: Sequence[str], confidence: float
) -> Measured:
    rows = samples[CHALLENGER].rows
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


def usable(answers: Answers, slices: Sequence[Slice]) -> tuple[Answers, list[Slice]]:
    """The rows to which every model gave a probability: figures of the others would be none."""
    kept = np.ones(len(answers.rows), dtype=np.bool_)
    for found in answers.predictions.values():
        kept &= (found >= 0) & (found <= 1)
    place = np.cumsum(kept) - 1
    predictions = {role: found[kept] for role, found in answers.predictions.items()}
    cut = [replace(one, rows=place[one.rows[kept[one.rows]]]) for one in slices]
    return replace(answers, rows=answers.rows.part(np.flatnonzero(kept)), predictions=predictions), cut


def _over_itself(found: Estimate) -> Estimate:
    """The gain of a model over itself: exactly nothing, where there is a figure at all."""
    return found if math.isnan(found.value) else Estimate(0.0, Interval(0.0, 0.0))
