import re
from typing import Any

import numpy as np
import pytest

from benison.core.errors import BrokenError, DataError
from benison.serving.package import Column
from benison.serving.requests import probabilities, table_of, table_of_columns

COLUMNS = (
    Column("age", "number", "float_list"),
    Column("visits", "number", "int64_list"),
    Column("city", "text", "bytes_list"),
    Column("born", "seconds", "float_list"),
    Column("code", "text", "int64_list"),
)
ROW: dict[str, Any] = {"age": 40.5, "visits": 3, "city": "Köln", "born": 1.7e9, "code": 7}


def test_rows_become_the_columns_of_the_package_in_its_order() -> None:
    table = table_of([dict(reversed(ROW.items())), dict.fromkeys(ROW)], COLUMNS)
    assert table.to_pylist() == [ROW, dict.fromkeys(ROW)]
    assert [str(kind) for kind in table.schema.types] == ["double", "int64", "string", "double", "int64"]


def test_whole_numbers_are_numbers_and_texts_and_whole_floats_are_whole_numbers() -> None:
    table = table_of([{**ROW, "age": 40, "visits": 3.0, "city": 12}], COLUMNS)
    assert table.to_pylist() == [{**ROW, "age": 40.0, "visits": 3, "city": "12"}]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("age", "40", "expected a number between -3.4e+38 and 3.4e+38, got the text '40'"),
        ("age", True, "expected a number between -3.4e+38 and 3.4e+38, got true or false"),
        ("age", float("nan"), "got nan\n\nhint: say null where a value is missing"),
        ("age", float("inf"), "got inf"),
        ("age", 1e39, "got 1e+39"),
        ("age", 10**400, "got 1000000000000000000000000000000000000000"),
        ("age", "", "got the text ''\n\nhint: say null where a value is missing"),
        ("visits", 3.5, "expected a whole number, got 3.5"),
        ("visits", 2**63, "expected a whole number, got 9223372036854775808"),
        ("visits", False, "expected a whole number, got true or false"),
        ("city", 1.5, "expected a text or a whole number, got 1.5"),
        ("city", True, "expected a text or a whole number, got true or false"),
        ("city", "\ud800", "expected a text or a whole number, got the text '\\ud800'"),
        ("city", ["Bonn"], "expected a text or a whole number, got a list"),
        ("city", {"b64": "Qm9ubg=="}, "expected a text or a whole number, got an object"),
        ("born", float("inf"), "expected a number, got inf"),
        ("born", "2026-11-20", "expected a number, got the text '2026-11-20'"),
        ("code", "7", "expected a whole number, got the text '7'"),
    ],
)
def test_a_value_of_another_type_is_named_with_row_and_field(field: str, value: Any, said: str) -> None:
    with pytest.raises(DataError) as raised:
        table_of([ROW, {**ROW, field: value}], COLUMNS)
    assert str(raised.value).startswith(f"row 2, field '{field}': expected ")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "instances: expected 1 to 3 rows, got 0"),
        ([ROW] * 4, "instances: expected 1 to 3 rows, got 4\n\nhint: cut the request into several"),
        ("rows", "instances: expected a list of rows, got the text 'rows'"),
        ([ROW, [1, 2]], "row 2: expected an object, got a list"),
        (
            [{**ROW, "aeg": 1}],
            "row 1, field 'aeg': expected a column that the model reads, got one that it does not know\n\n"
            "hint: did you mean age?",
        ),
        (
            [{name: value for name, value in ROW.items() if name != "age"}],
            "row 1, field 'age': expected a value or null, got no such field\n\nhint: say null where",
        ),
        ([{}], "row 1, field 'age': expected a value or null, got no such field"),
    ],
)
def test_what_is_no_row_of_the_model_is_refused(rows: Any, said: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        table_of(rows, COLUMNS, most=3)


def test_columns_are_held_to_the_same_rules_as_rows() -> None:
    columns = {name: [value, None] for name, value in ROW.items()}
    assert table_of_columns(columns, COLUMNS).to_pylist() == [ROW, dict.fromkeys(ROW)]
    for changed, said in (
        ({"agee": [1, 2]}, "request, field 'agee': expected a column that the model reads"),
        ({"age": [1]}, "field 'visits': expected 1 values, got 2\n\nhint: every column has one value for each row"),
        ({"age": ["a", None]}, "row 1, field 'age': expected a number"),
    ):
        with pytest.raises(DataError, match=re.escape(said)):
            table_of_columns({**columns, **changed}, COLUMNS)
    with pytest.raises(DataError, match=re.escape("request, field 'age': expected a value or null")):
        table_of_columns({name: values for name, values in columns.items() if name != "age"}, COLUMNS)
    with pytest.raises(DataError, match="instances: expected 1 to 1024 rows, got 0"):
        table_of_columns({name: [] for name in columns}, COLUMNS)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -float("inf"), 1.0001, -1e-9])
def test_an_answer_that_is_no_probability_never_leaves(wrong: float) -> None:
    assert probabilities(np.array([0.0, 0.25, 1.0]), "champion 3") == [0.0, 0.25, 1.0]
    said = f"answer of champion 3, row 2: expected a number from 0 to 1, got {wrong:g}\n\nhint: the package does not"
    with pytest.raises(BrokenError, match=re.escape(said)):
        probabilities(np.array([0.5, wrong]), "champion 3")
