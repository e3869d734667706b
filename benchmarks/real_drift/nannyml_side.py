"""NannyML as it stands: UnivariateDriftCalculator, and the area under ROC that CBPE estimates without labels."""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import nannyml
import pandas as pd

OWN = ("time", "part", "label")


def drifted(rows: pd.DataFrame, parts: dict[str, pd.DataFrame], period: str) -> dict[str, int]:
    """How many columns are called changed, by period."""
    watched = [name for name in rows.columns if name not in (*OWN, "guess")]
    texts = [name for name in watched if not pd.api.types.is_numeric_dtype(rows[name])]
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=watched, treat_as_categorical=texts, timestamp_column_name="time", chunk_period=period
    )
    found = calculator.fit(parts["reference"]).calculate(parts["live"]).to_df()
    alerts = found.loc[:, [one for one in found.columns if one[-1] == "alert"]].sum(axis=1)
    return dict(zip(found[("chunk", "chunk", "key")].astype(str), map(int, alerts), strict=True))


def estimated(parts: dict[str, pd.DataFrame], period: str) -> dict[str, tuple[float, bool]]:
    """The estimated area under ROC, and whether that is an alert, by period."""
    estimator = nannyml.CBPE(
        problem_type="classification_binary",
        y_pred_proba="score",
        y_pred="guess",
        y_true="label",
        metrics=["roc_auc"],
        timestamp_column_name="time",
        chunk_period=period,
    )
    found = estimator.fit(parts["reference"]).estimate(parts["live"]).to_df()
    values, alerts = found[("roc_auc", "value")].map(float), found[("roc_auc", "alert")].map(bool)
    return dict(zip(found[("chunk", "key")].astype(str), zip(values, alerts, strict=True), strict=True))


def timed(work: Any, *given: Any) -> tuple[Any, float]:
    began = time.process_time()
    return work(*given), time.process_time() - began


def main() -> None:
    warnings.simplefilter("ignore")
    rows, period = pd.read_parquet(sys.argv[1]), sys.argv[2]
    rows["guess"] = (rows["score"] > 0.5).astype(int)
    parts = {name: of.reset_index(drop=True) for name, of in rows.groupby("part")}
    columns, univariate_s = timed(drifted, rows, parts, period)
    estimates, cbpe_s = timed(estimated, parts, period)
    for name, many in columns.items():
        value, alert = estimates[name]
        print(json.dumps({"period": name, "columns": many, "flagged": many > 0, "auc": value, "cbpe_flagged": alert}))
    cells = len(parts["live"]) * (rows.shape[1] - len(OWN) - 1)
    print(json.dumps({"univariate_seconds": univariate_s, "cbpe_seconds": cbpe_s, "cells": cells}))


if __name__ == "__main__":
    main()
