import pyarrow as pa
import pytest

from benison.config import Label
from benison.core.errors import DataError
from benison.sources.labels import Labels
from benison.sources.walk import Rows

LABEL = Label("paid", "yes", "no")


def judged(*batches: list[str | None]) -> None:
    labels, first = Labels(LABEL), 1
    for values in batches:
        batch = pa.RecordBatch.from_pydict({"paid": pa.array(values, pa.string())})
        labels.look(Rows(1, "a.csv", first, batch))
        first += len(values)
    labels.judge()


@pytest.mark.parametrize(
    "batches",
    [
        [["yes", "no"], ["yes"]],
        [["yes", "perhaps"], ["perhaps", "no"]],
        [["yes", None], [None, "yes"]],
        [["yes", "yes"]],
        [[None, None]],
        [[]],
    ],
    ids=["both", "a third one", "missing ones", "one class", "none", "no rows"],
)
def test_what_is_for_the_validator_to_judge_is_let_through(batches: list[list[str | None]]) -> None:
    judged(*batches)


def test_a_value_that_no_row_has_is_told_with_the_first_other_one_and_the_nearest() -> None:
    with pytest.raises(DataError) as error:
        judged(["no", None], ["no", "?", "Yes"], ["Yes"])
    assert str(error.value) == (
        "a.csv, label column 'paid', row 4: expected 'yes' or 'no', got '?'\n\n"
        "hint: no row has 'yes', which benison.yaml names under label:; is Yes meant for it?"
    )


def test_a_number_in_place_of_the_words_is_told_and_nothing_is_guessed() -> None:
    with pytest.raises(DataError) as error:
        judged([str(number) for number in range(5000)])
    assert str(error.value) == (
        "a.csv, label column 'paid', row 1: expected 'yes' or 'no', got '0'\n\n"
        "hint: no row has 'yes', which benison.yaml names under label:"
    )
