"""load: the project's own build_model, with every fault of it named by file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from benison.components.trainer import default_model
from benison.core.errors import ConfigError, ModelCodeError
from benison.core.spelling import misspelt, nearest
from benison.core.user_code import Advice, blamed, imported

BUILD = "build_model"
CALLBACKS = "callbacks"
DEFAULT = "Benison's own model"


def build_function(project: Path, module: str) -> Callable[[Any, Any], Any]:
    """The project's ``build_model``, see `function_of`."""
    return function_of(project, module, BUILD, "(features, hyperparameters)")


def function_of(
    project: Path, module: str, name: str, arguments: str, *, advise: Advice | None = None
) -> Callable[..., Any]:
    """A function of one of the project's files.

    Args:
        project: The bundle's project folder, already `importable`.
        module: The relative path of the file that has it, or `DEFAULT`.
        name: The function's.
        arguments: What it takes, for messages.
        advise: What to do about an exception while the file is imported.

    Raises:
        ModelCodeError: The file is missing, cannot be imported, or has no such function.
    """
    loaded = _module(project, module, advise)
    found = getattr(loaded, name, None)
    if not callable(found):
        functions = [known for known, value in vars(loaded).items() if callable(value) and not known.startswith("_")]
        raise ModelCodeError(
            module,
            expected=f"a function {name}{arguments}",
            got="none" if found is None else type(found).__name__,
            hint=misspelt(name, functions),
        )
    return found  # type: ignore[no-any-return]


def _module(project: Path, module: str, advise: Advice | None = None) -> ModuleType:
    if module == DEFAULT:
        return default_model
    path = project.resolve() / module
    if not path.is_file():
        known = [file.relative_to(project.resolve()).as_posix() for file in project.resolve().rglob("*.py")]
        raise ModelCodeError(module, expected="a Python file of the project", got="none", hint=nearest(module, known))
    with blamed(project, module, expected="a module that can be imported", advise=advise):
        return imported(path)


def build(project: Path, module: str, features: tuple[Any, ...], hyperparameters: Mapping[str, Any]) -> Any:
    """Calls the project's ``build_model`` with the features and a copy of the hyperparameters.

    Raises:
        ModelCodeError: As `build_function`, or the call raises.
        ConfigError: Benison's own model has no such hyperparameter.
    """
    function = build_function(project, module)
    require_hyperparameters(module, hyperparameters, "model.hyperparameters")
    with blamed(project, module, expected=f"{BUILD} to return a keras.Model"):
        return function(features, dict(hyperparameters))


def require_hyperparameters(module: str, names: Iterable[str], key: str) -> None:
    """Makes sure that Benison's own model has hyperparameters of these names; what a project's has nobody knows.

    Args:
        module: The relative path of the model's file, or `DEFAULT`.
        names: The hyperparameters'.
        key: Where they stand in benison.yaml.

    Raises:
        ConfigError: It has none of such a name.
    """
    unknown = [name for name in names if name not in default_model.HYPERPARAMETERS]
    if module == DEFAULT and unknown:
        known = ", ".join(default_model.HYPERPARAMETERS)
        hint = "write a model.py of your own for others"
        where = f"benison.yaml ({key})"
        raise ConfigError(where, expected=f"hyperparameters of {DEFAULT}: {known}", got=repr(unknown[0]), hint=hint)


def callbacks(project: Path, module: str, hyperparameters: Mapping[str, Any]) -> list[Any]:
    """Calls the project's ``callbacks`` with a copy of the hyperparameters; empty where it has none.

    Raises:
        ModelCodeError: The call raises, or returns something else than a list of `keras.callbacks.Callback`.
    """
    function = getattr(_module(project, module), CALLBACKS, None)
    if function is None:
        return []
    with blamed(project, module, expected=f"{CALLBACKS} to return a list of keras.callbacks.Callback"):
        found = function(dict(hyperparameters))
    wrong = found if not isinstance(found, (list, tuple)) else next((one for one in found if not _is(one)), None)
    if wrong is not None or found is None:
        raise ModelCodeError(
            f"{module} ({CALLBACKS})",
            expected="a list of keras.callbacks.Callback",
            got="none" if found is None else f"{type(wrong).__module__}.{type(wrong).__name__}",
            hint="" if found is not None else f"end {CALLBACKS} with  return [...]",
        )
    return list(found)


def _is(callback: Any) -> bool:
    return isinstance(callback, keras.callbacks.Callback)
