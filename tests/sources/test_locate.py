import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.sources.locate import alone, choose, listed
from benison.sources.patterns import Pattern

PATTERN = Pattern("/d/", "span-{span}.csv")


@pytest.mark.parametrize(
    ("found", "newest", "window", "chosen"),
    [
        ({1, 2, 3, 4}, 0, 1, [4]),
        ({1, 2, 3, 4}, 2, 1, [2]),
        ({1, 2, 3, 4}, 3, 2, [2, 3]),
        ({1, 2, 3, 4}, 2, 5, [1, 2]),
        ({8, 9, 10}, 0, 3, [8, 9, 10]),
        ({8, 9, 10}, 9, 5, [8, 9]),
        ({1, 9, 10}, 0, 2, [9, 10]),
    ],
)
def test_a_window_ends_with_the_newest_and_begins_with_the_first_there_is(
    found: set[int], newest: int, window: int, chosen: list[int]
) -> None:
    assert choose(found, newest, window, PATTERN) == chosen


@pytest.mark.parametrize(
    ("found", "newest", "window", "message"),
    [
        ({1, 2, 3, 7}, 5, 1, "/d/span-{span}.csv: expected span 5, got none\n\nhint: there are spans 1 to 3, 7"),
        ({1, 2, 4}, 4, 3, "/d/span-{span}.csv: expected span 3, got none\n\nhint: there are spans 1, 2, 4"),
        ({3}, 2, 2, "/d/span-{span}.csv: expected span 2, got none\n\nhint: there is span 3"),
        (set(), 0, 1, "/d/span-{span}.csv: expected a file, got none\n\nhint: the first would be /d/span-1.csv"),
        ({0, 1}, 0, 1, "/d/span-{span}.csv: expected spans numbered from 1, got span 0\n\nhint: rename the files"),
        ({1}, -1, 1, "/d/span-{span}.csv: expected span 1 or more, or 0 for the newest, got span -1"),
    ],
)
def test_a_span_that_is_not_there_is_an_error_that_names_those_that_are(
    found: set[int], newest: int, window: int, message: str
) -> None:
    with pytest.raises(DataError) as error:
        choose(found, newest, window, PATTERN)
    assert str(error.value) == message


def test_data_without_numbers_is_span_one() -> None:
    assert alone(0, "/d/all.csv") == alone(1, "/d/all.csv") == [1]
    with pytest.raises(DataError) as error:
        alone(2, "/d/all.csv")
    assert str(error.value) == (
        "/d/all.csv: expected span 1, or 0, where the path has no {span}, got span 2\n\n"
        "hint: put {span} into data.path where the number stands"
    )


@given(st.sets(st.integers(1, 60), min_size=1))
def test_a_list_of_spans_names_each_span_once(spans: set[int]) -> None:
    read: list[int] = []
    for part in listed(sorted(spans)).removeprefix("span").removeprefix("s").strip().split(", "):
        first, _, last = part.partition(" to ")
        read += range(int(first), int(last or first) + 1)
    assert read == sorted(spans)
