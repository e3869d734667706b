from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from benison.components.trainer.featurize.fit import fit
from benison.components.trainer.run import run
from benison.config.features import Categorical, Feature, Numeric
from benison.core import digests, documents
from benison.core.errors import BrokenError, ConfigError, DataError, IntegrityError, ModelCodeError, StorageError
from benison.core.signatures import feed

ROOT = Path(__file__).resolve().parents[3]
MakeTask = Callable[..., Any]
LAYER = """\
import keras
from keras import ops
import tensorflow as tf


class Odd(keras.layers.Layer):
    def call(self, x, training=False):
        {body}

    def compute_output_shape(self, shape):
        return shape


def build_model(features, hyperparameters):
    inputs = {{feature.name: feature.input() for feature in features}}
    hidden = keras.layers.Concatenate()([feature.encode(inputs[feature.name]) for feature in features])
    model = keras.Model(inputs, Odd()(keras.layers.Dense(1, activation="sigmoid")(hidden)))
    model.compile("adam", "binary_crossentropy"{more})
    return model
"""


def in_a_process(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def arguments(task: Any) -> str:
    paths = {name: str(path) for name, path in task.folders.items()}
    return f"**{{name: Path(path) for name, path in {paths!r}.items()}}"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory, make_task: MakeTask) -> Any:
    made = make_task(tmp_path_factory.mktemp("trained"))
    run(**made.folders)
    return made


def test_a_run_leaves_the_record_of_a_training(task: Any) -> None:
    training = documents.read(task.model / "training.json", "training")
    assert training["package"] == digests.of_tree(task.model / "Format-Serving")
    assert training["bundle"] == json.loads((task.bundle / "bundle.json").read_text())["digest"]
    assert training["snapshot"] == json.loads((task.examples / "snapshot.json").read_text())["digest"]
    assert (training["spans"], training["rows"], training["seed"]) == ([3, 4], {"train": 400, "eval": 150}, 7)
    assert training["hyperparameters"] == {"units": 8, "learning_rate": 0.01}
    assert training["parameters"] == (3 + 6 + 1) * 8 + 8 + 1
    assert training["environment"]["tensorflow"] == tf.__version__
    assert f"tensorflow=={tf.__version__}\n" in (task.model / "environment.txt").read_text()
    assert not list(task.bundle.rglob("__pycache__"))


def test_a_run_leaves_the_models_card(task: Any) -> None:
    card = documents.read(task.model / "model_card.json", "model_card")
    assert card["model_details"]["name"] == "visits"
    assert card["model_details"]["version"]["name"] == digests.of_tree(task.model / "Format-Serving")
    assert card["model_parameters"]["model_architecture"] == (
        "A Keras model (Functional) trained by Adam: 4 InputLayer (1), Concatenate (9), "
        "Dense (8, 80 weights), Dropout (8), Dense (1, 9 weights). 89 weights. "
        "Hyperparameters: units 8, learning_rate 0.01."
    )
    assert "400 rows of spans 3 and 4, " in card["model_parameters"]["data"][0]["description"]
    assert card["considerations"] == {}
    assert "quantitative_analysis" not in card


def test_a_sensitive_column_that_the_data_do_not_have_is_named_before_any_training(
    make_task: MakeTask, tmp_path: Path
) -> None:
    made = make_task(tmp_path, model="raise ValueError('imported')")
    with (made.bundle / "project" / "benison.yaml").open("a") as file:
        file.write("model_card: {sensitive: [agee]}\n")
    with pytest.raises(
        ConfigError, match=r"(?s)model_card.sensitive\): expected columns of the data, got 'agee'.*mean age\?"
    ):
        run(**made.folders)
    assert not made.model.exists() or not list(made.model.iterdir())


