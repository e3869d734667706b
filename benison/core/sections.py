"""Reading YAML strictly: every error names file, line and key, and an unknown key names the nearest known one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from benison.core import yaml_errors
from benison.core.errors import ConfigError
from benison.core.spelling import misspelt, nearest

_T = TypeVar("_T")
_NAMES = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}
_KINDS: Mapping[type, str] = {type(None): "nothing", str: "a text", list: "a list"}
_REQUIRED: Any = object()


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses a key written twice, of which YAML would silently keep the last."""


class _FastLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Likewise by libyaml, where PyYAML was built with it: ten times as fast, with other words for what is wrong."""


class _Text(io.StringIO):
    """A text that knows its file's name."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            mark = node.value[index][0].start_mark
            raise ConfigError(
                f"{mark.name}:{mark.line + 1} ({key})",
                expected="each key once",
                got="the same key again",
                hint="keep one",
            )
    return loader.construct_mapping(node, deep=True)


for _loader in (_StrictLoader, _FastLoader):
    _loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def lines_of(node: yaml.Node | None, at: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """The line, from 1, on which each key stands."""
    found: dict[tuple[str, ...], int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*at, str(key.value))
            found[place] = key.start_mark.line + 1
            found.update(lines_of(value, place))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            found[(*at, str(index))] = item.start_mark.line + 1
            found.update(lines_of(item, (*at, str(index))))
    return found


@dataclass
class Section:
    """A mapping of a YAML file that knows where it stands and which of its keys were asked for.

    Ask for every key that may occur, then call `close`, which refuses the others.
    """

    file: str
    content: Mapping[str, Any]
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    at: tuple[str, ...] = ()
    asked: set[str] = field(default_factory=set)

    def where(self, key: str = "") -> str:
        """``benison.yaml:12 (gate.confidence)``."""
        place = (*self.at, key) if key else self.at
        known = next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), 1)
        return f"{self.file}:{known} ({'.'.join(place)})" if place else f"{self.file}:{known}"

    def error(self, key: str, expected: str, got: object, hint: str = "") -> ConfigError:
        """An error at one of the keys."""
        return ConfigError(self.where(key), expected=expected, got=str(got), hint=hint)

    def take(self, key: str, kind: type[_T], default: _T = _REQUIRED) -> _T:
        """The value of a key, of the kind asked for; a whole number will do for a number.

        Raises:
            ConfigError: The key is missing and has no default, or its value is of another kind.
        """
        self.asked.add(key)
        if key not in self.content:
            if default is _REQUIRED:
                unread = [str(name) for name in self.content if name not in self.asked]
                raise self.error(key, f"a key {key}: {_NAMES[kind]}", "none", misspelt(key, unread))
            return default
        value = self.content[key]
        if kind is float and type(value) is int:
            return float(value)  # type: ignore[return-value]
        if type(value) is not kind:
            raise self.error(key, _NAMES[kind], repr(value))
        return value

    def number(self, key: str, default: float | None = None, *, low: float, high: float) -> float:
        """A number between two bounds, both allowed.

        Raises:
            ConfigError: It is missing without a default, not a number, or outside.
        """
        value = self.take(key, float, _REQUIRED if default is None else default)
        if not low <= value <= high:
            raise self.error(key, f"a number from {low:g} to {high:g}", f"{value:g}")
        return value

    def whole(self, key: str, default: int | None = None, *, low: int = 0) -> int:
        """A whole number that is not below `low`."""
        value = self.take(key, int, _REQUIRED if default is None else default)
        if value < low:
            raise self.error(key, f"a whole number from {low}", value)
        return value

    def choice(self, key: str, known: tuple[str, ...], default: str | None = None) -> str:
        """One word of a closed set."""
        value = self.take(key, str, _REQUIRED if default is None else default)
        if value not in known:
            raise self.error(key, f"one of {', '.join(known)}", repr(value), nearest(value, known))
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of texts; one text alone is a list of one."""
        self.asked.add(key)
        value = self.content.get(key)
        if value is None and default is not None:
            return default
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items or not all(isinstance(item, str) for item in items):
            raise self.error(key, "a list of names", repr(value))
        return tuple(items)

    def section(self, key: str, *, optional: bool = False) -> Section:
        """The mapping under a key; an optional one that is missing is empty."""
        value = self.take(key, dict, {} if optional else _REQUIRED)
        return self._below(key, value)

    def sections(self, key: str) -> list[Section]:
        """The mappings of the list under a key."""
        values = self.take(key, list, [])
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                raise ConfigError(self._below(f"{key}", {}).where(str(index)), expected="a mapping", got=repr(value))
        return [Section(self.file, value, self.lines, (*self.at, key, str(n))) for n, value in enumerate(values)]

    def _below(self, key: str, value: Mapping[str, Any]) -> Section:
        return Section(self.file, value, self.lines, (*self.at, key))

    def close(self) -> None:
        """Refuses the keys that nobody asked for.

        Raises:
            ConfigError: There is one; the message names the nearest key that is known here.
        """
        for key in self.content:
            if key not in self.asked:
                raise self.error(str(key), "a key that is known here", repr(key), nearest(str(key), self.asked))


@contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """Turns what goes wrong in reading YAML into an error that names the file."""
    try:
        yield
    except OSError as error:
        raise ConfigError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), expected="UTF-8 text", got=f"byte {error.object[error.start]:#x}") from error
    except ValueError as error:
        hint = "put what looks like a date into quotes"
        raise ConfigError(str(path), expected="YAML", got=str(error), hint=hint) from error


def _parsed(path: Path, read: Callable[[yaml.SafeLoader], _T]) -> _T:
    """What a file's text says; what is wrong with it is told by PyYAML's own parser, which knows the better place."""
    with _said_of(path):
        text = path.read_text(encoding="utf-8-sig")
        try:
            return read(_FastLoader(_Text(text, path.name)))
        except yaml.YAMLError:
            return _again(text, path.name, read)


def _again(text: str, name: str, read: Callable[[yaml.SafeLoader], _T]) -> _T:
    try:
        loader = _StrictLoader(text)
        loader.name = name
        return read(loader)
    except yaml.YAMLError as error:
        raise yaml_errors.explained(error, name, text) from error


def _every_document(loader: yaml.SafeLoader) -> list[tuple[Any, dict[tuple[str, ...], int]]]:
    found = []
    while loader.check_node():
        node = loader.get_node()
        found.append((loader.construct_document(node), lines_of(node)))
    return found


def _one_document(loader: yaml.SafeLoader) -> tuple[Any, dict[tuple[str, ...], int]]:
    node = loader.get_single_node()
    return (loader.construct_document(node) if node is not None else None), lines_of(node)


def documents(path: Path) -> list[tuple[dict[str, Any], dict[tuple[str, ...], int]]]:
    """Reads a YAML file of several documents, each a mapping; beside each stand the lines of its keys.

    Raises:
        ConfigError: The file is missing, not YAML, or a document is something else than a mapping.
    """
    found = _parsed(path, _every_document)
    for number, (content, _) in enumerate(found, start=1):
        if not isinstance(content, dict):
            where, got = f"{path.name}, document {number}", _KINDS.get(type(content), type(content).__name__)
            raise ConfigError(where, expected="a mapping of keys to values", got=got)
    return found


def load(path: Path) -> Section:
    """Reads a YAML file whose top is a mapping.

    Raises:
        ConfigError: The file is missing, not YAML, or something else than a mapping.
    """
    content, lines = _parsed(path, _one_document)
    if not isinstance(content, dict):
        hint = "write a space behind the colon" if isinstance(content, str) and ":" in content else ""
        got = _KINDS.get(type(content), type(content).__name__)
        raise ConfigError(f"{path.name}:1", expected="a mapping of keys to values", got=got, hint=hint)
    return Section(path.name, content, lines)
