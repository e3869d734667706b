"""Periods, against the calendar counted one by one."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from benison.core.errors import DataError
from benison.sources.periods import bounds


@pytest.mark.parametrize("every", ["hour", "day", "week", "month", "quarter", "year"])
def test_periods_follow_each_other_without_gaps(every: str) -> None:
    ends = [bounds(every, number) for number in range(1, 500)]
    assert all(before[1] == after[0] for before, after in itertools.pairwise(ends))
    assert all(start < end for start, end in ends)


@pytest.mark.parametrize("every", ["hour", "day", "week", "month", "quarter", "year"])
def test_the_first_holds_the_first_moment_of_1970(every: str) -> None:
    start, end = bounds(every, 1)
    assert start <= datetime(1970, 1, 1) < end


def test_known_periods() -> None:
    assert bounds("month", 12 * 54 + 2) == (datetime(2024, 2, 1), datetime(2024, 3, 1))
    assert bounds("quarter", 4 * 54 + 4) == (datetime(2024, 10, 1), datetime(2025, 1, 1))
    assert bounds("year", 55) == (datetime(2024, 1, 1), datetime(2025, 1, 1))
    leap = datetime(2024, 2, 29)
    assert bounds("day", (leap - datetime(1970, 1, 1)).days + 1) == (leap, leap + timedelta(days=1))
    assert bounds("week", 2)[0].strftime("%a %d %b %Y") == "Mon 05 Jan 1970"


@pytest.mark.parametrize("number", [0, -3, 10**9])
def test_no_other_numbers_are_periods(number: int) -> None:
    with pytest.raises(DataError, match="expected the number of a year, counted from the year that 1970 began in as 1"):
        bounds("year", number)
