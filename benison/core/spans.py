"""Data that comes in numbered parts: ``{span}`` in a path stands for the number, ``{span:03d}`` for one with zeros."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass

_FIELD = re.compile(r"\{span(?::0([1-9])d)?\}")


@dataclass(frozen=True)
class SpanPattern:
    """A path with ``{span}`` in it, or without: then there is one span, number 1.

    >>> SpanPattern("week-{span:03d}.csv").at(7)
    'week-007.csv'
    >>> SpanPattern("week-{span}.csv").span_of("week-7.csv")
    7
    """

    path: str

    @property
    def numbered(self) -> bool:
        """Whether there is a place for a number."""
        return _FIELD.search(self.path) is not None

    @property
    def parent(self) -> str:
        """The path up to the last folder that is the same for all spans."""
        return _FIELD.split(self.path)[0].rpartition("/")[0]

    def at(self, span: int) -> str:
        """The path of one span."""
        return _FIELD.sub(lambda field: f"{span:0{field[1] or 1}d}", self.path)

    def wildcard(self) -> str:
        """What to look for below `parent`: a superset of the paths of all spans, as a glob pattern."""
        pieces = _FIELD.split(self.path.removeprefix(f"{self.parent}/"))[::2]
        return "*".join(map(glob.escape, pieces))

    def span_of(self, path: str) -> int | None:
        """The number that makes the pattern this path; None where there is none."""
        pieces = _FIELD.split(self.path)[::2]
        found = re.fullmatch("([0-9]+)".join(map(re.escape, pieces)), path)
        if found is None or not self.numbered:
            return None
        span = int(found[1])
        return span if self.at(span) == path else None
