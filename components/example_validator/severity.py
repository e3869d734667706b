"""Severity: which of TFDV's anomalies block and which warn, and what a user says of that instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2

from benison.config.validation import SchemaRules
from benison.core.errors import ConfigError
from benison.core.spelling import nearest
from benison.core.verdicts import Tier

ANOMALY_TYPES: Mapping[str, int] = dict(anomalies_pb2.AnomalyInfo.Type.items())

# A column more hurts nobody, and a distance over a bound of the schema says nothing of chance: both warn.
# Everything else says that the data are not what the schema says.
_SOFT = """
SCHEMA_NEW_COLUMN SCHEMA_TRAINING_SERVING_SKEW SEMANTIC_DOMAIN_UPDATE
COMPARATOR_CONTROL_DATA_MISSING COMPARATOR_TREATMENT_DATA_MISSING COMPARATOR_L_INFTY_HIGH
COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH
COMPARATOR_LOW_NUM_EXAMPLES COMPARATOR_HIGH_NUM_EXAMPLES
"""
_HARD = """
UNKNOWN_TYPE MULTIPLE_REASONS
BOOL_TYPE_BIG_INT BOOL_TYPE_BYTES_NOT_INT BOOL_TYPE_BYTES_NOT_STRING BOOL_TYPE_FLOAT_NOT_INT BOOL_TYPE_FLOAT_NOT_STRING
BOOL_TYPE_INT_NOT_STRING BOOL_TYPE_SMALL_INT BOOL_TYPE_STRING_NOT_INT BOOL_TYPE_UNEXPECTED_STRING
BOOL_TYPE_UNEXPECTED_FLOAT BOOL_TYPE_INVALID_CONFIG
ENUM_TYPE_BYTES_NOT_STRING ENUM_TYPE_FLOAT_NOT_STRING ENUM_TYPE_INT_NOT_STRING ENUM_TYPE_INVALID_UTF8
ENUM_TYPE_UNEXPECTED_STRING_VALUES
FEATURE_TYPE_HIGH_NUMBER_VALUES FEATURE_TYPE_LOW_FRACTION_PRESENT FEATURE_TYPE_LOW_NUMBER_PRESENT
FEATURE_TYPE_LOW_NUMBER_VALUES FEATURE_TYPE_NOT_PRESENT FEATURE_TYPE_NO_VALUES FEATURE_TYPE_UNEXPECTED_REPEATED
FEATURE_TYPE_HIGH_UNIQUE FEATURE_TYPE_LOW_UNIQUE FEATURE_TYPE_NO_UNIQUE
FLOAT_TYPE_BIG_FLOAT FLOAT_TYPE_NOT_FLOAT FLOAT_TYPE_SMALL_FLOAT FLOAT_TYPE_STRING_NOT_FLOAT FLOAT_TYPE_NON_STRING
FLOAT_TYPE_UNKNOWN_TYPE_NUMBER FLOAT_TYPE_HAS_NAN FLOAT_TYPE_HAS_INF
INT_TYPE_BIG_INT INT_TYPE_INT_EXPECTED INT_TYPE_NOT_INT_STRING INT_TYPE_NOT_STRING INT_TYPE_SMALL_INT
INT_TYPE_STRING_EXPECTED INT_TYPE_UNKNOWN_TYPE_NUMBER STRING_TYPE_NOW_FLOAT STRING_TYPE_NOW_INT
LOW_SUPPORTED_IMAGE_FRACTION MAX_IMAGE_BYTE_SIZE_EXCEEDED SCHEMA_MISSING_COLUMN
NO_DATA_IN_SPAN DATASET_LOW_NUM_EXAMPLES DATASET_HIGH_NUM_EXAMPLES STATS_NOT_AVAILABLE
SPARSE_FEATURE_MISSING_VALUE SPARSE_FEATURE_MISSING_INDEX SPARSE_FEATURE_LENGTH_MISMATCH SPARSE_FEATURE_NAME_COLLISION
WEIGHTED_FEATURE_NAME_COLLISION WEIGHTED_FEATURE_MISSING_VALUE WEIGHTED_FEATURE_MISSING_WEIGHT
WEIGHTED_FEATURE_LENGTH_MISMATCH VALUE_NESTEDNESS_MISMATCH DOMAIN_INVALID_FOR_TYPE FEATURE_MISSING_NAME
FEATURE_MISSING_TYPE INVALID_SCHEMA_SPECIFICATION INVALID_DOMAIN_SPECIFICATION INVALID_FEATURE_SHAPE
UNEXPECTED_DATA_TYPE SEQUENCE_VALUE_TOO_FEW_OCCURRENCES SEQUENCE_VALUE_TOO_MANY_OCCURRENCES
SEQUENCE_VALUE_TOO_SMALL_FRACTION SEQUENCE_VALUE_TOO_LARGE_FRACTION FEATURE_COVERAGE_TOO_LOW
FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH NLP_WRONG_LOCATION EMBEDDING_SHAPE_INVALID DERIVED_FEATURE_BAD_LIFECYCLE
DERIVED_FEATURE_INVALID_SOURCE CUSTOM_VALIDATION
"""
TIERS: Mapping[str, Tier] = dict.fromkeys(_SOFT.split(), Tier.SOFT) | dict.fromkeys(_HARD.split(), Tier.HARD)


def kind_of(number: int) -> str:
    """An anomaly type's name; that of a TFDV which is newer than the table is none that is known, so it blocks."""
    names = {value: name for name, value in ANOMALY_TYPES.items()}
    return names.get(number, "UNKNOWN_TYPE")


