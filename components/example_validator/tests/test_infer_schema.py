from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv

from benison.components.example_validator.infer import infer_table
from benison.components.example_validator.parse import parse
from benison.core.errors import DataError
from benison.core.examples import read_split
from components.example_validator.tests.measuring import measured_by_us as statistics

Cats = Callable[[int, int], pa.Table]


def test_the_rows_that_it_was_inferred_from_fulfil_it(cats: Cats) -> None:
    table = cats(600, 1)
    schema = parse(infer_table(table), "schema.pbtxt")
    assert [feature.name for feature in schema.feature] == table.column_names
    assert dict(tfdv.validate_statistics(statistics(table, schema), schema).anomaly_info) == {}


def test_closed_sets_of_text_become_domains_and_free_text_does_not() -> None:
    table = pa.table({"breed": ["Manx", "Persian"] * 20, "name": [f"cat {row}" for row in range(40)]})
    schema = parse(infer_table(table), "schema.pbtxt")
    assert [(domain.name, list(domain.value)) for domain in schema.string_domain] == [("breed", ["Manx", "Persian"])]
    assert [feature.domain for feature in schema.feature] == ["breed", ""]


def test_whole_numbers_get_neither_bounds_nor_the_name_of_booleans() -> None:
    table = pa.table({"count": list(range(40)), "flag": [0, 1] * 20, "indoor": [True, False] * 20})
    kinds = {feature.name: feature.WhichOneof("domain_info") for feature in parse(infer_table(table), "s").feature}
    assert kinds == {"count": None, "flag": None, "indoor": "bool_domain"}


def test_a_column_with_missing_values_may_go_on_missing_some() -> None:
    columns = {"a": [1, None, 3], "b": [1, 2, 3], "c": [None, None, None], "d": pa.array([None, None, 1], pa.int64())}
    schema = parse(infer_table(pa.table(columns)), "schema.pbtxt")
    found = [round(feature.presence.min_fraction, 6) for feature in schema.feature]
    assert found == [0.46, 1.0, 0.0, 0.13]


def test_a_column_that_is_not_profiled_is_named_in_a_comment() -> None:
    table = pa.table({"when": pa.array([1, 2]).cast(pa.timestamp("s")), "age": [1, 2]})
    assert "\n# when: timestamp[s], not profiled\n" in infer_table(table)


def test_reads_the_train_split_of_an_artifact(snapshot: Any) -> None:
    schema = parse(infer_table(read_split(snapshot.root / "examples", "train")), "schema.pbtxt")
    assert [feature.name for feature in schema.feature] == ["weight", "age", "breed", "indoor", "adopted", "chip"]


def test_an_artifact_without_a_train_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Split-train: expected Parquet files, got none"):
        read_split(tmp_path, "train")
