"""Metrics of the scores themselves: areas, losses, and means."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from benison.measures import calibration
from benison.measures.intervals import UNKNOWN, Interval, on_logit_scale, paired
from benison.measures.levels import Levels
from benison.measures.precision_recall import PrecisionRecall, precision_recall
from benison.measures.proportions import clopper_pearson
from benison.measures.ranking import RocArea, auc_interval, own_interval, roc_area
from benison.metrics.base import (
    BOTH_CLASSES,
    IDENTITY,
    LOG,
    LOGIT,
    Bound,
    Coarse,
    Measure,
    Scale,
    bounded,
    lacking,
    lopsided,
    of_influences,
    quantile,
)
from benison.metrics.matrix import exact
from benison.metrics.measure import Sample
from benison.metrics.ratios import Ratio, of_ratio

# Of rows that weigh differently, or hang together: the upper bound of a calibration held in 91% where there were fewer.
_POSITIVES = 40
_MANY = {**BOTH_CLASSES, "rows": 200}
# What the order of rows within bins may make of an area.
_MOST_UNSEEN = 0.005
# As `Masses.unevenness`: of weights 1 and 10 in equal numbers it is 2. Beyond, bounds of an area held in 85%.
_MOST_UNEVEN = 4.0


def _area(sample: Sample, thresholds: float) -> RocArea:
    return sample.area if math.isnan(thresholds) else sample.area_of(sample.levels_at(thresholds))


def _auc_interval(sample: Sample, thresholds: float, confidence: float) -> Interval:
    found, sizes = _area(sample, thresholds), (sample.size("positives"), sample.size("negatives"))
    return auc_interval(found.area, sample.masses.error(found.influences), *sizes, confidence)


def _auc_gain(first: Sample, second: Sample, thresholds: float, confidence: float) -> Interval:
    masses, sizes = first.masses, (first.size("positives"), first.size("negatives"))
    if min(sizes) < 2:
        return UNKNOWN
    both = (first, second)
    finest = [_area(sample.finest, thresholds) for sample in both]
    own = [
        own_interval(of.area, sample.finest.masses.error(of.influences), *sizes, confidence)
        for sample, of in zip(both, finest, strict=True)
    ]
    one, two = (_area(sample, thresholds) if sample.finer else of for sample, of in zip(both, finest, strict=True))
    many = quantile(first, BOTH_CLASSES, math.nan, confidence)
    areas = [of.area for of in finest]
    direct = lopsided(IDENTITY, areas[0] - areas[1], masses, one.influences - two.influences, many)
    correlation = masses.correlation(one.influences, two.influences)
    return paired(areas[0], own[0], areas[1], own[1], correlation, direct)


def _curve(sample: Sample, thresholds: float) -> PrecisionRecall:
    return sample.curve if math.isnan(thresholds) else precision_recall(sample.levels_at(thresholds))


def _unseen(area: Callable[[Levels], float]) -> Coarse:
    """Whether the order of rows within a bin, which is not known, might make much of an area."""

    def coarse(sample: Sample, thresholds: float) -> bool:
        levels = sample.finest.levels
        if not (sample.finest.binned and math.isnan(thresholds) and min(sample.rows.sizes.values()) > 0):
            return False
        low, high = (area(levels.apart(positives_above=above)) for above in (False, True))
        return high - low > 2 * _MOST_UNSEEN

    return coarse


def _too_uneven(sample: Sample) -> str:
    """Says where a few rows have so much of the weight that the error of an area at the top is not known."""
    if sample.masses.counted or sample.masses.unevenness <= _MOST_UNEVEN:
        return ""
    return "a few rows weigh so much more than the others that no error can be estimated"


def _known_errors(value: float, error: float, many: float) -> Interval:
    return on_logit_scale(value, error, many) if error > 0 else UNKNOWN


def _loss_bound(bound: Bound) -> Bound:
    """With room above for rows of which a model is certain, and wrong: one costs 16, and is not in every holdout.

    What they cost is the share of such rows times `MOST_LOSS`; its upper bound is that of a share, and is put together
    with that of all other losses as of a sum of two figures.
    """

    def interval(sample: Sample, parameter: float, confidence: float) -> Interval:
        found = bound(sample, parameter, confidence)
        sure = calibration.certain(sample.predictions)
        if not (found.known and sure.any()):
            return found
        masses, losses = sample.masses, np.where(sure, 0.0, sample.losses)
        mean, wrong = masses.mean(losses), masses.mean(sure * (sample.losses > 0.5 * calibration.MOST_LOSS))
        rest = lopsided(LOG, mean, masses, losses - mean, quantile(sample, BOTH_CLASSES, parameter, confidence))
        size = masses.size(sure)
        dearest = clopper_pearson(min(wrong * masses.total / masses.sum(sure), 1.0) * size, size, confidence).upper
        of_certain = calibration.MOST_LOSS * (dearest * masses.mean(sure) - wrong)
        value = mean + calibration.MOST_LOSS * wrong
        above = math.hypot(rest.upper - mean if rest.known else 0.0, of_certain)
        return Interval(found.lower, max(found.upper, value + above))

    return interval


def _few_labels(sample: Sample) -> str:
    """Says where the labels that the predictions are set against are too few for what they weigh."""
    found = sample.size("positives")
    if sample.masses.counted or found >= _POSITIVES:
        return ""
    return f"effectively {math.floor(found)} positives where an interval of weighted rows needs {_POSITIVES}"


RATIOS: Mapping[str, Ratio] = {
    "binary_crossentropy": Ratio(lambda of: of.losses, None, LOG, "influence (log); gain: paired influences", "losses"),
    "brier_score": Ratio(lambda of: of.squares, None, LOGIT, "influence (logit); gain: paired influences", "squares"),
    "calibration": Ratio(lambda of: of.predictions, lambda of: of.labels, LOG, "influence (log)", "predictions"),
    "mean_prediction": Ratio(lambda of: of.predictions, None, bounded(0.0, 1.0), "Student", "predictions"),
}


def measures() -> dict[str, Measure]:
    """By the metric's name."""
    auc = Measure(
        lambda sample, thresholds: _area(sample, thresholds).area,
        _auc_interval,
        _auc_gain,
        BOTH_CLASSES,
        "DeLong (logit) and Newcombe; gain: paired DeLong and MOVER",
        coarse=_unseen(lambda levels: roc_area(levels).area),
        influences=lambda sample, thresholds: _area(sample, thresholds).influences,
    )
    curve = of_influences(
        lambda sample, thresholds: _curve(sample, thresholds).area,
        lambda sample, thresholds: _curve(sample, thresholds).influences,
        Scale("logit", _known_errors),
        _MANY,
        "influence (logit); gain: paired influence and MOVER",
    )
    needed = replace(curve, coarse=_unseen(lambda levels: precision_recall(levels).area))
    rows = exact(lambda sample, _: sample.masses.total)
    calibrated = of_ratio(RATIOS["calibration"], BOTH_CLASSES)
    loss = of_ratio(RATIOS["binary_crossentropy"], BOTH_CLASSES)
    return {
        "auc": auc,
        "auc_precision_recall": replace(
            needed, lacks=lambda sample, at: lacking(needed, sample, at) or _too_uneven(sample)
        ),
        "example_count": rows,
        "weighted_example_count": rows,
        **{name: of_ratio(one, BOTH_CLASSES) for name, one in RATIOS.items()},
        "calibration": replace(
            calibrated, lacks=lambda sample, at: lacking(calibrated, sample, at) or _few_labels(sample)
        ),
        "binary_crossentropy": replace(loss, interval=_loss_bound(loss.interval)),
    }
