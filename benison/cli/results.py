"""Putting results where a user wants them, and over nothing but earlier results."""

from __future__ import annotations

import shutil
from pathlib import Path

from benison.core.errors import StorageError
from benison.core.files import storage_errors


def check(out: Path, mark: str) -> None:
    """Makes sure that a folder is not there, is empty, or is what an earlier call of the same command wrote.

    Args:
        out: The folder.
        mark: A file that this command alone writes.

    Raises:
        StorageError: It is something else.
    """
    if out.exists() and not (out / mark).is_file() and (not out.is_dir() or any(out.iterdir())):
        hint = "name one that is empty or not there yet"
        raise StorageError(str(out), expected="a folder for the results", got="something else", hint=hint)
    _reachable(out)


def check_file(path: Path) -> None:
    """Makes sure, before anything is computed, that a file can lie there.

    Raises:
        StorageError: A folder lies there, or a file lies where its folder should.
    """
    if path.is_dir():
        raise StorageError(str(path), expected="a file to write", got="a folder", hint="name a file in it")
    _reachable(path)


def check_folder(out: Path) -> None:
    """Makes sure, before anything is computed, that files can be written into a folder.

    Raises:
        StorageError: A file lies there, or where a folder above it should.
    """
    if out.exists() and not out.is_dir():
        raise StorageError(str(out), expected="a folder for the results", got="a file", hint="name a folder")
    _reachable(out)


def _reachable(out: Path) -> None:
    above = next(parent for parent in out.absolute().parents if parent.exists())
    if not above.is_dir():
        got = f"a file {above}"
        raise StorageError(str(out), expected="a folder with room that can be written", got=got, hint="name another")


def keep(folder: Path, out: Path, mark: str) -> None:
    """Copies results to where they are wanted; what an earlier call wrote there is gone.

    Args:
        folder: The results.
        out: As in `check`.
        mark: As in `check`.

    Raises:
        StorageError: As `check`, or it cannot be written.
    """
    check(out, mark)
    with storage_errors(out):
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(folder, out)
