"""What a fixed model was worth, period by period, and whether it fell: what every alarm is held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import roc_auc_score

Floats = npt.NDArray[np.float64]
# Less than that nobody would act on.
MATTERS = 0.02
_DRAWS, _BINS = 500, 400


@dataclass(frozen=True)
class Quality:
    """Of one period.

    Attributes:
        period: Its name.
        rows: How many.
        auc: The area under ROC.
        accuracy: The share of rows that a threshold of 0.5 tells right.
        fall: The reference's area less this one.
        low: Of it the lower end of a 95% interval; days are drawn, since rows of one are alike.
    """

    period: str
    rows: int
    auc: float
    accuracy: float
    fall: float
    low: float

    @property
    def fell(self) -> bool:
        """Whether it fell by what matters, and by more than chance."""
        return self.fall >= MATTERS and self.low > 0


def qualities(rows: pd.DataFrame, period: str) -> list[Quality]:
    """Those of all live periods, against the reference."""
    random, before = np.random.default_rng(7), rows[rows["part"] == "reference"]
    usual, drawn = _auc(before), _drawn(before, random)
    live = rows[rows["part"] == "live"]
    return [
        _quality(str(name), of, usual, drawn, random) for name, of in live.groupby(live["time"].dt.to_period(period))
    ]


def _quality(name: str, of: pd.DataFrame, usual: float, drawn: Floats, random: np.random.Generator) -> Quality:
    auc, right = _auc(of), ((of["score"] > 0.5) == of["label"]).mean()
    low = float(np.quantile(drawn - _drawn(of, random), 0.025))
    return Quality(name, len(of), auc, float(right), usual - auc, low)


def _auc(rows: pd.DataFrame) -> float:
    return float(roc_auc_score(rows["label"], rows["score"]))


def _drawn(rows: pd.DataFrame, random: np.random.Generator) -> Floats:
    """The area under ROC of days drawn with replacement, over fine bins of the scores."""
    edges = np.unique(np.quantile(rows["score"], np.linspace(0, 1, _BINS)))[1:-1]
    days = pd.factorize(rows["time"].dt.floor("D"))[0]
    counts = np.zeros((days.max() + 1, 2, len(edges) + 1))
    np.add.at(counts, (days, rows["label"].to_numpy(), np.searchsorted(edges, rows["score"])), 1)
    weights = random.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), _DRAWS)
    negative, positive = np.tensordot(weights, counts, 1).transpose(1, 0, 2)
    below = np.cumsum(negative, axis=1) - negative / 2
    return np.asarray((positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1)))
