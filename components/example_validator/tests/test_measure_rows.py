"""The oracles: TFDV in memory over all rows at once, TFX's golden statistics, naive counts."""

import gzip
import math
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_data_validation.statistics import stats_impl

from benison.components.example_validator.generators import canonical
from benison.components.example_validator.measure import Asked, Cell, LabelCounts, Measured, label_classes, measure
from benison.components.example_validator.parse import parse
from benison.config import Label
from benison.measures import numbers
from components.example_validator.tests.alike import approximately, assert_alike, by_name, exact_part, plain

ROOT = Path(__file__).resolve().parents[3]
TAXI = ROOT / "benchmarks" / "tfx_round" / "data" / "simple.csv.gz"
GOLDEN = Path(__file__).resolve().parent / "data"
# TFDV's own sketch may be off by so many of the rows.
SKETCH_ERROR = 0.01


@pytest.fixture(scope="module")
def taxi() -> pa.Table:
    """15,002 taxi rides; a text that is empty is a missing one."""
    options = csv.ConvertOptions(strings_can_be_null=True, null_values=[""])
    with gzip.open(TAXI) as file:
        return csv.read_csv(file, convert_options=options).combine_chunks()


def _batches(part: pa.Table) -> Iterator[pa.RecordBatch]:
    return iter(part.to_batches(max_chunksize=1000))


def cells(table: pa.Table, cuts: Sequence[int], group: str = "rows") -> list[Cell]:
    """The rows between the cuts, each in batches of 1,000."""
    ends = [0, *sorted(cuts), len(table)]
    parts = [table.slice(low, high - low) for low, high in pairwise(ends)]
    return [Cell((group,), partial(_batches, part)) for part in parts]


def measured(table: pa.Table, cuts: Sequence[int] = (), workers: int = 1, **asked: Any) -> Measured:
    [(_, found)] = measure(cells(table, cuts), Asked(table.schema, **asked), workers)
    return found


def tfdv_says(table: pa.Table, schema: Any = None) -> Any:
    whole = [pa.concat_arrays([pa.array([], column.type), *column.chunks]) for column in table.columns]
    batch = canonical(pa.RecordBatch.from_arrays(whole, table.column_names))
    with np.errstate(invalid="ignore"):
        return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions(schema=schema))


def test_taxi_statistics_are_those_of_tfdv_over_all_rows(taxi: pa.Table) -> None:
    ours, theirs = measured(taxi, range(0, 15_002, 4_000), workers=2).statistics, tfdv_says(taxi)
    assert list(by_name(ours)) == list(by_name(theirs)) == taxi.column_names
    for name, expected in by_name(theirs).items():
        found = by_name(ours)[name]
        assert plain(exact_part(found)) == approximately(plain(exact_part(expected))), name
        if found.HasField("num_stats"):
            for histogram in found.num_stats.histograms:
                assert_within_the_sketchs_error(histogram, taxi[name].drop_null().to_numpy())


def assert_within_the_sketchs_error(histogram: Any, values: Any) -> None:
    """A histogram's ends lie where so many rows are below them, and its counts add up to all rows."""
    total = 0.0
    for bucket in histogram.buckets:
        total += bucket.sample_count
        at_least, at_most = np.sum(values < bucket.high_value), np.sum(values <= bucket.high_value)
        assert at_least - 2 * SKETCH_ERROR * len(values) <= total <= at_most + 2 * SKETCH_ERROR * len(values)
    assert total == pytest.approx(len(values), rel=1e-6)


def test_taxi_statistics_are_those_of_the_dataframe_path(taxi: pa.Table) -> None:
    frame = taxi.to_pandas()
    ours = by_name(measured(taxi, [7_000]).statistics)
    for name, expected in by_name(tfdv.generate_statistics_from_dataframe(frame)).items():
        if frame[name].dtype == object or not taxi[name].null_count:
            assert plain(exact_part(ours[name])) == approximately(plain(exact_part(expected))), name


