"""quality: what labels say of the champion's live answers, held against what its evaluation said at its blessing.

Values and intervals are the evaluator's own, of the same names, on the same slices.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from benison.config.limits import Limits
from benison.config.quality import ALL, OVERALL, Quality, QualityCheck
from benison.core import metrics
from benison.core.errors import ConfigError
from benison.core.spelling import nearest
from benison.core.verdicts import Verdict
from benison.measures.intervals import Interval
from benison.metrics.bound import Estimate, estimate
from benison.metrics.measure import Rows, Sample
from benison.metrics.slice import Slice
from benison.monitoring.judge import Asked
from benison.monitoring.periods import Figure, Period
from benison.monitoring.windows import QUALITY, Finding

BLESSING, LIMIT = "blessing", "limit"
# Bounds of a lesser confidence say too little of their errors.
_LEAST = 0.95
_NO_VALUE = "its value and interval in the champion's evaluation: name it in the evaluation config, and bless again"
_NORMAL = NormalDist()
Key = tuple[str, str]


@dataclass(frozen=True)
class Blessed:
    """What the champion's evaluation says of a metric on a slice.

    Attributes:
        value: Of the champion.
        interval: What it lies between.
        confidence: Of each bound alone.
    """

    value: float
    interval: Interval
    confidence: float


@dataclass(frozen=True)
class Labelled:
    """Requests of a period whose label came.

    Attributes:
        labels: Whether each is positive.
        scores: What the champion answered, from 0 to 1.
        units: Whom each is about, as numbers from 0; None: each is about somebody else.
        slices: Those that occur.
        requests: How many the champion answered in all.
    """

    labels: npt.NDArray[np.bool_]
    scores: npt.NDArray[np.float64]
    units: npt.NDArray[np.int64] | None
    slices: Sequence[Slice]
    requests: int


def blessed_of(evaluation: Mapping[str, Any], quality: Quality, hidden: Collection[str] = ()) -> dict[Key, Blessed]:
    """What live figures are held against, by metric and slice: the metrics and slices that are watched.

    Args:
        evaluation: evaluation.json, in which the champion was the challenger.
        quality: What is watched, as `benison.config.quality.settled` has it.
        hidden: Columns that the request log does not tell: slices by them are left out.

    Raises:
        ConfigError: A slice that is named is not among those of the evaluation.
    """
    names = [one["slice"] for one in evaluation["slices"]]
    for name in quality.slices:
        if name != ALL and name not in names:
            where, expected = "benison.yaml (monitor.quality.slices)", "slices of the champion's evaluation"
            raise ConfigError(where, expected=expected, got=repr(name), hint=nearest(name, names))
    asked = names if ALL in quality.slices else quality.slices
    found = {
        (check.metric, one["slice"]): one["metrics"].get(check.metric, {}).get("challenger", {})
        for check in quality.checks
        for one in evaluation["slices"]
        if one["slice"] in asked and not set(one["keys"]) & set(hidden)
    }
    confidence = evaluation["confidence"]
    return {
        key: Blessed(one["value"], Interval(one["lower"], one["upper"]), confidence)
        for key, one in found.items()
        if None not in (one.get("value"), one.get("lower"), one.get("upper"))
    }


def measured(
    labelled: Labelled, blessed: Mapping[Key, Blessed], quality: Quality, alpha: float
) -> tuple[list[Figure], list[Asked]]:
    """The figures of a period, and what is asked of them.

    Args:
        labelled: Its requests.
        blessed: What they are held against.
        quality: What is watched.
        alpha: The chance of any false alarm in one window.
    """
    whole = Sample(Rows.of(labelled.labels, units=labelled.units), labelled.scores)
    rows_of = {one.name: one.rows for one in labelled.slices}
    share = 1 - len(labelled.labels) / labelled.requests if labelled.requests else 1.0
    unsure = f"labels of {quality.missing:.0%} of the requests missing at most, got {share:.0%}"
    figures, asked = [], []
    for (metric, name), before in blessed.items():
        places = rows_of.get(name, np.zeros(0, np.int64))
        sample = whole if name == OVERALL else whole.part(places, whole.rows.part(places))
        one = _Question(metric, name, before, sample, quality, max(_LEAST, 1 - alpha))
        figures.append(one.figure())
        asked += [replace(each, unsure=unsure if share > quality.missing else "") for each in one.asked()]
    return figures, [*asked, *_unblessed(blessed, quality)]


def _unblessed(blessed: Mapping[Key, Blessed], quality: Quality) -> list[Asked]:
    """What is asked for by name and cannot be told, since there is nothing to hold it against."""
    names = [OVERALL if name == ALL else name for name in quality.slices]
    lost = [(check.metric, name) for check in quality.checks for name in names if (check.metric, name) not in blessed]
    return nothing(lost, quality, _NO_VALUE) if lost else []


def nothing(blessed: Iterable[Key], quality: Quality, why: str) -> list[Asked]:
    """The same questions where nothing could be measured.

    Args:
        blessed: Metrics and slices.
        quality: What is watched.
        why: What hindered it.
    """
    limits = {check.metric: check.limits for check in quality.checks}
    keys = list(blessed) or [(check.metric, OVERALL) for check in quality.checks]
    return [
        Asked(_finding(_subject(metric, name), limits[metric].limit, 0, BLESSING, why), limits[metric])
        for metric, name in keys
    ]


@dataclass(frozen=True)
class _Question:
    metric: str
    slice: str
    before: Blessed
    sample: Sample
    quality: Quality
    confidence: float

    def figure(self) -> Figure:
        """As it is shown, between bounds of the gate's confidence."""
        found = self._estimate(self.quality.confidence)
        known, rows = found.interval.known, self.sample.rows.count
        lower, upper = (found.interval.lower, found.interval.upper) if known else (None, None)
        value = None if math.isnan(found.value) else found.value
        return Figure(self.metric, self.slice, value, lower, upper, self.before.value, rows, found.note)

    def asked(self) -> Iterator[Asked]:
        """Whether it is worse than it was, and where it has bounds of its own whether it is beyond one."""
        check = next(one for one in self.quality.checks if one.metric == self.metric)
        found, sign = self._estimate(self.confidence), metrics.better(self.metric)
        yield self._worse(check, found, sign)
        if self.slice == OVERALL:
            yield from self._beyond(check, found)

    def _worse(self, check: QualityCheck, found: Estimate, sign: int) -> Asked:
        limits, subject = check.limits, _subject(self.metric, self.slice)
        if lacks := self._lacks(found):
            return Asked(_finding(subject, limits.limit, self.sample.rows.count, BLESSING, lacks), limits)
        loss = sign * (self.before.value - found.value)
        return self._told(subject, BLESSING, limits, loss, self._far(found, sign), self._far_before(sign))

    def _beyond(self, check: QualityCheck, found: Estimate) -> Iterator[Asked]:
        for word, bound, sign in (("at least", check.at_least, 1), ("at most", check.at_most, -1)):
            if math.isfinite(bound):
                limits, subject = Limits(0.0, check.limits.severe), f"{self.metric} {word} {bound:g}"
                if lacks := self._lacks(found):
                    yield Asked(_finding(subject, 0.0, self.sample.rows.count, LIMIT, lacks), limits)
                else:
                    short = sign * (bound - found.value)
                    yield self._told(subject, LIMIT, limits, short, self._far(found, sign), 0.0)

    def _told(self, subject: str, against: str, limits: Limits, effect: float, live: float, before: float) -> Asked:
        """How certain it is that an effect is above its limit, from how far its lower bound lies from it (MOVER)."""
        rows, usual = self.sample.rows.count, _NORMAL.inv_cdf(self.confidence)
        width = math.hypot(live, before)

        def reach(p: float) -> float:
            return limits.limit + width * _NORMAL.inv_cdf(1 - p) / usual

        def needs(p: float) -> str:
            gap = effect - limits.limit if effect > limits.limit else limits.severe - limits.limit
            times = _NORMAL.inv_cdf(1 - p) / usual
            room = gap**2 - (before * times) ** 2
            if room <= 0:
                return "a larger holdout at the next blessing: its own interval hides as much"
            return f"about {math.ceil(rows * (live * times) ** 2 / room):,} labels in a period, got {rows:,}"

        finding = replace(_finding(subject, limits.limit, rows, against, ""), effect=effect)
        p = _NORMAL.cdf(-usual * (effect - limits.limit) / width) if width else float(effect <= limits.limit)
        return Asked(finding, limits, p, reach, needs=needs)

    def _far(self, found: Estimate, sign: int) -> float:
        """How far the bound of the live value lies that would make the loss smaller."""
        return found.interval.upper - found.value if sign > 0 else found.value - found.interval.lower

    def _far_before(self, sign: int) -> float:
        """Likewise of the value at the blessing, at the same confidence."""
        interval, value = self.before.interval, self.before.value
        far = value - interval.lower if sign > 0 else interval.upper - value
        return far * _NORMAL.inv_cdf(self.confidence) / _NORMAL.inv_cdf(self.before.confidence)

    def _lacks(self, found: Estimate) -> str:
        """What there is too little of to say anything; empty: nothing."""
        rows = self.sample.rows
        positives = rows.positives or 0
        fewest, fewest_positives = self.quality.min_rows, self.quality.min_positives
        if rows.count < fewest:
            return f"{fewest} labels, got {rows.count}"
        if min(positives, rows.count - positives) < fewest_positives:
            return f"{fewest_positives} labels of each kind, got {positives} positive and {rows.count - positives} not"
        return "" if found.interval.known else found.note

    def _estimate(self, confidence: float) -> Estimate:
        if not self.sample.rows.count:
            return Estimate(math.nan, Interval(math.nan, math.nan), "no label")
        return estimate(self.metric, self.sample, confidence)


def _subject(metric: str, name: str) -> str:
    return metric if name == OVERALL else f"{metric}, {name}"


def _finding(subject: str, limit: float, rows: int, against: str, missing: str) -> Finding:
    return Finding(
        QUALITY, subject, Verdict.INCONCLUSIVE, False, None, limit, None, None, rows, against, missing=missing
    )


def period_of(start: int, quality: Quality, labelled: Labelled, figures: Sequence[Figure]) -> Period:
    """A period as it is kept."""
    return Period(start, quality.period_minutes, labelled.requests, len(labelled.labels), tuple(figures))
