"""Opening what a user names, be it a file, a glob, a folder or a URI."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from benison.config.data import FORMATS, Table, format_of
from benison.core.errors import DataError
from benison.sources.columns import Columns
from benison.sources.dataset import Dataset, open_table
from benison.sources.find import is_remote

_SUFFIXES = ", ".join(suffix for suffixes in FORMATS.values() for suffix in suffixes)


@contextmanager
def opened(path: str, lists: Collection[str] = ()) -> Iterator[Dataset]:
    """The rows that a path leads to.

    Args:
        path: A file, a glob, a folder or a URI.
        lists: Columns of Parquet that become one for each place, where they are lists of numbers.

    Raises:
        DataError: There are none, or they cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="benison-") as scratch:
        table = Table("data", path, _format(path))
        with open_table(table, str(Path.cwd()), Columns(lists=tuple(lists)), Path(scratch)) as dataset:
            yield dataset


def _format(path: str) -> str:
    """What a path's name says the rows are; of a folder what the files in it say."""
    known = format_of(path)
    if known is not None:
        return known
    inside = Path(path)
    names = sorted(one.name for one in inside.rglob("*") if one.is_file()) if inside.is_dir() else []
    found = {kind for name in names if not name.startswith(("_", ".")) and (kind := format_of(name)) is not None}
    if len(found) == 1:
        return found.pop()
    if is_remote(path):
        got, hint = "a URI that does not", "name the files with a glob: s3://bucket/folder/*.parquet"
    elif inside.is_dir():
        got = f"{', '.join(sorted(found))} files" if found else "a folder without any" if names else "an empty folder"
        hint = "name the files with a glob in quotes: 'folder/*.csv'"
    elif inside.exists():
        got, hint = "one that does not", f"rename it if it is one of these: {_SUFFIXES}"
    else:
        got, hint = "no such file", "look for a misspelt name"
    raise DataError(path, expected=f"files whose names end in one of {_SUFFIXES}", got=got, hint=hint)
