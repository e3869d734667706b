from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2

from benison.components.trainer.run import run
from benison.components.trainer.run_fn import write
from benison.config import Label
from benison.core import digests, documents
from benison.core.errors import DataError, ModelCodeError
from benison.sources.encode import encode, stored_as

MakeTask = Callable[..., Any]
MODULE = '''
import json
import os
import random

import numpy as np
import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import v1 as tfx
from tfx_bsl.public import tfxio

print("the module is imported")
FEATURES = {"age": tf.int64, "spent": tf.float32}


def filled(column):
    """As [n, 1], 0 where a value is missing."""
    return tf.cast(tf.sparse.to_dense(tf.sparse.reset_shape(column, [column.dense_shape[0], 1])), tf.float32) / 100


def dataset(fn_args, files, schema):
    options = tfxio.TensorFlowDatasetOptions(batch_size=50, shuffle=False, num_epochs=1, label_key="returns")
    found = fn_args.data_accessor.tf_dataset_factory(files, options, schema)
    return found.map(prepared)


def prepared(row, label):
    return {name: filled(row[name]) for name in FEATURES}, tf.sparse.to_dense(label) == "yes"


def run_fn(fn_args: tfx.components.FnArgs):
    schema = tfx.utils.parse_pbtxt_file(fn_args.schema_path, schema_pb2.Schema())
    once = tfxio.RecordBatchesOptions(64, num_epochs=1)
    batches = fn_args.data_accessor.record_batch_factory(fn_args.eval_files, once, schema)
    inputs = {name: tf.keras.Input((1,), name=name) for name in FEATURES}
    output = tf.keras.layers.Dense(1, activation="sigmoid")(tf.keras.layers.Concatenate()(list(inputs.values())))
    model = tf.keras.Model(inputs, output)
    model.compile(tf.keras.optimizers.legacy.Adam(0.05), "binary_crossentropy")
    train, held = dataset(fn_args, fn_args.train_files, schema), dataset(fn_args, fn_args.eval_files, schema)
    steps = {"steps_per_epoch": fn_args.train_steps, "validation_steps": fn_args.eval_steps}
    model.fit(train.repeat(), validation_data=held, verbose=2, **steps)
    kept = {name: value for name, value in vars(fn_args).items() if name != "data_accessor"}
    kept |= {"cwd": os.getcwd(), "keras": type(model).__module__, "batches": sum(b.num_rows for b in batches)}
    kept |= {"draws": [random.random(), float(np.random.random()), float(tf.random.uniform([]))]}
    kept["exists"] = [os.path.isdir(fn_args.model_run_dir), os.path.exists(fn_args.serving_model_dir)]
    kept["hash_seed"] = os.environ["PYTHONHASHSEED"]
    with tfx.dsl.io.fileio.open(os.path.join(fn_args.model_run_dir, "kept.json"), "w") as file:
        file.write(json.dumps(kept))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples):
        parsed = tf.io.parse_example(examples, {name: tf.io.VarLenFeature(kind) for name, kind in FEATURES.items()})
        return {"outputs": model({name: filled(parsed[name]) for name in FEATURES})}

    model.save(fn_args.serving_model_dir, save_format="tf", signatures={"serving_default": serve})
'''
SCHEMA = """
feature { name: "age" type: INT } feature { name: "hours per week" type: FLOAT } feature { name: "spent" type: FLOAT }
feature { name: "city" type: BYTES } feature { name: "returns" type: BYTES }
"""


