import pyarrow as pa
import pytest

from benison.core.errors import DataError
from benison.core.examples import as_text, binary_labels, labelled


def test_labels_become_zero_and_one_in_the_order_of_the_rows() -> None:
    table = pa.table({"income": [">50K", "<=50K", ">50K"]})
    assert binary_labels(table, "income", positive=">50K", negative="<=50K").tolist() == [1, 0, 1]


@pytest.mark.parametrize("values", [[1, 0, 1], [1.0, 0.0, 1.0], ["1", "0", "1"]])
def test_a_whole_number_is_the_same_label_however_it_is_stored(values: list[object]) -> None:
    assert binary_labels(pa.table({"y": values}), "y", positive="1", negative="0").tolist() == [1, 0, 1]


def test_true_and_false_are_labels_too() -> None:
    assert binary_labels(pa.table({"y": [True, False]}), "y", positive="true", negative="false").tolist() == [1, 0]


@pytest.mark.parametrize(("third", "said"), [("maybe", "'maybe'"), (None, "nothing")])
def test_a_third_value_is_named_with_its_row(third: str | None, said: str) -> None:
    table = pa.table({"y": ["yes", "no", third]})
    with pytest.raises(DataError, match=f"label column 'y', row 3: expected 'yes' or 'no', got {said}"):
        binary_labels(table, "y", positive="yes", negative="no")


@pytest.mark.parametrize(
    "values", [["yes", None, "no", "maybe", "yes"], [1.0, None, 0.0, 2.5, 1.0], [1, None, 0, 2, 1]]
)
def test_rows_without_one_of_the_two_labels_are_left_out(values: list[object]) -> None:
    words = {"positive": "yes", "negative": "no"} if "yes" in values else {"positive": "1", "negative": "0"}
    found = labelled(pa.table({"y": values, "n": range(5)}), "y", **words)
    assert found["n"].to_pylist() == [0, 2, 4]
    assert binary_labels(found, "y", **words).tolist() == [1, 0, 1]


def test_rows_that_all_have_a_label_are_left_as_they_are() -> None:
    table = pa.table({"y": ["a", "b", "a"]})
    assert labelled(table, "y", positive="a", negative="b") is table


def test_a_misspelt_label_column_names_the_nearest() -> None:
    with pytest.raises(DataError, match="did you mean income"):
        binary_labels(pa.table({"income": ["a"]}), "incom", positive="a", negative="b")


def test_no_rows_have_no_labels() -> None:
    table = pa.table({"y": pa.array([], pa.string())})
    assert binary_labels(table, "y", positive="1", negative="0").tolist() == []


def test_fractions_keep_their_fraction_as_text() -> None:
    assert as_text(pa.chunked_array([[0.5, None, 2.0]])).to_pylist() == ["0.5", None, "2"]
