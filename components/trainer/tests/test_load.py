from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from benison.components.trainer import load
from benison.core.errors import DataError, ModelCodeError

FEATURES = ("first", "second")


def build(project: Path, source: str, *, module: str = "model.py") -> object:
    (project / "model.py").write_text(source)
    with load.importable(project):
        return load.build(project, module, FEATURES, {"units": 8})


def callbacks(project: Path, source: str, hyperparameters: Any = None) -> list[Any]:
    (project / "model.py").write_text(source)
    with load.importable(project):
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


def test_a_model_without_enough_memory_is_told_what_to_do(tmp_path: Path) -> None:
    message = error(tmp_path, "def build_model(features, hyperparameters):\n    raise MemoryError\n")
    assert message.endswith("hint: it does not fit into memory: take a smaller model.batch_size or a smaller model")


def test_an_error_of_benisons_own_passes_unchanged(tmp_path: Path) -> None:
    mine = DataError("column x", expected="numbers", got="text")
    with pytest.raises(DataError) as raised, load.blamed(tmp_path, "model.py", expected="anything"):
        raise mine
    assert raised.value is mine
