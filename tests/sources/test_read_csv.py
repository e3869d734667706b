import csv
import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.sources import read_csv as module
from benison.sources.columns import Columns
from tests.sources.reading import opened, rows

COLUMNS = Columns(numeric=("age",), text=("city", "label"))


def table(content: bytes, columns: Columns = COLUMNS) -> dict[str, list[Any]]:
    return rows(content, "a.csv", columns)


PLAIN = {"age": [39, None], "city": ["Bern", "Köln"], "label": ["1", "0"]}


@pytest.mark.parametrize(
    "content",
    [
        "age,city,label\n39,Bern,1\n,Köln,0\n",
        "age,city,label\n39,Bern,1\n,Köln,0",
        "\ufeffage,city,label\n39,Bern,1\n,Köln,0\n",
        "age,city,label\r\n39,Bern,1\r\n,Köln,0\r\n",
        '"age","city","label"\n"39","Bern","1"\n"","Köln","0"\n',
        '\ufeff"age",city,label\r\n39,Bern,1\r\n,Köln,0\r\n',
        "\n\nage,city,label\n39,Bern,1\n\n,Köln,0\n\n",
        "age,city,label\n 39 ,Bern,1\n ,Köln,0\n",
        "age,city,label\n39,Bern,1\nnan,Köln,0\n",
    ],
    ids=["plain", "no last newline", "BOM", "CRLF", "quotes", "BOM quotes CRLF", "empty lines", "spaces", "nan"],
)
def test_the_same_rows_in_many_spellings(content: str) -> None:
    assert table(content.encode()) == PLAIN


def test_values_with_newlines_commas_and_quotes_stay_whole() -> None:
    content = b'age,city,label\n1,"a\nb",x\n2,"c,d",x\n3,"say ""no""",x\n4,"e\r\nf",x\n'
    assert table(content)["city"] == ["a\nb", "c,d", 'say "no"', "e\r\nf"]


def test_a_lone_quote_within_a_value_is_a_character() -> None:
    assert table(b'age,city,label\n1,5" pipe,x\n2,b,y\n')["city"] == ['5" pipe', "b"]


def test_a_question_mark_is_a_value_and_an_empty_field_is_none() -> None:
    assert table(b'age,city,label\n1,?,x\n2,,y\n3,"",y\n')["city"] == ["?", None, None]


