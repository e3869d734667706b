from __future__ import annotations

import logging
import math
import re
import unicodedata
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import farmhash
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from benison.components.trainer.featurize.fit import MANY_VALUES, fit
from benison.components.trainer.featurize.graph import FeatureGraph, Scaled
from benison.components.trainer.featurize.transform import transform as transform_table
from benison.config.features import Buckets, Categorical, Cross, Date, Feature, Numeric, Text
from benison.core.errors import DataError

WORDS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "ä", "?", " a", "日本", "\x00"]), st.text(max_size=4))
FLOATS = st.lists(st.one_of(st.none(), st.floats(0, 1e6, allow_subnormal=False)), min_size=1)


def fitted(values: list[Any], feature: Feature, kind: Any = None) -> Any:
    """The graph of one feature on a column x."""
    return fit(pa.table({"x": pa.array(values, kind)}), [feature])


def transform(graph: FeatureGraph, values: list[Any], kind: Any = None) -> Any:
    (found,) = transform_table(pa.table({"x": pa.array(values, kind)}), graph).values()
    return found


def numeric(values: list[Any], kind: Any = None, **asked: Any) -> Scaled:
    (column,) = fitted(values, Numeric("x", "x", **asked), kind or pa.float64()).features
    return column  # type: ignore[no-any-return]


@given(FLOATS, st.booleans(), st.sampled_from([StandardScaler, MinMaxScaler]))
@settings(max_examples=60, deadline=None)
def test_a_number_is_scaled_as_scikit_learn_scales_it(values: list[float | None], log: bool, scaler: Any) -> None:
    raw = np.array([[math.nan if value is None else value] for value in values])
    scaled = np.log1p(raw) if log else raw
    if np.isnan(raw).all():
        expected = np.zeros(len(values))
    else:
        expected = scaler().fit_transform(scaled)
        expected = np.where(np.isnan(expected), np.nanmean(expected), expected)[:, 0]
    normalise = "standard" if scaler is StandardScaler else "min_max"
    graph = fitted(values, Numeric("x", "x", log=log, normalise=normalise), pa.float64())
    found = transform(graph, values, pa.float64())
    assert (found.dtype, found.shape) == (np.float32, (len(values), 1))
    assert found[:, 0].tolist() == pytest.approx(expected.tolist(), rel=1e-5, abs=1e-5)


def test_missing_is_the_mean_whether_null_or_nan() -> None:
    graph = fitted([1.0, None, 3.0, math.nan], Numeric("x", "x"))
    assert transform(graph, [None, math.nan, 2.0, 4.0], pa.float64())[:, 0].tolist() == [0.0, 0.0, 0.0, 2.0]


def test_without_normalisation_a_number_stays_what_it_is() -> None:
    graph = fitted([1.0, None, 5.0], Numeric("x", "x", normalise="none"))
    assert transform(graph, [7.0, None], pa.float64())[:, 0].tolist() == [7.0, 3.0]


def test_clipping_comes_before_the_logarithm_and_the_mean() -> None:
    graph = fitted(
        [-5.0, 0.0, math.e - 1, 1e9], Numeric("x", "x", log=True, clip=(0.0, math.e - 1), normalise="min_max")
    )
    assert transform(graph, [-9.0, math.e - 1, 1e30], pa.float64())[:, 0].tolist() == pytest.approx([0, 1, 1], abs=1e-7)


