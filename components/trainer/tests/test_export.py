from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from benison.components.trainer import export
from benison.components.trainer.featurize.graph import FeatureGraph, Indexed, RawColumn, Scaled
from benison.components.trainer.serve import Served
from benison.config.features import Categorical, Numeric
from benison.core.errors import StorageError

COLUMNS = (RawColumn("age", "age", "number", "int64_list"), RawColumn("city", "city", "text", "bytes_list"))
AGE = Scaled(Numeric("age", "age"), "age", 40.0, 9.0, 0.0)
CITY = Indexed(Categorical("city", "city"), "city", ("Ulm", "Bonn"))
GRAPH = FeatureGraph(COLUMNS, (AGE, CITY))


def model(weight: float = 0.5) -> Any:
    keras.utils.clear_session()
    inputs = {"age": keras.Input((1,), name="age"), "city": keras.Input((1,), name="city", dtype="int32")}
    joined = keras.layers.Concatenate()([inputs["age"], keras.ops.cast(inputs["city"], "float32")])
    built = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(joined))
    built.set_weights([np.array([[weight], [1.0]], np.float32), np.zeros(1, np.float32)])
    return built


def test_a_models_digest_tells_weights_features_and_signatures_apart_and_nothing_else() -> None:
    traced, again = (Served(GRAPH, model()).signatures() for _ in range(2))
    first = export.model_digest(model(), GRAPH, traced)
    assert export.model_digest(model(), GRAPH, dict(reversed(again.items()))) == first
    others = {
        export.model_digest(model(float(np.nextafter(np.float32(0.5), np.float32(1)))), GRAPH, traced),
        export.model_digest(model(), FeatureGraph(COLUMNS, (dataclasses.replace(AGE, offset=40.000001), CITY)), traced),
        export.model_digest(
            model(), FeatureGraph(COLUMNS, (AGE, dataclasses.replace(CITY, vocabulary=("Bonn",)))), traced
        ),
        export.model_digest(model(), FeatureGraph(COLUMNS, (AGE, dataclasses.replace(CITY, input="City"))), traced),
        export.model_digest(
            model(), FeatureGraph((dataclasses.replace(COLUMNS[0], name="Age"), COLUMNS[1]), (AGE, CITY)), traced
        ),
        export.model_digest(model(), GRAPH, {"serving_default": traced["serving_default"]}),
    }
    assert len(others | {first}) == 7


def test_a_package_holds_the_model_and_not_its_optimizer(tmp_path: Path) -> None:
    built = model()
    built.compile("adam", "binary_crossentropy")
    built.fit({"age": np.ones((4, 1)), "city": np.ones((4, 1), np.int32)}, np.ones((4, 1)), verbose=0)
    served = Served(GRAPH, built)
    export.save(served, served.signatures(), tmp_path / "package")
    names = {name for name, _ in tf.train.list_variables(str(tmp_path / "package" / "variables" / "variables"))}
    assert names == {
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        "kept/dense.Skernel/.ATTRIBUTES/VARIABLE_VALUE",
        "kept/dense.Sbias/.ATTRIBUTES/VARIABLE_VALUE",
    }


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"expected a folder with room .*, got a file in the place of a folder"):
        export.save(Served(GRAPH, model()), {}, tmp_path / "file" / "package")


def test_tensorflows_word_on_a_full_disk_is_a_storage_error() -> None:
    full = tf.errors.ResourceExhaustedError(None, None, "package/saved_model.pb; No space left on device")
    assert str(export.storage_error(Path("package"), full)) == (
        "package: expected a folder with room that can be written, got ResourceExhaustedError: "
        "package/saved_model.pb; No space left on device\n\nhint: make room or name another folder"
    )
