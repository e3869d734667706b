"""Writing to disk so that a reader finds the old content or the new one, never half of it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from benison.core.errors import StorageError

_T = TypeVar("_T")
_FEW, _THREADS = 16, 16
_FULL_OR_CLOSED = {
    errno.ENOSPC: "a full disk",
    errno.EDQUOT: "an exhausted quota",
    errno.EROFS: "a read-only file system",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.ENOTDIR: "a file in the place of a folder",
    errno.EEXIST: "a file in the place of a folder",
    errno.EISDIR: "a folder in the place of a file",
}


def at_once(act: Callable[[_T], object], things: Sequence[_T]) -> None:
    """Does something with each of many things, several side by side; with few, one after the other.

    Args:
        act: What waits for a disk or a network most of the time. Of several errors the first thing's is raised, when
            those that had begun are done.
        things: In any number.
    """
    if len(things) <= _FEW:
        for thing in things:
            act(thing)
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for begun in [pool.submit(act, thing) for thing in things]:
                begun.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turns the operating system's word on a folder that cannot be written into a `StorageError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL_OR_CLOSED:
            raise
        raise StorageError(
            str(error.filename or path),
            expected="a folder with room that can be written",
            got=_FULL_OR_CLOSED[error.errno],
            hint="make room or name another folder",
        ) from error


@contextmanager
def scratch_beside(artifact: Path) -> Iterator[Path]:
    """A folder for what is not finished, on the disk of what it becomes; it is gone afterwards, whatever happened.

    Args:
        artifact: What will lie there; the folder above it is made.

    Raises:
        StorageError: The folder above is read-only, full or not a folder.
    """
    with storage_errors(artifact):
        artifact.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{artifact.name}.", dir=artifact.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_atomically(path: Path, content: bytes | memoryview, *, durable: bool = True) -> None:
    """Writes a file beside its place and moves it there, so that it is never seen half-written.

    Args:
        path: The file.
        content: All of it.
        durable: Wait until the disk has it, so that it outlives a power failure; that takes some milliseconds.

    Raises:
        StorageError: The folder is read-only, full or not a folder.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
