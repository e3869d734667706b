from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benison.components.trainer import load
from benison.components.trainer.inputs import ModelFeature
from benison.core import user_code
from benison.core.errors import ConfigError, DataError, ModelCodeError

FEATURES = ("first", "second")


def build(project: Path, source: str, *, module: str = "model.py") -> object:
    (project / "model.py").write_text(source)
    with user_code.importable(project):
        return load.build(project, module, FEATURES, {"units": 8})


def callbacks(project: Path, source: str, hyperparameters: Any = None) -> list[Any]:
    (project / "model.py").write_text(source)
    with user_code.importable(project):
        return load.callbacks(project, "model.py", hyperparameters or {})


def error(project: Path, source: str, *, module: str = "model.py") -> str:
    with pytest.raises(ModelCodeError) as raised:
        build(project, source, module=module)
    return str(raised.value)


def test_build_model_receives_features_and_a_copy_of_the_hyperparameters(tmp_path: Path) -> None:
    source = "def build_model(features, hyperparameters):\n    return features, hyperparameters.pop('units')\n"
    assert build(tmp_path, source) == (FEATURES, 8)


def test_neighbours_are_imported_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "neighbour.py").write_text("ANSWER = 42\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "inner.py").write_text("ANSWER = 1\n")
    path, modules = list(sys.path), set(sys.modules)
    source = """
from dataclasses import dataclass
import neighbour

@dataclass
class Answer:
    value: int

def build_model(features, hyperparameters):
    from parts import inner
    return Answer(neighbour.ANSWER + inner.ANSWER).value
"""
    assert build(tmp_path, source) == 43
    (tmp_path / "neighbour.py").write_text("ANSWER = 7  # another project's neighbour of the same name\n")
    assert build(tmp_path, source) == 8
    assert (sys.path, set(sys.modules)) == (path, modules)
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["inner.py", "model.py", "neighbour.py", "parts"]


def test_callbacks_are_optional_and_receive_a_copy_of_the_hyperparameters(tmp_path: Path) -> None:
    assert callbacks(tmp_path, "") == []
    made = "[keras.callbacks.Callback()] * hyperparameters.pop('n')"
    source = f"import keras\n\ndef callbacks(hyperparameters):\n    return {made}\n"
    hyperparameters = {"n": 2}
    assert len(callbacks(tmp_path, source, hyperparameters)) == 2
    assert hyperparameters == {"n": 2}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "pass",
            r"model.py \(callbacks\): expected a list of keras.* got none\n\nhint: end callbacks",
        ),
        ("return 3", r"expected a list of keras.callbacks.Callback, got builtins.int"),
        ("return [print]", r"expected a list of keras.callbacks.Callback, got builtins.builtin_function_or_method"),
        (
            "return 1 / 0",
            r"model.py:2: expected callbacks to return a list .*, got ZeroDivisionError: division",
        ),
    ],
)
def test_callbacks_of_another_kind_are_named(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(ModelCodeError, match=said):
        callbacks(tmp_path, f"def callbacks(hyperparameters):\n    {body}\n")


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    assert error(tmp_path, "", module="modle.py") == (
        "modle.py: expected a Python file of the project, got none\n\nhint: did you mean model.py?"
    )


def test_a_syntax_error_has_file_and_line(tmp_path: Path) -> None:
    message = error(tmp_path, "import sys\ndef build_model(features, hyperparameters)\n    pass\n")
    assert message.startswith("model.py:2: expected a module that can be imported, got SyntaxError: expected ':'")


def test_a_package_that_is_absent_is_named(tmp_path: Path) -> None:
    assert error(tmp_path, "\nimport absent_package.part\n") == (
        "model.py:2: expected a module that can be imported, got ModuleNotFoundError: No module named 'absent_package'"
        "\n\nhint: install absent_package beside Benison, or put absent_package.py into the project"
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def build_modle(features): pass", "got none\n\nhint: is build_modle meant for it?"),
        ("build_model = 3", "got int"),
        ("", "model.py: expected a function build_model(features, hyperparameters), got none"),
    ],
)
def test_a_module_without_the_function_is_refused(tmp_path: Path, source: str, said: str) -> None:
    assert said in error(tmp_path, source)


def test_an_exception_is_named_with_the_projects_own_line(tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text("import json\n\ndef read():\n    return json.loads('{')\n")
    source = "import layers\ndef build_model(features, hyperparameters):\n    return layers.read()\n"
    assert error(tmp_path, source).startswith(
        "layers.py:4: expected build_model to return a keras.Model, got JSONDecodeError: Expecting property name"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("hyperparameters['untis']", "got KeyError: 'untis'"),
        ("raise ValueError", "got ValueError"),
        ("exit()", "got SystemExit: None"),
        ("raise ValueError('x' * 5000)", "got ValueError: " + "x" * 300),
    ],
)
def test_what_was_raised_is_said_in_a_line(tmp_path: Path, body: str, said: str) -> None:
    message = error(tmp_path, f"def build_model(features, hyperparameters):\n    {body}\n")
    assert message == f"model.py:2: expected build_model to return a keras.Model, {said}"


def test_what_was_raised_while_tensorflow_traced_the_code_is_said_without_its_frames(tmp_path: Path) -> None:
    source = """
import tensorflow as tf

@tf.function
def half(values):
    if tf.reduce_sum(values) > 0:
        values = values.shpae
    return values

def build_model(features, hyperparameters):
    return half(tf.ones([2]))
"""
    assert error(tmp_path, source) == (
        "model.py:7: expected build_model to return a keras.Model, "
        "got AttributeError: 'SymbolicTensor' object has no attribute 'shpae'"
    )


def test_a_model_without_enough_memory_is_told_what_to_do(tmp_path: Path) -> None:
    message = error(tmp_path, "def build_model(features, hyperparameters):\n    raise MemoryError\n")
    assert message.endswith("hint: it does not fit into memory: take a smaller model.batch_size or a smaller model")


def test_an_error_of_benisons_own_passes_unchanged(tmp_path: Path) -> None:
    mine = DataError("column x", expected="numbers", got="text")
    with pytest.raises(DataError) as raised, user_code.blamed(tmp_path, "model.py", expected="anything"):
        raise mine
    assert raised.value is mine


def test_benisons_own_model_learns_what_a_line_cannot(tmp_path: Path) -> None:
    """The answer is yes in the middle of a number's range alone."""
    features = (ModelFeature("x", "numeric", 1, 1, ("x",)),)
    model = load.build(tmp_path, load.DEFAULT, features, {"hidden_units": [8], "learning_rate": 0.02, "dropout": 0})
    x = np.linspace(-2, 2, 512, dtype=np.float32)[:, None]
    model.fit({"x": x}, (abs(x) < 1).astype(np.float32), epochs=30, verbose=0)
    answers = model.predict_on_batch({"x": np.array([[-1.5], [0.0], [1.5]], np.float32)})[:, 0]
    assert answers[1] > 0.9
    assert max(answers[0], answers[2]) < 0.1


def test_a_hyperparameter_that_benisons_own_model_does_not_know_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load.build(tmp_path, load.DEFAULT, (), {"hidden_unit": [8]})
    assert str(raised.value) == (
        "benison.yaml (model.hyperparameters): expected hyperparameters of Benison's own model: hidden_units, dropout, "
        "learning_rate, got 'hidden_unit'\n\nhint: write a model.py of your own for others"
    )
