"""Metrics that are a share of rows: those that count, among those that are meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from benison.measures.confusion import Counts, share
from benison.measures.intervals import Interval, mover
from benison.measures.proportions import (
    effective_trials,
    on_both_sides,
    paired_difference,
    proportion,
    wilson_of_share,
)
from benison.metrics.base import FEWEST, Bound, Gain, Measure, gain_of, quantile
from benison.metrics.measure import Bools, Floats, Sample


@dataclass(frozen=True)
class Share:
    """A share.

    Attributes:
        counted: Rows that count, of the matrix.
        among: Rows among which they are.
        meant: What they are called, as in `Sample.size`.
        hits: How much of each row counts.
        members: How much of each row is meant.
    """

    counted: Callable[[Counts], float]
    among: Callable[[Counts], float]
    meant: str
    hits: Callable[[Sample, float], Bools | Floats]
    members: Callable[[Sample, float], Bools | Floats]

    def value(self, sample: Sample, threshold: float) -> float:
        """NaN where no row is meant."""
        counts = sample.counts(threshold)
        return share(self.counted(counts), self.among(counts))

    def influences(self, sample: Sample, threshold: float) -> Floats:
        """Of each row."""
        members = self.members(sample, threshold)
        apart = self.hits(sample, threshold) - self.value(sample, threshold) * members
        return np.asarray(apart / sample.masses.mean(members), dtype=np.float64)


def _all(sample: Sample, _: float) -> Bools:
    return np.ones(len(sample), dtype=np.bool_)


def _true_positives(sample: Sample, threshold: float) -> Bools | Floats:
    return sample.labels * sample.answers(threshold)


def _false_positives(sample: Sample, threshold: float) -> Bools | Floats:
    return sample.rows.others * sample.answers(threshold)


def _true_negatives(sample: Sample, threshold: float) -> Bools | Floats:
    return sample.rows.others * ~sample.answers(threshold)


def _false_negatives(sample: Sample, threshold: float) -> Bools | Floats:
    return sample.labels * ~sample.answers(threshold)


def _right(sample: Sample, threshold: float) -> Bools | Floats:
    return _true_positives(sample, threshold) + _true_negatives(sample, threshold)


def _positives(sample: Sample, _: float) -> Bools | Floats:
    return sample.labels


def _negatives(sample: Sample, _: float) -> Bools | Floats:
    return sample.rows.others


def _answered(sample: Sample, threshold: float) -> Bools:
    return sample.answers(threshold)


def _not_answered(sample: Sample, threshold: float) -> Bools:
    return ~sample.answers(threshold)


def _rows(of: Counts) -> float:
    return of.rows


def _of_positives(counted: Callable[[Counts], float], hits: Callable[[Sample, float], Bools | Floats]) -> Share:
    return Share(counted, lambda of: of.positives, "positives", hits, _positives)


def _of_negatives(counted: Callable[[Counts], float], hits: Callable[[Sample, float], Bools | Floats]) -> Share:
    return Share(counted, lambda of: of.negatives, "negatives", hits, _negatives)


def _of_answered(counted: Callable[[Counts], float], hits: Callable[[Sample, float], Bools | Floats]) -> Share:
    return Share(counted, lambda of: of.predicted_positives, "predicted_positives", hits, _answered)


def _of_not_answered(counted: Callable[[Counts], float], hits: Callable[[Sample, float], Bools | Floats]) -> Share:
    return Share(counted, lambda of: of.predicted_negatives, "predicted_negatives", hits, _not_answered)


SHARES: Mapping[str, Share] = {
    "binary_accuracy": Share(lambda of: of.true_positives + of.true_negatives, _rows, "rows", _right, _all),
    "false_discovery_rate": _of_answered(lambda of: of.false_positives, _false_positives),
    "false_negative_rate": _of_positives(lambda of: of.false_negatives, _false_negatives),
    "false_omission_rate": _of_not_answered(lambda of: of.false_negatives, _false_negatives),
    "false_positive_rate": _of_negatives(lambda of: of.false_positives, _false_positives),
    "mean_label": Share(lambda of: of.positives, _rows, "rows", _positives, _all),
    "negative_predictive_value": _of_not_answered(lambda of: of.true_negatives, _true_negatives),
    "precision": _of_answered(lambda of: of.true_positives, _true_positives),
    "predicted_positive_rate": Share(lambda of: of.predicted_positives, _rows, "rows", _answered, _all),
    "recall": _of_positives(lambda of: of.true_positives, _true_positives),
    "specificity": _of_negatives(lambda of: of.true_negatives, _true_negatives),
}
# Both models of a pair are asked about the same rows there, so that they differ on single rows alone.
_SAME_ROWS = ("rows", "positives", "negatives")


def share_interval(one: Share) -> Bound:
    """Wilson's, on the far side Clopper-Pearson's bound; where rows weigh differently, of their effective number."""

    def interval(sample: Sample, threshold: float, confidence: float) -> Interval:
        counts = sample.counts(threshold)
        if sample.rows.simple:
            return proportion(one.counted(counts), one.among(counts), confidence)
        influences = one.influences(sample, threshold)
        error = sample.masses.error(influences)
        size = sample.size(one.meant, threshold)
        most = sample.rows.count * one.among(counts) / counts.rows
        many = quantile(sample, {one.meant: FEWEST}, threshold, confidence, influences)
        value, certain = one.value(sample, threshold), float(special.ndtr(many))
        trials = effective_trials(value, error, size, most)
        return on_both_sides(wilson_of_share(value, error, size, most, many), value, trials, certain)

    return interval


def _paired_gain(one: Share, otherwise: Gain) -> Gain:
    """Tango's interval, of few rows no less than MOVER's: of those on which just one of the two models has a hit."""

    def gain(first: Sample, second: Sample, threshold: float, confidence: float) -> Interval:
        if not first.rows.simple:
            return otherwise(first, second, threshold, confidence)
        hit, other_hit = one.hits(first, threshold), one.hits(second, threshold)
        only_first, only_second = (first.masses.sum(rows) for rows in (hit > other_hit, other_hit > hit))
        return paired_difference(only_first, only_second, one.among(first.counts(threshold)), confidence)

    return gain


def _recovered_gain(one: Share, own: Bound, otherwise: Gain) -> Gain:
    """MOVER on each model's own interval, where the rows that are meant are each model's own."""

    def gain(first: Sample, second: Sample, threshold: float, confidence: float) -> Interval:
        if not first.rows.simple:
            return otherwise(first, second, threshold, confidence)
        bounds = [own(sample, threshold, confidence) for sample in (first, second)]
        values = [one.value(sample, threshold) for sample in (first, second)]
        influences = [one.influences(sample, threshold) for sample in (first, second)]
        return mover(values[0], bounds[0], values[1], bounds[1], first.masses.correlation(*influences))

    return gain


def _measure(one: Share) -> Measure:
    needed = {one.meant: FEWEST}
    own = share_interval(one)
    otherwise = gain_of(one.value, one.influences, own, needed)
    if one.meant in _SAME_ROWS:
        gain, method = _paired_gain(one, otherwise), "Wilson, Clopper-Pearson on the far side; gain: Tango"
    else:
        gain, method = _recovered_gain(one, own, otherwise), "Wilson, Clopper-Pearson on the far side; gain: MOVER"
    return Measure(one.value, own, gain, needed, method, influences=one.influences, bare=True, bare_gain=True)


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    return {name: _measure(one) for name, one in SHARES.items()}
