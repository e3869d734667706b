"""A user's own metrics, as far as they are declared: read from the file without running it.

A policy names metrics long before one is measured, and whoever reads a policy must not have to run the code beside it.
So what a metric is called and which way is better are literals in the body of its class.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.core.errors import ConfigError, ModelCodeError
from benison.core.metrics import VOCABULARIES, Kind
from benison.core.spelling import misspelt, nearest

FEWEST = 20
TERMS = "terms"
_KNOWN = ("name", "better", "low", "high", "needed", "columns")
_BETTER = {"more": 1, "less": -1, "neither": 0}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class OwnMetric:
    """A class of the user's that is a metric.

    Attributes:
        kind: What is known of it, as of every metric.
        columns: The columns that it asks for.
        class_name: The class's.
        line: On which it stands.
    """

    kind: Kind
    columns: tuple[str, ...]
    class_name: str
    line: int


@dataclass(frozen=True)
class OwnMetrics:
    """The metrics of a file.

    Attributes:
        path: The file.
        metrics: In its order.
    """

    path: Path
    metrics: tuple[OwnMetric, ...]

    @property
    def kinds(self) -> list[Kind]:
        """What is known of each."""
        return [one.kind for one in self.metrics]

    def check_columns(self, known: Sequence[str]) -> None:
        """Makes sure that every column that a metric asks for is among those of the data.

        Raises:
            ConfigError: One is not; the message names the nearest that is.
        """
        for one in self.metrics:
            for name in one.columns:
                if name not in known:
                    where = f"{self.path.name}:{one.line} ({one.class_name}.columns)"
                    hint = nearest(name, known)
                    raise ConfigError(where, expected="columns of the data", got=repr(name), hint=hint)


def declared(path: Path) -> OwnMetrics:
    """The metrics of a file: its classes that have a name or terms.

    Args:
        path: A Python file, which is not run.

    Raises:
        ModelCodeError: It is missing or no Python, has no metric, or a metric says something that is not understood.
    """
    found = [_metric(path, one) for one in _parsed(path).body if isinstance(one, ast.ClassDef) and _is_metric(one)]
    if not found:
        hint = f"class MoneyLost:  with  name = 'money_lost'  and  def {TERMS}(self, labels, predictions, columns)"
        raise ModelCodeError(path.name, expected="a class that is a metric", got="none", hint=hint)
    names = [one.kind.name for one in found]
    for number, one in enumerate(found):
        if one.kind.name in names[:number]:
            raise _wrong(path, one.line, one.class_name, "name", "a name of its own", repr(one.kind.name))
    return OwnMetrics(path, tuple(found))


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8-sig"), str(path))
    except OSError as error:
        raise ModelCodeError(str(path), expected="a Python file", got=error.strerror or str(error)) from error
    except SyntaxError as error:
        where = f"{path.name}:{error.lineno}"
        raise ModelCodeError(where, expected="Python", got=f"{type(error).__name__}: {error.msg}") from error
    except ValueError as error:
        raise ModelCodeError(path.name, expected="Python in UTF-8", got=str(error)) from error


def _is_metric(one: ast.ClassDef) -> bool:
    return "name" in _assigned(one) or _method(one) is not None


def _method(one: ast.ClassDef) -> ast.FunctionDef | None:
    return next((part for part in one.body if isinstance(part, ast.FunctionDef) and part.name == TERMS), None)


def _assigned(one: ast.ClassDef) -> dict[str, ast.expr]:
    """What the class's body assigns, by name."""
    found: dict[str, ast.expr] = {}
    for part in one.body:
        if isinstance(part, ast.Assign):
            found |= {target.id: part.value for target in part.targets if isinstance(target, ast.Name)}
        elif isinstance(part, ast.AnnAssign) and part.value is not None and isinstance(part.target, ast.Name):
            found[part.target.id] = part.value
    return found