def test_a_run_records_what_it_was_computed_with_and_how_fast(task: Any) -> None:
    training = documents.read(task.model / "training.json", "training")
    found = training["environment"]
    assert (found["device"], found["driver"], found["precision"], found["xla"]) == ("CPU", None, "float32", False)
    assert (found["micro_batch"], found["replicas"], training["deterministic"]) == (64, 1, True)
    assert len(training["speed"]["epochs"]) == len(training["curves"])
    assert training["speed"]["whole"]["seconds"] == pytest.approx(
        sum(epoch["seconds"] for epoch in training["speed"]["epochs"]), abs=1e-3
    )
    assert {path.name for path in (task.model / "logs").iterdir()} == {"train", "eval"}


CALLBACK = """

class Stopping(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        {body}


def callbacks(hyperparameters):
    return [Stopping()]
"""


def with_callback(task: Any, body: str) -> Any:
    file = task.bundle / "project" / "model.py"
    file.write_text(file.read_text() + CALLBACK.format(body=body))
    return task


@pytest.mark.slow
def test_the_projects_callbacks_take_part_and_no_checkpoint_is_left(make_task: MakeTask, tmp_path: Path) -> None:
    made = with_callback(make_task(tmp_path), "self.model.stop_training = True")
    config = made.bundle / "project" / "benison.yaml"
    more = "seed: 7\n  deterministic: false\n  checkpoint_minutes: 0.0001\n"
    config.write_text(config.read_text().replace("seed: 7\n", more))
    run(**made.folders, checkpoint_root=str(tmp_path / "checkpoints"))
    training = documents.read(made.model / "training.json", "training")
    assert (len(training["curves"]), training["deterministic"]) == (1, False)
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_fault_of_a_callback_is_named_by_line(make_task: MakeTask, tmp_path: Path) -> None:
    made = with_callback(make_task(tmp_path), "self.absent")
    source = (made.bundle / "project" / "model.py").read_text().splitlines()
    said = (
        rf"model.py:{source.index('        self.absent') + 1}: expected a model that can be trained, got AttributeError"
    )
    with pytest.raises(ModelCodeError, match=said):
        run(**made.folders)


def test_a_gpu_that_is_required_is_asked_for_before_any_data_are_read(make_task: MakeTask, tmp_path: Path) -> None:
    made = make_task(tmp_path)
    config = made.bundle / "project" / "benison.yaml"
    config.write_text(config.read_text().replace("seed: 7\n", "seed: 7\n  accelerator: required\n"))
    for file in made.examples.rglob("*.parquet"):
        file.unlink()
    with pytest.raises(ConfigError, match="expected a GPU that TensorFlow sees"):
        run(**made.folders)


@pytest.mark.slow
def test_rows_without_a_known_label_change_nothing(task: Any, make_task: MakeTask, tmp_path: Path) -> None:
    def mixed(table: pa.Table) -> pa.Table:
        """The same rows, each followed by one of another city that nobody knows the answer of."""
        unknown = [None if row % 2 else "perhaps" for row in range(len(table))]
        other = table.set_column(3, "city", pa.array(["Rom"] * len(table))).set_column(4, "returns", pa.array(unknown))
        rows = np.arange(2 * len(table)).reshape(2, -1).T.ravel()
        return pa.concat_tables([table, other]).take(rows)

    read = {
        split: pq.read_table(task.examples / f"Split-{split}" / "data-00000.parquet") for split in ("train", "eval")
    }
    diluted = make_task(tmp_path, train=mixed(read["train"]), held=mixed(read["eval"]))
    run(**diluted.folders)
    found, plain = (documents.read(of.model / "training.json", "training") for of in (diluted, task))
    assert found["rows"] == plain["rows"] == {"train": 400, "eval": 150}
    assert (found["model_digest"], found["curves"]) == (plain["model_digest"], plain["curves"])


def test_a_package_holds_its_features_as_fitted_on_train(task: Any) -> None:
    extra = task.model / "Format-Serving" / "assets.extra"
    features = documents.read(extra / "features.json", "features")
    wanted: list[Feature] = [
        Numeric("age", "age"),
        Numeric("hours per week", "hours per week"),
        Numeric("spent", "spent", log=True),
        Categorical("city", "city", min_count=2),
    ]
    train = pq.read_table(task.examples / "Split-train" / "data-00000.parquet")
    fitted = fit(train, wanted).to_json()
    assert {name: features[name] for name in ("columns", "features")} == json.loads(json.dumps(fitted))
    assert features["label"] == {"column": "returns", "positive": "yes", "negative": "no"}
    assert (extra / "schema.pbtxt").read_bytes() == (task.bundle / "project" / "schema.pbtxt").read_bytes()