@pytest.fixture(scope="session")
def make_run_fn(make_task: MakeTask) -> MakeTask:
    def make(root: Path, module: str, *, model: str = "", **data: Any) -> Any:
        task = make_task(root, **data)
        project = task.bundle / "project"
        text = (project / "benison.yaml").read_text()
        section = f"model:\n  run_fn: trainer_module.py\n  train_steps: 8\n  eval_steps: 2\n  seed: 5\n{model}"
        (project / "benison.yaml").write_text(re.sub(r"model:\n(  .*\n)+", section, text))
        (project / "trainer_module.py").write_text(module)
        (project / "schema.pbtxt").write_text(SCHEMA)
        return task

    return make


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, make_run_fn: MakeTask) -> Any:
    more = "  custom_config: {colour: red}\n  hyperparameters: {units: 8}\n"
    task = make_run_fn(tmp_path_factory.mktemp("trained"), MODULE, model=more)
    run(**task.folders)
    return task


@pytest.mark.slow
def test_a_module_gets_all_that_tfx_would_tell_it(trained: Any) -> None:
    kept = json.loads((trained.model / "model_run" / "kept.json").read_text())
    model, project = trained.model.resolve(), (trained.bundle / "project").resolve()
    assert re.fullmatch(r"/.*/Split-train/\*", kept["train_files"][0])
    assert re.fullmatch(r"/.*/Split-eval/\*", kept["eval_files"][0])
    assert (kept["train_steps"], kept["eval_steps"], kept["num_examples"]) == (8, 2, {"train": 400, "eval": 150})
    assert kept["schema_path"] == kept["schema_file"] == str(project / "schema.pbtxt")
    assert kept["serving_model_dir"] == str(model / "Format-Serving")
    assert kept["eval_model_dir"] == str(model / "Format-TFMA")
    assert kept["model_run_dir"] == str(model / "model_run")
    assert (kept["custom_config"], kept["hyperparameters"]) == ({"colour": "red"}, {"units": 8})
    nothing = ("transform_graph_path", "transform_output", "base_model")
    assert [kept[name] for name in nothing] == [None, None, None]
    assert kept["working_dir"]


@pytest.mark.slow
def test_a_module_runs_on_keras_2_in_a_folder_of_its_own_with_a_seed(trained: Any) -> None:
    kept = json.loads((trained.model / "model_run" / "kept.json").read_text())
    assert kept["keras"].startswith("tf_keras.")
    assert (kept["batches"], kept["exists"]) == (150, [True, False])
    assert not Path(kept["cwd"]).exists()
    assert kept["hash_seed"] == "5"
    assert kept["draws"][1] == np.random.RandomState(5).random_sample()


@pytest.mark.slow
def test_what_comes_out_is_recorded_with_what_is_not_known(trained: Any) -> None:
    training = documents.read(trained.model / "training.json", "training")
    assert training["package"] == digests.of_tree(trained.model / "Format-Serving")
    assert (training["curves"], training["best_epoch"], training["deterministic"]) == (None, None, False)
    assert (training["seed"], training["rows"], training["parameters"]) == (5, {"train": 400, "eval": 150}, 3)
    assert training["hyperparameters"] == {"units": 8}
    assert "tf_keras" in training["environment"]["keras"]
    assert not list(trained.bundle.rglob("__pycache__"))


@pytest.mark.slow
def test_the_model_card_says_what_is_known_of_it(trained: Any) -> None:
    card = documents.read(trained.model / "model_card.json", "model_card")
    parameters = card["model_parameters"]
    assert parameters["model_architecture"] == (
        "Made and exported by the project's TFX module trainer_module.py, which alone knows its layers. 3 weights. "
        "Hyperparameters: units 8."
    )
    assert [one["key"] for one in parameters["input_format_map"]] == ["age", "spent"]
    assert parameters["input_format"] == "Rows as serialized tf.Examples (signature serving_default)."


