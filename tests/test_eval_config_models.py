"""Evaluation configs of predictions that are there already: JSON, text and binary protos, as TFMA's users have them."""

import json
import re
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_model_analysis.proto import config_pb2

from benison import eval_config
from benison.core.errors import ConfigError
from benison.eval_config import EvalConfig, ModelSpec, Slicing

TEXT = """
model_specs { name: "new" label_key: "y" prediction_key: "score" }
model_specs { name: "before" label_key: "y" prediction_key: "old" is_baseline: true }
slicing_specs {}
slicing_specs { feature_keys: ["sex", "maritalStatus"] feature_values { key: "zipCode" value: "89073" } }
metrics_specs { metrics { class_name: "AUC" } metrics { class_name: "FPR" } }
"""
EXPECTED = EvalConfig(
    "y",
    (Slicing(), Slicing(("sex", "maritalStatus"), (("zipCode", "89073"),))),
    ("auc", "false_positive_rate"),
    (ModelSpec("new", "y", "score", "", False), ModelSpec("before", "y", "old", "", True)),
)
JSON = {
    "modelSpecs": [
        {"name": "new", "labelKey": "y", "predictionKey": "score"},
        {"name": "before", "labelKey": "y", "predictionKey": "old", "isBaseline": True},
    ],
    "slicingSpecs": [{}, {"featureKeys": ["sex", "maritalStatus"], "featureValues": {"zipCode": "89073"}}],
    "metricsSpecs": [{"metrics": [{"className": "AUC"}, {"className": "FPR"}]}],
}


def read(folder: Path, name: str, content: str | bytes) -> EvalConfig:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return eval_config.read_with_models(path)


def test_json_text_and_binary_say_the_same(tmp_path: Path) -> None:
    binary = text_format.Parse(TEXT, config_pb2.EvalConfig()).SerializeToString()
    for name in ("e.pbtxt", "e.textproto", "e.txtpb"):
        assert read(tmp_path, name, TEXT) == EXPECTED
    assert read(tmp_path, "e.pb", binary) == read(tmp_path, "e.binpb", binary) == EXPECTED
    assert read(tmp_path, "e.json", json.dumps(JSON)) == EXPECTED


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("slicing_specs {}", "slicing_spec {}", "e.pbtxt:4: expected a key that is known here, got 'slicing_spec'\n\n"
         "hint: did you mean slicing_specs?"),
        ('class_name: "FPR"', 'klass: "FPR"', "e.pbtxt:6: expected a key that is known here, got 'klass'"),
        ("slicing_specs {}", "slicing_specs {", "e.pbtxt:"),
        ("slicing_specs {}", "options { include_default_metrics { value: true } }", "e.pbtxt:1 (options): expected a "
         "key that is known here, got 'options'"),
        ('class_name: "FPR"', 'class_name: "FPR" config: "{"', "(metrics_specs.0.metrics.1.config)"),
        ('class_name: "FPR"', 'class_name: "FPT"', "hint: did you mean FP"),
        ('class_name: "FPR"', 'class_name: "FPR" threshold {}', "no thresholds here"),
        ('label_key: "y" prediction_key: "old"', 'label_key: "z"', "one label_key, that of the rows which all models "
         "predicted, got 'y' and 'z'"),
        ('name: "new"', 'name: "new" example_weight_keys { key: "a" value: "b" }', "got 'example_weight_keys'"),
        ('name: "new"', 'prediction_keys { key: "a" value: "b" }', "got 'prediction_keys'\n\nhint: did you mean "
         "prediction_key?"),
    ],
)  # fmt: skip
def test_what_is_not_acted_on_is_refused_by_name(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError, match=re.escape(message)):
        read(tmp_path, "e.pbtxt", TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("e.pb", b"\xff\xff\xff", "e.pb: expected TFMA's EvalConfig as a binary proto"),
        (
            "e.pb",
            b"\xfa\x07\x01a",
            "e.pb: expected TFMA's EvalConfig as a binary proto, got fields that it does not have",
        ),
        ("e.pbtxt", b"\xff", "e.pbtxt: expected UTF-8 text, got byte 0xff"),
        ("e.json", b"model_specs {}", "e.json:1: expected JSON"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        read(tmp_path, name, content)


def test_without_tfma_a_proto_is_refused_and_json_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_model_analysis.proto", None)
    assert read(tmp_path, "e.json", json.dumps(JSON)) == EXPECTED
    with pytest.raises(
        ConfigError, match=r"e.pbtxt: expected TFMA, to read a proto(?s:.*)hint: write the config in JSON"
    ):
        read(tmp_path, "e.pbtxt", TEXT)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a file that can be read, got No such file"):
        eval_config.read_with_models(tmp_path / "e.pbtxt")
