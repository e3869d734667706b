import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benison.components.evaluator.predict import predict
from benison.core.errors import DataError

Package = Callable[..., Path]
TABLE = pa.table({"age": [40.0, None, 50.0, 20.0], "sex": ["Female", "Male", None, "Male"]})


def by_hand(age: float, women: float, bias: float) -> list[float]:
    ages, sexes = np.array([40.0, 40.0, 50.0, 20.0]), np.array([1.0, 0.0, 0.0, 0.0])
    answers: list[float] = (1 / (1 + np.exp(-(age * (ages - 40) + women * sexes + bias)))).tolist()
    return answers


def test_predictions_are_those_of_the_formula_with_missing_values_as_the_signature_wants_them(
    package: Package,
) -> None:
    found = predict(package(0.1, -1.0, 0.2), TABLE)
    assert found.dtype == np.float64
    assert found.tolist() == pytest.approx(by_hand(0.1, -1.0, 0.2), abs=1e-6)


@pytest.mark.parametrize("batch_rows", [1, 3, 4, 100])
def test_batches_change_nothing(package: Package, batch_rows: int) -> None:
    whole = predict(package(0.1, -1.0, 0.2), TABLE)
    assert predict(package(0.1, -1.0, 0.2), TABLE, batch_rows=batch_rows).tolist() == pytest.approx(whole.tolist())


def test_whole_numbers_chunks_and_further_columns_are_taken(package: Package) -> None:
    ages = pa.chunked_array([pa.array([40, None], pa.int64()), pa.array([50, 20], pa.int64())])
    table = pa.table({"race": ["a", "b", "c", "d"], "sex": TABLE["sex"], "age": ages})
    assert predict(package(0.1, -1.0, 0.2), table).tolist() == predict(package(0.1, -1.0, 0.2), TABLE).tolist()


def test_no_rows_have_no_predictions(package: Package) -> None:
    assert predict(package(0.1, -1.0, 0.2), TABLE.slice(0, 0)).shape == (0,)


def test_a_column_that_the_model_takes_and_the_data_lacks_is_named(package: Package) -> None:
    table = TABLE.rename_columns(["agee", "sex"])
    said = "holdout: expected a column 'age', which the model takes, got none\n\nhint: did you mean agee?"
    with pytest.raises(DataError, match=re.escape(said)):
        predict(package(0.1, -1.0, 0.2), table)


def test_text_where_the_model_takes_numbers_is_an_error(package: Package) -> None:
    table = TABLE.set_column(0, "age", pa.array(["40", "old", "50", "20"]))
    with pytest.raises(DataError, match="holdout, column 'age': expected numbers, as the model takes, got"):
        predict(package(0.1, -1.0, 0.2), table)


def test_a_folder_that_is_no_saved_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a SavedModel, got"):
        predict(tmp_path, TABLE)


def test_a_saved_model_without_the_signature_is_an_error(package: Package) -> None:
    said = "expected a signature 'serve_columns', got score\n\nhint: the trainer exports it"
    with pytest.raises(DataError, match=re.escape(said)):
        predict(package(0.3, 0.0, 0.0, name="score"), TABLE)
