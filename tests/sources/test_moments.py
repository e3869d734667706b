"""Times of a column as numbers that sort."""

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.sources.times import moments

ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
NAIVE = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y%m%d", " %Y-%m-%d "]
ZONED = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S.%f%z", "%Y%m%dT%H%M%S%z"]
TIMES = st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31))


def spelt(zoned: bool) -> st.SearchStrategy[list[str]]:
    forms = st.sampled_from(ZONED if zoned else NAIVE)
    times = st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31), timezones=ZONES) if zoned else TIMES
    return st.lists(st.builds(lambda time, form: time.strftime(form), times, forms), min_size=1, max_size=8)


@given(st.booleans().flatmap(spelt))
def test_texts_are_what_python_reads_in_them(texts: list[str]) -> None:
    read = [datetime.fromisoformat(text.strip()) for text in texts]
    since = [time.replace(tzinfo=time.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC) for time in read]
    assert moments_of(*texts) == [one // timedelta(microseconds=1) for one in since]


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
            "hint: rows are told apart by time; drop rows without one before",
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
