"""gaps: how far the groups of a column lie apart, for each model, and whether the challenger's gap is the wider one.

docs/statistics.md says how the intervals come about. `confidence` is that of each bound alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benison.components.evaluator.compare import CHALLENGER, Measured
from benison.config import PARITIES, Gate, can_have_gaps
from benison.core.metrics import THRESHOLD, better, metric, spoken
from benison.eval_config import EvalConfig
from benison.measures.gaps import (
    Bounds,
    Figures,
    comparisons,
    differences,
    narrowest,
    ratios,
    widening,
    widest,
)
from benison.measures.intervals import UNKNOWN, Interval
from benison.metrics.bound import Estimate
from benison.metrics.measure import Floats

METHOD = "MOVER on each group's own interval, over all pairs; gain: MOVER on each group's gain"
# Of the error of a gap's gain so much is left for not knowing which two groups are the farthest apart.
_FOR_WHICH_PAIR = 0.1
NOTHING_ANSWERED = "nothing is answered positive in any group, so that there is nothing in which they could differ"
_ANSWERED = "predicted_positive_rate"
# Slices by name, of which metrics, at which confidences: once more, by confidence.
Again = Callable[[Sequence[str], Sequence[str], Sequence[float]], Mapping[float, Sequence[Measured]]]


@dataclass(frozen=True)
class Comparison:
    """What is compared across which groups.

    Attributes:
        metrics: Of several the worst counts.
        across: Columns, sorted.
    """

    metrics: tuple[str, ...]
    across: tuple[str, ...]


@dataclass(frozen=True)
class Farthest:
    """The largest difference, or the smallest ratio, between any two groups.

    Attributes:
        estimate: The difference, 0 or more; or the ratio, 1 or less.
        metric: By which; empty where it is undefined.
        high: The group that has more of it.
        low: The group that has less.
    """

    estimate: Estimate
    metric: str = ""
    high: str = ""
    low: str = ""


@dataclass(frozen=True)
class Against:
    """A group against the largest one, by one metric of the challenger; each taken alone."""

    group: str
    difference: Estimate
    ratio: Estimate


@dataclass(frozen=True)
class Gap:
    """A comparison of groups.

    Attributes:
        of: What was compared.
        groups: Those that are.
        left_out: Those that are not, by name, since the policy's counts forbid it; with the reason.
        unknown: Those that are not since there is no interval, likewise.
        difference: By role.
        ratio: By role.
        gains: By how much the challenger's difference is smaller than each baseline's.
        largest: The group with most rows.
        against: Every other group against it; none where several metrics are compared.
    """

    of: Comparison
    groups: tuple[Measured, ...]
    left_out: Mapping[str, str]
    unknown: Mapping[str, str]
    difference: Mapping[str, Farthest] = field(default_factory=dict)
    ratio: Mapping[str, Farthest] = field(default_factory=dict)
    gains: Mapping[str, Estimate] = field(default_factory=dict)
    largest: str = ""
    against: tuple[Against, ...] = ()

    @property
    def rows(self) -> int:
        """Of the groups that are compared."""
        return sum(one.rows for one in self.groups)


def comparisons_of(config: EvalConfig, gate: Gate | None) -> list[Comparison]:
    """Every metric, and every parity of several metrics, across every single column; then what the policy asks."""
    columns = [one.keys for one in config.slicings if len(one.keys) == 1 and not one.values]
    single = [(metric,) for metric in config.metrics if can_have_gaps(metric)]
    several = [of for of in PARITIES.values() if len(of) > 1 and set(of) <= set(config.metrics)]
    found = [Comparison(metrics, across) for across in columns for metrics in (*single, *several)]
    asked = [Comparison(line.metrics, line.across) for line in (gate.fairness if gate else ())]
    return list(dict.fromkeys([*found, *asked]))


def gaps(
    asked: Sequence[Comparison],
    measured: Sequence[Measured],
    left_out: Mapping[str, str],
    confidence: float,
    again: Again,
) -> list[Gap]:
    """Compares the groups.

    Args:
        asked: What is to be compared.
        measured: Every slice with its metrics, at `confidence`.
        left_out: Slices that are not compared, each with the reason.
        confidence: Of each bound alone.
        again: Measures slices at other confidences.
    """
    found: dict[Comparison, Gap] = {}
    for across, size in dict.fromkeys((one.across, len(one.metrics)) for one in asked):
        alike = [one for one in asked if one.across == across and len(one.metrics) == size]
        groups = [one for one in measured if tuple(column for column, _ in one.keys) == across]
        large = [one for one in groups if one.name not in left_out]
        small = {one.name: left_out[one.name] for one in groups if one.name in left_out}
        pairs = comparisons(size, len(large))
        measures = _Measures(large, alike, confidence, pairs, again) if pairs else None
        for one in alike:
            found[one] = measures.gap(one, small) if measures else Gap(one, tuple(large), small, {})
    return [found[one] for one in asked]


class _Measures:
    """Groups at every confidence that comparing them takes."""

    def __init__(
        self, groups: list[Measured], asked: Sequence[Comparison], confidence: float, pairs: int, again: Again
    ) -> None:
        error = 1 - confidence
        self._groups = groups
        self._strict, self._sure = 1 - error / pairs, 1 - _FOR_WHICH_PAIR * error / (3 * pairs)
        self._rest = 1 - (1 - _FOR_WHICH_PAIR) * error
        metrics = list(dict.fromkeys(metric for one in asked for metric in one.metrics))
        levels = (self._strict, self._sure, self._rest)
        answered = [rate for name in metrics if (rate := _answered(name)) and rate not in metrics]
        more = again([one.name for one in groups], list(dict.fromkeys([*metrics, *answered])), levels)
        self._at = {level: {one.name: one for one in more[level]} for level in levels}
        self._plain = {one.name: one for one in groups}

    def gap(self, asked: Comparison, left_out: Mapping[str, str]) -> Gap:
        unknown = {one.name: note for one in self._groups if (note := _note(one, asked.metrics, CHALLENGER))}
        groups = tuple(one for one in self._groups if one.name not in unknown)
        if len(groups) < 2:
            return Gap(asked, groups, left_out, unknown)
        pairs = _Pairs(asked.metrics, groups, self._plain, self._at, (self._strict, self._sure, self._rest))
        roles = list(groups[0].metrics[asked.metrics[0]].models)
        against = pairs.against_largest() if len(asked.metrics) == 1 else ("", ())
        return Gap(
            asked,
            groups,
            left_out,
            unknown,
            difference={role: pairs.difference(role) for role in roles},
            ratio={role: pairs.ratio(role) for role in roles},
            gains={role: pairs.gain(role) for role in roles if role in pairs.directed},
            largest=against[0],
            against=against[1],
        )


def _answered(name: str) -> str:
    """The share of rows that are answered positive, at the threshold of a metric; empty where it has none."""
    asked = metric(name)
    kinds = spoken().of_classes if asked.of or asked.top else spoken().kinds
    known = asked.kind.parameter == THRESHOLD and _ANSWERED in kinds
    return replace(asked, kind=kinds[_ANSWERED]).name if known else ""


def _note(one: Measured, metrics: Sequence[str], role: str) -> str:
    """Why a group has no interval; empty where it has one."""
    found = (one.metrics[metric].models[role] for metric in metrics)
    return next((each.note or "undefined" for each in found if not each.interval.known), "")


@dataclass(frozen=True)
class _Pairs:
    """The groups that are compared by one comparison."""

    metrics: tuple[str, ...]
    groups: tuple[Measured, ...]
    plain: Mapping[str, Measured]
    at: Mapping[float, Mapping[str, Measured]]
    levels: tuple[float, float, float]

    @property
    def directed(self) -> set[str]:
        """The baselines over which there are gains by every metric."""
        found = [set(self.groups[0].metrics[metric].gains) for metric in self.metrics]
        return set.intersection(*found)

    def difference(self, role: str) -> Farthest:
        figures = self._figures(role, self.plain)
        if self._says_nothing(role, figures):
            return Farthest(Estimate(math.nan, UNKNOWN, NOTHING_ANSWERED))
        pairs = differences(figures)
        if note := self._notes(role):
            return Farthest(Estimate(_most(pairs.values), UNKNOWN, note))
        interval = widest(pairs, differences(self._figures(role, self.at[self.levels[0]])))
        return self._farthest(Estimate(_most(pairs.values), interval), pairs.values)

    def ratio(self, role: str) -> Farthest:
        figures = self._figures(role, self.plain)
        nothing = NOTHING_ANSWERED if self._says_nothing(role, figures) else ""
        if note := self._notes(role) or nothing or _no_ratio(figures):
            return Farthest(Estimate(math.nan, UNKNOWN, note))
        pairs = ratios(figures)
        interval = narrowest(pairs, ratios(self._figures(role, self.at[self.levels[0]])))
        least = float(np.nanmin(pairs.values))
        return self._farthest(Estimate(least, interval), pairs.values if least > 0 else differences(figures).values)

    def gain(self, baseline: str) -> Estimate:
        """By how much the challenger's widest difference is smaller."""
        here, there = self.difference(CHALLENGER), self.difference(baseline)
        value = there.estimate.value - here.estimate.value
        _, sure, rest = self.levels
        note = next((found for one in self.groups if (found := self._gain_note(one, baseline))), "")
        if note := here.estimate.note or there.estimate.note or note:
            return Estimate(value, UNKNOWN, note)
        changes = differences(self._changes(baseline, self.at[rest]))
        challenger, other = (
            Bounds(differences(self._figures(role, self.at[rest])), differences(self._figures(role, self.at[sure])))
            for role in (CHALLENGER, baseline)
        )
        return Estimate(value, -widening(changes, challenger, other))

    def against_largest(self) -> tuple[str, tuple[Against, ...]]:
        """Every other group against the one with most rows."""
        largest = max(range(len(self.groups)), key=lambda place: self.groups[place].rows)
        figures = self._figures(CHALLENGER, self.plain)
        if self._says_nothing(CHALLENGER, figures):
            return "", ()
        apart, shares = differences(figures), ratios(figures)
        no_ratio = bool(_no_ratio(figures))
        others = [place for place in range(len(self.groups)) if place != largest]
        found = [
            Against(
                self.groups[place].name,
                _estimate(apart, place, largest),
                Estimate(math.nan, UNKNOWN) if no_ratio else _estimate(shares, place, largest),
            )
            for place in others
        ]
        return self.groups[largest].name, tuple(found)

    def _says_nothing(self, role: str, figures: Figures) -> bool:
        """Whether groups are alike by every metric only since a model says no to everybody in all of them."""
        alike = np.all(figures.values == figures.values[:, :1], axis=1)
        return all(same and self._never_yes(role, name) for same, name in zip(alike, self.metrics, strict=True))

    def _never_yes(self, role: str, name: str) -> bool:
        rate, measured = _answered(name), self.at[self.levels[0]]
        found = [measured[one.name].metrics.get(rate) for one in self.groups] if rate else [None]
        return all(each is not None and each.models[role].value == 0 for each in found)

    def _farthest(self, found: Estimate, pairs: Floats) -> Farthest:
        metric, high, low = np.unravel_index(int(np.nanargmax(pairs)), pairs.shape)
        return Farthest(found, self.metrics[metric], self.groups[high].name, self.groups[low].name)

    def _notes(self, role: str) -> str:
        return next((note for one in self.groups if (note := _note(one, self.metrics, role))), "")

    def _gain_note(self, one: Measured, baseline: str) -> str:
        found = (one.metrics[metric].gains[baseline] for metric in self.metrics)
        return next((each.note or "undefined" for each in found if not each.interval.known), "")

    def _figures(self, role: str, measured: Mapping[str, Measured]) -> Figures:
        return _arrays(
            [[measured[one.name].metrics[metric].models[role] for one in self.groups] for metric in self.metrics]
        )

    def _changes(self, baseline: str, measured: Mapping[str, Measured]) -> Figures:
        """Challenger minus baseline of each group, as the metric goes."""

        def changed(metric: str) -> Iterator[Estimate]:
            for one in self.groups:
                found = measured[one.name].metrics[metric].gains[baseline]
                yield Estimate(-found.value, -found.interval) if better(metric) < 0 else found

        return _arrays([list(changed(metric)) for metric in self.metrics])


def _arrays(found: Sequence[Sequence[Estimate]]) -> Figures:
    """Figures [metrics, groups]."""
    values = np.array([[one.value for one in row] for row in found])
    lower = np.array([[one.interval.lower for one in row] for row in found])
    return Figures(values, lower, np.array([[one.interval.upper for one in row] for row in found]))


def _most(pairs: Floats) -> float:
    return float(np.nanmax(pairs)) if np.any(~np.isnan(pairs)) else math.nan


def _no_ratio(figures: Figures) -> str:
    """Why none is measured; empty where one is. A figure that may be below 0 has no logarithm."""
    if np.any(figures.values < 0) or np.any(figures.lower < 0):
        return "there is no ratio of figures that may be below 0"
    return "it is 0 in every group" if np.any(np.all(figures.values == 0, axis=1)) else ""


def _estimate(pairs: Figures, one: int, other: int) -> Estimate:
    lower, upper = float(pairs.lower[0, one, other]), float(pairs.upper[0, one, other])
    return Estimate(float(pairs.values[0, one, other]), Interval(lower, upper))