@pytest.mark.slow
def test_a_package_says_of_itself_which_columns_it_reads(trained: Any) -> None:
    extra = trained.model / "Format-Serving" / "assets.extra"
    said = documents.read(extra / "features.json", "features")
    assert said["columns"] == [
        {"name": "age", "input": "age", "type": "number", "stored_as": "int64_list"},
        {"name": "spent", "input": "spent", "type": "number", "stored_as": "float_list"},
    ]
    assert said["features"] == []
    assert said["label"] == {"column": "returns", "positive": "yes", "negative": "no"}
    assert (extra / "schema.pbtxt").read_text() == SCHEMA


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "pass",
            "trainer_module.py: expected run_fn to export a SavedModel to fn_args.serving_model_dir, got nothing there"
            "\n\nhint: end run_fn with  model.save(fn_args.serving_model_dir, save_format='tf', signatures=...)",
        ),
        (
            "import os; os.makedirs('out/1'); open('out/1/saved_model.pb', 'w')",
            "got nothing there\n\nhint: it exported to out/1/ in the folder it ran in",
        ),
        (
            "import os; os.makedirs(fn_args.serving_model_dir)",
            "trainer_module.py (Format-Serving): expected a SavedModel that loads without the module, got OSError: ",
        ),
    ],
)
@pytest.mark.slow
def test_a_module_that_exports_no_model_is_told_so(make_run_fn: MakeTask, tmp_path: Path, body: str, said: str) -> None:
    task = make_run_fn(tmp_path, f"def run_fn(fn_args):\n    {body}\n")
    with pytest.raises(ModelCodeError, match=re.escape(said)):
        run(**task.folders)
    assert not (task.model / "training.json").exists()


def test_a_split_that_nothing_can_be_learned_from_is_an_error_before_the_module_runs(
    make_run_fn: MakeTask, tmp_path: Path
) -> None:
    table = pa.table({"age": [1, 2], "spent": [1.0, 2.0], "city": ["a", "b"], "returns": ["no", "no"]})
    task = make_run_fn(tmp_path, "raise NotImplementedError", train=table)
    with pytest.raises(DataError, match="split train: expected rows of both classes, got negative ones only"):
        run(**task.folders)


def test_a_split_is_written_in_blocks_without_rows_of_an_unknown_label(
    make_run_fn: MakeTask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = 20_000
    returns = [None if row % 4 == 3 else "yes" if row % 2 else "no" for row in range(rows)]
    table = pa.table({"age": np.arange(rows), "returns": pa.array(returns, pa.string())})
    task = make_run_fn(tmp_path, "", train=table)
    kinds = stored_as(write.columns_of(task.examples, "train"), schema_pb2.Schema())
    with caplog.at_level("INFO", "benison"):
        written = write.write(task.examples, "train", Label("returns", "yes", "no"), kinds, tmp_path / "made")
    assert (written.rows, written.positives) == (15_000, 5_000)
    assert "train: 5000 of 20000 rows have no known label, and are left out" in caplog.text
    files = tf.io.gfile.glob(written.pattern)
    assert [Path(file).name for file in files] == ["data_tfrecord-00000-of-00001.gz"]
    found = list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())
    # The map in a tf.Example has no order.
    wanted = encode(table.filter(pc.is_valid(table["returns"])), kinds)
    assert [tf.train.Example.FromString(record) for record in found[::50]] == [
        tf.train.Example.FromString(record) for record in wanted[::50]
    ]
    assert len(found) == len(wanted)


@pytest.mark.parametrize("most", [1, 7, 150, 1000])
def test_a_sample_is_spread_over_the_split(make_run_fn: MakeTask, tmp_path: Path, most: int) -> None:
    table = pa.table({"age": np.arange(20_000), "returns": ["yes"] * 20_000})
    task = make_run_fn(tmp_path, "", held=table)
    write.sample(task.examples, "eval", {"age": "int64_list"}, tmp_path / "some", most)
    spec = {"age": tf.io.FixedLenFeature([], tf.int64)}
    ages = [
        int(tf.io.parse_single_example(record, spec)["age"])
        for record in tf.data.TFRecordDataset(str(tmp_path / "some"))
    ]
    step = -(-20_000 // most)
    assert ages == list(range(0, 20_000, step))
    assert len(ages) <= most
