from __future__ import annotations

from pathlib import Path

import keras
import pyarrow as pa
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from benison.components.trainer import export, warmup
from benison.components.trainer.featurize.fit import fit
from benison.components.trainer.inputs import model_features
from benison.components.trainer.serve import Served
from benison.config.features import Categorical, Date, Feature, Numeric, Text

TABLE = pa.table(
    {
        "age": pa.array([20, 40], pa.int64()),
        "gain": [0.0, 9.0],
        "city": ["Ulm", "Ulm"],
        "note": ["paid late", "late"],
        "opened": ["2026-11-20", "2026-11-21"],
        "closed": pa.array([5, 7], pa.int64()),
    }
)
FEATURES: list[Feature] = [
    Numeric("age", "age"),
    Numeric("gain", "gain", log=True),
    Categorical("city", "city"),
    Text("note", "note", length=4, min_count=1),
    Date("opened", "opened"),
    Date("closed", "closed"),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_package_answers_every_one_of_its_warm_up_requests(tmp_path: Path) -> None:
    graph = fit(TABLE, FEATURES)
    features = model_features(graph)
    inputs = {feature.name: feature.input() for feature in features}
    joined = keras.layers.Concatenate()([feature.encode(inputs[feature.name]) for feature in features])
    served = Served(graph, keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(joined)))
    export.save(served, served.signatures(), tmp_path / "package")
    warmup.write(graph, "notes", tmp_path / "package" / "assets.extra")
    signatures = tf.saved_model.load(str(tmp_path / "package")).signatures
    asked = []
    for record in tf.data.TFRecordDataset(str(tmp_path / "package" / "assets.extra" / warmup.FILE)):
        request = prediction_log_pb2.PredictionLog.FromString(record.numpy()).predict_log.request
        name = request.model_spec.signature_name
        tensors = {key: tf.constant(tf.make_ndarray(proto)) for key, proto in request.inputs.items()}
        answers = signatures[name](**tensors)["probability"].numpy()
        asked.append((request.model_spec.name, name, len(answers)))
        assert ((answers > 0) & (answers < 1)).all()
    assert asked == [("notes", name, rows) for rows in (1, 64) for name in ("serving_default", "serve_columns")]


def test_a_typical_row_is_the_graphs_own_figures() -> None:
    typical, missing = warmup.typical(fit(TABLE, FEATURES), 2).to_pylist()
    assert set(missing.values()) == {None}
    assert typical == {
        "age": 30,
        "gain": pytest.approx(10**0.5 - 1),
        "city": "Ulm",
        "note": "a",
        "opened": "1970-01-01",
        "closed": 0,
    }
