"""The whole pipeline with a TFX Trainer module in the place of build_model: first champion, then a challenger."""

import json
import re
import sys
from pathlib import Path

import pytest

from benison import cli
from benison.core.documents import read

sys.path.insert(0, str(Path(__file__).parent))
import small_project

MODULE = """
import tensorflow as tf
from tensorflow import keras
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import v1 as tfx
from tfx_bsl.public import tfxio


def _features(row):
    city = tf.sparse.to_dense(tf.sparse.reset_shape(row["city"], [row["city"].dense_shape[0], 1]), "")
    return {"age": tf.cast(tf.reshape(row["age"], [-1, 1]), tf.float32) / 100, "city": tf.reshape(city, [-1, 1])}


def _input_fn(pattern, accessor: tfx.components.DataAccessor, schema, batch_size):
    options = tfxio.TensorFlowDatasetOptions(batch_size=batch_size, label_key="bought")
    found = accessor.tf_dataset_factory(pattern, options, schema)
    return found.map(lambda row, label: (_features(row), tf.cast(label == "yes", tf.float32))).repeat()


def run_fn(fn_args: tfx.components.FnArgs):
    schema = tfx.utils.parse_pbtxt_file(fn_args.schema_file, schema_pb2.Schema())
    batch_size = fn_args.custom_config["batch_size"]
    train = _input_fn(fn_args.train_files, fn_args.data_accessor, schema, batch_size)
    held = _input_fn(fn_args.eval_files, fn_args.data_accessor, schema, batch_size)
    inputs = {"age": keras.Input((1,), name="age"), "city": keras.Input((1,), name="city", dtype=tf.string)}
    places = keras.layers.StringLookup(vocabulary=["Ulm", "Bonn", "Jena"], output_mode="one_hot")(inputs["city"])
    hidden = keras.layers.Concatenate()([inputs["age"], places])
    hidden = keras.layers.Dense(fn_args.hyperparameters["units"], "relu")(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=[keras.metrics.AUC()])
    board = keras.callbacks.TensorBoard(log_dir=fn_args.model_run_dir)
    model.fit(train, steps_per_epoch=fn_args.train_steps, validation_data=held, validation_steps=fn_args.eval_steps,
              callbacks=[board], verbose=2)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples):
        spec = {"age": tf.io.FixedLenFeature([1], tf.int64), "city": tf.io.VarLenFeature(tf.string)}
        return {"outputs": model(_features(tf.io.parse_example(examples, spec)))}

    model.save(fn_args.serving_model_dir, save_format="tf", signatures={"serving_default": serve})
"""
SECTION = """\
model:
  run_fn: trainer_module.py
  train_steps: 60
  eval_steps: 4
  custom_config: {batch_size: 64}
  hyperparameters: {units: 8}
"""


def leave(*args: object) -> object:
    with pytest.raises(SystemExit) as left:
        cli.main([str(arg) for arg in args])
    return left.value.code


@pytest.mark.slow
def test_a_tfx_module_brings_a_champion_and_then_a_challenger_that_is_compared_with_it(tmp_path: Path) -> None:
    project = small_project.make(tmp_path / "project")
    config = (project / "benison.yaml").read_text()
    (project / "benison.yaml").write_text(re.sub(r"model: .*\n", SECTION, config))
    (project / "model.py").unlink()
    (project / "trainer_module.py").write_text(MODULE)
    assert leave("run", project, "--span", 1, "--span", 2) == 0
    first, second = (json.loads(path.read_text()) for path in sorted((project / "runs").glob("*/run.json")))
    assert [run["verdict"] for run in (first, second)] == ["pushed", "pushed"]
    folder = project / "runs" / second["tasks"]["evaluator"]["outputs"]["evaluation"]["path"]
    gains = {check["name"] for check in read(folder / "evaluation.json", "evaluation")["checks"]}
    assert "auc_gain_over_champion" in gains
    assert "trained by its run_fn" in (project / "runs" / second["id"] / "report.html").read_text()
    log = (project / "runs" / second["id"] / "tasks" / "trainer" / "log.txt").read_text()
    assert "60/60 - " in log


def test_a_tfx_module_that_is_not_there_or_not_python_is_told_of_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.make(tmp_path / "project")
    config = (project / "benison.yaml").read_text()
    (project / "benison.yaml").write_text(re.sub(r"model: .*\n", SECTION, config))
    assert leave("run", project) == 2
    assert "benison.yaml (model.run_fn): expected a file trainer_module.py, got none" in capsys.readouterr().err
    (project / "trainer_module.py").write_text("def run_fn(fn_args)\n")
    assert leave("run", project) == 2
    assert "trainer_module.py:1: expected Python, got SyntaxError: expected ':'" in capsys.readouterr().err
