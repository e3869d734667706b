"""Evidently's defaults: the test and threshold that it picks by itself for a column of this kind and so many rows."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from populations import Column, measure


def flagged(kind: str, columns: list[tuple[Column, Column]]) -> dict[str, list[bool]]:
    """Which pairs are drift."""
    feature = ColumnType.Numerical if kind == "numeric" else ColumnType.Categorical
    found = []
    for before, now in columns:
        first, second = pd.Series(np.asarray(before)), pd.Series(np.asarray(now))
        test = get_stattest(first, second, feature, None)
        found.append(bool(test(first, second, feature, None).drifted))
    return {"evidently": found}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measure(flagged)