def _wrong(path: Path, line: int, of: str, key: str, expected: str, got: str, hint: str = "") -> ModelCodeError:
    return ModelCodeError(f"{path.name}:{line} ({of}.{key})", expected=expected, got=got, hint=hint)


@dataclass(frozen=True)
class _Body:
    """The literals of a class's body."""

    path: Path
    of: ast.ClassDef
    written: Mapping[str, ast.expr]

    def error(self, key: str, expected: str, got: str, hint: str = "") -> ModelCodeError:
        line = self.written[key].lineno if key in self.written else self.of.lineno
        return _wrong(self.path, line, self.of.name, key, expected, got, hint)

    def take(self, key: str, default: Any, expected: str) -> Any:
        """A literal's value."""
        if key not in self.written:
            return default
        try:
            return ast.literal_eval(self.written[key])
        except (ValueError, TypeError) as error:
            got = ast.unparse(self.written[key])
            raise self.error(key, expected, got, "write it out, since the file is read without running it") from error


def _metric(path: Path, one: ast.ClassDef) -> OwnMetric:
    body = _Body(path, one, _assigned(one))
    for name in body.written:
        meant = [key for key in _KNOWN if key not in body.written and misspelt(key, [name])]
        if meant:
            raise body.error(name, "a known name", repr(name), f"did you mean {meant[0]}?")
    _takes_what_it_is_given(body)
    low, high = _end(body, "low", -math.inf), _end(body, "high", math.inf)
    if not low < high:
        raise body.error("high", f"a number above low, {low:g}", f"{high:g}")
    better = body.take("better", None, "more, less or neither")
    if not isinstance(better, str) or better not in _BETTER:
        raise body.error("better", "more, less or neither", "none" if better is None else repr(better))
    needed = body.take("needed", FEWEST, "a whole number")
    if type(needed) is not int or needed < FEWEST:
        raise body.error("needed", f"a whole number from {FEWEST}", repr(needed))
    kind = Kind(_name(body), (one.name,), _BETTER[better], low, high, own=path.stem, needed=needed)
    return OwnMetric(kind, _columns(body), one.name, one.lineno)


def _name(body: _Body) -> str:
    name = body.take("name", None, "a text")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        expected = "small letters, digits and _, a letter first, at most 63"
        raise body.error("name", expected, "none" if name is None else repr(name))
    taken = next((task for task, known in VOCABULARIES.items() if name in known.kinds), "")
    if taken:
        raise body.error("name", "a name that no other metric has", f"{name!r}, a metric of {taken} models")
    if any(body.of.name in known.classes or body.of.name in known.groups for known in VOCABULARIES.values()):
        raise body.error("name", "a class that TFMA has not", body.of.name, "call the class otherwise")
    return name


def _end(body: _Body, key: str, default: float) -> float:
    found = body.take(key, None, "a number")
    if found is None:
        return default
    if type(found) not in (int, float) or not math.isfinite(found):
        raise body.error(key, "a number, or none where there is no end", repr(found))
    return float(found)


def _columns(body: _Body) -> tuple[str, ...]:
    found = body.take("columns", (), "names of columns")
    if not isinstance(found, (list, tuple)) or not all(isinstance(name, str) and name for name in found):
        raise body.error("columns", "names of columns, as in ('amount',)", repr(found))
    return tuple(dict.fromkeys(found))


def _takes_what_it_is_given(body: _Body) -> None:
    expected = f"a method {TERMS}(self, labels, predictions, columns)"
    method = _method(body.of)
    if method is None:
        methods = [part.name for part in body.of.body if isinstance(part, ast.FunctionDef)]
        raise body.error(TERMS, expected, "none", misspelt(TERMS, methods))
    arguments = [one.arg for one in (*method.args.posonlyargs, *method.args.args)]
    if len(arguments) - len(method.args.defaults) > 4 or (len(arguments) < 4 and not method.args.vararg):
        got = f"{TERMS}({', '.join(arguments)})"
        raise _wrong(body.path, method.lineno, body.of.name, TERMS, expected, got)
