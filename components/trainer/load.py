"""load: the project's own build_model, with every fault of it named by file and line."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from benison.components.trainer import default_model
from benison.core.errors import BenisonError, ConfigError, ModelCodeError
from benison.core.spelling import misspelt, nearest

BUILD = "build_model"
CALLBACKS = "callbacks"
DEFAULT = "Benison's own model"
Advice = Callable[[BaseException], str]
_LONGEST = 300
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|\{\{function_node [^}]*\}\} ?| \[Op:[^]]*\].*")
_IN_MESSAGE = re.compile(r'^\s*File "([^"]+)", line (\d+)', re.MULTILINE)
# What AutoGraph makes of an exception: frames are indented by four places, their code by eight, the message by four.
_IN_USER_CODE, _OF_AUTOGRAPH = "in user code:", re.compile(r"^ {4}(?:\w+: )?(\S.*)$", re.MULTILINE)
_FRAMING = (
    "Graph execution error",
    "Detected at node",
    "File ",
    "<stack traces",
    "Exception encountered when calling",
    "Arguments received",
)


@contextmanager
def importable(project: Path) -> Iterator[None]:
    """Lets the project's files import one another; nothing of it is left behind, not even bytecode in the folder."""
    folder, path, loaded = str(project.resolve()), list(sys.path), set(sys.modules)
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path[:], sys.dont_write_bytecode = path, written
        for name in set(sys.modules) - loaded:
            if _lies_in(sys.modules[name], project.resolve()):
                del sys.modules[name]


def _lies_in(module: ModuleType, folder: Path) -> bool:
    """Whether a module, or a package without __init__.py, is one of the folder's files."""
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(place and Path(place).is_relative_to(folder) for place in places)


@contextmanager
def blamed(
    project: Path, module: str, *, expected: str, hint: str = "", advise: Advice | None = None
) -> Iterator[None]:
    """Turns an exception out of the project's code into a `ModelCodeError` at the project's own file and line."""
    try:
        yield
    except BenisonError:
        raise
    except (Exception, SystemExit) as error:
        raise ModelCodeError(
            place_of(error, project) or module,
            expected=expected,
            got=said(error),
            hint=hint or (advise or _hint_for)(error),
        ) from error


def place_of(error: BaseException, project: Path) -> str:
    """The last line of the project that a traceback passes through, as ``model.py:12``; empty where there is none."""
    folder = project.resolve()
    places = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    # What fails inside a compiled graph has the lines that built it in its message alone.
    places += [(Path(name), int(line)) for name, line in _IN_MESSAGE.findall(_message(error))]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    own = [(path.relative_to(folder), line) for path, line in places if path.is_relative_to(folder)]
    return f"{own[-1][0]}:{own[-1][1]}" if own else ""


def said(error: BaseException) -> str:
    """An exception in a line: its type and the sentence that says something, without a framework's stack."""
    message = _DECORATION.sub("", _message(error))
    lines = _OF_AUTOGRAPH.findall(message) if message.startswith(_IN_USER_CODE) else message.splitlines()
    lines = [line.strip() for line in lines]
    telling = [line for line in lines if line and not line.startswith(_FRAMING)]
    name = type(error).__name__
    return f"{name}: {telling[0][:_LONGEST]}" if telling else name


def _message(error: BaseException) -> str:
    return str(getattr(error, "message", None) or error)


def _hint_for(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install {error.name.partition('.')[0]} beside Benison, or put {error.name}.py into the project"
    if type(error).__name__ in ("MemoryError", "ResourceExhaustedError"):
        return "it does not fit into memory: take a smaller model.batch_size or a smaller model"
    return ""


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
        return _imported(path)


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"project_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


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
