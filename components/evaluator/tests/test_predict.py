import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import tensorflow as tf

from benison.components.evaluator.predict import Package as Opened
from benison.config import Label
from benison.core import documents
from benison.core.errors import ConfigError, DataError

Package = Callable[..., Path]
LABEL = Label("income", ">50K", "<=50K")
TABLE = pa.table({"age": [40.0, None, 50.0, 20.0], "sex": ["Female", "Male", None, "Male"]})


def predict(package: Path, table: pa.Table, **options: int) -> npt.NDArray[np.float64]:
    return Opened.open(package, LABEL).predict(table, **options)


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
    said = "feature 'age': expected a column 'age' in the data, got none\n\nhint: did you mean agee?"
    with pytest.raises(DataError, match=re.escape(said)):
        predict(package(0.1, -1.0, 0.2), table)


def test_texts_that_are_numbers_are_numbers_to_a_model_that_was_trained_on_them(package: Package) -> None:
    table = TABLE.set_column(0, "age", pa.array(["40", None, "50.0", "20"]))
    assert predict(package(0.1, -1.0, 0.2), table).tolist() == predict(package(0.1, -1.0, 0.2), TABLE).tolist()


def test_texts_that_are_no_numbers_are_told_of_the_model_that_was_trained_on_them(package: Package) -> None:
    table = TABLE.set_column(0, "age", pa.array(["40", None, "old", "20"]))
    said = (
        "column 'age': expected numbers, as the Format-Serving was trained on, got text (Failed to parse string: 'old'"
    )
    with pytest.raises(DataError, match=re.escape(said)) as raised:
        predict(package(0.1, -1.0, 0.2), table)
    assert raised.value.hint == "declare it numeric under features: in benison.yaml, or give the project another name"


@pytest.mark.parametrize(
    ("vocabulary", "column", "changed"),
    [
        (["Female", "02134"], pa.array([2134, 1, None, 3]), ("02134", "2134")),
        (["3.9", "3.10"], pa.array([3.1, 3.9, None, 3.5]), ("3.10", "3.1")),
    ],
)
def test_numbers_that_lost_the_spelling_that_the_model_knows_are_refused(
    package: Package, tmp_path: Path, vocabulary: list[str], column: pa.Array, changed: tuple[str, str]
) -> None:
    """The model would take every such value for an unknown one, and lose to a challenger that is no better."""
    folder = with_vocabulary(package, tmp_path, vocabulary)
    was, now = changed
    said = (
        f"expected text such as {was!r}, as the Format-Serving was trained on, got numbers, here {now}\n\nhint: declare"
    )
    with pytest.raises(DataError, match=re.escape(said)):
        predict(folder, TABLE.set_column(1, "sex", column))


def test_numbers_that_are_spelt_as_the_model_knows_them_are_taken(package: Package, tmp_path: Path) -> None:
    folder = with_vocabulary(package, tmp_path, ["1", "12", "unknown"])
    numbers, texts = pa.array([1, 12, None, 3]), pa.array(["1", "12", None, "3"])
    found = [predict(folder, TABLE.set_column(1, "sex", column)).tolist() for column in (numbers, texts)]
    assert found[0] == found[1]


def with_vocabulary(package: Package, tmp_path: Path, vocabulary: list[str]) -> Path:
    folder = shutil.copytree(package(0.1, -1.0, 0.2), tmp_path / "Format-Serving")
    path = folder / "assets.extra" / "features.json"
    told = documents.read(path, "features")
    told["features"][1]["fitted"]["vocabulary"] = vocabulary
    documents.write(path, "features", {name: told[name] for name in ("columns", "features", "label")})
    return folder


def test_a_model_of_another_label_is_not_compared(package: Package) -> None:
    said = (
        "benison.yaml (label): expected what the Format-Serving predicts, income = '>50K', "
        "got income = '<=50K' and not '>50K'\n\nhint: models that predict different things cannot be compared"
    )
    with pytest.raises(ConfigError, match=re.escape(said)):
        Opened.open(package(0.1, -1.0, 0.2), Label("income", "<=50K", ">50K"))


