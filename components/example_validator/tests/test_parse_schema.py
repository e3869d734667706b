from pathlib import Path
from typing import Any

import pytest

from benison import config
from benison.components.example_validator.parse import covers, parse
from benison.config import Config
from benison.core.errors import ConfigError


@pytest.fixture
def project(snapshot: Any, tmp_path: Path) -> Config:
    return config.read(tmp_path / "bundle" / "project")


def message(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "schema.pbtxt")
    return str(caught.value)


def test_reads_the_features_of_a_schema(schema_text: str) -> None:
    schema = parse(schema_text, "schema.pbtxt")
    assert [feature.name for feature in schema.feature] == ["weight", "age", "breed", "indoor", "adopted", "chip"]


def test_names_line_and_nearest_field_of_a_misspelt_one() -> None:
    assert message('feature {\n  name: "age"\n  typ: INT\n}') == (
        "schema.pbtxt:3: expected a tensorflow.metadata.v0.Schema in protobuf's text format, "
        'got Message type "tensorflow.metadata.v0.Feature" has no field named "typ"\n\nhint: did you mean type?'
    )


def test_names_line_and_nearest_value_of_a_misspelt_type() -> None:
    assert message('feature {\n  name: "age"\n  type: INTT\n}') == (
        "schema.pbtxt:3: expected a tensorflow.metadata.v0.Schema in protobuf's text format, "
        'got Enum type "tensorflow.metadata.v0.FeatureType" has no value named INTT\n\nhint: did you mean INT?'
    )


def test_names_the_line_where_a_bracket_is_missing() -> None:
    text = message('feature {\n  name: "age"\n')
    assert text.startswith("schema.pbtxt:2: expected a tensorflow.metadata.v0.Schema in protobuf's text format, got ")


def test_refuses_a_schema_of_nothing() -> None:
    assert message("") == (
        "schema.pbtxt: expected at least one feature, got none"
        "\n\nhint: benison init DIR --data FILE --label COLUMN drafts one"
    )


def test_refuses_a_feature_twice_of_which_one_would_be_ignored() -> None:
    assert message('feature { name: "age" type: INT } feature { name: "age" type: FLOAT }') == (
        "schema.pbtxt: expected each feature once, with a name, got 2 called 'age'\n\nhint: keep one"
    )


def test_refuses_a_feature_without_a_name() -> None:
    assert "expected each feature once, with a name, got one without a name" in message("feature { type: INT }")


def test_names_the_nearest_domain_of_a_misspelt_one() -> None:
    text = 'feature { name: "breed" type: BYTES domain: "bred" } string_domain { name: "breed" value: "Manx" }'
    assert message(text) == (
        "schema.pbtxt (feature breed): expected a string_domain of this name, got domain: 'bred'"
        "\n\nhint: did you mean breed?"
    )


def test_a_schema_that_speaks_of_all_features_covers_them(schema_text: str, project: Config) -> None:
    covers(parse(schema_text, "schema.pbtxt"), project, "schema.pbtxt")


@pytest.mark.parametrize(
    ("column", "key", "misspelt"), [("weight", "features", "wieght"), ("adopted", "label", "adoptd")]
)
def test_a_feature_or_label_that_the_schema_does_not_know_is_refused(
    column: str, key: str, misspelt: str, schema_text: str, project: Config
) -> None:
    schema = parse(schema_text.replace(f'"{column}"', f'"{misspelt}"'), "schema.pbtxt")
    with pytest.raises(ConfigError) as caught:
        covers(schema, project, "schema.pbtxt")
    assert str(caught.value) == (
        f"schema.pbtxt: expected a feature '{column}', which {key}: of benison.yaml names, got none"
        f"\n\nhint: did you mean {misspelt}?"
    )
