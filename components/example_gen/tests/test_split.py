import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.components.example_gen.split import by_hash, by_time
from benison.core.errors import DataError
from benison.sources.keys import row_keys
from benison.sources.times import moments

SHARES = st.tuples(st.integers(1, 98), st.integers(1, 98)).filter(lambda pair: sum(pair) < 100)


def shares_of(pair: tuple[int, int]) -> tuple[float, float, float]:
    return pair[0] / 100, pair[1] / 100, 1 - (pair[0] + pair[1]) / 100


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1), SHARES)
def test_a_hash_falls_where_its_fraction_falls(keys: list[int], pair: tuple[int, int]) -> None:
    shares = shares_of(pair)
    cuts = [int(shares[0] * 2**64), int((shares[0] + shares[1]) * 2**64)]
    expected = [sum(key >= cut for cut in cuts) for key in keys]
    assert by_hash(np.array(keys, np.uint64), shares).tolist() == expected


@given(st.integers(0, 10**9), SHARES)
def test_shares_are_met_within_sampling_error(start: int, pair: tuple[int, int]) -> None:
    rows, shares = 5000, shares_of(pair)
    split = by_hash(row_keys(pa.table({"id": np.arange(start, start + rows)}), ["id"]), shares)
    for number, share in enumerate(shares):
        # Six standard deviations of a binomial: one in 500 million.
        assert abs((split == number).sum() - rows * share) < 6 * np.sqrt(rows * share * (1 - share)) + 1


@given(st.integers(0, 10**6))
def test_an_entity_never_straddles_two_splits(start: int) -> None:
    customers = np.repeat(np.arange(start, start + 50), 4)
    table = pa.table({"customer": customers, "amount": np.arange(200.0)})
    split = by_hash(row_keys(table, ["customer"]), (0.6, 0.2, 0.2)).reshape(50, 4)
    assert (split == split[:, :1]).all()


def test_shares_that_end_at_one_leave_the_largest_key_to_holdout() -> None:
    largest = np.array([0, 2**64 - 1], np.uint64)
    assert by_hash(largest, (0.5, 0.5, 2**-60)).tolist() == [0, 2]


TIMES = st.lists(st.integers(-5, 20), min_size=1, max_size=200).map(lambda times: np.array(times, np.int64))


@given(TIMES, SHARES)
def test_times_fall_in_order_and_equal_times_together(times: npt.NDArray[np.int64], pair: tuple[int, int]) -> None:
    split = by_time(times, shares_of(pair))
    order = np.argsort(times, kind="stable")
    assert (np.diff(split[order]) >= 0).all()
    assert all(len(set(split[times == time])) == 1 for time in times)


@given(TIMES, SHARES)
def test_a_moment_falls_where_its_middle_row_falls(times: npt.NDArray[np.int64], pair: tuple[int, int]) -> None:
    shares = shares_of(pair)
    split = by_time(times, shares)
    for time, found in zip(times, split, strict=True):
        middle = ((times < time).sum() + (times == time).sum() / 2) / len(times)
        assert found == int(middle >= shares[0]) + int(middle >= shares[0] + shares[1])


@given(st.permutations(range(10)))
def test_ten_moments_are_cut_six_two_two(times: list[int]) -> None:
    split = by_time(np.array(times, np.int64), (0.6, 0.2, 0.2))
    assert [split[times.index(time)] for time in range(10)] == [0] * 6 + [1] * 2 + [2] * 2


def moments_of(*texts: str | float | None) -> list[float]:
    return list(moments(pa.chunked_array([pa.array(texts)]), "day", "a.csv"))


@pytest.mark.parametrize(
    "ascending",
    [
        (3, 20, 100),
        (-0.5, 0.25, 7.0),
        ("2026-11-09", "2026-11-10", "2027-01-01"),
        ("20261109", "20261110", "2027-01-01"),
        ("2026-11-09", "2026-11-09T00:00:01", "2026-11-09 00:00:01.5"),
        ("2026-11-09T12:00:00+02:00", "2026-11-09T11:00:00Z", "2026-11-09T11:00:00.000001500+00:00"),
    ],
)
def test_times_in_ascending_order_are_ascending_numbers(ascending: tuple[str | float, ...]) -> None:
    found = moments_of(*ascending)
    assert found == sorted(set(found))
    assert len(found) == 3


def test_equal_times_are_equal_in_every_zone() -> None:
    assert len(set(moments_of("2026-11-09T12:00:00+02:00", "2026-11-09T10:00:00Z", "20261109T100000+0000"))) == 1


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            ["2026-11-09", None],
            "a.csv, row 2, column 'day': expected a time, got nothing\n\n"
            "hint: rows are split by time; drop rows without one before",
        ),
        (
            ["2026-11-09", "2026-11-09", "9.11.2026"],
            "a.csv, row 3, column 'day': expected an ISO 8601 time such as 2026-11-20 or 2026-11-20T14:30:00Z, "
            "or a number, got '9.11.2026'",
        ),
        (
            ["2026-11-09T10:00:00Z", "2026-11-09T10:00:00"],
            "a.csv, row 2, column 'day': expected a zone in every time, or in none, got '2026-11-09T10:00:00'",
        ),
    ],
)
def test_a_time_that_cannot_order_rows_is_named(texts: list[str | None], message: str) -> None:
    with pytest.raises(DataError) as error:
        moments_of(*texts)
    assert str(error.value) == message