@pytest.mark.parametrize(("values", "mean"), [([0.1] * 7, np.float32(0.1)), ([], 0.0), ([None, math.nan], 0.0)])
def test_a_constant_or_empty_column_has_deviation_one_and_is_named(
    values: list[float | None], mean: float, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        column = numeric(values)
    assert [column.offset, column.scale, column.fill] == pytest.approx([mean, 1.0, 0.0], rel=1e-7)
    assert column.quantiles == ()
    what = "one value alone" if mean else "every value is missing"
    assert caplog.messages == [f"feature x tells the model nothing: {what} in train"]


def test_a_constant_column_that_is_not_normalised_stays_itself() -> None:
    graph = fitted([4.0, 4.0], Numeric("x", "x", normalise="none"))
    assert transform(graph, [4.0, None, 5.0], pa.float64())[:, 0].tolist() == [4.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("values", "what"), [(["a", "a"], "one value alone"), ([None, ""], "every value is missing"), ([], "every")]
)
def test_a_category_with_one_value_is_named_and_works(
    values: list[str | None], what: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        graph = fitted(values, Categorical("x", "x"), pa.string())
    assert f"feature x tells the model nothing: {what}" in caplog.text
    found = transform(graph, ["a", "b", None], pa.string())
    assert (found.dtype, found[:, 0].tolist()) == (np.int32, [2 if "a" in values else 1, 1, 0])


def test_a_vocabulary_emptied_by_min_count_is_named_and_works(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        graph = fitted(["a", "b"], Categorical("x", "x", min_count=2))
    assert caplog.messages == ["feature x: no value occurs 2 times in train, min_count"]
    assert (graph.features[0].size, transform(graph, ["a", None], pa.string())[:, 0].tolist()) == (2, [1, 0])


@given(st.lists(WORDS, min_size=1), st.lists(WORDS), st.integers(1, 3), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_a_text_becomes_its_place_by_frequency_then_text(
    train: list[str | None], later: list[str | None], min_count: int, max_size: int
) -> None:
    counts = Counter(value for value in train if value)
    vocabulary = sorted((v for v in counts if counts[v] >= min_count), key=lambda v: (-counts[v], v))
    vocabulary = vocabulary[:max_size] if max_size else vocabulary
    places: dict[str | None, int] = {None: 0, "": 0}
    places.update((value, index + 2) for index, value in enumerate(vocabulary))
    graph = fitted(train, Categorical("x", "x", min_count=min_count, max_size=max_size), pa.string())
    assert graph.features[0].vocabulary == tuple(vocabulary)
    found = transform(graph, train + later, pa.string())
    assert found[:, 0].tolist() == [places.get(value, 1) for value in train + later]


def test_a_very_large_vocabulary_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        fitted([f"{n}" for n in range(MANY_VALUES + 1)], Categorical("x", "x"))
    said = "feature x has a vocabulary of 100,001 values; min_count, max_size or hash make it smaller"
    assert caplog.messages == [said]


def test_hashing_spreads_values_over_the_buckets_and_keeps_zero_for_missing() -> None:
    values = [f"user {n}" for n in range(3000)]
    graph = fitted(values, Categorical("x", "x", hash=30))
    found = transform(graph, [*values, None, ""], pa.string())[:, 0]
    assert found[-2:].tolist() == [0, 0]
    counts = np.bincount(found[:-2], minlength=31)
    assert (counts[0], len(counts)) == (0, 31)
    # 30 cells of 100 expected each: chi-squared with 29 degrees of freedom is below 70 in all but 3 of 100,000 draws.
    assert ((counts[1:] - 100) ** 2 / 100).sum() < 70


def test_a_hash_is_farmhashs_own_so_that_what_is_stored_by_it_never_moves() -> None:
    values = ["Hello", "TensorFlow", "日本", " "]
    expected = [farmhash.fingerprint64(value) % 1_000_003 + 1 for value in values]
    assert transform(fitted(["a"], Categorical("x", "x", hash=1_000_003)), values)[:, 0].tolist() == expected


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6, width=32)), min_size=1), st.floats(-1e6, 1e6, width=32))
@settings(max_examples=60, deadline=None)
def test_a_bucket_is_the_number_of_boundaries_that_a_value_has_reached(values: list[float | None], edge: float) -> None:
    boundaries = (-10.0, 0.1, float(np.float32(edge)))
    asked = tuple(sorted(set(boundaries)))
    graph = fitted(values, Buckets("x", "x", boundaries=asked), pa.float64())
    near = [float(np.float32(bound)) for bound in asked]
    expected = [0 if v is None else 1 + sum(v >= bound for bound in near) for v in (*values, *near)]
    assert transform(graph, [*values, *near], pa.float64())[:, 0].tolist() == expected


def test_buckets_by_number_hold_equally_many_rows_of_train() -> None:
    values = np.random.default_rng(1).lognormal(0, 1, 1000).astype(np.float32).astype(float).tolist()
    counts = np.bincount(transform(fitted(values, Buckets("x", "x", count=7)), values)[:, 0], minlength=8)
    assert counts[0] == 0
    assert set(counts[1:].tolist()) <= {142, 143}


def test_fewer_values_than_buckets_are_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        graph = fitted([0.0] * 90 + [1.0] * 10, Buckets("x", "x", count=10))
    assert "feature x: its values in train make 3 different buckets, where 10 are asked for" in caplog.text
    assert len(set(transform(graph, [0.0, 1.0])[:, 0].tolist())) == 2


def words_of(text: str) -> list[str]:
    kept = ("L", "M", "N")
    return "".join(c if unicodedata.category(c)[0] in kept else " " for c in text.lower()).split(" ")