def test_taxi_statistics_are_those_that_tfx_wrote_of_both_splits_together(taxi: pa.Table) -> None:
    """TFX cut the same rows into two splits: their counts, sums and extremes add up to ours."""
    schema = parse((GOLDEN / "taxi-schema.pbtxt").read_text(), "taxi-schema.pbtxt")
    ours = by_name(measured(taxi, [5_000], schema=schema).statistics)
    golden = [
        by_name(tfdv.load_stats_binary(str(GOLDEN / f"taxi-{split}-FeatureStats.pb"))) for split in ("train", "eval")
    ]
    assert set(ours) == set(golden[0])
    for name, found in ours.items():
        first, second = (one[name] for one in golden)
        if found.HasField("string_stats"):
            one, two, both = (each.string_stats for each in (first, second, found))
            assert max(one.unique, two.unique) <= both.unique <= one.unique + two.unique
        else:
            one, two, both = (each.num_stats for each in (first, second, found))
            # Golden numbers went through float32.
            valued = [each for each in (one, two) if each.common_stats.tot_num_values]
            assert (both.min, both.max) == (
                pytest.approx(min(each.min for each in valued), rel=1e-6),
                pytest.approx(max(each.max for each in valued), rel=1e-6),
            )
            assert one.num_zeros + two.num_zeros == both.num_zeros
            n, m = one.common_stats.tot_num_values, two.common_stats.tot_num_values
            assert both.mean == pytest.approx((n * one.mean + m * two.mean) / (n + m), rel=1e-6)
        # TFX's reader of CSV gives a missing value an empty list, which counts as there: values alone compare.
        assert one.common_stats.tot_num_values + two.common_stats.tot_num_values == both.common_stats.tot_num_values


def test_bytes_do_not_depend_on_the_number_of_processes(taxi: pa.Table) -> None:
    found = [
        measured(taxi, range(0, 15_002, 1_500), workers=workers, time="trip_start_timestamp") for workers in (1, 2, 3)
    ]
    assert len({one.statistics.SerializeToString(deterministic=True) for one in found}) == 1
    assert found[0].profile() == found[1].profile() == found[2].profile()


WHOLE, REAL = st.integers(-(2**53), 2**53), st.floats(-1e9, 1e9).map(lambda value: value + 0.0)
COLUMNS = {
    "whole": (pa.int64(), WHOLE),
    "real": (pa.float64(), REAL | st.sampled_from([math.inf, -math.inf, math.nan])),
    "text": (pa.string(), st.text(max_size=3)),
    "few": (pa.string(), st.sampled_from("abc")),
    "digits": (pa.string(), st.integers(0, 9).map(str)),
    "truth": (pa.string(), st.sampled_from(["true", "false"])),
    "mixed": (pa.string(), st.sampled_from(["1", "2.5", "x"])),
    "code": (pa.int64(), st.integers(0, 3)),
    "share": (pa.float64(), st.just(None)),
}
SCHEMA = """
feature { name: "whole" type: FLOAT }
feature { name: "real" type: FLOAT }
feature { name: "text" type: BYTES }
feature { name: "digits" type: INT }
feature { name: "truth" type: INT bool_domain {} }
feature { name: "mixed" type: FLOAT }
feature { name: "code" type: INT int_domain { is_categorical: true } }
feature { name: "share" type: FLOAT }
"""
# The types that the schema's columns are read as, all of their values together.
DECLARED = {"whole": pa.float64(), "digits": pa.int64(), "truth": pa.bool_()}


@st.composite
def tables(draw: Any) -> tuple[pa.Table, list[int]]:
    """Rows of all kinds of columns with missing values, and where to cut them."""
    rows = draw(st.integers(0, 30))
    columns = {
        name: pa.array(draw(st.lists(values | st.none(), min_size=rows, max_size=rows)), kind)
        for name, (kind, values) in COLUMNS.items()
    }
    return pa.table(columns), draw(st.lists(st.integers(0, rows), max_size=4))


@pytest.mark.slow
@settings(max_examples=40)
@given(tables())
def test_statistics_of_any_rows_in_any_parts_are_those_of_tfdv(given_rows: tuple[pa.Table, list[int]]) -> None:
    table, cuts = given_rows
    assert_alike(measured(table, cuts).statistics, tfdv_says(table))


@settings(max_examples=40)
@given(tables())
def test_statistics_of_declared_columns_are_those_of_tfdv(given_rows: tuple[pa.Table, list[int]]) -> None:
    table, cuts = given_rows
    schema = parse(SCHEMA, "schema.pbtxt")
    declared = table
    for name, kind in read_as(table).items():
        declared = declared.set_column(table.column_names.index(name), name, table[name].cast(kind))
    assert_alike(measured(table, cuts, schema=schema).statistics, tfdv_says(declared, schema))


def read_as(table: pa.Table) -> dict[str, pa.DataType]:
    """The types that all values of a column can be read as, by name."""
    found = dict(DECLARED)
    if not table["truth"].drop_null().to_pylist():
        found["truth"] = pa.int64()
    if "x" not in table["mixed"].to_pylist():
        found["mixed"] = pa.float64()
    return found


