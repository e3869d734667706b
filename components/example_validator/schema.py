"""Schema: TFDV's word on some rows against schema.pbtxt, and which of it blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from benison.components.example_validator.measure import Measured
from benison.components.example_validator.severity import kind_of, said_tier, tier_of
from benison.components.example_validator.shares import (
    Feature,
    listed_values,
    missing_beyond,
    missing_share,
    unknown_share,
)
from benison.config.validation import SchemaRules
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import share
from benison.measures.proportions import wilson
from benison.measures.tallies import ColumnTally

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList
Reason: TypeAlias = anomalies_pb2.AnomalyInfo.Reason

ALLOWED = "what the schema says"
WAY_OUT = "if it is right, benison data accept changes the schema"
ALL_ROWS = "all rows"
# So sure it must be that values outside of a domain are too many.
_SURE = 0.95
_UNKNOWN_VALUES, _MISSING_VALUES = "ENUM_TYPE_UNEXPECTED_STRING_VALUES", "FEATURE_TYPE_LOW_FRACTION_PRESENT"


def anomalies(
    statistics: Statistics,
    schema: schema_pb2.Schema,
    *,
    environment: str = "",
    previous: Statistics | None = None,
    serving: Statistics | None = None,
) -> anomalies_pb2.Anomalies:
    """Exactly what tfdv.validate_statistics says.

    Args:
        statistics: Of the rows.
        schema: What is asked of them.
        environment: Which of the schema's environments they belong to; empty: all features are asked for.
        previous: Statistics of the span before, which drift_comparator compares with.
        serving: Statistics of serving examples, which skew_comparator compares with.
    """
    return tfdv.validate_statistics(statistics, schema, environment or None, previous, serving)


@dataclass(frozen=True)
class Held:
    """Some rows that were held to the schema.

    Attributes:
        where: ``train``, ``holdout``, ``span 7``, ``serving``.
        measured: What is known of them.
        schema: What they were held to.
        rules: How anomalies count.
    """

    where: str
    measured: Measured
    schema: schema_pb2.Schema
    rules: SchemaRules

    @property
    def subject(self) -> str:
        """All of the rows, as checks call them."""
        return f"split {self.where}" if self.where in ("train", "eval", "holdout") else self.where

    def feature(self, column: str) -> Feature | None:
        """The statistics of a column; None where there are none."""
        found = self.measured.statistics.datasets[0].features if self.measured.statistics.datasets else ()
        return next((one for one in found if column in (".".join(one.path.step), one.name)), None)

    def declared(self, column: str) -> schema_pb2.Feature | None:
        """What the schema says of a column."""
        return next((one for one in self.schema.feature if one.name == column), None)


def judge(held: Held, found: anomalies_pb2.Anomalies) -> list[Check]:
    """Anomalies as checks: one for each column and anomaly, and one that passes where nothing blocks.

    What comparators of the schema found is left to `comparators.judge`.

    Args:
        held: The rows.
        found: What `anomalies` said of them.
    """
    if found.data_missing or not held.measured.rows:
        return [_nothing_to_check(held.subject)]
    checks = [_judged(held, *anomaly) for anomaly in reasons(found) if not is_comparator(anomaly[1])]
    if any(check.tier is Tier.HARD for check in checks):
        return checks
    return [_clean(held, len(checks)), *checks]


def is_comparator(reason: Reason) -> bool:
    """Whether an anomaly comes of comparing with other statistics."""
    return kind_of(reason.type).startswith("COMPARATOR_")


def reasons(found: anomalies_pb2.Anomalies) -> Iterator[tuple[str, Reason]]:
    """Every anomaly with its column, empty for all rows together; sorted, since the map of a proto has no order."""
    for name, info in sorted(found.anomaly_info.items()):
        for reason in info.reason or [_whole(info)]:
            yield ".".join(info.path.step) or name, reason
    if found.HasField("dataset_anomaly_info"):
        for reason in found.dataset_anomaly_info.reason or [_whole(found.dataset_anomaly_info)]:
            yield "", reason


def _whole(info: anomalies_pb2.AnomalyInfo) -> Reason:
    """An anomaly that gives no reasons, as its own reason: of no known type, so it blocks."""
    return Reason(short_description=info.short_description, description=info.description)


def _judged(held: Held, column: str, reason: Reason) -> Check:
    kind = kind_of(reason.type)
    subject = f"{f'column {column}' if column else ALL_ROWS} in {held.where}"
    said = words(reason)
    if kind == _UNKNOWN_VALUES:
        return _unknown_values(held, column, subject, said)
    declared = held.declared(column)
    if kind == _MISSING_VALUES and declared is not None:
        return _missing_values(held, declared, subject, said)
    tier = tier_of(kind, column, held.rules)
    observed = (reason.short_description or kind).strip()
    numbers = _figures(kind, held.feature(column), held.measured.rows)
    return Check("schema", subject, tier, Verdict.FAIL, observed, ALLOWED, f"{subject}: {said}; {WAY_OUT}", numbers)


def words(reason: Reason) -> str:
    """What TFDV says, as the start of a sentence."""
    return (reason.description or reason.short_description or kind_of(reason.type)).strip().rstrip(".")


def _unknown_values(held: Held, column: str, subject: str, said: str) -> Check:
    """Values outside of a domain: a typing error among thousands of rows need not stop a training."""
    declared, tally = held.declared(column), held.measured.tallies.get(column)
    listed = listed_values(declared, held.schema) if declared is not None else None
    found = unknown_share(tally, listed) if tally is not None and listed is not None else None
    bound = _tolerated(held.rules, column, "unknown")
    usual = Tier.SOFT if found is not None and _may_be_below(found, tally, bound) else Tier.HARD
    own = said_tier(_UNKNOWN_VALUES, column, held.rules)
    tier = own or usual
    observed = (
        f"{share(found)} of the values are not in the domain" if found is not None else "values not in the domain"
    )
    allowed = "none" if own else f"none; {share(bound)} blocks"
    numbers = {"rows": held.measured.rows} | ({} if found is None else {"unknown_share": found})
    reason = f"{subject}: {said}; {observed}, allowed {allowed}; {WAY_OUT}"
    return Check("schema", subject, tier, Verdict.FAIL, observed, allowed, reason, numbers)


def _may_be_below(share: float, tally: ColumnTally | None, bound: float) -> bool:
    """Whether a share may be below a bound in all that the rows are a sample of: few must not block by chance."""
    present = tally.present if tally is not None else 0
    return share < bound or wilson(round(share * present), present, _SURE).lower < bound


def _missing_values(held: Held, declared: schema_pb2.Feature, subject: str, said: str) -> Check:
    """Rows without a value beyond those that the schema's min_fraction allows."""
    column, rows = declared.name, held.measured.rows
    feature = held.feature(column)
    missing, beyond = missing_share(feature, rows), missing_beyond(feature, declared, rows)
    bound = _tolerated(held.rules, column, "missing")
    usual = Tier.SOFT if beyond <= bound and bound else Tier.HARD
    own = said_tier(_MISSING_VALUES, column, held.rules)
    tier = own or usual
    observed = f"{share(missing)} of the rows have no value"
    allowed = f"at most {share(1 - declared.presence.min_fraction)}"
    allowed += f", {share(bound)} more only warn" if bound and not own else ""
    numbers = {"rows": rows, "missing_share": missing, "missing_beyond": beyond}
    reason = f"{subject}: {said}; {observed}, allowed {allowed}; {WAY_OUT}"
    return Check("schema", subject, tier, Verdict.FAIL, observed, allowed, reason, numbers)


