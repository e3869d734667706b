"""A check that a misspelt name switches off does not exist: such a name is an error that names the nearest one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison import config
from benison.components.example_validator.parse import names, parse, references
from benison.config import Config
from benison.core.errors import ConfigError

Validating = Callable[[str], Config]
COLUMNS = ["weight", "age", "breed", "indoor", "adopted", "chip", "seen", "told"]


@pytest.fixture
def validating(snapshot: Any, tmp_path: Path) -> Validating:
    """The project with a section validation: of this text."""

    def read(text: str) -> Config:
        file = tmp_path / "bundle" / "project" / "benison.yaml"
        tables = "data: {path: data.csv, references: {owners: owners.csv}}"
        content = file.read_text().replace("data: {path: data.csv}", tables)
        file.write_text(f"{content}\nvalidation: {text}\n")
        return config.read(file.parent)

    return read


@pytest.mark.parametrize(
    "section",
    [
        "{keys: [{columns: [CHIP]}]}",
        "{foreign_keys: [{columns: [CHIP], table: owners}]}",
        "{combinations: [{columns: [CHIP], allowed: [[1]]}]}",
        "{leakage: {entity: [CHIP]}}",
        "{leakage: {feature_time: CHIP, label_time: told}}",
        "{leakage: {feature_time: seen, label_time: CHIP}}",
        "{schema: {columns: {CHIP: {missing: 0.1}}}}",
        "{drift: {columns: {CHIP: {warn: 0.2}}}}",
        "{history: {columns: {CHIP: {warn: 5}}}}",
    ],
)
def test_a_misspelt_column_is_an_error_wherever_it_stands(
    validating: Validating, schema_text: str, section: str
) -> None:
    schema = parse(schema_text, "schema.pbtxt")
    with pytest.raises(ConfigError) as caught:
        names(validating(section.replace("CHIP", "chipp")), schema, COLUMNS)
    assert str(caught.value) == (
        "benison.yaml (validation): expected columns of the data or of the schema, got 'chipp'"
        "\n\nhint: did you mean chip?"
    )


def test_a_column_that_either_the_data_or_the_schema_has_is_known(validating: Validating, schema_text: str) -> None:
    asked = validating("{keys: [{columns: [chip]}, {columns: [seen]}]}")
    names(asked, parse(schema_text, "schema.pbtxt"), ["weight", "seen"])


def test_a_column_that_a_reference_table_lacks_is_an_error(validating: Validating) -> None:
    asked = validating("{foreign_keys: [{columns: [chip], table: owners, references: [cihp]}]}")
    references(asked, {"owners": ["cihp"]})
    with pytest.raises(ConfigError) as caught:
        references(asked, {"owners": ["chip", "name"]})
    assert str(caught.value) == (
        "benison.yaml (validation.foreign_keys): expected columns of the table 'owners', got 'cihp'"
        "\n\nhint: did you mean chip?"
    )