def said_tier(kind: str, column: str, rules: SchemaRules) -> Tier | None:
    """What the user says of an anomaly type: of this column before of all; None where nothing is said."""
    own = rules.columns[column].severity if column in rules.columns else {}
    return own.get(kind, rules.severity.get(kind))


def tier_of(kind: str, column: str, rules: SchemaRules) -> Tier:
    """Whether an anomaly blocks: as the user says, or as usual."""
    return said_tier(kind, column, rules) or TIERS.get(kind, Tier.HARD)


def check_rules(rules: SchemaRules, schema: schema_pb2.Schema, file: str = "benison.yaml") -> None:
    """Makes sure that every name in validation.schema is one: a misspelt one would switch off what it speaks of.

    Args:
        rules: The section.
        schema: The schema, whose environments it names.
        file: The name of the file that the section stands in.

    Raises:
        ConfigError: An anomaly type or an environment is unknown, and the message names the nearest one; or missing
            values are tolerated beyond a bound that the schema does not have.
    """
    at = "validation.schema"
    bounded = {one.name for one in schema.feature if one.presence.min_fraction > 0}
    for column, own in rules.columns.items():
        if own.missing is not None and column not in bounded:
            where = f"{file} ({at}.columns.{column}.missing)"
            hint = (
                "missing is how many more rows may lack a value; presence { min_fraction: 0.9 } says where that begins"
            )
            raise ConfigError(where, expected="a min_fraction of this column in the schema", got="none", hint=hint)
    for where, kind in _named_types(rules, at):
        if kind not in ANOMALY_TYPES:
            raise _unknown(f"{file} ({where})", "an anomaly type of TFDV", kind, ANOMALY_TYPES)
    for key in ("environment", "serving_environment"):
        named = getattr(rules, key)
        if named and named not in schema.default_environment:
            expected = "a default_environment of the schema"
            raise _unknown(f"{file} ({at}.{key})", expected, named, schema.default_environment)


def _named_types(rules: SchemaRules, at: str) -> Iterator[tuple[str, str]]:
    for kind in rules.severity:
        yield f"{at}.severity", kind
    for column, own in rules.columns.items():
        for kind in own.severity:
            yield f"{at}.columns.{column}.severity", kind


def _unknown(where: str, expected: str, got: str, known: Iterable[str]) -> ConfigError:
    names = list(known)
    hint = nearest(got, names) if names else "the schema has no default_environment"
    return ConfigError(where, expected=expected, got=repr(got), hint=hint)
