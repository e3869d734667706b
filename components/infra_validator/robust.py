"""robust: how much worse a metric becomes where rows are disturbed, by the same rows undisturbed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from benison.config.behaviour import METRICS
from benison.measures.calibration import log_losses
from benison.measures.intervals import UNKNOWN, Interval, symmetric
from benison.measures.levels import Levels
from benison.measures.masses import Masses
from benison.measures.quantiles import cautious
from benison.measures.ranking import roc_area

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
_OF_EACH_ROW: Mapping[str, Callable[[Bools, Floats], Floats]] = {
    "binary_accuracy": lambda labels, answers: ((answers > 0.5) == labels).astype(np.float64),
    "binary_crossentropy": log_losses,
    "brier_score": lambda labels, answers: np.square(answers - labels),
}


def loss(
    metric: str, labels: npt.NDArray[np.int8], before: Floats, after: Floats, confidence: float
) -> tuple[float, Interval]:
    """How much worse a metric is of disturbed rows than of the same rows undisturbed, and its interval.

    The error is that of the paired difference: of the mean of what each row loses or, for the area under the ROC curve,
    DeLong's, from how the two areas answer to each row.

    Args:
        metric: One of `benison.config.behaviour.METRICS`.
        labels: 0 or 1.
        before: The answers to the rows.
        after: The answers to them when they are disturbed.
        confidence: Of each bound alone.

    Returns:
        The loss, above 0 where it is worse; bounds are NaN where either class has fewer than two rows.

    Reference:
        DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    positive = labels == 1
    smaller = min(int(positive.sum()), int((~positive).sum()))
    if smaller < 2 or not (np.isfinite(before).all() and np.isfinite(after).all()):
        return math.nan, UNKNOWN
    found, influences = _area_lost(positive, before, after) if metric == "auc" else _mean_lost(
        metric, positive, before, after)  # fmt: skip
    error = Masses(len(labels)).error(influences)
    return found, symmetric(found, error, cautious(confidence, smaller))


def _area_lost(positive: Bools, before: Floats, after: Floats) -> tuple[float, Floats]:
    one, two = (roc_area(Levels.of(positive, answers)) for answers in (before, after))
    return one.area - two.area, one.influences - two.influences


def _mean_lost(metric: str, positive: Bools, before: Floats, after: Floats) -> tuple[float, Floats]:
    of_row, sign = _OF_EACH_ROW[metric], 1.0 if METRICS[metric] else -1.0
    each = sign * (of_row(positive, before) - of_row(positive, after))
    return float(each.mean()), each - each.mean()
