"""Patterns: paths of data, with places for a span's number or date, wildcards, and partitions of the Hive kind.

``{span}`` stands for a number, ``{span:03d}`` for one with zeros, ``{YYYY}``, ``{MM}`` and ``{DD}`` for a date; the
span of a date is the number of its day, month or year, as `periods` counts them. ``*``, ``?`` and ``[...]`` stand for
parts of one name, ``**`` for any folders. A folder stands for all files below it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import unquote

import numpy as np

from benison.core.errors import DataError
from benison.sources import periods

_FIELD = re.compile(r"\{(?:span(?::0([1-9])d)?|(YYYY|MM|DD))\}")
_TOKEN = re.compile(r"\{(?:span(?::0[1-9]d)?|YYYY|MM|DD)\}|\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)
_GLOBS = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
_DATES = {("YYYY",): "year", ("YYYY", "MM"): "month", ("YYYY", "MM", "DD"): "day"}
_PARTITION = re.compile(r"([^=/]+)=([^/]*)")
_NONE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Pattern:
    """A path of data.

    Attributes:
        root: The folder or URI that it starts at, taken as it is written; ends with a slash, or empty.
        text: The rest.

    >>> Pattern("/d/", "week-{span:03d}.csv").span_of("/d/week-007.csv")
    7
    >>> monthly = Pattern("s3://d/", "{YYYY}/{MM}")
    >>> monthly.span_of("s3://d/2024/02/a.csv") - monthly.span_of("s3://d/2023/12/a.csv")
    2
    """

    root: str
    text: str

    def __post_init__(self) -> None:
        names = {field[2] or "span" for field in _FIELD.finditer(self.text)}
        if names and names != {"span"} and tuple(sorted(names, key=["YYYY", "MM", "DD", "span"].index)) not in _DATES:
            expected = "{span}, or {YYYY}, or {YYYY} and {MM}, or {YYYY}, {MM} and {DD}"
            raise DataError("data.path", expected=expected, got=repr(self.path))

    @property
    def numbered(self) -> bool:
        """Whether there is a place for a span."""
        return _FIELD.search(self.text) is not None

    @property
    def every(self) -> str:
        """The period that a date in it stands for; empty: it has a number, or none."""
        names = {field[2] for field in _FIELD.finditer(self.text)} - {None}
        return next((every for date, every in _DATES.items() if set(date) == names), "")

    @property
    def path(self) -> str:
        """All of it."""
        return self.root + self.text

    @cached_property
    def base(self) -> str:
        """The folder above everything that differs between files: without fields, wildcards and partitions."""
        found = re.search(r"[*?\[=]|\{(span|YYYY|MM|DD)", self.text)
        return (self.root + self.text[: found.start() if found else None]).rpartition("/")[0]

    @property
    def plain(self) -> bool:
        """Whether it is the path of one file or folder."""
        return not self.numbered and not re.search(r"[*?\[]", self.text)

    def wildcard(self) -> str:
        """What to look for below `base`, as a glob pattern: a superset."""
        return _FIELD.sub("*", self.path.removeprefix(f"{self.base}/").rstrip("/"))

    def at(self, span: int) -> str:
        """The path of one span, with its wildcards."""
        if not self.every:
            return self.root + _FIELD.sub(lambda field: f"{span:0{field[1] or 1}d}", self.text)
        begin = periods.bounds(self.every, span)[0]
        parts = {"YYYY": f"{begin.year:04d}", "MM": f"{begin.month:02d}", "DD": f"{begin.day:02d}"}
        return self.root + _FIELD.sub(lambda field: parts[field[2]], self.text)

    def matches(self, path: str) -> bool:
        """Whether a file is meant: it fits, or lies in a folder that fits."""
        return self._found(path) is not None

    def below(self, path: str) -> str:
        """Where a file lies in the folder that fits; empty: it fits itself."""
        found = self._found(path)
        return found["below"] or "" if found else ""

    def span_of(self, path: str) -> int | None:
        """The span of a file; None: it has none, or is not meant."""
        found = self._found(path)
        if found is None or not self.numbered:
            return None
        parts = {name: value for name, value in found.groupdict().items() if name != "below"}
        span = self._dated(parts) if self.every else int(parts["span"])
        # A number that is written otherwise, such as 07 for {span}, is none.
        return span if span is not None and all(found[name] == text for name, text in self._written(span)) else None

    def _written(self, span: int) -> list[tuple[str, str]]:
        fields = list(_FIELD.finditer(self.text))
        if self.every:
            return []
        return [("span", f"{span:0{fields[0][1] or 1}d}")]

    def _dated(self, parts: dict[str, str]) -> int | None:
        try:
            date = datetime(int(parts["YYYY"]), int(parts.get("MM", 1)), int(parts.get("DD", 1)))
        except ValueError:
            return None
        return int(periods.numbers(self.every, np.array([date], "datetime64[us]").astype(np.int64))[0])

    def _found(self, path: str) -> re.Match[str] | None:
        return self._expression.fullmatch(path)

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        seen: set[str] = set()
        tokens = _TOKEN.findall(self.text.rstrip("/"))
        body = "".join(_expression(token, seen) for token in tokens)
        return re.compile(f"{re.escape(self.root)}{body}(?:/(?P<below>.+))?", re.DOTALL)

    def partitions(self, path: str) -> tuple[tuple[str, str | None], ...]:
        """Columns that a file's folders name: ``year=2024`` below `base`."""
        folders = path.removeprefix(self.base).split("/")[:-1]
        found = [pair for pair in map(_PARTITION.fullmatch, folders) if pair]
        return tuple((unquote(pair[1]), None if pair[2] in ("", _NONE) else unquote(pair[2])) for pair in found)

    def short_name(self, path: str) -> str:
        """A file without the machine's folders; a URI stays whole."""
        return path if "://" in path else path.removeprefix(f"{self.base}/")


def _expression(token: str, seen: set[str]) -> str:
    field = _FIELD.fullmatch(token)
    if field is None:
        group = token.startswith("[") and len(token) > 1
        return _GLOBS.get(token) or (token.replace("[!", "[^") if group else re.escape(token))
    name = field[2] or "span"
    if name in seen:
        return f"(?P={name})"
    seen.add(name)
    return f"(?P<{name}>{'[0-9]+' if name == 'span' else '[0-9]{4}' if name == 'YYYY' else '[0-9]{2}'})"
