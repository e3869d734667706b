"""A registry's store on disk: put-if-absent by a hard link, which a file system makes whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benison.core.errors import IntegrityError, RegistryError, StorageError
from benison.core.files import storage_errors
from benison.core.locations import local_path
from benison.core.store import Hashing, Store, Writer, checked_key
from benison.registry import buckets
from benison.registry.buckets import BucketStore

__all__ = ["LocalStore", "Store", "store_at"]

_NOTHING_THERE = (FileNotFoundError, NotADirectoryError)
_TRIES = 100
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}


def store_at(uri: str, name: str = "registry_uri") -> Store:
    """The store that a URI names.

    Args:
        uri: An absolute path, ``file://`` and one, or a folder of a bucket such as ``s3://models/registry``.
        name: What it is the place of, for messages.

    Raises:
        DataError: It is relative, or a kind of store that is not supported.
        RegistryError: There is a file in its place.
    """
    if in_bucket(uri):
        return BucketStore(uri, name)
    path = local_path(uri, name)
    if path.exists() and not path.is_dir():
        raise RegistryError(str(path), expected="a folder", got="a file", hint="name the registry's folder")
    return LocalStore(path)


def in_bucket(uri: str) -> bool:
    """Whether a URI leads to an object store that can be written.

    >>> in_bucket("s3://models/registry"), in_bucket("/registry")
    (True, False)
    """
    scheme, mark, _ = uri.partition("://")
    return bool(mark) and scheme.lower() in buckets.SCHEMES


def is_empty(store: Store) -> bool:
    """Whether nothing lies in a store."""
    return next(store.list_after(""), None) is None


class LocalStore:
    """A store in a folder of this machine, or of a file system that it mounts.

    What is being written lies under ``.partial/`` until it is whole; a crash leaves at most a file there, which no
    reader looks at.

    Args:
        root: The folder; it is made with the first object.
    """

    PARTIAL = ".partial"

    def __init__(self, root: Path) -> None:
        self.root = root

    def where(self, key: str) -> str:
        return str(self.root / key)

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        final = self._path(key)
        if os.path.lexists(final):
            return False
        partial = self.root / self.PARTIAL / secrets.token_hex(16)
        with storage_errors(final):
            _make_folder(partial.parent)
            try:
                _expect(digest, _write(partial, content), content if isinstance(content, Path) else final)
                won = _link(partial, final)
            finally:
                partial.unlink(missing_ok=True)
            _sync_folder(final.parent)
        return won

    def get(self, key: str) -> bytes | None:
        sink = io.BytesIO()
        return sink.getvalue() if self.copy_to(key, sink) else None

    def copy_to(self, key: str, target: Writer) -> bool:
        path = self._path(key)
        if path.is_dir():
            return False
        with _reading(path):
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except _NOTHING_THERE:
                return False
            with os.fdopen(handle, "rb") as source:
                shutil.copyfileobj(source, target)
        return True

    def delete(self, key: str) -> bool:
        path = self._path(key)
        with storage_errors(path):
            try:
                path.unlink()
            except _NOTHING_THERE:
                return False
            _remove_empty(path.parent, self.root)
        return True

    def list_after(self, prefix: str, after: str = "") -> Iterator[str]:
        if prefix:
            self._path(prefix.removesuffix("/"))
        yield from self._walk(self.root / prefix, prefix, after)

    def _walk(self, folder: Path, prefix: str, after: str) -> Iterator[str]:
        """Keys in the order of their text, where ``a.json`` comes before ``a/b``; parts up to `after` are skipped."""
        for name, is_folder in self._names(folder, after.removeprefix(prefix) if after.startswith(prefix) else ""):
            key = prefix + name
            if is_folder and key > after[: len(key)]:
                yield from self._walk(self.root / key, key, "")
            elif is_folder and key == after[: len(key)]:
                yield from self._walk(self.root / key, key, after)
            elif not is_folder and key > after:
                yield key

    def _names(self, folder: Path, after: str) -> list[tuple[str, bool]]:
        """What lies in a folder, in order; what comes before a name is left out as early as can be."""
        try:
            with storage_errors(folder), os.scandir(folder) as entries:
                late = (entry for entry in entries if entry.name >= after[: len(entry.name)])
                found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in late]
        except FileNotFoundError:
            return []
        at_top = folder == self.root
        kept = [(name, is_folder) for name, is_folder in found if not (at_top and name == self.PARTIAL)]
        return sorted((f"{name}/" if is_folder else name, is_folder) for name, is_folder in kept)

    def _path(self, key: str) -> Path:
        if checked_key(key, str(self.root)).partition("/")[0] == self.PARTIAL:
            raise RegistryError(str(self.root), expected=f"another name than {self.PARTIAL}", got=repr(key))
        return self.root / key


def _write(partial: Path, content: bytes | Path) -> str:
    """Writes a file, has the disk keep it, and tells the digest of what was written."""
    with partial.open("xb") as file:
        sink = Hashing(file)
        if isinstance(content, bytes):
            sink.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, sink)
        file.flush()
        os.fsync(file.fileno())
    return sink.digest


def _expect(digest: str | None, found: str, source: Path) -> None:
    if digest is not None and found != digest:
        raise IntegrityError(
            str(source), expected=digest, got=found, hint="it changed while it was copied; try again with a sound copy"
        )


def _link(partial: Path, final: Path) -> bool:
    """Gives a whole file its name, unless the name is taken."""
    for left in reversed(range(_TRIES)):
        try:
            _make_folder(final.parent)
            return _linked(partial, final)
        except FileNotFoundError:
            # A deletion has emptied the folder meanwhile, and took it along.
            if not left:
                raise
    return False


def _linked(partial: Path, final: Path) -> bool:
    try:
        os.link(partial, final)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise StorageError(
            str(final),
            expected="a file system with hard links",
            got=error.strerror or str(error),
            hint="keep the registry on a local disk or on NFS",
        ) from error
    return True


def _remove_empty(folder: Path, root: Path) -> None:
    """Removes a folder and those above it, as far as nothing lies in them."""
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _make_folder(folder: Path) -> None:
    """Makes a folder and those above it, and has the disk remember each of them."""
    if folder.is_dir():
        return
    missing = [above for above in (folder, *folder.parents) if not above.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for made in missing:
        _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Refuses links, whose content lies elsewhere and can change; names a file that cannot be read."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise IntegrityError(
                str(path), expected="a plain file", got="a symbolic link", hint="restore the file from a copy"
            ) from error
        if error.errno == errno.EACCES:
            raise StorageError(
                str(path), expected="a file that can be read", got="no permission", hint="ask for read access"
            ) from error
        raise