@pytest.mark.slow
def test_a_package_answers_in_a_process_without_benison_as_it_did_in_training(task: Any) -> None:
    held = pq.read_table(task.examples / "Split-eval" / "data-00000.parquet")
    package = task.model / "Format-Serving"
    columns = documents.read(package / "assets.extra" / "features.json", "features")["columns"]
    values = {name: values.tolist() for name, values in feed(held, columns).items()}
    said = in_a_process(
        f"""
import json, sys, tensorflow as tf
nan = float("nan")
signatures = tf.saved_model.load({str(package)!r}).signatures
answers = signatures["serve_columns"](**{{name: tf.constant(values) for name, values in {values!r}.items()}})
empty = signatures["serving_default"](tf.constant([tf.train.Example().SerializeToString()]))
assert not any(name.partition(".")[0] == "benison" for name in sys.modules)
print(json.dumps([answers["probability"].numpy().tolist(), empty["probability"].numpy().tolist()]))
"""
    )
    answers, empty = json.loads(said.splitlines()[-1])
    labels = np.array(held["returns"].to_pylist()) == "yes"
    training = documents.read(task.model / "training.json", "training")
    losses = -np.log(np.where(labels, answers, 1 - np.array(answers)))
    assert losses.mean() == pytest.approx(training["curves"][training["best_epoch"] - 1]["eval_loss"], abs=1e-5)
    assert len(empty) == 1
    assert 0 < empty[0] < 1


@pytest.mark.slow
def test_another_process_refuses_bad_data_before_tensorflow_starts_and_trains_the_same_model(
    task: Any, make_task: MakeTask, tmp_path: Path
) -> None:
    refused = make_task(tmp_path / "refused", verdict="FAIL", blocked_by=("rows 12 is not >= 1000",))
    again = make_task(tmp_path / "again")
    said = in_a_process(
        f"""
from pathlib import Path
from tensorflow.python.eager.context import context_safe
from benison.components.trainer.run import run
started = lambda: context_safe() is not None and context_safe()._context_handle is not None
imported = started()
run({arguments(refused)})
print(imported, started())
run({arguments(again)})
"""
    )
    assert said.splitlines()[0] == "False False"
    assert [path.name for path in refused.model.iterdir()] == ["not_trained.json"]
    reasons = documents.read(refused.model / "not_trained.json", "not_trained")
    assert reasons["reason"] == "the validation of the data is FAIL, not PASS"
    assert (reasons["validation"], reasons["blocked_by"]) == ("FAIL", ["rows 12 is not >= 1000"])
    first, second = (documents.read(each.model / "training.json", "training") for each in (task, again))
    assert second["model_digest"] == first["model_digest"]
    assert second["curves"] == first["curves"]


def test_a_verdict_on_another_snapshot_is_no_verdict(make_task: MakeTask, tmp_path: Path) -> None:
    made = make_task(tmp_path)
    other = {"verdict": "PASS", "snapshot": digests.of_bytes(b"other"), "blocked_by": []}
    documents.write(made.validation / "validation.json", "validation", other)
    with pytest.raises(IntegrityError, match=r"expected the verdict on snapshot [0-9a-f]{12}, got the verdict on"):
        run(**made.folders)


def test_a_folder_that_holds_a_model_is_left_alone(make_task: MakeTask, tmp_path: Path) -> None:
    made = make_task(tmp_path, verdict="ERROR", blocked_by=("no rows",))
    run(**made.folders)
    with pytest.raises(StorageError, match=r"expected a folder without a model, got not_trained.json in it"):
        run(**made.folders)