def test_a_folder_that_is_no_saved_model_is_an_error(tmp_path: Path, package: Package) -> None:
    (tmp_path / "assets.extra").mkdir()
    told = (package(0.1, -1.0, 0.2) / "assets.extra" / "features.json").read_bytes()
    (tmp_path / "assets.extra" / "features.json").write_bytes(told)
    with pytest.raises(DataError, match="expected a SavedModel, got"):
        predict(tmp_path, TABLE)


def test_a_folder_that_does_not_say_what_it_takes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"features.json: expected a JSON document of kind features, got"):
        predict(tmp_path, TABLE)


def test_a_saved_model_without_the_signature_is_an_error(package: Package) -> None:
    said = "expected a signature 'serve_columns', got score, transform_columns\n\nhint: the trainer exports it"
    with pytest.raises(DataError, match=re.escape(said)):
        predict(package(0.3, 0.0, 0.0, name="score"), TABLE)


class Foreign(tf.Module):
    """A model as a TFX module exports one: serialized tf.Examples in, and outputs of any name."""

    def __init__(self, outputs: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> None:
        super().__init__()
        self.outputs = outputs

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, "examples")])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        spec = {"age": tf.io.FixedLenFeature([], tf.int64, 40), "sex": tf.io.FixedLenFeature([], tf.string, "")}
        parsed = tf.io.parse_example(examples, spec)
        women = tf.cast(tf.equal(parsed["sex"], "Female"), tf.float32)
        return self.outputs(tf.sigmoid(0.1 * (tf.cast(parsed["age"], tf.float32) - 40) - women + 0.2))


def foreign(folder: Path, outputs: Callable[[tf.Tensor], dict[str, tf.Tensor]]) -> Path:
    model = Foreign(outputs)
    tf.saved_model.save(model, str(folder / "Format-Serving"), signatures={"serving_default": model.serve})
    age = {"name": "age", "input": "age", "type": "number", "stored_as": "int64_list"}
    columns = [age, {"name": "sex", "input": "sex", "type": "text", "stored_as": "bytes_list"}]
    label = {"column": "income", "positive": ">50K", "negative": "<=50K"}
    told = {"columns": columns, "features": [], "label": label}
    documents.write(folder / "Format-Serving" / "assets.extra" / "features.json", "features", told)
    return folder / "Format-Serving"


@pytest.mark.parametrize(
    "outputs",
    [
        lambda p: {"whatever": p},
        lambda p: {"scores": tf.reshape(p, [-1, 1]), "classes": p > 0.5},
        lambda p: {"outputs": -p, "probability": p},
    ],
)
def test_a_tfx_modules_model_answers_serialized_examples(
    tmp_path: Path, outputs: Callable[[tf.Tensor], dict[str, tf.Tensor]]
) -> None:
    package = foreign(tmp_path, outputs)
    for batch_rows in (3, 100):
        assert predict(package, TABLE, batch_rows=batch_rows).tolist() == pytest.approx(
            by_hand(0.1, -1.0, 0.2), abs=1e-6
        )
    assert predict(package, TABLE.slice(0, 0)).shape == (0,)


@pytest.mark.parametrize(
    ("outputs", "table", "said"),
    [
        (lambda p: {"one": p, "two": p}, TABLE, "Format-Serving (serving_default): expected one output, or one of"),
        (
            lambda p: {"one": tf.stack([p, p], 1)},
            TABLE,
            "expected one probability for each of 4 rows, so shape (4,) or (4, 1), got (4, 2)",
        ),
        (
            lambda p: {"one": p},
            TABLE.rename_columns(["agee", "sex"]),
            "column 'age': expected a column that the Format-Serving reads, got none\n\nhint: did you mean agee?",
        ),
        (
            lambda p: {"one": p},
            TABLE.set_column(0, "age", pa.array([40, 1, 2, 0.5])),
            "column 'age': expected whole numbers, to be kept in tf.Examples, got 0.5",
        ),
    ],
)
def test_what_keeps_a_tfx_modules_model_from_answering_is_named(
    tmp_path: Path, outputs: Callable[[tf.Tensor], dict[str, tf.Tensor]], table: pa.Table, said: str
) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        predict(foreign(tmp_path, outputs), table)
