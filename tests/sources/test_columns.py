import json
from pathlib import Path

import pytest

from benison import config as configuration
from benison.core.errors import DataError
from benison.sources.columns import Columns, check_header, check_names

COLUMNS = Columns(numeric=("age", "hours"), text=("sex", "income"), others=("person",))


def test_all_columns_once_are_fine_in_any_order_and_with_more() -> None:
    check_names(["person", "income", "x", "age", "hours", "sex"], COLUMNS, "a.csv")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            ["agge", "hours", "sex", "income", "person"],
            "a.csv: expected a column 'age', got none\n\nhint: did you mean agge?",
        ),
        (
            ["age", " hours", "sex", "income", "person"],
            "a.csv: expected a column 'hours', got none\n\nhint: take the spaces out of ' hours'",
        ),
        (
            ["age", "hours", "sex", "income"],
            "a.csv: expected a column 'person', got none\n\nhint: known here: age, hours, income, sex",
        ),
        (
            ["age", "hours", "sex", "income", "age"],
            "a.csv: expected each column once, got 'age' 2 times\n\nhint: rename one",
        ),
        (
            ["", "age", "hours"],
            "a.csv, column 1: expected a column with a name, got an empty one\n\n"
            "hint: write it without its index, or give the column a name",
        ),
    ],
)
def test_a_wrong_name_is_named_with_the_nearest(found: list[str], message: str) -> None:
    with pytest.raises(DataError) as error:
        check_names(found, COLUMNS, "a.csv")
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (
            ["39", " State-gov", " 77516"],
            "a.csv, line 1: expected a header with the columns' names, got values such as '39'\n\n"
            "hint: put a line with the columns' names first: age,hours,sex,...",
        ),
        (
            ["age;hours;sex"],
            "a.csv, line 1: expected columns separated by commas, got semicolons\n\nhint: write the file with commas, "
            "for example  pandas.read_csv('a.csv', sep=';').to_csv('commas.csv', index=False)",
        ),
        (
            ["age\thours\tsex"],
            "a.csv, line 1: expected columns separated by commas, got tabs\n\nhint: write the file with commas, for "
            "example  pandas.read_csv('a.csv', sep='\\t').to_csv('commas.csv', index=False)",
        ),
    ],
)
def test_a_first_line_that_is_no_header_is_told_apart(found: list[str], message: str) -> None:
    with pytest.raises(DataError) as error:
        check_header(found, COLUMNS, "a.csv")
    assert str(error.value) == message


@pytest.mark.parametrize("found", [["age", "2024"], ["agge", "houres"]])
def test_a_header_with_a_name_wrong_is_still_a_header(found: list[str]) -> None:
    check_header(found, COLUMNS, "a.csv")


def test_every_column_that_the_configuration_names_must_be_there(tmp_path: Path) -> None:
    config = {
        "name": "rides",
        "data": {"path": "a.csv", "time": "at", "splits": {"by": "hash", "key": ["ride"]}},
        "label": {"column": "tip", "positive": 1, "negative": 0},
        "features": {"fare": "numeric", "city": "categorical"},
        "model": {},
        "validation": {
            "keys": [{"columns": ["ride", "leg"]}],
            "leakage": {"entity": ["driver"]},
            "schema": {"columns": {"fare": {"missing": 0.1}}},
        },
        "gate": {"checks": [{"metric": "auc", "at_least": 0.6}]},
    }
    (tmp_path / "benison.yaml").write_text(json.dumps(config))
    columns = Columns.of(configuration.read(tmp_path))
    assert columns == Columns(("fare",), ("city", "tip"), ("ride", "at", "fare", "driver", "leg"))
    said = (
        r"expected a column 'driver', which benison.yaml names under validation, got none\n\nhint: did you mean drivr\?"
    )
    with pytest.raises(DataError, match=said):
        check_names(["fare", "city", "tip", "ride", "at", "leg", "drivr"], columns, "a.csv")
