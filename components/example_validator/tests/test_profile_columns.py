"""The oracle: TFDV's own DataFrame path."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv

from benison.components.example_validator.infer import unprofiled
from benison.components.example_validator.parse import parse
from components.example_validator.tests.alike import approximately, assert_alike, by_name, plain
from components.example_validator.tests.measuring import measured_by_us as statistics

Cats = Callable[[int, int], pa.Table]


def test_statistics_are_those_of_tfdv_over_a_dataframe(cats: Cats) -> None:
    table = cats(500, 1)
    ours, theirs = by_name(statistics(table)), by_name(tfdv.generate_statistics_from_dataframe(table.to_pandas()))
    assert list(ours) == list(theirs) == table.column_names
    for name in ("weight", "age", "breed", "adopted"):
        assert plain(ours[name]) == approximately(plain(theirs[name]))


def test_whole_numbers_with_missing_ones_stay_whole() -> None:
    found = by_name(statistics(pa.table({"age": pa.array([1, None, 3])})))["age"]
    assert (found.Type.Name(found.type), found.num_stats.common_stats.num_missing) == ("INT", 1)


def test_booleans_and_text_keep_missing_values_missing() -> None:
    found = by_name(statistics(pa.table({"b": pa.array([True, None, True]), "t": pa.array(["a", None, None])})))
    assert (found["b"].num_stats.mean, found["b"].num_stats.common_stats.num_missing) == (1.0, 1)
    assert (found["t"].string_stats.unique, found["t"].string_stats.common_stats.num_missing) == (1, 2)


@pytest.mark.parametrize(
    ("declared", "values", "kind"),
    [
        ("type: FLOAT", [3, 4], "FLOAT"),
        ("type: INT", ["3", None, "4"], "INT"),
        ("type: FLOAT", ["3", "4.5"], "FLOAT"),
        ("type: INT bool_domain {}", ["true", "False"], "INT"),
        ("type: BYTES", [3, 4], "STRING"),
    ],
)
def test_values_are_read_as_the_schema_declares_them(declared: str, values: list[Any], kind: str) -> None:
    schema = parse(f'feature {{ name: "weight" {declared} }}', "schema.pbtxt")
    found = statistics(pa.table({"weight": values}), schema)
    feature = by_name(found)["weight"]
    assert feature.Type.Name(feature.type) == kind
    assert dict(tfdv.validate_statistics(found, schema).anomaly_info) == {}


@pytest.mark.parametrize(
    ("declared", "values", "kind"),
    [
        ("type: INT", ["3", "many"], "STRING"),
        ("type: INT", ["3", "4.5"], "STRING"),
        ("type: INT", [3.5], "FLOAT"),
        ("type: BYTES", [3.5], "FLOAT"),
        ("type: INT", ["true", "false"], "STRING"),
    ],
)
def test_values_that_cannot_be_read_so_are_left_for_tfdv_to_say(declared: str, values: list[Any], kind: str) -> None:
    schema = parse(f'feature {{ name: "weight" {declared} }}', "schema.pbtxt")
    found = statistics(pa.table({"weight": values}), schema)
    feature = by_name(found)["weight"]
    assert feature.Type.Name(feature.type) == kind
    assert tfdv.validate_statistics(found, schema).anomaly_info["weight"].short_description == "Unexpected data type"


def test_equal_rows_have_equal_bytes(cats: Cats) -> None:
    first, second = (statistics(cats(300, 2)).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second


def test_chunks_make_no_difference(cats: Cats) -> None:
    table = cats(300, 2)
    cut = pa.concat_tables([table.slice(0, 100), table.slice(100, 0), table.slice(100)])
    assert_alike(statistics(cut), statistics(table))


def test_no_rows_are_no_error(cats: Cats) -> None:
    table = cats(300, 2).slice(0, 0)
    assert statistics(table).datasets[0].num_examples == 0


def test_timestamps_are_named_and_left_out() -> None:
    table = pa.table({"when": pa.array([1, 2]).cast(pa.timestamp("s")), "age": [1, 2], "nothing": pa.nulls(2)})
    assert unprofiled(table) == {"when": "timestamp[s]"}
    assert list(by_name(statistics(table.drop(["when"])))) == ["age", "nothing"]