def _tolerated(rules: SchemaRules, column: str, what: str) -> float:
    own = getattr(rules.columns[column], what) if column in rules.columns else None
    return float(getattr(rules, what) if own is None else own)


def _figures(kind: str, feature: Feature | None, rows: int) -> dict[str, float]:
    """The figure that an anomaly is about, where TFDV's statistics have one, and the rows."""
    figures: dict[str, float] = {"rows": rows}
    if feature is None:
        return figures
    if "PRESENT" in kind or kind == "FEATURE_TYPE_NO_VALUES":
        figures["missing_share"] = missing_share(feature, rows) if rows else 0.0
    if "_BIG_" in kind and feature.HasField("num_stats"):
        figures["maximum"] = feature.num_stats.max
    if "_SMALL_" in kind and feature.HasField("num_stats"):
        figures["minimum"] = feature.num_stats.min
    if "_UNIQUE" in kind and feature.HasField("string_stats"):
        figures["distinct"] = feature.string_stats.unique
    return figures


def _nothing_to_check(subject: str) -> Check:
    reason = f"{subject} has no rows, so nothing could be held to the schema"
    return Check("schema", subject, Tier.HARD, Verdict.INCONCLUSIVE, "no rows", ALLOWED, reason, {"rows": 0})


def _clean(held: Held, warnings: int) -> Check:
    observed = f"no anomaly that blocks, {warnings} that warn" if warnings else "no anomalies"
    reason = f"{held.subject} is what the schema says: {observed}"
    numbers: Mapping[str, float] = {"rows": held.measured.rows, "anomalies": warnings}
    return Check("schema", held.subject, Tier.HARD, Verdict.PASS, observed, ALLOWED, reason, numbers)
