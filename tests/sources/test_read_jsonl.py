import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benison.core.errors import DataError
from benison.sources import cuts
from benison.sources import read_jsonl as module
from benison.sources.columns import Columns
from tests.sources.reading import opened, rows

COLUMNS = Columns(numeric=("age",), text=("city",))


def table(content: bytes, columns: Columns = COLUMNS) -> dict[str, list[Any]]:
    return rows(content, "a.jsonl", columns, "jsonl")


def lines(*objects: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def test_a_name_that_a_line_lacks_is_a_missing_value_there() -> None:
    content = lines({"age": 39, "city": "Bern"}, {"city": None, "paid": True}, {"age": None, "more": 1.5})
    assert table(content + b"\n\n") == {
        "age": [39, None, None],
        "city": ["Bern", None, None],
        "more": [None, None, 1.5],
        "paid": [None, "true", None],
    }


def test_text_stays_as_it_is_written() -> None:
    content = lines({"age": 1, "city": "1.0", "zip": "01234", "day": "2026-11-20", "empty": ""})
    assert table(content) == {"age": [1], "city": ["1.0"], "zip": ["01234"], "day": ["2026-11-20"], "empty": [None]}


def test_a_number_of_the_label_is_its_text() -> None:
    assert table(lines({"age": "7", "city": 1}, {"age": "8", "city": 0})) == {"age": [7, 8], "city": ["1", "0"]}


ROW = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(-(2**53), 2**53),
        "city": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    }
)


@given(st.lists(ROW, min_size=1, max_size=20), st.booleans())
def test_whatever_python_writes_is_read_as_it_was(found: list[dict[str, Any]], packed: bool) -> None:
    content = lines({"age": 0, "city": "a"}, *found)
    read = rows(gzip.compress(content) if packed else content, f"a.jsonl{'.gz' * packed}", COLUMNS, "jsonl")
    assert read["age"] == [0, *(row["age"] for row in found)]
    assert read["city"] == ["a", *(row["city"] or None for row in found)]


GOOD = lines({"age": 1, "city": "Bern"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.jsonl: expected rows, got an empty file"),
        (b"\n\n", "a.jsonl: expected at least one row, got column names alone"),
        (GOOD * 3 + b'{"age": 1,\n' + GOOD, "a.jsonl, line 4: expected one JSON object, got '{\"age\": 1,': "),
        (GOOD + b"[1]\n", "a.jsonl, line 2: expected a JSON object, got [1]"),
        (GOOD + b"\n7\n", "a.jsonl, line 3: expected a JSON object, got 7"),
        (
            GOOD + b'{"age": [1, 2]}\n',
            "a.jsonl, line 2, column 'age': expected one value, got a list\n\n"
            "hint: write the file without this column, or with one value to a row",
        ),
        (
            GOOD + b'{"where": {"city": "Bern"}}\n',
            "a.jsonl, line 2, column 'where': expected one value, got an object\n\n"
            "hint: write the file without this column, or with one value to a row",
        ),
        (GOOD + b'{"city": 7}\n', "a.jsonl, line 2, column 'city': expected text, as before, got a number"),
        (GOOD + b'{"age": true}\n', "a.jsonl, line 2, column 'age': expected a number, as before, got true or false"),
        (
            GOOD + b'{"city": "K\xf6ln"}\n',
            "a.jsonl, line 2: expected UTF-8 text, got byte 0xf6\n\nhint: write the file as UTF-8",
        ),
        (lines({"age": 1, "ciyt": "a"}), "a.jsonl: expected a column 'city', got none\n\nhint: did you mean ciyt?"),
        (lines({"age": "x", "city": "a"}), "a.jsonl, row 1, column 'age': expected a number, got 'x'"),
    ],
)
def test_a_broken_file_is_an_error_that_names_the_line(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as error:
        table(content)
    assert str(error.value).startswith(message)


def test_a_kind_that_changes_between_blocks_or_parts_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    content = lines(*({"age": 1, "city": "a", "x": 1} for _ in range(50)), {"x": "one"})
    for unit, size in ((module, "BLOCK_BYTES"), (cuts, "PART_BYTES")):
        monkeypatch.setattr(unit, size, 100)
        with pytest.raises(DataError, match="line 51, column 'x': expected a number, as before, got text"):
            table(content)


def test_parts_are_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "PART_BYTES", 100)
    content = lines(*({"age": age, "city": 'a"b'} for age in range(100)))
    with opened({"a.jsonl": content}, COLUMNS, format="jsonl") as dataset:
        assert len(dataset.parts) > 20
        assert [part.first for part in dataset.parts][:2] == [1, 1 + dataset.parts[0].rows]
    assert table(content)["age"] == list(range(100))
