"""The user's own Python files: imported from where they lie, with every fault named by file and line."""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from benison.core.errors import BenisonError, ModelCodeError

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


def imported(path: Path) -> ModuleType:
    """A file as a module, under a name that no installed one has."""
    spec = importlib.util.spec_from_file_location(f"project_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is not a Python file")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded
