"""Comparators: distances that schema.pbtxt itself bounds, measured by TFDV between statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from benison.components.example_validator.schema import (
    ALL_ROWS,
    ALLOWED,
    WAY_OUT,
    Held,
    Reason,
    is_comparator,
    reasons,
    words,
)
from benison.components.example_validator.severity import kind_of, tier_of
from benison.core.verdicts import Check, Tier, Verdict

DRIFT, SKEW = "schema_drift", "schema_skew"
_REFERENCES = {DRIFT: "the span before", SKEW: "serving examples"}
_Measurement = anomalies_pb2.DriftSkewInfo.Measurement
_MEASURES = {
    _Measurement.L_INFTY: ("L-infinity distance", "COMPARATOR_L_INFTY_HIGH"),
    _Measurement.JENSEN_SHANNON_DIVERGENCE: ("Jensen-Shannon divergence", "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"),
    _Measurement.NORMALIZED_ABSOLUTE_DIFFERENCE: (
        "normalised absolute difference",
        "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
    ),
}
# Of numbers TFDV measures these two as 0, whatever the numbers are.
_OF_VALUES = {_Measurement.L_INFTY, _Measurement.NORMALIZED_ABSOLUTE_DIFFERENCE}


@dataclass(frozen=True)
class _Measured:
    name: str
    column: str
    measurement: anomalies_pb2.DriftSkewInfo.Measurement


def judge(held: Held, found: anomalies_pb2.Anomalies, *, previous: bool, serving: bool) -> list[Check]:
    """One check for each comparator of the schema: how far apart, against the bound that the schema gives.

    Args:
        held: The rows.
        found: What `schema.anomalies` said of them.
        previous: Whether there were statistics of a span before to compare with; where not, and the schema asks for
            it, a check says so.
        serving: Likewise of serving examples.
    """
    if not held.measured.rows:
        return []
    checks = [_distance(held, one) for one in _measured(found)]
    checks += [_other(held, column, reason) for column, reason in reasons(found) if _is_other(reason)]
    answered = {(check.name, check.subject) for check in checks}
    for name, column in _asked(held.schema):
        if (name, _subject(held, column)) not in answered:
            checks.append(_unanswered(held, name, column, there={DRIFT: previous, SKEW: serving}[name]))
    if held.schema.dataset_constraints.HasField("num_examples_version_comparator"):
        checks.append(_no_versions(held))
    return sorted(checks, key=lambda check: (check.subject, check.name))


def _measured(found: anomalies_pb2.Anomalies) -> Iterator[_Measured]:
    for info in found.drift_skew_info:
        column = ".".join(info.path.step)
        yield from (_Measured(DRIFT, column, one) for one in info.drift_measurements)
        yield from (_Measured(SKEW, column, one) for one in info.skew_measurements)


def _distance(held: Held, one: _Measured) -> Check:
    said, kind = _MEASURES.get(one.measurement.type, ("distance", "UNKNOWN_TYPE"))
    subject = _subject(held, one.column)
    value, bound = one.measurement.value, one.measurement.threshold
    observed, allowed = f"{said} {value:.4g}", f"<= {bound:g}"
    numbers = {"distance": value, "threshold": bound, "rows": held.measured.rows}
    tier, reference = tier_of(kind, one.column, held.rules), _REFERENCES[one.name]
    feature = held.feature(one.column)
    if one.measurement.type in _OF_VALUES and feature is not None and feature.HasField("num_stats") and value == 0:
        reason = f"{subject}: TFDV measures no {said} of numbers; ask for jensen_shannon_divergence in the schema"
        return Check(one.name, subject, tier, Verdict.INCONCLUSIVE, "not measured", allowed, reason, numbers)
    if value <= bound:
        reason = f"{subject}: {said} to {reference} {value:.4g} {allowed}"
        return Check(one.name, subject, tier, Verdict.PASS, observed, allowed, reason, numbers)
    reason = f"{subject}: {said} to {reference} {value:.4g} > {bound:g}, the schema's threshold; {WAY_OUT}"
    return Check(one.name, subject, tier, Verdict.FAIL, observed, allowed, reason, numbers)


def _is_other(reason: Reason) -> bool:
    """Whether an anomaly of a comparator is none of the distances, which are listed with their figures."""
    return is_comparator(reason) and kind_of(reason.type) not in {kind for _, kind in _MEASURES.values()}


def _other(held: Held, column: str, reason: Reason) -> Check:
    """Rows against the span before, or a column that one side lacks."""
    kind, said, subject = kind_of(reason.type), words(reason), _subject(held, column)
    name = SKEW if "serving" in said or "training" in said else DRIFT
    lacking = kind.endswith("_DATA_MISSING")
    verdict = Verdict.INCONCLUSIVE if lacking else Verdict.FAIL
    end = "so there was nothing to compare" if lacking else WAY_OUT
    observed = (reason.short_description or kind).strip().rstrip(".")
    tier, numbers = tier_of(kind, column, held.rules), {"rows": held.measured.rows}
    return Check(name, subject, tier, verdict, observed, ALLOWED, f"{subject}: {said}; {end}", numbers)


def _subject(held: Held, column: str) -> str:
    return f"{f'column {column}' if column else ALL_ROWS} in {held.where}"


def _asked(schema: schema_pb2.Schema) -> Iterator[tuple[str, str]]:
    """Every comparator that stands in the schema, with its column, empty for all rows."""
    for feature in schema.feature:
        if feature.HasField("drift_comparator"):
            yield DRIFT, feature.name
        if feature.HasField("skew_comparator"):
            yield SKEW, feature.name
    if schema.dataset_constraints.HasField("num_examples_drift_comparator"):
        yield DRIFT, ""


def _unanswered(held: Held, name: str, column: str, *, there: bool) -> Check:
    """Said, since TFDV passes over a comparator without a word where it is given nothing to compare with."""
    subject, reference = _subject(held, column), _REFERENCES[name]
    numbers = {"rows": held.measured.rows}
    if there and not column:
        reason = f"{subject}: as many rows, beside those of {reference}, as the schema asks for"
        return Check(name, subject, Tier.SOFT, Verdict.PASS, "within bounds", ALLOWED, reason, numbers)
    key = "drift_comparator" if name == DRIFT else "skew_comparator"
    why = "TFDV measured nothing" if there else f"there are no statistics of {reference} to compare with"
    reason = f"{subject}: the schema has a {key}, but {why}"
    return Check(name, subject, Tier.SOFT, Verdict.INCONCLUSIVE, "not compared", ALLOWED, reason, numbers)


def _no_versions(held: Held) -> Check:
    subject = _subject(held, "")
    reason = f"{subject}: num_examples_version_comparator of the schema is not asked; a span has one version here"
    numbers = {"rows": held.measured.rows}
    return Check(DRIFT, subject, Tier.SOFT, Verdict.INCONCLUSIVE, "not compared", "another version", reason, numbers)
