"""The oracles: naive loops over the values, NumPy's quantiles, Python's own reading of times."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.core.hashes import of_numbers, of_texts
from benison.core.profiles import CATEGORICAL, DATETIME, NUMERIC, QUANTILES
from benison.measures import numbers, texts
from benison.measures.distinct import KEPT, DistinctSketch
from benison.measures.moments import Moments
from benison.measures.tallies import ColumnTally, NumberTally, TextTally, edges_of, quantiles_of
from benison.measures.times import seconds

FLOATS = st.floats(allow_nan=False)
FINITE = st.floats(-1e9, 1e9)
ROWS = st.lists(st.tuples(FLOATS, st.integers(0, 2)), max_size=60)
WORDS = st.sampled_from(["Manx", "Persian", "", "ä", "Siamese", "a" * 50])


def tallied(rows: Sequence[tuple[float, int]], tally: NumberTally | None = None) -> NumberTally:
    tally = tally or NumberTally()
    values, classes = zip(*rows, strict=True) if rows else ((), ())
    tally.add(np.array(values, np.float64), np.array(classes, np.int8))
    return tally


def spelt(words: Sequence[str | None]) -> TextTally:
    tally = TextTally()
    tally.add(pa.array(words, pa.string()), np.zeros(len(words), np.int8))
    return tally


def column(values: Any, kind: pa.DataType | None = None, batch: int = 1000) -> ColumnTally:
    array = values if isinstance(values, pa.Array) else pa.array(values, kind)
    tally = ColumnTally.of(array.type)
    for start in range(0, len(array), batch):
        some = array.slice(start, batch)
        tally.add(some, np.zeros(len(some), np.int8))
    return tally


def content(tally: NumberTally) -> tuple[Any, ...]:
    estimate = (tally.passed.sketch.smallest.tolist(), tally.passed.zeros) if tally.passed else None
    return tally.dropped, tally.keys.tolist(), tally.counts.tolist(), estimate


@given(ROWS)
def test_few_numbers_are_counted_one_by_one(rows: list[tuple[float, int]]) -> None:
    tally = tallied(rows)
    expected = Counter((value + 0.0, kind) for value, kind in rows)
    found = {
        (value, kind): int(count)
        for value, counts in zip(tally.lowest.tolist(), tally.counts, strict=True)
        for kind, count in enumerate(counts)
        if count
    }
    assert found == dict(expected)
    assert tally.lowest.tolist() == sorted({value for value, _ in expected}) == tally.highest.tolist()
    assert (tally.rows, tally.distinct) == (len(rows), len({value for value, _ in expected}))
    assert tally.zeros == sum(value == 0 for value, _ in rows)
    assert tally.infinite == tuple(sum(value == end for value, _ in rows) for end in (-math.inf, math.inf))


@given(st.lists(ROWS, min_size=1, max_size=5), st.randoms(), st.integers(1, 40))
def test_numbers_of_any_parts_in_any_order_make_the_same_tally(parts: Any, shuffle: Any, buckets: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "BUCKETS", buckets)
        whole = tallied([row for part in parts for row in part])
        shuffle.shuffle(parts)
        merged = NumberTally()
        for part in parts:
            merged.merge(tallied(part))
        added = NumberTally()
        for part in parts:
            tallied(part, added)
    assert content(merged) == content(added) == content(whole)
    assert len(whole.keys) <= buckets or whole.dropped == 50


@given(ROWS, st.integers(1, 8))
def test_the_grid_is_as_fine_as_the_buckets_allow(rows: list[tuple[float, int]], buckets: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbers, "BUCKETS", buckets)
        tally = tallied(rows)
    keys = numbers.ordered_bits(np.array([value for value, _ in rows], np.float64))
    sizes = [len(np.unique(keys >> bits)) for bits in range(65)]
    if sizes[50] <= buckets:
        assert tally.dropped == next(bits for bits, size in enumerate(sizes) if size <= buckets)
    for (value, _), low, high in zip(sorted(rows), *_ends_by_row(tally), strict=True):
        assert low <= value <= high


def _ends_by_row(tally: NumberTally) -> tuple[list[float], list[float]]:
    """The ends of the bucket of each row, ascending."""
    rows = tally.counts.sum(axis=1)
    return np.repeat(tally.lowest, rows).tolist(), np.repeat(tally.highest, rows).tolist()


@given(st.lists(FINITE, min_size=1, max_size=80), st.integers(2, 12))
def test_edges_are_those_of_the_sorted_values(values: list[float], bins: int) -> None:
    found = edges_of(tallied([(value, 0) for value in values]), bins).tolist()
    different = sorted({value + 0.0 for value in values})
    if len(different) == 1:
        assert found[0] < different[0] < found[1]
        return
    ranks = {value: sum(other <= value for other in values) for value in different[:-1]}
    wanted = [len(values) * number / bins for number in range(1, bins)]
    # The value whose rank is nearest; of two that are equally near, the larger one.
    nearest = {min(ranks, key=lambda value: (abs(ranks[value] - rank), -value)) for rank in wanted}
    assert found == sorted(nearest)


@given(st.lists(FINITE, min_size=1, max_size=80))
def test_quantiles_are_those_of_the_sorted_values(values: list[float]) -> None:
    found = quantiles_of(tallied([(value, 0) for value in values]), QUANTILES)
    ordered = sorted(values)
    assert list(found) == [ordered[math.ceil(share * len(values) * (1 - 1e-12)) - 1] for share in QUANTILES]


@given(st.lists(FLOATS, max_size=60), st.lists(FINITE, max_size=9, unique=True))
def test_bins_are_those_of_naive_loops(values: list[float], edges: list[float]) -> None:
    found = tallied([(value, 1) for value in values]).binned(np.array(sorted(edges)))
    ends = [-math.inf, *sorted(edges), math.inf]
    expected = [sum(low < value <= high for value in values) for low, high in pairwise(ends)]
    expected[0] += sum(value == -math.inf for value in values)
    assert found[:, 1].tolist() == expected
    assert not found[:, [0, 2]].any()


def test_bins_of_a_tally_on_a_grid_are_exact_at_its_own_edges_and_those_of_a_coarser_one() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=200_000)
    whole, half = tallied([]), tallied([])
    whole.add(values, np.zeros(len(values), np.int8))
    half.add(values[::2], np.zeros(len(values) // 2, np.int8))
    assert 0 < half.dropped <= whole.dropped
    edges = edges_of(whole)
    expected = np.bincount(np.searchsorted(edges, values), minlength=10)
    assert whole.binned(edges).sum(axis=1).tolist() == expected.tolist()
    assert half.binned(edges)[:, 0].tolist() == np.bincount(np.searchsorted(edges, values[::2]), minlength=10).tolist()
    assert np.abs(expected / len(values) - 0.1).max() < 0.001


def test_a_frequent_number_stays_in_its_bin_when_the_other_side_is_on_a_grid() -> None:
    """An edge that is a value of its own, 0.1, must not lose the rows that have it to the next bin."""
    rng = np.random.default_rng(2)
    for spike in (0.1, 0.5, -0.1, -0.5, 1e9 + 1):
        exact = tallied([(spike, 0)] * 50 + [(value, 0) for value in (spike + rng.normal(size=50)).tolist()])
        many = NumberTally()
        values = np.concatenate([spike + rng.normal(size=100_000), np.full(100_000, spike)])
        many.add(values, np.zeros(len(values), np.int8))
        assert many.dropped > 0
        edges = edges_of(exact)
        assert spike in edges
        found = many.binned(edges)[:, 0]
        expected = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
        assert np.abs(found - expected).max() < 200


def test_many_different_numbers_are_estimated_within_three_percent() -> None:
    values = np.random.default_rng(3).permutation(np.repeat(np.arange(100_000.0), 2))
    assert column(values, batch=50_000).profile().distinct == pytest.approx(100_000, rel=0.03)


@settings(max_examples=50)
@given(st.lists(st.lists(FINITE, max_size=30), max_size=5))
def test_moments_of_parts_are_those_of_the_whole(parts: list[list[float]]) -> None:
    found = Moments()
    for part in parts:
        found.add(np.array(part, np.float64))
    values = [value for part in parts for value in part]
    assert found.count == len(values)
    if values:
        mean = math.fsum(values) / len(values)
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
        assert found.mean == pytest.approx(mean, rel=1e-9, abs=1e-6)
        assert found.deviation == pytest.approx(deviation, rel=1e-6, abs=1e-6)
        assert (found.minimum, found.maximum) == (min(values), max(values))


@given(st.lists(FINITE | st.just(math.nan) | st.none(), max_size=80))
def test_a_numeric_profile_is_that_of_naive_loops(rows: list[float | None]) -> None:
    found = column(rows, pa.float64(), batch=30).profile()
    values = [row for row in rows if row is not None and not math.isnan(row)]
    ends = [-math.inf, *found.edges, math.inf]
    assert (found.kind, found.rows, found.missing) == (NUMERIC, len(rows), len(rows) - len(values))
    assert list(found.counts) == [sum(low < value <= high for value in values) for low, high in pairwise(ends)]
    assert (found.distinct, found.zeros) == (len(set(values)), values.count(0))
    assert (found.minimum, found.maximum) == ((min(values), max(values)) if values else (None, None))
    assert len(found.quantiles) == (len(QUANTILES) if values else 0)
    assert (found.mean is None) == (not values)


def test_infinite_values_are_counted_and_leave_edges_and_moments_finite() -> None:
    found = column([1.0, 2.0, math.inf, -math.inf]).profile()
    assert (found.edges, found.counts, found.mean) == ((1.0,), (2, 2), 1.5)
    assert (found.minimum, found.maximum, found.quantiles[0]) == (1.0, 2.0, 1.0)


def test_infinite_values_stay_apart_on_a_grid() -> None:
    values = np.random.default_rng(4).uniform(-8e307, 8e307, size=50_000)
    tally = column(np.concatenate([values, [math.inf] * 3, [-math.inf] * 2])).numbers
    assert tally is not None and tally.dropped > 0
    assert tally.infinite == (2, 3)


def test_moments_that_no_number_holds_are_none() -> None:
    found = column([1.7e308, 1.7e308, 1.7e308]).profile()
    assert (found.mean, found.std) == (None, None)


@given(st.lists(st.tuples(WORDS, st.integers(0, 2)), max_size=60))
def test_texts_are_counted_one_by_one(rows: list[tuple[str, int]]) -> None:
    tally = TextTally()
    words, classes = zip(*rows, strict=True) if rows else ((), ())
    tally.add(pa.array(words, pa.string()), np.array(classes, np.int8))
    counts = Counter(words)
    assert tally.most_frequent(10) == dict(counts) and tally.exact and tally.error == 0
    assert (tally.rows, tally.distinct) == (len(rows), len(counts))
    assert tally.size == sum(len(word.encode()) for word in words)
    for word in counts:
        assert tally.count([word])[0].tolist() == [rows.count((word, kind)) for kind in range(3)]
    assert tally.count(["never seen"]).tolist() == [[0, 0, 0]]


@given(st.lists(st.lists(st.integers(0, 40).map(str), max_size=40), min_size=1, max_size=6), st.integers(1, 50))
def test_texts_of_any_parts_lack_no_more_rows_than_they_say(parts: list[list[str]], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "EXACT_VALUES", kept)
        merged = TextTally()
        for part in parts:
            merged.merge(spelt(part))
    words = [word for part in parts for word in part]
    truth = Counter(words)
    assert len(merged.places) <= kept
    assert merged.error <= len(words) / kept
    assert merged.exact == (len(truth) <= kept)
    for word, rows in truth.items():
        assert rows - merged.error <= merged.count([word]).sum() <= rows
    assert (merged.rows, merged.distinct) == (len(words), len(truth))


def test_the_most_frequent_texts_stay_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "EXACT_VALUES", 100)
    rng = np.random.default_rng(5)
    words = np.where(rng.random(20_000) < 0.3, "often", rng.integers(0, 10_000, 20_000).astype(str))
    tally = column(words.tolist()).texts
    assert tally is not None and tally.error <= 200
    assert next(iter(tally.most_frequent(1))) == "often"
    assert tally.most_frequent(1)["often"] == pytest.approx((words == "often").sum(), abs=tally.error)
    assert tally.distinct == len(set(words.tolist()))


def test_equally_frequent_texts_come_in_alphabetical_order_or_in_that_of_tfdv() -> None:
    tally = spelt(["b", "a", "c", "c"])
    assert list(tally.most_frequent(2)) == ["c", "a"]
    assert list(tally.most_frequent(2, last_first=True)) == ["c", "b"]


def test_values_beyond_the_hundred_most_frequent_share_one_count() -> None:
    rows = [f"v{value:03d}" for value in range(130) for _ in range(3 if value < 90 else 2)]
    found = column(np.random.default_rng(1).permutation(rows).tolist()).profile()
    assert list(found.values) == [f"v{value:03d}" for value in range(100)]
    assert (found.other, found.distinct) == (60, 130)


def test_an_identifier_keeps_no_values() -> None:
    found = column([f"person {number}" for number in range(150)] + [None]).profile()
    assert (found.kind, dict(found.values), found.other, found.missing) == (CATEGORICAL, {}, 150, 1)
    assert found.distinct == 150


def test_a_column_without_a_value_is_what_its_type_is() -> None:
    assert column([None, None], pa.float64()).profile().kind == NUMERIC
    assert column([None, None], pa.string()).profile().kind == CATEGORICAL
    nothing = ColumnTally.of(pa.string()).profile()
    assert (nothing.rows, nothing.missing, nothing.distinct) == (0, 0, 0)


def test_texts_that_are_all_times_are_a_column_of_times() -> None:
    found = column(["2026-11-20", None, "2026-11-21"]).profile()
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    assert (found.kind, found.rows, found.missing, found.mean) == (DATETIME, 3, 1, noon)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_one_text_that_is_no_time_makes_a_column_of_texts_wherever_it_stands(order: tuple[int, ...]) -> None:
    parts = [column(["2026-11-20"]), column(["soon"]), column([None], pa.string())]
    merged = ColumnTally.of(pa.string())
    for number in order:
        merged.merge(parts[number])
    assert (merged.kind, merged.profile().values) == (CATEGORICAL, {"2026-11-20": 1, "soon": 1})


TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))) | st.just(UTC)


@given(st.lists(TIMES | st.datetimes(timezones=ZONES, min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1))))
def test_times_are_read_as_python_reads_them(moments: list[datetime]) -> None:
    spelling = [
        moment.isoformat(sep, unit)
        for moment in moments
        for sep, unit in (("T", "auto"), (" ", "seconds"), ("T", "minutes"), (" ", "milliseconds"))
    ]
    spelling += [f"{moment:%Y-%m-%d}".zfill(10) for moment in moments]
    spelling += [f"{moment.isoformat()}Z" for moment in moments if moment.tzinfo is None]
    found = seconds(pa.array(spelling, pa.string()))
    assert found is not None
    start = datetime(1970, 1, 1, tzinfo=UTC)
    for text, value in zip(spelling, found.tolist(), strict=True):
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        assert value == pytest.approx((moment - start) / timedelta(seconds=1), abs=1e-4), text


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026", "2026-13-01", "2026-02-29", "2026-11-20T24:00", "2026-11-20T10:60", "2026-11-20 10:00:60",
     "0000-01-01", "2026-11-20x10:00", "2026-11-20T10:00+1", "20261120", "2026-11-20T10:00:00.", "٢٠٢٦-11-20",
     "2026-11-2\N{LATIN SMALL LETTER E WITH ACUTE}"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: str) -> None:
    assert seconds(pa.array([text])) is None
    assert seconds(pa.array(["2026-11-20"] * 20 + [text])) is None


@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0, None], ["a", "b", None, "a"], ["2026-11-20", "2026-11-21", None]])
def test_rows_lie_in_their_own_bins_as_they_did(values: list[Any]) -> None:
    tally = column(values)
    profile = tally.profile()
    expected = [*profile.values.values(), profile.other] if profile.kind == CATEGORICAL else [*profile.counts]
    assert tally.binned(profile).tolist() == [*expected, 1]


def test_other_rows_lie_in_the_bins_of_a_reference() -> None:
    reference = column(["a", "a", "b", None]).profile()
    assert column(["b", "c", "d", None, None]).binned(reference).tolist() == [0, 1, 2, 2]
    with pytest.raises(ValueError, match="a numeric column has no place in the bins of a categorical one"):
        column([1.0]).binned(reference)


@given(st.lists(st.integers(0, 60), max_size=200), st.lists(st.integers(0, 60), max_size=200))
def test_a_sketch_of_few_is_exact_and_merges(first: list[int], second: list[int]) -> None:
    one, other = DistinctSketch(), DistinctSketch()
    one.add(of_numbers(np.array(first, np.int64)))
    other.add(of_numbers(np.array(second, np.int64)))
    one.merge(other)
    assert one.estimate == len({*first, *second})


@pytest.mark.parametrize("count", [KEPT - 1, KEPT, 50_000, 1_000_000])
def test_a_sketch_of_many_is_within_four_standard_errors(count: int) -> None:
    sketch = DistinctSketch()
    for start in range(0, count, 100_000):
        sketch.add(of_numbers(np.arange(start, min(count, start + 100_000))))
    assert sketch.estimate == pytest.approx(count, rel=4 / math.sqrt(KEPT))


def test_hashes_of_texts_differ_and_depend_on_the_text_alone() -> None:
    words = [f"{number:x}" * (number % 4) for number in range(20_000)]
    words = list(dict.fromkeys(words))
    found = of_texts(pa.array(words))
    assert len(np.unique(found)) == len(words)
    assert of_texts(pa.array(["other", *words]).slice(1)).tolist() == found.tolist()
    # The oracle: the formula of the docstring, one text at a time.
    assert [naive_hash(word) for word in words[:50]] == found[:50].tolist()


def naive_hash(text: str) -> int:
    whole = 2**64

    def mix(bits: int) -> int:
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 % whole
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB % whole
        return bits ^ (bits >> 31)

    weights = (mix((place + 1) * 0x9E3779B97F4A7C15 % whole) for place in range(len(text.encode())))
    return mix(sum((byte + 1) * weight for byte, weight in zip(text.encode(), weights, strict=True)) % whole)
