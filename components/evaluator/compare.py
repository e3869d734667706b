"""From predictions to figures: every metric of every slice for each model, and the gains over the baselines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from benison.components.evaluator.own import Own
from benison.core.metrics import BINARY, MULTICLASS, RANKING, REGRESSION, THRESHOLD, better, metric
from benison.measures.intervals import Interval
from benison.metrics.bound import Estimate, estimate, gain, method
from benison.metrics.measure import Bools, Floats, Rows, Sample
from benison.metrics.slice import Keys, Slice

CHALLENGER = "challenger"
# How far the probabilities of all classes may be from 1 in sum.
SLACK = 1e-3


@dataclass(frozen=True)
class Answers:
    """What the models answered on the holdout.

    Attributes:
        rows: The rows and what they count.
        predictions: Each role's probabilities, or numbers; every array with all rows, in one order; of several classes
            [rows, classes].
        same_as: Of roles whose model is another role's, that role; it is measured once, and the gain is 0 for certain.
        own: The metrics that the user wrote, on the same rows; None: there are none.
        lacking: By role the classes, by number, that a model has no predictions of; where there are several classes.
    """

    rows: Rows
    predictions: Mapping[str, Floats]
    same_as: Mapping[str, str]
    own: Own | None = None
    lacking: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def samples(self) -> dict[str, Sample]:
        """Each model that differs from those before it, on all rows."""
        own = [role for role in self.predictions if role not in self.same_as]
        return {role: self._sample(self.predictions[role]) for role in own}

    def _sample(self, predictions: Floats) -> Sample:
        return Sample(self.rows, predictions, added=self.own.terms(self.rows.labels, predictions) if self.own else {})


@dataclass(frozen=True)
class Part:
    """What the models answered on a slice.

    Attributes:
        keys: As in `Slice`.
        name: As in `Slice`.
        models: By role, each that differs from those before it.
        pairs: By baseline the model that is asked about and the baseline, on the same rows.
    """

    keys: Keys
    name: str
    models: Mapping[str, Sample]
    pairs: Mapping[str, tuple[Sample, Sample]]


@dataclass(frozen=True)
class Parts:
    """Slices, wherever they come from.

    Attributes:
        makes: By name, all rows first; each makes a slice, which is gone when it has been used.
        roles: Of all models.
        same_as: As in `Answers`.
    """

    makes: Mapping[str, Callable[[], Part]]
    roles: tuple[str, ...]
    same_as: Mapping[str, str]


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

    keys: Keys
    name: str
    rows: int
    positives: int | None
    metrics: Mapping[str, Metric]

    @property
    def negatives(self) -> int | None:
        return None if self.positives is None else self.rows - self.positives


def with_others(one: Measured, others: Mapping[str, Metric], order: Sequence[str]) -> Measured:
    """A slice with metrics that were measured elsewhere.

    Args:
        one: The slice.
        others: Those metrics.
        order: Of all of them.
    """
    found = {**one.metrics, **others}
    return replace(one, metrics={name: found[name] for name in order})


def compare(answers: Answers, slices: Sequence[Slice], metrics: Sequence[str], confidence: float) -> list[Measured]:
    """Measures each slice.

    Args:
        answers: Sound ones only.
        slices: Which rows.
        metrics: Which figures.
        confidence: Of each bound alone.
    """
    return measured(parts_of(answers, slices, metrics), metrics, confidence)


def parts_of(answers: Answers, slices: Sequence[Slice], metrics: Sequence[str] | None = None) -> Parts:
    """The slices of rows in memory.

    Args:
        answers: Sound ones only.
        slices: Which rows.
        metrics: What is going to be asked of them; None: anything, so that models are ranked at once.
    """
    ordered = metrics is None or any(metric(name).kind.parameter != THRESHOLD for name in metrics)
    # NumPy lets go of the interpreter in its loops, so that models are ranked, and slices measured, side by side.
    with ThreadPoolExecutor() as pool:
        if ordered and slices and answers.rows.task == BINARY:
            list(pool.map(lambda sample: sample.levels, answers.samples.values()))
    makes = {one.name: partial(_part, answers, one) for one in slices}
    return Parts(makes, tuple(answers.predictions), answers.same_as)


def _part(answers: Answers, one: Slice) -> Part:
    rows = answers.rows.part(one.rows)
    models = {role: whole.part(one.rows, rows) for role, whole in answers.samples.items()}
    pairs = {role: (models[CHALLENGER], sample) for role, sample in models.items() if role != CHALLENGER}
    return Part(one.keys, one.name, models, pairs)


def measured(parts: Parts, metrics: Sequence[str], confidence: float) -> list[Measured]:
    """Measures what models answered on each slice, wherever that came from.

    Args:
        parts: The slices.
        metrics: Which figures.
        confidence: Of each bound alone.
    """
    return at_confidences(parts, list(parts.makes), metrics, [confidence])[confidence]


def at_confidences(
    parts: Parts, names: Sequence[str], metrics: Sequence[str], confidences: Sequence[float]
) -> dict[float, list[Measured]]:
    """The same of some slices, at several confidences; what does not depend on them is worked out once for each slice.

    Args:
        parts: The slices.
        names: Which of them.
        metrics: Which figures.
        confidences: Of each bound alone.
    """

    def at_each(name: str) -> list[Measured]:
        part = parts.makes[name]()
        return [_measured(part, parts.same_as, metrics, confidence) for confidence in confidences]

    with ThreadPoolExecutor() as pool:
        found = list(pool.map(at_each, names))
    return {confidence: [levels[place] for levels in found] for place, confidence in enumerate(confidences)}


def _measured(part: Part, same_as: Mapping[str, str], metrics: Sequence[str], confidence: float) -> Measured:
    rows = part.models[CHALLENGER].rows
    found = {metric: _metric(metric, part, same_as, confidence) for metric in metrics}
    return Measured(part.keys, part.name, rows.count, rows.positives, found)


def _metric(metric: str, part: Part, same_as: Mapping[str, str], confidence: float) -> Metric:
    models = {role: estimate(metric, sample, confidence) for role, sample in part.models.items()}
    gains = {} if not better(metric) else {CHALLENGER: _over_itself(models[CHALLENGER])}
    for role, (challenger, baseline) in part.pairs.items() if gains else ():
        gains[role] = gain(metric, challenger, baseline, confidence)
    for role, other in same_as.items():
        models[role] = models[other]
        gains |= {role: gains[other]} if gains else {}
    gains.pop(CHALLENGER, None)
    missing = [f"{role}: {found.note}" for role, found in models.items() if found.note]
    missing = missing or [f"gain over {role}: {found.note}" for role, found in gains.items() if found.note]
    return Metric(models, gains, method(metric, part.models[CHALLENGER]), "; ".join(missing))


def sound(predictions: Floats, task: str) -> Bools:
    """Which predictions are what a model of the task answers: probabilities, of all classes, or finite numbers."""
    if task in (REGRESSION, RANKING):
        return np.isfinite(predictions)
    inside = (predictions >= 0) & (predictions <= 1)
    if task == MULTICLASS:
        inside = inside.all(axis=1) & (np.abs(predictions.sum(axis=1) - 1) <= SLACK)
    return np.asarray(inside, dtype=np.bool_)


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
