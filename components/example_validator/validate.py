"""Validate: TFDV's word on a split against the schema, and which of it blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from benison.core.examples import as_text
from benison.core.verdicts import Check, Tier, Verdict

# One typing error among thousands of rows should not stop a training; a new category in every hundredth row should.
TOLERATED_UNKNOWN = 0.01
_ALLOWED = "what the schema says"
_Type = anomalies_pb2.AnomalyInfo.Type
_SOFT = {"SCHEMA_NEW_COLUMN", "SEMANTIC_DOMAIN_UPDATE"}
_UNKNOWN_VALUES = "ENUM_TYPE_UNEXPECTED_STRING_VALUES"


def anomalies(
    statistics: statistics_pb2.DatasetFeatureStatisticsList, schema: schema_pb2.Schema
) -> anomalies_pb2.Anomalies:
    """Exactly what tfdv.validate_statistics says of a split."""
    return tfdv.validate_statistics(statistics, schema)


def unknown_shares(table: pa.Table, schema: schema_pb2.Schema) -> dict[str, float]:
    """The share of a column's values that its string domain does not list, by column; missing values are no values."""
    domains = {domain.name: list(domain.value) for domain in schema.string_domain}
    shares = {}
    for feature in schema.feature:
        kind = feature.WhichOneof("domain_info")
        if kind in ("domain", "string_domain") and feature.name in table.column_names:
            known = domains.get(feature.domain, []) if kind == "domain" else list(feature.string_domain.value)
            shares[feature.name] = _unknown_share(table[feature.name], known)
    return shares


def _unknown_share(column: pa.ChunkedArray, known: list[str]) -> float:
    values = pc.drop_null(as_text(column))
    listed = pc.sum(pc.is_in(values, value_set=pa.array(known, pa.string()))).as_py() or 0
    return (len(values) - listed) / len(values) if len(values) else 0.0


def judge(split: str, found: anomalies_pb2.Anomalies, unknown: Mapping[str, float]) -> list[Check]:
    """A split's anomalies as checks: one for each column and anomaly, or one that passes where nothing blocks.

    Args:
        split: The split's name.
        found: What `anomalies` said.
        unknown: What `unknown_shares` said.
    """
    if found.data_missing:
        return [_nothing_to_check(split)]
    checks = [_judged(split, *anomaly, unknown) for anomaly in _reasons(found)]
    if any(check.tier is Tier.HARD for check in checks):
        return checks
    return [_clean(split, len(checks)), *checks]


def _reasons(found: anomalies_pb2.Anomalies) -> Iterator[tuple[str, anomalies_pb2.AnomalyInfo.Reason]]:
    """Every anomaly with the place it is at, sorted, since the map of a proto has no order."""
    for name, info in sorted(found.anomaly_info.items()):
        place = f"column {'.'.join(info.path.step) or name}"
        for reason in info.reason or [_whole(info)]:
            yield place, reason
    if found.HasField("dataset_anomaly_info"):
        for reason in found.dataset_anomaly_info.reason or [_whole(found.dataset_anomaly_info)]:
            yield "all rows", reason


def _whole(info: anomalies_pb2.AnomalyInfo) -> anomalies_pb2.AnomalyInfo.Reason:
    """An anomaly that gives no reasons, as its own reason: of no known type, so it blocks."""
    return anomalies_pb2.AnomalyInfo.Reason(short_description=info.short_description, description=info.description)


def _judged(split: str, place: str, reason: anomalies_pb2.AnomalyInfo.Reason, unknown: Mapping[str, float]) -> Check:
    kind = _Type.Name(reason.type)
    subject = f"{place} in {split}"
    said = (reason.description or reason.short_description or kind).strip()
    if kind == _UNKNOWN_VALUES:
        return _unknown_values(subject, said, unknown.get(place.removeprefix("column ")))
    tier = Tier.SOFT if kind in _SOFT or kind.startswith("COMPARATOR_") else Tier.HARD
    observed = (reason.short_description or kind).strip()
    return Check("schema", subject, tier, Verdict.FAIL, observed, _ALLOWED, f"{subject}: {said}")


def _unknown_values(subject: str, said: str, share: float | None) -> Check:
    tolerated = share is not None and share < TOLERATED_UNKNOWN
    tier = Tier.SOFT if tolerated else Tier.HARD
    observed = f"{share:.3%} of the values are not in the domain" if share is not None else "values not in the domain"
    numbers = {} if share is None else {"unknown_share": share}
    return Check("schema", subject, tier, Verdict.FAIL, observed, "none; 1% blocks", f"{subject}: {said}", numbers)


def _nothing_to_check(split: str) -> Check:
    reason = f"split {split} has no rows, so nothing could be held to the schema"
    return Check("schema", f"split {split}", Tier.HARD, Verdict.INCONCLUSIVE, "no rows", _ALLOWED, reason)


def _clean(split: str, warnings: int) -> Check:
    observed = f"no anomaly that blocks, {warnings} that warn" if warnings else "no anomalies"
    reason = f"split {split} is what the schema says: {observed}"
    return Check("schema", f"split {split}", Tier.HARD, Verdict.PASS, observed, _ALLOWED, reason)
