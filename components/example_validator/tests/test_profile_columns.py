"""The oracles: TFDV's own DataFrame path, and naive loops over the rows."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.components.example_validator.parse import parse
from benison.components.example_validator.profile import categorical, numeric, profile, statistics, unprofiled

Cats = Callable[[int, int], pa.Table]

KINDS = {"weight": "numeric", "age": "numeric", "breed": "categorical", "adopted": "categorical"}


def by_name(proto: Any) -> dict[str, Any]:
    return {feature.path.step[0]: feature for feature in proto.datasets[0].features}


def test_statistics_are_those_of_tfdv_over_a_dataframe(cats: Cats) -> None:
    table = cats(500, 1)
    ours, theirs = by_name(statistics(table)), by_name(tfdv.generate_statistics_from_dataframe(table.to_pandas()))
    assert list(ours) == list(theirs) == table.column_names
    for name in ("weight", "age", "breed", "adopted"):
        assert ours[name] == theirs[name]


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
    assert statistics(cut) == statistics(table)
    assert profile(cut, KINDS) == profile(table, KINDS)


def test_no_rows_are_no_error(cats: Cats) -> None:
    table = cats(300, 2).slice(0, 0)
    assert statistics(table).datasets[0].num_examples == 0
    assert profile(table, KINDS)["weight"] == {
        "kind": "numeric", "rows": 0, "missing": 0, "mean": None, "std": None, "edges": [], "counts": [0],
    }  # fmt: skip
    assert profile(table, KINDS)["breed"] == {
        "kind": "categorical", "rows": 0, "missing": 0, "counts": {}, "other": 0,
    }  # fmt: skip


def test_timestamps_are_named_and_left_out() -> None:
    table = pa.table({"when": pa.array([1, 2]).cast(pa.timestamp("s")), "age": [1, 2], "nothing": pa.nulls(2)})
    assert unprofiled(table) == {"when": "timestamp[s]"}
    assert list(by_name(statistics(table))) == ["age", "nothing"]
    assert list(profile(table, {"when": "numeric", "age": "numeric"})) == ["age"]


FLOATS = st.floats(-1e9, 1e9) | st.just(math.nan) | st.none()


@settings(max_examples=100, deadline=None)
@given(st.lists(FLOATS, max_size=80))
def test_a_numeric_profile_is_that_of_naive_loops(rows: list[float | None]) -> None:
    found = numeric(pa.chunked_array([pa.array(rows, pa.float64())]))
    values = [row for row in rows if row is not None and not math.isnan(row)]
    edges = [-math.inf, *found["edges"], math.inf]
    assert (found["rows"], found["missing"]) == (len(rows), len(rows) - len(values))
    assert found["counts"] == [sum(low < value <= high for value in values) for low, high in pairwise(edges)]
    if values:
        mean = math.fsum(values) / len(values)
        assert found["mean"] == pytest.approx(mean, rel=1e-9, abs=1e-6)
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
        assert found["std"] == pytest.approx(deviation, rel=1e-6, abs=1e-6)


def test_moments_are_those_of_tfdv(cats: Cats) -> None:
    table = cats(500, 3)
    stats = by_name(statistics(table))["weight"].num_stats
    found = numeric(table["weight"])
    assert (found["mean"], found["std"]) == (pytest.approx(stats.mean), pytest.approx(stats.std_dev))
    assert found["missing"] == stats.common_stats.num_missing > 0
    assert len(found["counts"]) == 10 and max(found["counts"]) - min(found["counts"]) <= 1


def test_infinite_values_are_counted_and_leave_edges_and_moments_finite() -> None:
    found = numeric(pa.chunked_array([pa.array([1.0, 2.0, math.inf, -math.inf])]))
    assert (found["edges"], found["counts"], found["mean"]) == ([1.0], [2, 2], 1.5)


def test_moments_that_no_number_holds_are_none() -> None:
    found = numeric(pa.chunked_array([pa.array([1.7e308, 1.7e308, 1.7e308])]))
    assert (found["mean"], found["std"]) == (None, None)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["Manx", "Persian", "", "ä"]) | st.none(), max_size=60))
def test_a_categorical_profile_is_that_of_a_counter(rows: list[str | None]) -> None:
    found = categorical(pa.chunked_array([pa.array(rows, pa.string())]))
    counts = Counter(row for row in rows if row is not None)
    assert found["counts"] == dict(counts)
    assert (found["rows"], found["missing"], found["other"]) == (len(rows), rows.count(None), 0)


def test_values_beyond_the_hundred_most_frequent_share_one_count() -> None:
    rows = [f"v{value:03d}" for value in range(130) for _ in range(2 if value < 90 else 1)]
    found = categorical(pa.chunked_array([pa.array(np.random.default_rng(1).permutation(rows).tolist())]))
    assert list(found["counts"]) == [f"v{value:03d}" for value in range(100)]
    assert found["other"] == 30


def test_text_where_numbers_were_asked_for_is_profiled_as_categories() -> None:
    assert profile(pa.table({"age": ["old", "new"]}), {"age": "numeric"})["age"]["kind"] == "categorical"