def test_text_columns_keep_their_spelling_and_others_too_until_all_rows_are_known() -> None:
    found = table(b"age,city,label,zip,more\n1,007,1.0,01234, 5\n")
    assert found == {"age": [1], "city": ["007"], "label": ["1.0"], "zip": ["01234"], "more": [" 5"]}


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20), st.sampled_from(["\n", "\r\n"]))
def test_whatever_python_writes_is_read_as_it_was(lines: list[tuple[str, str]], ending: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerows([["age", "city", "label"], *([str(age), *row] for age, row in enumerate(lines))])
    found = table(text.getvalue().encode())
    assert found["age"] == list(range(len(lines)))
    assert list(zip(found["city"], found["label"], strict=True)) == [
        (city or None, label or None) for city, label in lines
    ]


HEAD = b"age,city,label\n"
GOOD = b"1,Bern,x\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv: expected rows, got an empty file"),
        (b"\n\r\n\n", "a.csv: expected a header with the columns' names, got empty lines"),
        (b"\xef\xbb\xbf", "a.csv: expected a header with the columns' names, got empty lines"),
        (HEAD, "a.csv: expected at least one row, got column names alone"),
        (b"age,city,label", "a.csv: expected at least one row, got column names alone"),
        (
            HEAD + GOOD + b"2,Bern\n" + GOOD,
            "a.csv, row 2: expected 3 fields, as in the header, got 2\n\n"
            "hint: look for a comma or a line break in a value that is not quoted",
        ),
        (
            HEAD + b'1,"a\nb",x\n\n' + b"2,Bern,x,y\n",
            "a.csv, row 2: expected 3 fields, as in the header, got 4\n\n"
            "hint: look for a comma or a line break in a value that is not quoted",
        ),
        (
            HEAD + GOOD * 3 + b"2,K\xf6ln,x\n",
            "a.csv, row 4: expected UTF-8 text, got byte 0xf6 as byte 46 of the file\n\nhint: write the file as UTF-8",
        ),
        (
            b"age,st\xe4dt,label\n" + GOOD,
            "a.csv, line 1: expected UTF-8 text, got byte 0xe4 as byte 7 of the file\n\nhint: write the file as UTF-8",
        ),
        (
            gzip.compress(HEAD + GOOD, mtime=0),
            "a.csv, line 1: expected UTF-8 text, got gzip\n\nhint: let the file's name end in .gz",
        ),
        (
            HEAD + GOOD * 4 + b"none,Bern,x\n" + GOOD,
            "a.csv, row 5, column 'age': expected a number, got 'none'\n\n"
            "hint: leave the field empty where the value is missing, or make age categorical in benison.yaml",
        ),
        (
            HEAD + GOOD + b" 7 ,Bern,x\n1_000,Bern,x\n",
            "a.csv, row 3, column 'age': expected a number, got '1_000'\n\n"
            "hint: leave the field empty where the value is missing, or make age categorical in benison.yaml",
        ),
        (
            HEAD + GOOD + b"-inf,Bern,x\n",
            "a.csv, row 2, column 'age': expected a finite number, got -inf\n\n"
            "hint: a model cannot learn from it; leave the value empty, or mend it before",
        ),
        (
            HEAD + GOOD + b'2,"Bern,x\n' + GOOD,
            "a.csv, row 2: expected a quote that closes, got none\n\nhint: a quote within a value is written twice",
        ),
        (
            HEAD + GOOD + b'2,Bern,"x\n' + GOOD,
            "a.csv, row 2: expected a quote that closes, got none\n\nhint: a quote within a value is written twice",
        ),
        (
            b"age,town,label\n1,Bern,x\n",
            "a.csv: expected a column 'city', got none\n\nhint: known here: age, label, town",
        ),
        (b"age,cty,label\n1,Bern,x\n", "a.csv: expected a column 'city', got none\n\nhint: did you mean cty?"),
        (
            b"age,city,label,age\n1,Bern,x,2\n",
            "a.csv: expected each column once, got 'age' 2 times\n\nhint: rename one",
        ),
        (
            GOOD,
            "a.csv, line 1: expected a header with the columns' names, got values such as '1'\n\n"
            "hint: put a line with the columns' names first: age,city,label,...",
        ),
    ],
)
def test_a_broken_file_is_an_error_that_names_the_place(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        table(content)
    assert str(error.value) == message


def test_rows_are_counted_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 256)
    many = b"".join(b"%d,Bern,x\n" % age for age in range(1000))
    assert table(HEAD + many)["age"] == list(range(1000))
    with pytest.raises(DataError, match="row 1001, column 'age': expected a number, got 'x'"):
        table(HEAD + many + b"x,Bern,x\n" + GOOD * 50)
    with pytest.raises(DataError, match="row 1001: expected 3 fields, as in the header, got 2"):
        table(HEAD + many + b"x,x\n" + GOOD * 50)


def test_a_row_larger_than_a_block_says_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 64)
    with pytest.raises(DataError, match=r"a CSV that can be parsed(.|\n)*hint: a row may have at most 2 MB"):
        table(HEAD + GOOD * 20 + b"1," + b"a" * 500 + b",x\n" + GOOD * 20)


def test_whole_numbers_in_one_block_and_broken_ones_in_another_are_all_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK_BYTES", 64)
    with opened({"a.csv": HEAD + GOOD * 20 + b"1.5,Bern,x\n" * 20}, COLUMNS) as dataset:
        assert str(dataset.schema.field("age").type) == "double"
    assert table(HEAD + GOOD * 20 + b"1.5,Bern,x\n" * 20)["age"] == [1.0] * 20 + [1.5] * 20


def shortened(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)[:-20]


def damaged(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[-7] ^= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("pack", "message"),
    [
        (shortened, "a.csv.gz: expected a whole gzip file, got Compressed file ended before the end-of-stream marker"),
        (bytes, "a.csv.gz: expected a whole gzip file, got Not a gzipped file"),
        (damaged, "a.csv.gz: expected a whole gzip file, got CRC check failed"),
    ],
)
@pytest.mark.parametrize("count", [1, 100_000])
def test_a_broken_gzip_is_an_error(pack: Callable[[bytes], bytes], message: str, count: int) -> None:
    content = pack(HEAD + b"".join(b"%d,Bern,x\n" % (age * 7919 % 104_729) for age in range(count)))
    with pytest.raises(DataError) as error:
        rows(content, "a.csv.gz", COLUMNS)
    assert str(error.value).startswith(message)
