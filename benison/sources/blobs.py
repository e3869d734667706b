"""Blobs: a few files that a task keeps for its own retry, in a folder or in an object store."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import obstore
from obstore.store import from_url

from benison.core.errors import DataError
from benison.core.files import storage_errors, write_atomically
from benison.core.locations import local_path
from benison.sources.objects import CLIENT_RETRIES, client_options, is_uri, parse, telling

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_WRITABLE = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")


class Blobs(Protocol):
    """Files by name below one place; each is there whole or not at all."""

    def where(self, name: str) -> str:
        """The place of a file, as a person would look for it."""

    def names(self) -> list[str]:
        """The names there are, in ascending order."""

    def get(self, name: str) -> bytes | None:
        """A file's content; None where there is none."""

    def put(self, name: str, content: bytes) -> None:
        """Writes a file; what had its name before is replaced."""

    def remove(self, name: str) -> None:
        """Removes a file, or nothing where there is none."""


def blobs_at(uri: str, below: str, name: str) -> Blobs:
    """The files below a folder of a place.

    Args:
        uri: An absolute path, ``file://`` and one, or a folder of an object store such as ``s3://bucket/folder``.
        below: The folder of the place, which is made where it is missing.
        name: What the place is for, for the message: ``checkpoint_root``.

    Raises:
        DataError: It is none of these, or the environment lacks what the store needs.
    """
    if uri.partition("://")[0].lower() in _WRITABLE and is_uri(uri):
        return ObjectBlobs(f"{uri.rstrip('/')}/{below}")
    if "://" in uri and not uri.lower().startswith("file://"):
        expected = "an absolute path, file:// and one, or a URI such as s3://bucket/folder, gs:// or az://"
        raise DataError(name, expected=expected, got=repr(uri.partition("://")[0] + "://"))
    return FolderBlobs(local_path(uri, name) / below)


class FolderBlobs:
    """Files in a folder.

    Args:
        folder: Made with the first file, removed with the last.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def where(self, name: str) -> str:
        return str(self._folder / name)

    def names(self) -> list[str]:
        with storage_errors(self._folder):
            try:
                return sorted(path.name for path in self._folder.iterdir() if not path.name.startswith("."))
            except FileNotFoundError:
                return []

    def get(self, name: str) -> bytes | None:
        with storage_errors(self._folder):
            try:
                return (self._folder / name).read_bytes()
            except FileNotFoundError:
                return None

    def put(self, name: str, content: bytes) -> None:
        write_atomically(self._folder / name, content)

    def remove(self, name: str) -> None:
        with storage_errors(self._folder):
            (self._folder / name).unlink(missing_ok=True)
            try:
                # What a killed process had not finished lies here too.
                if not self.names():
                    for partial in self._folder.glob(".*"):
                        partial.unlink(missing_ok=True)
                    self._folder.rmdir()
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
                    raise


class ObjectBlobs:
    """Files in a folder of an object store, where a file that is put is whole from the start.

    Args:
        uri: The folder.

    Raises:
        DataError: It is no URI of an object store, or the environment lacks what the store needs.
    """

    def __init__(self, uri: str) -> None:
        place = parse(uri)
        self._root, self._prefix = place.root, place.key.strip("/")
        with telling(place.root, "a place that objects can be kept in"):
            options = client_options(place)
            self._store: ObjectStore = from_url(place.root, client_options=options, retry_config=CLIENT_RETRIES)

    def where(self, name: str) -> str:
        return f"{self._root}/{self._prefix}/{name}"

    def names(self) -> list[str]:
        with telling(self.where(""), "objects that can be listed"):
            pages = obstore.list(self._store, self._prefix)
            return sorted(meta["path"].rpartition("/")[2] for page in pages for meta in page)

    def get(self, name: str) -> bytes | None:
        with telling(self.where(name), "an object that can be read"):
            try:
                return bytes(obstore.get(self._store, f"{self._prefix}/{name}").bytes())
            except FileNotFoundError:
                return None

    def put(self, name: str, content: bytes) -> None:
        with telling(self.where(name), "a place that can be written"):
            obstore.put(self._store, f"{self._prefix}/{name}", content)

    def remove(self, name: str) -> None:
        with telling(self.where(name), "an object that can be removed"):
            try:
                obstore.delete(self._store, f"{self._prefix}/{name}")
            except FileNotFoundError:
                return
