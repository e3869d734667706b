import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.spans import SpanPattern


@given(
    st.sampled_from(["/d/{span}.csv", "/d/{span:03d}/a-{span}.csv", "/d[1]/a*-{span:05d}.gz"]), st.integers(0, 10**7)
)
def test_the_path_of_a_span_names_the_span(path: str, span: int) -> None:
    assert SpanPattern(path).span_of(SpanPattern(path).at(span)) == span


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/d/a-{span}.csv", "/d/a-01.csv"),
        ("/d/a-{span:03d}.csv", "/d/a-01.csv"),
        ("/d/a-{span:03d}.csv", "/d/a-0001.csv"),
        ("/d/{span}/{span}.csv", "/d/1/2.csv"),
        ("/d/a-{span}.csv", "/d/a-1xcsv"),
        ("/d/a-{span}.csv", "/d/a-+1.csv"),
        ("/d/a-{span}.csv", "/d/a-.csv"),
        ("/d/a-{span}.csv", "/d/a-\u0661.csv"),
        ("/d/a.csv", "/d/a.csv"),
    ],
)
def test_other_paths_are_of_no_span(pattern: str, path: str) -> None:
    assert SpanPattern(pattern).span_of(path) is None


def test_zeros_fill_up_to_the_width_that_is_asked_for() -> None:
    assert SpanPattern("/d/{span:03d}").at(7) == "/d/007"
    assert SpanPattern("/d/{span:03d}").at(1234) == "/d/1234"


@pytest.mark.parametrize("path", ["/d/a.csv", "/d/{sapn}.csv", "/d/{span:3d}.csv", "/d/{{}}.csv"])
def test_what_is_no_place_for_a_number_is_a_plain_path(path: str) -> None:
    assert not SpanPattern(path).numbered
    assert SpanPattern(path).at(3) == path


@pytest.mark.parametrize(
    ("pattern", "parent", "wildcard"),
    [
        ("/d/e/a-{span}.csv", "/d/e", "a-*.csv"),
        ("/d/e-{span}/f/a.csv", "/d", "e-*/f/a.csv"),
        ("/{span}.csv", "", "*.csv"),
        ("/d/[a]-{span}.csv", "/d", "[[]a]-*.csv"),
        ("/d/a.csv", "/d", "a.csv"),
    ],
)
def test_files_are_looked_for_below_the_last_folder_that_is_the_same(pattern: str, parent: str, wildcard: str) -> None:
    assert (SpanPattern(pattern).parent, SpanPattern(pattern).wildcard()) == (parent, wildcard)
