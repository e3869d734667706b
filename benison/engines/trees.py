"""Content digests of outputs, and stamps that tell without reading whether one may have changed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from benison.core import digests

# File systems keep times in ticks of up to 10 ms; within one, a second write leaves the times as they are.
_TICK_NS = 20_000_000


def digest_of(path: Path) -> str | None:
    """The content digest of a folder or a single file; None where nothing was written.

    Raises:
        DataError: A link or a special file is among the content.
    """
    if path.is_dir() and not path.is_symlink():
        return digests.of_tree(path)
    return digests.of_file(path) if os.path.lexists(path) else None


def stamp_of(path: Path) -> str:
    """The digest of names, sizes, times and inodes of all that lies at a path.

    Equal stamps mean equal content: a change leaves its trace in ``ctime``, which no program can set.

    Returns:
        The stamp; empty, and so equal to none, where something changed too short a time ago to be told from later
        changes.
    """
    entries = sorted(_entries(path))
    newest = max((max(entry[2], entry[3]) for entry in entries), default=0)
    return "" if newest > time.time_ns() - _TICK_NS else digests.of_json(entries)


def _entries(path: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """(path, size, time of writing, time of change, inode) for a path and all below it."""
    if not os.path.lexists(path):
        return
    queue = [str(path)]
    while queue:
        place = queue.pop()
        found = os.lstat(place)
        yield os.path.relpath(place, path), found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
        if stat.S_ISDIR(found.st_mode):
            with os.scandir(place) as inside:
                queue.extend(entry.path for entry in inside)
