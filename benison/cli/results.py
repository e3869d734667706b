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
