import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.sources import periods
from benison.sources.patterns import Pattern


def pattern(text: str) -> Pattern:
    return Pattern("/d/", text)


@pytest.mark.parametrize(
    ("text", "path", "span"),
    [
        ("week-{span}.csv", "/d/week-7.csv", 7),
        ("week-{span}.csv", "/d/week-07.csv", None),
        ("week-{span}.csv", "/d/week-7.csv.gz", None),
        ("week-{span:03d}.csv", "/d/week-007.csv", 7),
        ("week-{span:03d}.csv", "/d/week-7.csv", None),
        ("week-{span:02d}.csv", "/d/week-123.csv", 123),
        ("{span}/rows-{span}.csv", "/d/7/rows-7.csv", 7),
        ("{span}/rows-{span}.csv", "/d/7/rows-8.csv", None),
        ("{span}/*.csv", "/d/7/b.csv", 7),
        ("{span}/*.csv", "/d/7/b/c.csv", None),
        ("{span}/**/*.csv", "/d/7/b/c.csv", 7),
        ("{span}/**/*.csv", "/d/7/c.csv", 7),
        ("span={span}", "/d/span=7/a/b.csv", 7),
        ("a.{span}", "/d/ab7", None),
        ("[ab]-{span}.csv", "/d/b-7.csv", 7),
        ("[!ab]-{span}.csv", "/d/b-7.csv", None),
        ("?-{span}.csv", "/d/x-7.csv", 7),
        ("{YYYY}-{MM}-{DD}.csv", "/d/1970-01-01.csv", 1),
        ("{YYYY}-{MM}-{DD}.csv", "/d/2024-02-30.csv", None),
        ("{YYYY}/{MM}/{DD}/", "/d/1971/01/01/a.csv", 366),
        ("{YYYY}/{MM}.csv", "/d/1970/12.csv", 12),
        ("{YYYY}.csv", "/d/1972.csv", 3),
        ("all.csv", "/d/all.csv", None),
    ],
)
def test_a_path_tells_its_span(text: str, path: str, span: int | None) -> None:
    assert pattern(text).span_of(path) == span


SPANNED = st.sampled_from(
    ["a-{span}.csv", "{span:04d}/x.csv", "{span}/{span}.csv", "{YYYY}{MM}{DD}.csv", "{YYYY}-{MM}", "{YYYY}/a.csv"]
)


@given(SPANNED, st.integers(1, 500))
def test_the_path_of_a_span_tells_that_span(text: str, span: int) -> None:
    path = pattern(text).at(span)
    assert pattern(text).span_of(path) == span
    assert pattern(text).matches(f"{path}/below.csv")


@pytest.mark.parametrize(("every", "text"), [("day", "{YYYY}{MM}{DD}"), ("month", "{MM}-{YYYY}"), ("year", "{YYYY}")])
def test_a_date_is_the_number_of_its_period(every: str, text: str) -> None:
    assert pattern(text).every == every
    begin = periods.bounds(every, 700)[0]
    assert pattern(text).at(700) == f"/d/{text}".replace("{YYYY}", f"{begin:%Y}").replace(
        "{MM}", f"{begin:%m}"
    ).replace("{DD}", f"{begin:%d}")


@pytest.mark.parametrize("text", ["{YYYY}{DD}.csv", "{MM}.csv", "{YYYY}/{span}.csv"])
def test_half_a_date_is_refused(text: str) -> None:
    with pytest.raises(DataError) as error:
        pattern(text)
    expected = "{span}, or {YYYY}, or {YYYY} and {MM}, or {YYYY}, {MM} and {DD}"
    assert str(error.value) == f"data.path: expected {expected}, got '/d/{text}'"


@pytest.mark.parametrize(
    ("text", "base", "name"),
    [
        ("all.csv", "/d", "all.csv"),
        ("rides/all.csv", "/d/rides", "all.csv"),
        ("rides/*.csv", "/d/rides", "a.csv"),
        ("rides/week-{span}/a.csv", "/d/rides", "week-7/a.csv"),
        ("rides/year=2024/a.csv", "/d/rides", "year=2024/a.csv"),
    ],
)
def test_a_file_is_named_below_what_all_files_share(text: str, base: str, name: str) -> None:
    assert pattern(text).base == base
    assert pattern(text).short_name(f"{base}/{name}") == name


def test_an_object_keeps_its_whole_name() -> None:
    assert Pattern("s3://rides/", "{span}.csv").short_name("s3://rides/7.csv") == "s3://rides/7.csv"


def test_folders_of_the_hive_kind_are_columns() -> None:
    found = pattern("rides").partitions(
        "/d/rides/year=2024/city=K%C3%B6ln/zone=/part=__HIVE_DEFAULT_PARTITION__/a=b.csv"
    )
    assert found == (("year", "2024"), ("city", "Köln"), ("zone", None), ("part", None))
    assert Pattern("/a=b/", "x/*.csv").partitions("/a=b/x/y.csv") == ()
