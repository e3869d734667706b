from dataclasses import replace
from typing import Any

import pytest

from benison.components.example_validator.parse import parse
from benison.components.example_validator.severity import ANOMALY_TYPES, TIERS, check_rules, kind_of, tier_of
from benison.config.validation import ColumnSchema, SchemaRules
from benison.core.errors import ConfigError
from benison.core.verdicts import Tier

USUAL = SchemaRules(0.01, 0.0, {}, "", "", {})


def test_every_anomaly_type_of_tfdv_has_a_tier() -> None:
    assert set(TIERS) == set(ANOMALY_TYPES)


def test_what_comparators_find_warns_and_what_the_rows_themselves_show_blocks() -> None:
    soft = {kind for kind, tier in TIERS.items() if tier is Tier.SOFT}
    comparators = {kind for kind in TIERS if kind.startswith("COMPARATOR_")}
    assert soft == comparators | {"SCHEMA_NEW_COLUMN", "SCHEMA_TRAINING_SERVING_SKEW", "SEMANTIC_DOMAIN_UPDATE"}


def test_a_type_of_a_newer_tfdv_blocks() -> None:
    assert tier_of(kind_of(4711), "age", USUAL) is Tier.HARD


def message(rules: SchemaRules, schema_text: str, known: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        check_rules(rules, parse(known + schema_text, "schema.pbtxt"))
    return str(caught.value)


def test_a_misspelt_anomaly_type_is_an_error_that_names_the_nearest(schema_text: str) -> None:
    wrong: Any = {"SCHEMA_NEW_COLUM": Tier.SOFT}
    said = "expected an anomaly type of TFDV, got 'SCHEMA_NEW_COLUM'\n\nhint: did you mean SCHEMA_NEW_COLUMN?"
    assert message(replace(USUAL, severity=wrong), schema_text) == f"benison.yaml (validation.schema.severity): {said}"
    own = replace(USUAL, columns={"age": ColumnSchema(severity=wrong)})
    assert message(own, schema_text) == f"benison.yaml (validation.schema.columns.age.severity): {said}"


def test_an_environment_that_the_schema_does_not_know_is_an_error(schema_text: str) -> None:
    rules = replace(USUAL, serving_environment="SERVNG")
    where = "benison.yaml (validation.schema.serving_environment): "
    said = f"{where}expected a default_environment of the schema, got 'SERVNG'\n\nhint: "
    assert message(rules, schema_text, 'default_environment: "SERVING" ') == said + "did you mean SERVING?"
    assert message(rules, schema_text) == said + "the schema has no default_environment"


def test_a_feature_of_an_environment_that_nothing_is_held_to_is_an_error() -> None:
    text = 'default_environment: "SERVING" feature { name: "age" type: INT in_environment: "SERVE" }'
    with pytest.raises(ConfigError) as caught:
        parse(text, "schema.pbtxt")
    assert str(caught.value) == (
        "schema.pbtxt (feature age): expected a default_environment of the schema, got environment 'SERVE'"
        "\n\nhint: did you mean SERVING?"
    )


def test_missing_values_tolerated_beyond_no_bound_are_an_error() -> None:
    rules = replace(USUAL, columns={"age": ColumnSchema(missing=0.05)})
    said = "benison.yaml (validation.schema.columns.age.missing): expected a min_fraction of this column in the schema"
    assert message(rules, "feature { name: 'age' type: INT presence { min_count: 1 } }").startswith(said)
    check_rules(rules, parse("feature { name: 'age' type: INT presence { min_fraction: 0.9 } }", "schema.pbtxt"))
