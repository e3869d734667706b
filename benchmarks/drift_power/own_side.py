"""Ours, and TFDV's comparators with a fixed threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import tensorflow_data_validation as tfdv
from populations import Column, measure
from tensorflow_metadata.proto.v0.anomalies_pb2 import AnomalyInfo

from benison.components.example_validator.drift import PREVIOUS, Reference, drift
from benison.config.validation import validation_of
from benison.core.profiles import RowsProfile
from benison.core.sections import Section
from benison.core.verdicts import Tier, Verdict
from benison.measures.tallies import NEITHER, ColumnTally

USUAL = validation_of(Section("benison.yaml", {}, {}, ("validation",)))
# Beside the column stand so many that do not move, for which its significance is corrected.
OTHERS = 19
L_INFINITY, JENSEN_SHANNON = 0.01, 0.1


def flagged(kind: str, columns: list[tuple[Column, Column]]) -> dict[str, list[bool]]:
    """Which pairs each rule calls drift."""
    tiers = [_tier(*pair) for pair in columns]
    ours = {"warns": [tier is not None for tier in tiers], "blocks": [tier is Tier.HARD for tier in tiers]}
    if kind == "numeric":
        return {**ours, f"tfdv, Jensen-Shannon {JENSEN_SHANNON}": _tfdv(columns, "jensen_shannon_divergence")}
    return {
        **ours,
        f"tfdv, L-infinity {L_INFINITY}": _tfdv(columns, "infinity_norm"),
        f"tfdv, Jensen-Shannon {JENSEN_SHANNON}": _tfdv(columns, "jensen_shannon_divergence"),
    }


def _tallied(column: Column) -> ColumnTally:
    array = pa.array(column)
    tally = ColumnTally.of(array.type)
    tally.add(array, np.full(len(array), NEITHER, np.int8))
    return tally


STILL = _tallied(np.arange(50.0))


def _tier(before: Column, now: Column) -> Tier | None:
    """The tier in which the column fails; None where it passes."""
    others = [f"other {number}" for number in range(OTHERS)]
    profiles = {**dict.fromkeys(others, STILL.profile()), "x": _tallied(before).profile()}
    rows = {**dict.fromkeys(others, STILL), "x": _tallied(now)}
    reference = Reference(PREVIOUS, "span 1", RowsProfile(len(before), None, None, 0, 0, profiles))
    checks, _ = drift(reference, rows, USUAL.drift, rows)
    return next((check.tier for check in checks if check.verdict is Verdict.FAIL), None)


def _tfdv(columns: list[tuple[Column, Column]], norm: str) -> list[bool]:
    """All pairs at once, each as a column of its own."""
    sides = (pd.DataFrame({f"x{number}": pair[side] for number, pair in enumerate(columns)}) for side in (0, 1))
    before, now = (tfdv.generate_statistics_from_dataframe(frame) for frame in sides)
    schema = tfdv.infer_schema(before)
    threshold = L_INFINITY if norm == "infinity_norm" else JENSEN_SHANNON
    for feature in schema.feature:
        getattr(feature.drift_comparator, norm).threshold = threshold
    found = tfdv.validate_statistics(now, schema, previous_statistics=before)
    compared = {AnomalyInfo.COMPARATOR_L_INFTY_HIGH, AnomalyInfo.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH}
    drifted = {
        name for name, info in found.anomaly_info.items() if any(reason.type in compared for reason in info.reason)
    }
    return [f"x{number}" in drifted for number in range(len(columns))]


if __name__ == "__main__":
    measure(flagged)