@given(st.lists(st.text(st.sampled_from("ab Ä1-_日本'é\t."), max_size=12), min_size=1), st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_a_text_becomes_the_places_of_its_words(texts: list[str], length: int) -> None:
    split = [[word for word in words_of(text) if word] for text in texts]
    counts = Counter(word for words in split for word in words)
    vocabulary = sorted((w for w in counts if counts[w] >= 2), key=lambda w: (-counts[w], w))[:3]
    graph = fitted(texts, Text("x", "x", length=length, max_size=3))
    assert graph.features[0].vocabulary == tuple(vocabulary)
    places = {word: index + 2 for index, word in enumerate(vocabulary)}
    expected = [([places.get(word, 1) for word in words] + [0] * length)[:length] for words in split]
    assert transform(graph, texts).tolist() == expected


def test_a_text_column_without_words_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        fitted(["...", None], Text("x", "x"))
        fitted(["once"], Text("x", "x"))
    assert [message.partition(": ")[2] for message in caplog.messages] == [
        "no word at all in train",
        "no word occurs 2 times in train",
    ]


def circle(place: float, size: int) -> list[float]:
    return [math.sin(2 * math.pi * place / size), math.cos(2 * math.pi * place / size)]


def expected_parts(moment: datetime) -> list[float]:
    hours = moment.hour + moment.minute / 60
    days = (moment.date() - date(1970, 1, 1)).days + hours / 24
    return [
        days,
        *circle(moment.month - 1, 12),
        *circle(moment.day - 1, 31),
        *circle(moment.weekday(), 7),
        *circle(hours, 24),
    ]


ALL_PARTS = Date("x", "x", parts=("days", "month", "day", "weekday", "hour"))
MOMENTS = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda m: m.replace(second=0, microsecond=0))


@pytest.mark.slow
@given(st.lists(MOMENTS, min_size=1, max_size=20), st.sampled_from(["T", " "]), st.sampled_from(["", "Z", "+05:30"]))
@settings(max_examples=60, deadline=None)
def test_a_date_is_taken_apart_as_pythons_calendar_does(moments: list[datetime], between: str, zone: str) -> None:
    graph = fitted(["1970-01-01", "1970-01-03"], ALL_PARTS)
    texts = [f"{moment.isoformat(between, 'minutes')}{zone}" for moment in moments]
    found = transform(graph, [f" {text} " for text in texts])
    expected = np.array([expected_parts(moment) for moment in moments])
    expected[:, 0] -= 1  # the mean of train, whose deviation is 1
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=2e-6)
    epoch = datetime(1970, 1, 1)
    seconds = [(moment - epoch) // timedelta(seconds=1) for moment in moments]
    by_seconds = fitted([0, 2 * 86_400], ALL_PARTS)
    np.testing.assert_array_equal(transform(by_seconds, seconds, pa.int64()), found)


def test_a_missing_date_is_all_zeros_and_a_date_alone_is_its_midnight() -> None:
    graph = fitted(["2026-11-20", None], Date("x", "x"))
    found = transform(graph, [None, "2026-11-20", "2026-11-20T00:00:59.5"])
    assert found[0].tolist() == [0] * 6
    assert found[1].tolist() == found[2].tolist() == pytest.approx([*circle(10, 12), *circle(4, 7), *circle(0, 24)])


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "soon", "20.11.2026", "0000-01-01", "2026-11-20T25:00"])
def test_what_is_no_date_is_named(text: str) -> None:
    said = f"column 'x', row 2: expected a date or time such as 2026-11-20 .*, got {text!r}\n\nhint: leave it empty"
    with pytest.raises(DataError, match=said):
        fitted(["2026-11-20", text], Date("x", "x"))
    with pytest.raises(DataError, match=said):
        transform(fitted(["2026-11-20"], Date("x", "x")), ["2026-11-20", text])


def test_seconds_beyond_the_calendar_are_named() -> None:
    with pytest.raises(DataError, match=r"column 'x', row 1: .* or seconds since 1970, got 1e\+15"):
        fitted([10**15], Date("x", "x"), pa.int64())


def test_a_constant_date_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "benison"):
        fitted(["2026-11-20", "2026-11-20"], Date("x", "x"))
    assert caplog.messages == ["feature x tells the model nothing: one value alone in train"]


def test_a_cross_tells_every_pair_apart_and_is_missing_where_a_part_is() -> None:
    table = pa.table({"city": ["Ulm", "Ulm", "Bonn", "Bonn", None, "Ulm"], "age": [20.0, 50.0, 20.0, 50.0, 20.0, None]})
    features: list[Feature] = [
        Cross("both", ("city", "band"), hash=10_007),
        Categorical("city", "city"),
        Buckets("band", "age", boundaries=(30.0,)),
    ]
    graph = fit(table, features)
    found = transform_table(table, graph)["both"][:, 0].tolist()
    assert len(set(found[:4]) - {0}) == 4
    assert found[4:] == [0, 0]
    moved = pa.table({"city": ["Bonn", "Ulm"], "age": [49.0, 29.9]})
    assert transform_table(moved, graph)["both"][:, 0].tolist() == [found[3], found[0]]


