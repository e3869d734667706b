"""Fetch: a staged project, copied or downloaded from where its URI says it lies."""

from __future__ import annotations

import shutil
from pathlib import Path

from benison.core import digests, documents
from benison.core.errors import DataError
from benison.core.files import storage_errors
from benison.core.locations import local_path
from benison.registry.stores import in_bucket, store_at


def locate(uri: str, scratch: Path) -> Path:
    """The folder of a staged project.

    Args:
        uri: Where it lies: an absolute path, ``file://`` and one, or a folder of a bucket.
        scratch: An empty folder that one from a bucket is downloaded into.

    Raises:
        DataError: The URI is of an unsupported kind, or there is no bundle.
        StorageError: The bucket cannot be read.
    """
    folder = _downloaded(uri, scratch / "bundle") if in_bucket(uri) else local_path(uri, "bundle_uri")
    if not (folder / "bundle.json").is_file() or not (folder / "project").is_dir():
        raise DataError(
            f"bundle_uri {uri}",
            expected="a staged project: bundle.json and project/",
            got="a folder without them" if folder.is_dir() else "nothing there",
            hint="stage the project again; benison run and benison submit do it by themselves",
        )
    return folder


def _downloaded(uri: str, folder: Path) -> Path:
    store = store_at(uri, "bundle_uri")
    for key in store.list_after(""):
        with storage_errors(folder):
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            with (folder / key).open("xb") as file:
                store.copy_to(key, file)
    return folder


def claimed(folder: Path) -> str:
    """The digest that a staged project says it has."""
    return str(documents.read(folder / "bundle.json", "bundle")["digest"])


def fetch(folder: Path, target: Path) -> None:
    """Copies a staged project's files.

    Args:
        folder: The staged project.
        target: The folder that becomes its ``project/``.

    Raises:
        DataError: There is a link among the files.
        StorageError: The target cannot be written.
    """
    for name, path in digests.files_of(folder / "project"):
        with storage_errors(target):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
