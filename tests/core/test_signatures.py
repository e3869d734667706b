import numpy as np
import pyarrow as pa
import pytest

from benison.core.errors import DataError
from benison.core.signatures import feed, input_names

COLUMNS = [
    {"type": "number", "name": "hours per week", "input": "hours_per_week"},
    {"type": "text", "name": "city", "input": "city"},
    {"type": "seconds", "name": "opened", "input": "opened"},
]


@pytest.mark.parametrize(
    ("columns", "inputs"),
    [
        (["age", "sex"], ["age", "sex"]),
        (["capital.gain", "native-country", "größe"], ["capital_gain", "native_country", "gr__e"]),
        (["1st", "_x", "€", ""], ["column_1st", "column_x", "column_", "column__2"]),
        (["self", "class", "match"], ["column_self", "column_class", "match"]),
        (["a b", "a_b", "a-b"], ["a_b_2", "a_b", "a_b_3"]),
        (["a_b_2", "a b", "a_b"], ["a_b_2", "a_b_3", "a_b"]),
    ],
)
def test_an_input_is_named_as_its_column_where_tensorflow_takes_that(columns: list[str], inputs: list[str]) -> None:
    assert list(input_names(columns).values()) == inputs
    assert list(input_names(columns)) == columns


def test_rows_become_one_array_for_each_column() -> None:
    table = pa.table(
        {
            "city": ["Ulm", None, ""],
            "age": [1, 2, 3],
            "hours per week": pa.array([40, None, 2], pa.int64()),
            "opened": pa.array([1_795_000_001, None, 5], pa.int64()),
        }
    )
    fed = feed(table, COLUMNS)
    assert {name: values.dtype for name, values in fed.items()} == {
        "hours_per_week": np.float32,
        "city": object,
        "opened": np.float64,
    }
    np.testing.assert_array_equal(fed["opened"], np.array([1_795_000_001, np.nan, 5]))
    np.testing.assert_array_equal(fed["hours_per_week"], np.array([40, np.nan, 2], np.float32))
    assert fed["city"].tolist() == ["Ulm", "", ""]


def test_a_missing_column_names_the_nearest() -> None:
    with pytest.raises(
        DataError, match=r"feature 'city': expected a column 'city' in the data, got none\n\nhint: did you mean City"
    ):
        feed(pa.table({"City": ["Ulm"], "hours per week": [1.0]}), COLUMNS)


def test_times_that_are_no_numbers_are_named() -> None:
    said = "column 'opened': expected numbers, seconds since 1970, as the model was trained on, got string"
    with pytest.raises(DataError, match=said):
        feed(pa.table({"opened": ["2026-11-20"]}), COLUMNS[2:])
