"""Tells the label: a feature that does so alone most often knows something that nobody knows beforehand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from benison.components.example_validator.measure import Measured
from benison.config.validation import Bounds
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import allowed as in_words
from benison.measures.bounds import could_block
from benison.measures.numbers import NEGATIVE, POSITIVE, Counts, NumberTally
from benison.measures.separation import Separation, by_rate, in_order
from benison.measures.tallies import ColumnTally, edges_of

NAME = "feature_auc"
# By chance alone one of all features of a snapshot is above its lower bound this often.
_LEVEL = 0.01
_BINS = 100
_CLASSES = [NEGATIVE, POSITIVE]


def tells_label(train: Measured, holdout: Measured, features: Iterable[str], bounds: Bounds) -> Iterator[Check]:
    """One check for each feature: its AUC alone, learned from train and measured on holdout.

    Numbers are taken in their order, up or down, with missing ones at either end, and by the positive rate of their
    bins; texts by the positive rate of their values. The best of these counts. A high figure of few rows is no finding:
    to block it must be beyond `block` and surely beyond `warn`; what is beyond `warn` but not surely is inconclusive.

    Args:
        train: The rows that order and rates are learned from.
        holdout: Those that are measured.
        features: The columns that the model sees.
        bounds: Of the AUC.
    """
    features = list(features)
    if math.isinf(bounds.warn):
        return
    confidence = 1 - _LEVEL / max(len(features), 1)
    for name in features:
        if name in train.tallies and name in holdout.tallies:
            totals = [[one.labels.negatives, one.labels.positives] for one in (train, holdout)]
            found = _best(train.tallies[name], holdout.tallies[name], np.array(totals, np.int64))
            yield _judged(name, found, bounds, confidence)
        else:
            yield _not_measured(name, bounds, "is not in the data")


def _best(train: ColumnTally, holdout: ColumnTally, totals: Counts) -> Separation:
    """The best of the ways to read a column."""
    if train.numbers is not None and holdout.numbers is not None:
        made = _of_numbers(train, holdout, train.numbers, holdout.numbers)
    else:
        made = [_of_texts(train, holdout, totals)]
    known = [one for one in made if not math.isnan(one.auc)]
    return max(known, key=lambda one: one.auc) if known else made[0]


def _of_numbers(train: ColumnTally, holdout: ColumnTally, one: NumberTally, other: NumberTally) -> list[Separation]:
    """Numbers in order with missing ones first, and last; then bins and missing ones by rate."""
    finest = [tally.counts[:, _CLASSES] for tally in (one, other)]
    ends = [tally.missing[None, _CLASSES] for tally in (train, holdout)]
    first = in_order(*(np.concatenate([end, counts]) for end, counts in zip(ends, finest, strict=True)))
    last = in_order(*(np.concatenate([counts, end]) for end, counts in zip(ends, finest, strict=True)))
    edges = edges_of(one, _BINS)
    binned = [tally.binned(edges)[:, _CLASSES] for tally in (one, other)]
    rated = by_rate(*(np.concatenate([end, counts]) for end, counts in zip(ends, binned, strict=True)))
    return [first, last, rated]


def _of_texts(train: ColumnTally, holdout: ColumnTally, totals: Counts) -> Separation:
    """Values, missing ones, and all that were too many to be counted, by rate."""
    values = list(dict.fromkeys([*_counted(train), *_counted(holdout)]))
    both = []
    for tally, total in zip((train, holdout), totals, strict=True):
        counts = tally.texts.count(values)[:, _CLASSES] if tally.texts is not None else np.zeros((len(values), 2), int)
        missing = tally.missing[None, _CLASSES]
        others = np.maximum(total[None] - counts.sum(axis=0) - missing, 0)
        both.append(np.concatenate([counts, missing, others]).astype(np.int64))
    return by_rate(*both)


def _counted(tally: ColumnTally) -> Iterable[str]:
    return tally.texts.places if tally.texts is not None else ()


@dataclass(frozen=True)
class _Answer:
    tier: Tier
    verdict: Verdict
    end: str


def _judged(name: str, found: Separation, bounds: Bounds, confidence: float) -> Check:
    interval = found.interval(confidence)
    if math.isnan(found.auc) or not interval.known:
        return _not_measured(name, bounds, "cannot be measured on fewer than two holdout rows of each class")
    answer = _answer(found.auc, interval.lower, bounds)
    allowed = in_words(bounds)
    observed = f"AUC {found.auc:.4f}, surely above {interval.lower:.4f}"
    reason = f"column {name} alone tells the label with {observed}; allowed {allowed}{answer.end}"
    numbers = {"auc": found.auc, "auc_lower": interval.lower}
    numbers |= {"positives": found.positives, "negatives": found.negatives}
    return Check(NAME, f"column {name}", answer.tier, answer.verdict, observed, allowed, reason, numbers)


def _answer(auc: float, lower: float, bounds: Bounds) -> _Answer:
    """Surely beyond `warn` is a finding, and blocks if the figure is beyond `block`."""
    known_before = "; is it known before the label? If so, benison data accept says so, else leave it out"
    if auc <= bounds.warn:
        return _Answer(could_block(bounds), Verdict.PASS, "")
    if lower <= bounds.warn:
        return _Answer(Tier.SOFT, Verdict.INCONCLUSIVE, "; too few rows to be sure, more would tell")
    if auc > bounds.block:
        return _Answer(Tier.HARD, Verdict.FAIL, known_before)
    return _Answer(Tier.SOFT, Verdict.FAIL, known_before)


def _not_measured(name: str, bounds: Bounds, why: str) -> Check:
    subject, allowed = f"column {name}", in_words(bounds)
    reason = f"{subject} {why}, so how well it tells the label alone is not known"
    numbers = {"measured": 0}
    return Check(NAME, subject, Tier.SOFT, Verdict.INCONCLUSIVE, "not measured", allowed, reason, numbers)
