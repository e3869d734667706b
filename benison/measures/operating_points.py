"""Points of the ROC and precision-recall curves: what one rate is at best where another reaches a bound."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from benison.measures.intervals import Floats
from benison.measures.levels import Levels


@dataclass(frozen=True)
class Curve:
    """The confusion matrix at every threshold that tells levels of score apart.

    Attributes:
        true: What the positives that are answered positive weigh, where the 0, 1, 2, ... highest levels are.
        false: Likewise the negatives.
    """

    true: Floats
    false: Floats

    @classmethod
    def of(cls, rows: Levels) -> Curve:
        """The curve of rows, from the threshold that answers none of them positive to the one that answers all so."""
        true, false = (
            np.append(0.0, np.cumsum(masses[::-1], dtype=np.float64)) for masses in (rows.positives, rows.negatives)
        )
        return cls(true, false)

    @cached_property
    def rates(self) -> Mapping[str, Floats]:
        """By name the rate at each threshold; NaN where its denominator is 0."""
        positives, negatives = self.true[-1], self.false[-1]
        return {
            "recall": _rates(self.true, positives),
            "false_positive_rate": _rates(self.false, negatives),
            "specificity": _rates(negatives - self.false, negatives),
            "precision": _rates(self.true, self.true + self.false),
        }

    def best(self, wanted: str, bound: str, at: float) -> int:
        """The threshold at which one rate is highest among those at which another reaches a bound.

        Args:
            wanted: The rate that shall be high.
            bound: The rate that has a bound: at most `at` for the false positive rate, at least `at` for the others.
            at: The bound, which may lie outside of what rates can be.

        Returns:
            How many of the highest levels are answered positive; -1: the bound is not reached, or a rate undefined.

        Reference:
            TFMA 0.47, confusion_matrix_metrics.py, `_find_max_under_constraint`.
        """
        rate, wished = self.rates[bound], self.rates[wanted]
        reached = rate <= at if bound == "false_positive_rate" else rate >= at
        # Where nothing is answered positive no precision is defined, and nothing is lost by it.
        found = np.where(reached & ~np.isnan(wished), wished, -math.inf)
        place = int(np.argmax(found))
        return place if found[place] > -math.inf else -1

    def thinned(self, most: int) -> list[int]:
        """Some of the thresholds, spread evenly over the length of the ROC curve, from the first to the last.

        Args:
            most: At most so many; both classes must occur, else there is no curve and none of them.
        """
        length = self.rates["recall"] + self.rates["false_positive_rate"]
        if np.isnan(length).any():
            return []
        kept = np.searchsorted(length, np.linspace(0, 2, most))
        return [int(place) for place in np.unique(np.minimum(kept, len(length) - 1))]


def _rates(parts: Floats, wholes: Floats | np.float64) -> Floats:
    nowhere = np.full(len(parts), math.nan)
    result: npt.NDArray[np.float64] = np.divide(parts, wholes, out=nowhere, where=np.asarray(wholes > 0))
    return result
