"""Files: where rows can be read from, listed and fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Found:
    """A file or an object that was found.

    Attributes:
        path: Its path or URI.
        size: In bytes.
        version: The store's own; empty: it has none.
    """

    path: str
    size: int
    version: str = ""


class Files(Protocol):
    """A place that files can be read from."""

    def list(self, prefix: str) -> list[Found]:
        """The files below a folder, or the one file, sorted by path."""

    def fetch(self, path: str, into: Path) -> str:
        """Makes a local copy of a file as it was listed; returns the digest of its bytes."""
