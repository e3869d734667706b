"""The YAML documents of a compiled pipeline, with the line on which each key stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.core import sections
from benison.core.errors import ConfigError

Place = tuple[str, ...]
Found = tuple[Place, Any]


@dataclass(frozen=True)
class Document:
    """One document of a file.

    Attributes:
        file: The file's name.
        content: The mapping.
        lines: The line, from 1, on which each key stands.
    """

    file: str
    content: Mapping[str, Any]
    lines: Mapping[Place, int]

    def where(self, place: Place) -> str:
        """``pipeline.yaml:12 (root.dag.tasks.trainer)``."""
        known = next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), 1)
        return f"{self.file}:{known} ({'.'.join(place)})" if place else f"{self.file}:{known}"

    def under(self, *place: str) -> Iterator[Found]:
        """The items of the mapping at a place, each with its own; none where there is no such mapping."""
        node: Any = self.content
        for key in place:
            node = node.get(key) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):
            for key, value in node.items():
                yield (*place, str(key)), value

    def walk(self) -> Iterator[Found]:
        """Every value at every depth, with its place."""
        return _walk(self.content, ())


def _walk(node: Any, at: Place) -> Iterator[Found]:
    if at:
        yield at, node
    items = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from _walk(value, (*at, str(key)))


def documents(path: Path) -> list[Document]:
    """Reads all documents of a file, at least one.

    Raises:
        ConfigError: It cannot be read, or holds something else than mappings.
    """
    found = [Document(path.name, _said(content), lines) for content, lines in sections.documents(path)]
    if not found or not {"pipelineInfo", "root"} & found[0].content.keys():
        hint = "compile it with  benison compile  or KFP 2; pipelines of KFP 1 are Argo's"
        raise ConfigError(str(path), expected="a compiled pipeline", got="something else", hint=hint)
    return found


def _said(node: Any) -> Any:
    """The same without keys that hold null, which protos take for keys that are not there."""
    if isinstance(node, Mapping):
        return {key: _said(value) for key, value in node.items() if value is not None}
    return [_said(value) for value in node] if isinstance(node, list) else node
