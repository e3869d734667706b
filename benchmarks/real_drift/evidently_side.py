"""Evidently's DataDriftPreset as it stands: each period against the reference."""

from __future__ import annotations

import json
import sys
import time
import warnings

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

OWN = ("time", "part", "label")


def main() -> None:
    warnings.simplefilter("ignore")
    rows, period = pd.read_parquet(sys.argv[1]), sys.argv[2]
    watched = [name for name in rows.columns if name not in OWN]
    numbers = [name for name in watched if pd.api.types.is_numeric_dtype(rows[name])]
    texts = [name for name in watched if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=texts)
    reference = Dataset.from_pandas(rows.loc[rows["part"] == "reference", watched], data_definition=definition)
    live = rows[rows["part"] == "live"]
    for name, of in live.groupby(live["time"].dt.to_period(period)):
        began = time.process_time()
        current = Dataset.from_pandas(of[watched], data_definition=definition)
        found = Report([DataDriftPreset()]).run(current, reference).dict()
        seconds = time.process_time() - began
        counted = next(one["value"] for one in found["metrics"] if "DriftedColumnsCount" in one["metric_name"])
        told = {"period": str(name), "columns": int(counted["count"]), "flagged": counted["share"] >= 0.5}
        print(json.dumps({**told, "seconds": seconds, "cells": of[watched].size}))


if __name__ == "__main__":
    main()
