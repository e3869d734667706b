import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.components.example_gen.split import by_hash, splitter
from benison.config import Splits
from benison.core.errors import DataError
from benison.sources.keys import row_keys
from benison.sources.walk import Rows

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


def by_time_at_once(times: npt.NDArray[Any], shares: tuple[float, float, float]) -> npt.NDArray[np.int8]:
    """The oracle: all moments in memory; one falls where the middle of its rows falls."""
    _, which, counts = np.unique(times, return_inverse=True, return_counts=True)
    middles = (np.cumsum(counts) - counts / 2) / max(len(times), 1)
    split: npt.NDArray[np.int8] = np.searchsorted([shares[0], shares[0] + shares[1]], middles, side="right").astype(
        "i1"
    )
    return split[which]


def split_of(times: npt.NDArray[Any], shares: tuple[float, float, float], pieces: int = 3) -> npt.NDArray[np.int8]:
    """As the component does it: the moments on disk, the rows in batches."""
    splits = Splits("time", (), "at", shares)
    batches = [pa.RecordBatch.from_pydict({"at": part}) for part in np.array_split(times, pieces)]
    rows = [Rows(1, "a.csv", 1, batch) for batch in batches]
    with (
        tempfile.TemporaryDirectory() as scratch,
        splitter(splits, ["at"], lambda: iter(rows), Path(scratch)) as assign,
    ):
        return np.concatenate([assign(batch) for batch in batches])


WHOLE = st.lists(st.integers(-5, 20) | st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=200)
BROKEN = st.lists(
    st.floats(-3, 3) | st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0]), min_size=1, max_size=200
)
TIMES = WHOLE.map(lambda times: np.array(times, np.int64)) | BROKEN.map(lambda times: np.array(times, np.float64))


@given(TIMES, SHARES, st.integers(1, 5))
def test_the_cut_on_disk_is_that_of_all_moments_in_memory(
    times: npt.NDArray[Any], pair: tuple[int, int], pieces: int
) -> None:
    shares = shares_of(pair)
    assert split_of(times, shares, pieces).tolist() == by_time_at_once(times, shares).tolist()


@given(TIMES, SHARES)
def test_times_fall_in_order_and_equal_times_together(times: npt.NDArray[Any], pair: tuple[int, int]) -> None:
    split = split_of(times, shares_of(pair))
    order = np.argsort(times, kind="stable")
    assert (np.diff(split[order]) >= 0).all()
    assert all(len(set(split[times == time])) == 1 for time in times)


@given(st.permutations(range(10)))
def test_ten_moments_are_cut_six_two_two(times: list[int]) -> None:
    split = split_of(np.array(times, np.int64), (0.6, 0.2, 0.2))
    assert [split[times.index(time)] for time in range(10)] == [0] * 6 + [1] * 2 + [2] * 2


def test_a_million_rows_of_few_moments_are_cut_as_in_memory() -> None:
    times = np.random.default_rng(1).integers(0, 1000, 1_200_000) * 86_400_000_000
    for shares in ((0.6, 0.2, 0.2), (0.0004, 0.0004, 0.9992), (0.9992, 0.0004, 0.0004)):
        np.testing.assert_array_equal(split_of(times, shares, 19), by_time_at_once(times, shares))


def test_times_with_a_zone_in_one_file_and_without_in_the_next_are_refused(tmp_path: Path) -> None:
    batches = [pa.RecordBatch.from_pydict({"at": [text]}) for text in ("2026-11-09T10:00:00Z", "2026-11-09T10:00:00")]
    rows = [Rows(number, f"span-{number}.csv", 5, batch) for number, batch in enumerate(batches)]
    wanted = r"^span-1\.csv, row 5, column 'at': expected a zone in every time, or in none, got '2026-11-09T10:00:00'"
    splits = Splits("time", (), "at", (0.6, 0.2, 0.2))
    with pytest.raises(DataError, match=wanted), splitter(splits, ["at"], lambda: iter(rows), tmp_path):
        pass
