import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.sources.numerals import NUMBER, TEXT, WHOLE, Evidence, of_numbers, of_texts

ODD = [
    *("nan", "inf", "-inf", "Infinity", "NaN", "0x1F", "1_0", " 1", "1 ", "-", "-0", "-.5", ".5", "5.", "007", "0.0"),
    *(
        "-0.0",
        "00.5",
        "1e400",
        "1e5",
        "999999999999999.9999",
        "9999999999999999",
        "1\n",
        "0.5\n",
        "+1",
        "٣",
        "1e",
        "e1",
    ),
]
SPELT = st.one_of(
    st.from_regex(r"[-+]?0{0,2}[0-9]{0,19}(\.[0-9]{0,17})?([eE][-+]?[0-9]{0,3})?", fullmatch=True),
    st.sampled_from(ODD),
    st.integers().map(str),
    st.floats().map(repr),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
)
TEXTS = st.lists(st.none() | SPELT.filter(bool), min_size=1, max_size=4)


def fits(pattern: str, texts: list[str]) -> bool:
    # Python's $ would allow a line break at the end, and its [0-9] is what RE2's is.
    return all(re.fullmatch(pattern[1:-1], text) for text in texts)


@pytest.mark.slow
@settings(max_examples=1000)
@given(TEXTS, st.integers(0, 3), st.integers(0, 3))
def test_texts_are_judged_as_the_two_expressions_say(texts: list[str | None], before: int, after: int) -> None:
    whole_array = pa.array([*["zz"] * before, *texts, *["7.5"] * after], pa.string())
    stored, evidence = of_texts(whole_array[before : before + len(texts)])
    there = [text for text in texts if text is not None]
    assert evidence.some == bool(there)
    if there:
        assert evidence.spelt_whole == fits(WHOLE, there)
        assert evidence.spelt == fits(NUMBER, there)
    if pa.types.is_floating(stored.type):
        assert stored.to_pylist() == [None if text is None else float(text) for text in texts]
    else:
        assert stored.cast(pa.string()).to_pylist() == texts


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_evidence_of_pieces_adds_up_to_that_of_the_whole(pieces: list[list[str | None]]) -> None:
    total = Evidence()
    for piece in pieces:
        total += of_texts(pa.array(piece, pa.string()))[1]
    together = of_texts(pa.array([text for piece in pieces for text in piece], pa.string()))[1]
    assert total.kind(pa.string()) == together.kind(pa.string())


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-20", "0", None], "int64"),
        (["1", "2.0", "1e3"], "int64"),
        (["1", "2.5", "-1.5e-3"], "double"),
        (["1", "1e16"], "double"),
        (["123456789012345678"], "int64"),
        (["123456789012345678", "1.5"], "string"),
        (["-0"], "int64"),
        (["1", "01234"], "string"),
        (["1", "+2"], "string"),
        (["1", "nan"], "string"),
        (["1", " 2"], "string"),
        (["1234567890123456789"], "string"),
        (["a", None], "string"),
        (["1\n"], "string"),
        ([None], "string"),
    ],
)
def test_a_column_is_a_number_where_all_of_it_is_written_as_numbers_are(texts: list[Any], kind: str) -> None:
    assert str(of_texts(pa.array(texts, pa.string()))[1].kind(pa.string())) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1.0, -0.0, None], "int64"),
        ([1.0, 0.5], "double"),
        ([1e300], "double"),
        ([2.0**53], "double"),
        ([None], "string"),
        ([2**60], "int64"),
    ],
)
def test_a_column_of_numbers_is_whole_where_all_its_values_are(values: list[Any], kind: str) -> None:
    array = pa.array(values, pa.int64() if isinstance(values[0], int) else pa.float64())
    assert str(of_numbers(array).kind(pa.string())) == kind


def test_one_text_among_numbers_makes_a_column_text() -> None:
    assert (of_numbers(pa.array([1.5])) + TEXT).kind(pa.string()) == pa.string()
