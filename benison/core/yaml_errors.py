"""What is wrong with a text that is no YAML, in words of our own: where, what was expected, what stands there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from benison.core.errors import ConfigError

_SHOWN = 60
_QUOTES = "a value that begins with one of @ ` % * & ! or holds a colon and a space stands in quotes"


@dataclass(frozen=True)
class _Kind:
    """A mistake that people make, by the parser's word for it.

    Attributes:
        problem: What the parser says.
        expected: What would have been right.
        hint: How to go on.
        begun: Whether it shows where something was begun, and not where the parser stopped.
    """

    problem: str
    expected: str
    hint: str
    begun: bool = False


# The first that fits. PyYAML 6 and libyaml differ in words; these are PyYAML's, whose places are the better ones.
_KINDS = (
    _Kind(r"character '\\t'", "spaces", "YAML takes no tabs: indent with spaces"),
    _Kind(r"character '.' that cannot start", "a value", _QUOTES),
    _Kind(r"mapping values are not allowed", "one key in a line, keys of one mapping in the same column", _QUOTES),
    _Kind(r"could not find expected ':'", "a key, a colon and a space", "write  key: value", begun=True),
    _Kind(r"end of stream", "the quote that ends this text", "close it with the quote that it begins with", begun=True),
    _Kind(r"escape character", "an escape that YAML knows", r"write \\ for a backslash, or take single quotes"),
    _Kind(
        r"but got '\['",
        "a comma or the bracket that closes this one",
        'a name with brackets stands in quotes: {metric: "recall[macro]", at_least: 0.8}',
    ),
    _Kind(r"expected ',' or", "a comma or the bracket that closes this one", "close it: [a, b] or {a: 1}", begun=True),
    _Kind(
        r"expected <block end>",
        "keys of one mapping, and items of one list, in the same column",
        "indent it as the line above that it belongs to; a list's items begin with  - ",
    ),
    _Kind(r"undefined alias", "a name that an & gave before", _QUOTES),
    _Kind(r"another document", "one document", "take the line  ---  out, and what belongs to another file"),
    _Kind(r"constructor for the tag", "a value without a tag", _QUOTES),
    _Kind(r"unhashable key", "a text as key", "a key that begins with [ or { stands in quotes"),
    _Kind(r"node content", "a value", "close what a bracket or a quote began", begun=True),
)


def explained(error: yaml.YAMLError, name: str, text: str) -> ConfigError:
    """An error of our own for one of the parser's.

    Args:
        error: What PyYAML's own parser says.
        name: The file's.
        text: What it holds.
    """
    if isinstance(error, yaml.reader.ReaderError):
        return _unreadable(error, name, text)
    if not isinstance(error, yaml.MarkedYAMLError):
        return ConfigError(name, expected="YAML", got=" ".join(str(error).split()))
    problem = str(error.problem)
    kind = next(
        (one for one in _KINDS if re.search(one.problem, problem)), _Kind("", f"YAML, which {problem} is not", "")
    )
    mark = (error.context_mark if kind.begun else None) or error.problem_mark or error.context_mark
    return _at(mark, name, text, kind)


def _at(mark: Any, name: str, text: str, kind: _Kind) -> ConfigError:
    if mark is None:
        return ConfigError(name, expected=kind.expected, got="something else", hint=kind.hint)
    where = f"{name}:{mark.line + 1}:{mark.column + 1}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    return ConfigError(where, expected=kind.expected, got=_shown(line), hint=kind.hint)


def _shown(line: str) -> str:
    """A line as it stands, tabs and all; its beginning where it is long."""
    if not line.strip():
        return "the end of the file" if not line else repr(line)
    return repr(line if len(line) <= _SHOWN else f"{line[:_SHOWN]}...")


def _unreadable(error: yaml.reader.ReaderError, name: str, text: str) -> ConfigError:
    before = text[: error.position]
    where = f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"
    got = f"the character U+{ord(text[error.position]):04X}"
    return ConfigError(where, expected="text that can be printed", got=got, hint="delete it: an editor may not show it")