def test_quantiles_of_many_different_numbers_are_within_the_sketchs_error() -> None:
    rng = np.random.default_rng(1)
    values = rng.lognormal(3, 1, 60_000)
    half = np.where(rng.random(60_000) < 0.5, 2.5, values)
    found = measured(pa.table({"fare": values, "half": half}), [25_000, 26_000])
    for name, held in (("fare", values), ("half", half)):
        tally = found.tallies[name].figures
        assert tally is not None and tally.dropped > 0
        stats = by_name(found.statistics)[name].num_stats
        below, at_most = np.mean(held < stats.median), np.mean(held <= stats.median)
        assert below - 2 * SKETCH_ERROR <= 0.5 <= at_most + 2 * SKETCH_ERROR
        for histogram in stats.histograms:
            assert_within_the_sketchs_error(histogram, held)


@settings(max_examples=30)
@given(st.lists(REAL, min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=4), st.integers(1, 9))
def test_statistics_are_those_of_tfdv_also_where_tallies_are_on_a_grid(
    values: list[float], cuts: list[int], buckets: int
) -> None:
    table = pa.table({"real": values})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "BUCKETS", buckets)
        found = measured(table, [cut for cut in cuts if cut <= len(values)])
    ours, theirs = (by_name(one)["real"].num_stats for one in (found.statistics, tfdv_says(table)))
    assert plain(ours.common_stats) == plain(theirs.common_stats)
    assert (ours.min, ours.max, ours.num_zeros) == (theirs.min, theirs.max, theirs.num_zeros)
    assert (ours.mean, ours.std_dev) == (
        pytest.approx(theirs.mean, rel=1e-9, abs=1e-9),
        pytest.approx(theirs.std_dev, rel=1e-6, abs=1e-6),
    )
    assert ours.median == pytest.approx(theirs.median, rel=1e-12)


def test_numbers_that_are_none_stay_apart_where_a_tally_turns_to_a_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "BUCKETS", 3)
    table = pa.table({"real": [1.0, math.nan, 2.0, 3.0, None, 4.0, 5.0, math.nan]})
    ours, theirs = (by_name(one)["real"].num_stats for one in (measured(table, [5]).statistics, tfdv_says(table)))
    assert [one.num_nan for one in ours.histograms] == [one.num_nan for one in theirs.histograms] == [2, 2]
    assert (ours.median, plain(ours.common_stats)) == (theirs.median, plain(theirs.common_stats))


def test_each_group_has_the_rows_of_its_cells() -> None:
    table = pa.table({"age": [1, 2, 3, 4, 5, 6]})
    parts = [
        Cell(groups, partial(_batches, table.slice(low, 2)))
        for groups, low in (
            (("split train", "span 1"), 0),
            (("split eval", "span 1"), 2),
            (("split train", "span 2"), 4),
        )
    ]
    found = dict(measure(parts, Asked(table.schema), workers=1))
    assert {group: one.statistics.datasets[0].features[0].num_stats.mean for group, one in found.items()} == {
        "span 1": 2.5, "split eval": 3.5, "split train": 3.5, "span 2": 5.5,
    }  # fmt: skip
    assert list(found) == ["split eval", "span 1", "split train", "span 2"]


def test_labels_are_counted_by_what_they_are() -> None:
    table = pa.table({"paid": ["yes", "no", None, "maybe", "no", "maybe", "never"]})
    found = measured(table, [3], label=Label("paid", "yes", "no"))
    assert found.labels == LabelCounts(1, 2, 1, {"maybe": 2, "never": 1}, 3)
    assert found.profile().positives == 1
    texts = found.tallies["paid"].texts
    assert texts is not None and texts.count(["yes", "no", "maybe"]).tolist() == [[0, 1, 0], [2, 0, 0], [0, 0, 2]]


@pytest.mark.parametrize(
    ("values", "positive", "negative"),
    [
        ([1, 0, 1, 2, None], "1", "0"),
        ([1.0, 0.0, 1.0, 0.5, None], "1", "0"),
        ([True, False, True, None], "true", "false"),
    ],
)
def test_numbers_and_truth_values_count_as_labels_too(values: list[Any], positive: str, negative: str) -> None:
    classes, third = label_classes(pa.array(values), Label("paid", positive, negative))
    assert classes.tolist() == [1, 0, 1, *[2] * (len(values) - 3)]
    assert third.to_pylist() == [str(value) for value in values[3:] if value is not None]


def test_events_are_numbers_or_texts() -> None:
    table = pa.table({"at": [30, None, 10], "day": ["1970-01-03", "1970-01-02", None], "name": ["a", "b", "c"]})
    ends = [(found.first, found.last) for time in table.column_names for found in [measured(table, [1], time=time)]]
    assert ends == [(10.0, 30.0), (86_400.0, 172_800.0), (None, None)]


def test_no_rows_have_statistics_too() -> None:
    table = pa.table({"age": pa.array([], pa.int64()), "name": pa.array([], pa.string())})
    found = measured(table, [0, 0])
    assert (found.rows, found.statistics.datasets[0].num_examples) == (0, 0)
    assert list(by_name(found.statistics)) == ["age", "name"]