@pytest.mark.parametrize(
    ("body", "more", "said"),
    [
        (
            "return x + 0 * tf.constant(x.numpy())",
            ", run_eagerly=True",
            r"model.py:8: expected a model that can be exported, got AttributeError: .* no attribute 'numpy'",
        ),
        (
            "tf.debugging.assert_greater(x, 2.0 if training else -1.0); return x",
            "",
            "model.py:8: expected a model that can be trained, got InvalidArgumentError: assertion failed",
        ),
        (
            "return ops.matmul(x, ops.ones((2, 1)))",
            "",
            "model.py:8: expected a model that can be called .*, got InvalidArgumentError: Matrix size-incompatible",
        ),
    ],
)
def test_a_fault_of_the_projects_layer_is_named_by_line(
    make_task: MakeTask, tmp_path: Path, body: str, more: str, said: str
) -> None:
    made = make_task(tmp_path, model=LAYER.format(body=body, more=more), epochs=1)
    with pytest.raises(ModelCodeError, match=said) as raised:
        run(**made.folders)
    assert len(str(raised.value)) < 600
    assert not (made.model / "training.json").exists()


def test_a_model_that_answers_otherwise_when_exported_is_broken(make_task: MakeTask, tmp_path: Path) -> None:
    made = make_task(
        tmp_path,
        model=LAYER.format(body="return x if tf.executing_eagerly() else x / 2", more=", run_eagerly=True"),
        epochs=1,
    )
    with pytest.raises(BrokenError, match="signature serve_columns: expected the probabilities of the trained model"):
        run(**made.folders)


def test_a_feature_that_is_not_in_the_data_names_the_nearest(make_task: MakeTask, tmp_path: Path) -> None:
    table = pa.table({"Age": [1, 2], "returns": ["yes", "no"]})
    with pytest.raises(DataError, match=r"feature 'age': expected a column 'age' .*\n\nhint: did you mean Age\?"):
        run(**make_task(tmp_path, train=table).folders)


def test_another_backend_of_keras_is_refused(
    make_task: MakeTask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(ConfigError, match=r"KERAS_BACKEND: expected tensorflow, .*, got jax\n\nhint: unset it"):
        run(**make_task(tmp_path).folders)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (".nan", r"\(model.hyperparameters.units\): expected a finite number, got nan"),
        ("2026-11-20", r"\(model.hyperparameters\): expected texts, finite numbers"),
    ],
)
def test_a_hyperparameter_that_cannot_be_recorded_is_refused_before_the_training(
    make_task: MakeTask, tmp_path: Path, value: str, message: str
) -> None:
    made = make_task(tmp_path, model="raise RuntimeError\n")
    config = made.bundle / "project" / "benison.yaml"
    config.write_text(config.read_text().replace("units: 8", f"units: {value}"))
    with pytest.raises(ConfigError, match=message):
        run(**made.folders)


def test_a_schema_that_is_not_there_is_named_before_the_training(make_task: MakeTask, tmp_path: Path) -> None:
    made = make_task(tmp_path, model="raise RuntimeError\n")
    (made.bundle / "project" / "schema.pbtxt").rename(made.bundle / "project" / "shema.pbtxt")
    with pytest.raises(ConfigError, match=r"expected a file schema.pbtxt, got none\n\nhint: did you mean shema.pbtxt"):
        run(**made.folders)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (
            'default_environment: "SERVING" feature { name: "age" not_in_environment: "SERVING" }',
            r"schema.pbtxt \(feature age\): expected every feature of benison.yaml in the environment SERVING, got one "
            "that is not there when the model serves",
        ),
        ("feature { nam: 1 }", "schema.pbtxt: expected a tensorflow.metadata.v0.Schema in protobuf's text format"),
    ],
)
def test_a_feature_that_is_not_there_in_serving_is_refused_before_the_training(
    make_task: MakeTask, tmp_path: Path, schema: str, said: str
) -> None:
    made = make_task(tmp_path, model="raise RuntimeError\n")
    (made.bundle / "project" / "schema.pbtxt").write_text(schema)
    with pytest.raises(ConfigError, match=said):
        run(**made.folders)
