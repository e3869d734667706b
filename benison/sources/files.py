"""Files: where rows can be read from, listed and fetched."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benison.core import digests
from benison.core.errors import DataError


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


class LocalFiles:
    """The files of this machine."""

    def list(self, prefix: str) -> list[Found]:
        """The files below a folder, or the one file, sorted by path.

        Raises:
            DataError: A folder cannot be read.
        """
        if Path(prefix).is_file():
            return [Found(prefix, Path(prefix).stat().st_size)]
        paths = [Path(folder) / name for folder, _, names in os.walk(prefix, onerror=_unreadable) for name in names]
        return sorted((Found(str(path), path.stat().st_size) for path in paths), key=lambda found: found.path)

    def fetch(self, path: str, into: Path) -> str:
        """Makes a copy of a file; returns the digest of its bytes."""
        shutil.copyfile(path, into)
        return digests.of_file(into)


def _unreadable(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return
    raise DataError(
        str(error.filename), expected="a folder that can be read", got=error.strerror or str(error)
    ) from error