def test_a_column_may_be_a_value_and_buckets_at_once() -> None:
    table = pa.table({"age": [20.0, 40.0]})
    graph = fit(table, [Numeric("age", "age"), Buckets("band", "age", boundaries=(30.0,))])
    assert [column.name for column in graph.columns] == ["age"]
    found = transform_table(table, graph)
    assert (found["age"][:, 0].tolist(), found["band"][:, 0].tolist()) == ([-1.0, 1.0], [1, 2])


@pytest.mark.parametrize(
    ("kind", "stored_as"), [(pa.int64(), "int64_list"), (pa.float64(), "float_list"), (pa.bool_(), "int64_list")]
)
def test_a_number_remembers_how_a_tf_example_keeps_it(kind: Any, stored_as: str) -> None:
    values: list[Any] = [False, True, None] if kind == pa.bool_() else [0, 1, None]
    graph = fitted(values, Numeric("x", "x"), kind)
    assert (graph.columns[0].stored_as, graph.features[0].offset) == (stored_as, 0.5)


def test_dictionary_columns_are_texts_too() -> None:
    values = pa.array(["b", "a", None, "b"]).dictionary_encode()
    graph = fit(pa.table({"x": values}), [Categorical("x", "x")])
    assert transform_table(pa.table({"x": values}), graph)["x"][:, 0].tolist() == [2, 3, 0, 2]


def test_columns_in_several_chunks_and_none_at_all_are_taken() -> None:
    chunks = pa.chunked_array([["b", "a"], [], [None, "b"]], pa.string())
    graph = fit(pa.table({"x": chunks}), [Categorical("x", "x")])
    assert transform_table(pa.table({"x": chunks}), graph)["x"][:, 0].tolist() == [2, 3, 0, 2]
    assert transform_table(pa.table({"x": chunks.slice(0, 0)}), graph)["x"].shape == (0, 1)


def test_the_scale_comes_from_train_alone() -> None:
    assert transform(fitted([0.0, 2.0], Numeric("x", "x")), [101.0])[:, 0].tolist() == [100.0]


def test_quantiles_are_of_all_values_and_of_the_different_ones() -> None:
    """Ninety zeros of a hundred leave no quantile of all values between the others."""
    values = [0.0] * 90 + [float(n) for n in range(1, 11)]
    column, shares = numeric(values, normalise="none"), np.linspace(0, 1, 33)
    expected = np.unique([*np.quantile(values, shares), *np.quantile(range(11), shares)])
    assert column.quantiles == pytest.approx(expected.tolist())
    assert len([edge for edge in column.quantiles if 1 <= edge <= 9]) > 20


def test_a_value_too_far_out_is_infinite_and_nothing_warns() -> None:
    column = Scaled(Numeric("x", "x"), "x", offset=0.0, scale=1e-30, fill=0.0)
    graph = FeatureGraph(fitted([0.0], Numeric("x", "x")).columns, (column,))
    assert transform(graph, [3e38, -3e38, 1e-30])[:, 0].tolist() == [math.inf, -math.inf, pytest.approx(1)]


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(DataError) as raised:
        fit(pa.table({"hours_per_week": [1]}), [Numeric("hours_per_weak", "hours_per_weak")])
    assert str(raised.value) == (
        "feature 'hours_per_weak': expected a column 'hours_per_weak' in the data, got none\n\n"
        "hint: did you mean hours_per_week?"
    )


@pytest.mark.parametrize(
    ("values", "kind", "log", "said"),
    [
        (["a"], pa.string(), False, "column 'x': expected numbers, as features: in benison.yaml says, got string"),
        ([1.0, None, -0.5], pa.float64(), True, r"column 'x', row 3: expected 0 or more, .*, got -0.5\n\nhint: say"),
        ([1.0, math.inf], pa.float64(), False, "column 'x', row 2: expected a number between .*, got inf"),
        ([1e39], pa.float64(), False, r"column 'x', row 1: .*, got 1e\+39"),
    ],
)
def test_a_number_that_cannot_be_used_is_named(values: list[Any], kind: Any, log: bool, said: str) -> None:
    with pytest.raises(DataError, match=said):
        fitted(values, Numeric("x", "x", log=log), kind)


def test_a_negative_value_under_log_in_eval_is_named_too() -> None:
    graph = fitted([1.0, 2.0], Numeric("x", "x", log=True))
    with pytest.raises(DataError, match=re.escape("column 'x', row 2: expected 0 or more")):
        transform(graph, [1.0, -1.0])
