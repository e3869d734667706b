"""Edit schema: what schema.pbtxt has to say so that TFDV no longer complains of a column, and of nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from benison.components.example_validator.edit_text import repeats
from benison.components.example_validator.schema import Reason, anomalies, is_comparator, reasons, words
from benison.components.example_validator.severity import kind_of
from benison.core.errors import DataError

# A domain is what a person lists; one that is drafted for a new column has no more values than this.
_DRAFTED_VALUES, _ROWS_PER_VALUE = 100, 10
_ANY_NUMBER_OF_VALUES = 1 << 30
_TYPES = {
    statistics_pb2.FeatureNameStatistics.INT: schema_pb2.INT,
    statistics_pb2.FeatureNameStatistics.FLOAT: schema_pb2.FLOAT,
    statistics_pb2.FeatureNameStatistics.STRING: schema_pb2.BYTES,
    statistics_pb2.FeatureNameStatistics.BYTES: schema_pb2.BYTES,
}
_COMPARATORS = ("drift_comparator", "skew_comparator")
_DISTANCES = ("infinity_norm", "jensen_shannon_divergence", "normalized_abs_difference")


@dataclass(frozen=True)
class Seen:
    """Statistics of some rows, and what they were held to.

    Attributes:
        where: ``train``, ``holdout``, ``serving``.
        statistics: TFDV's.
        environment: The schema's environment that they were held to; empty: none.
    """

    where: str
    statistics: statistics_pb2.DatasetFeatureStatisticsList
    environment: str = ""


def conformed(schema: schema_pb2.Schema, column: str, seen: Sequence[Seen], margin: float) -> schema_pb2.Schema:
    """The schema, changed in one column so that TFDV finds no anomaly in it any more.

    Args:
        schema: As it is.
        column: Whose anomalies are accepted; empty: those of all rows together.
        seen: Rows that have them.
        margin: How much further than what was seen bounds of numbers, of missing values and of counts go, as a share
            of what was seen.

    Raises:
        DataError: There is nothing to accept, or TFDV complains whatever the schema says.
    """
    if not any(_complaints(schema, column, one) for one in seen):
        raise DataError(f"schema, {_called(column)}", expected="an anomaly", got="none", hint="nothing is to be done")
    changed = schema_pb2.Schema()
    changed.CopyFrom(schema)
    for one in seen:
        if column:
            _conform(changed, column, one)
        else:
            _conform_rows(changed, one)
    _with_margin(changed, schema, column, margin)
    for one in seen:
        if left := _complaints(changed, column, one):
            said = "; ".join(words(reason) for reason in left)
            raise DataError(
                f"schema, {_called(column)} in {one.where}",
                expected="an anomaly that a schema can allow",
                got=said,
                hint="edit schema.pbtxt by hand, or the data",
            )
    return changed


def _called(column: str) -> str:
    return f"column {column}" if column else "all rows"


def _complaints(schema: schema_pb2.Schema, column: str, seen: Seen) -> list[Reason]:
    found = reasons(anomalies(seen.statistics, schema, environment=seen.environment))
    return [reason for name, reason in found if name == column and not is_comparator(reason)]


def _conform(schema: schema_pb2.Schema, column: str, seen: Seen) -> None:
    """Takes over what TFDV would change in this column, and in the domain that it names."""
    complaints = _complaints(schema, column, seen)
    if not complaints:
        return
    kinds = {kind_of(reason.type) for reason in complaints}
    is_new = "SCHEMA_NEW_COLUMN" in kinds
    if "UNEXPECTED_DATA_TYPE" in kinds:
        # TFDV would call the column deprecated, and never look at it again.
        _retype(_feature(schema, column), seen)
    most = _DRAFTED_VALUES if is_new else _ANY_NUMBER_OF_VALUES
    wanted = tfdv.update_schema(schema, seen.statistics, max_string_domain_size=most)
    feature = _feature(wanted, column)
    if is_new:
        _loosen(feature, seen)
    _take_over(schema, wanted, feature)


def _take_over(schema: schema_pb2.Schema, wanted: schema_pb2.Schema, feature: schema_pb2.Feature) -> None:
    mine = next((one for one in schema.feature if one.name == feature.name), None)
    (schema.feature.add() if mine is None else mine).CopyFrom(feature)
    if feature.WhichOneof("domain_info") == "domain":
        [domain] = [one for one in wanted.string_domain if one.name == feature.domain]
        known = next((one for one in schema.string_domain if one.name == domain.name), None)
        (schema.string_domain.add() if known is None else known).CopyFrom(domain)


def _feature(schema: schema_pb2.Schema, column: str) -> schema_pb2.Feature:
    return next(one for one in schema.feature if one.name == column)


def _statistics(seen: Seen, column: str) -> statistics_pb2.FeatureNameStatistics:
    found = seen.statistics.datasets[0].features
    return next(one for one in found if column in (".".join(one.path.step), one.name))


def _retype(feature: schema_pb2.Feature, seen: Seen) -> None:
    """The type of the data; bounds of whole numbers stay bounds, what says nothing of the new type goes."""
    feature.type = _TYPES[_statistics(seen, feature.name).type]
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return
    bounds = {name: getattr(feature.int_domain, name) for name in ("min", "max") if feature.int_domain.HasField(name)}
    feature.ClearField(kind)
    if kind == "int_domain" and feature.type == schema_pb2.FLOAT:
        for name, value in bounds.items():
            setattr(feature.float_domain, name, value)


def _loosen(feature: schema_pb2.Feature, seen: Seen) -> None:
    """A new column gets no domain of values that are mostly its own: free text, a key."""
    found = _statistics(seen, feature.name)
    present = found.string_stats.common_stats.num_non_missing
    if feature.WhichOneof("domain_info") == "domain" and present < _ROWS_PER_VALUE * found.string_stats.unique:
        feature.ClearField("domain")


def _conform_rows(schema: schema_pb2.Schema, seen: Seen) -> None:
    """Bounds of how many rows there are."""
    rows, constraints = int(seen.statistics.datasets[0].num_examples), schema.dataset_constraints
    if constraints.HasField("min_examples_count"):
        constraints.min_examples_count = min(constraints.min_examples_count, rows)
    if constraints.HasField("max_examples_count"):
        constraints.max_examples_count = max(constraints.max_examples_count, rows)


def _with_margin(changed: schema_pb2.Schema, before: schema_pb2.Schema, column: str, margin: float) -> None:
    """Bounds that moved go further than what was seen, or the next span would break them again."""
    if not column:
        if changed.HasField("dataset_constraints"):
            _further(changed.dataset_constraints, before.dataset_constraints, "examples_count", margin)
        return
    old = next((one for one in before.feature if one.name == column), schema_pb2.Feature())
    feature = _feature(changed, column)
    for domain in ("int_domain", "float_domain", "unique_constraints", "value_count"):
        if old.HasField(domain) and feature.HasField(domain):
            _further(getattr(feature, domain), getattr(old, domain), "", margin)
    if old.HasField("presence") and feature.presence.min_fraction < old.presence.min_fraction:
        missing = min(1.0, (1 - feature.presence.min_fraction) * (1 + margin))
        feature.presence.min_fraction = math.floor((1 - missing) * 10_000) / 10_000


def _further(bounds: Any, before: Any, of: str, margin: float) -> None:
    """``min`` and ``max`` of a message, or ``min_<of>`` and ``max_<of>``, where they moved."""
    for side, sign in (("min", -1), ("max", 1)):
        name = f"{side}_{of}" if of else side
        value = getattr(bounds, name)
        if bounds.HasField(name) and before.HasField(name) and value != getattr(before, name):
            setattr(bounds, name, beyond(value, sign, margin))


def beyond(value: float, sign: int, margin: float) -> float:
    """A bound that lies beyond a figure, by a share of it, with three digits.

    >>> beyond(31.2, 1, 0.1), beyond(-3, -1, 0.1)
    (34.4, -4)

    Args:
        value: The figure.
        sign: 1: the bound lies above, -1: below.
        margin: The share.
    """
    further = value + sign * margin * abs(value)
    if isinstance(value, int):
        return math.ceil(further) if sign > 0 else math.floor(further)
    if not further or not math.isfinite(further):
        return further
    unit = 10.0 ** (math.floor(math.log10(abs(further))) - 2)
    rounded = math.ceil(further / unit) if sign > 0 else math.floor(further / unit)
    return float(f"{rounded * unit:.6g}")


def raised(
    schema: schema_pb2.Schema, column: str, comparator: str, distance: float, threshold: float, margin: float
) -> schema_pb2.Schema:
    """The schema with a comparator's threshold raised beyond a distance that was seen.

    Args:
        schema: As it is.
        column: Whose comparator it is.
        comparator: ``drift_comparator`` or ``skew_comparator``.
        distance: What was seen.
        threshold: The threshold that it passed, which tells the comparator's distances apart.
        margin: As in `conformed`.
    """
    changed = schema_pb2.Schema()
    changed.CopyFrom(schema)
    found = getattr(_feature(changed, column), comparator)
    for name in _DISTANCES:
        if found.HasField(name) and getattr(found, name).threshold == threshold:
            getattr(found, name).threshold = min(1.0, beyond(distance, 1, margin))
    return changed


def summary(before: schema_pb2.Schema, after: schema_pb2.Schema) -> list[str]:
    """What was changed, a line for each: ``feature fare: float_domain.max 50 -> 343.2``.

    Args:
        before: As it was.
        after: As it is.
    """
    lines: list[str] = []
    for kind in ("feature", "string_domain"):
        old = {one.name: one for one in getattr(before, kind)}
        for new in getattr(after, kind):
            if new.name not in old:
                lines.append(f"{kind} {new.name}: new")
            elif new != old[new.name]:
                lines += [f"{kind} {new.name}: {said}" for said in _differences(old[new.name], new)]
    if before.dataset_constraints != after.dataset_constraints:
        differences = _differences(before.dataset_constraints, after.dataset_constraints)
        lines += [f"dataset_constraints: {said}" for said in differences]
    return lines


def _differences(before: Any, after: Any) -> Iterable[str]:
    old, new = _leaves(before), _leaves(after)
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, "none"), new.get(name, "none")
        if isinstance(now, list):
            yield from (f"{name} + {value!r}" for value in now if value not in (was if isinstance(was, list) else []))
        elif was != now:
            yield f"{name} {was} -> {now}"


def _leaves(message: Any, at: str = "") -> dict[str, Any]:
    """Every value of a message by its path; enumerations by name."""
    found: dict[str, Any] = {}
    for kind, value in message.ListFields():
        name = f"{at}{kind.name}"
        if kind.message_type and not repeats(message, kind.name):
            found |= _leaves(value, f"{name}.") or {name: "set"}
        elif repeats(message, kind.name):
            found[name] = [str(one).strip() for one in value] if kind.message_type else list(value)
        else:
            found[name] = kind.enum_type.values_by_number[value].name if kind.enum_type else value
    return found
