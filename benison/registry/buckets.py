"""A registry's store in a bucket of S3, Google Cloud Storage or Azure: put-if-absent by the store's precondition."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore import exceptions
from obstore.store import from_url

from benison.core import digests
from benison.core.errors import IntegrityError, StorageError
from benison.core.files import storage_errors
from benison.core.store import Writer, checked_key
from benison.sources.objects import CHUNK_BYTES, CLIENT_RETRIES, client_options, parse, telling

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")
# Above it an object goes up in parts, which no store can make conditional.
ONE_REQUEST = 64 << 20


class BucketStore:
    """A store below a folder of a bucket.

    Credentials and endpoints come from the environment, as the store's own tools have them.

    An object of more than 64 MiB is uploaded in parts if its key was free a moment before. There is no race to lose in
    that: only files of packages are so large, whose keys hold the digest of their package, so that two writers bring
    the same bytes; and whoever registers a package reads it back.

    Args:
        uri: Such as ``s3://models/registry``.
        name: What it is the place of, for messages.

    Raises:
        DataError: It is no URI of an object store, or the environment lacks what the store needs.
    """

    def __init__(self, uri: str, name: str = "registry_uri") -> None:
        place = parse(uri, name)
        self._root, self._folder = place.root, place.key.strip("/")
        self._prefix = f"{self._folder}/" if self._folder else ""
        with telling(place.root, "a place that objects can be kept in"):
            options = client_options(place)
            self._store: ObjectStore = from_url(place.root, client_options=options, retry_config=CLIENT_RETRIES)

    def where(self, key: str) -> str:
        return f"{self._root}/{self._prefix}{key}"

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        name = self._name(key)
        if isinstance(content, Path):
            with storage_errors(content):
                large = content.stat().st_size > ONE_REQUEST
            if large:
                return self._put_in_parts(key, content, digest)
            content = content.read_bytes()
        self._expect(key, digest, digests.of_bytes(content) if digest else None)
        with telling(self.where(key), "a place that can be written", StorageError):
            try:
                obstore.put(self._store, name, content, mode="create", use_multipart=False)
            except exceptions.AlreadyExistsError:
                return False
        return True

    def get(self, key: str) -> bytes | None:
        sink = io.BytesIO()
        return sink.getvalue() if self.copy_to(key, sink) else None

    def copy_to(self, key: str, target: Writer) -> bool:
        name = self._name(key)
        with telling(self.where(key), "an object that can be read", StorageError):
            try:
                found = obstore.get(self._store, name)
            except FileNotFoundError:
                return False
            for chunk in found.stream(CHUNK_BYTES):
                target.write(bytes(chunk))
        return True

    def delete(self, key: str) -> bool:
        name = self._name(key)
        with telling(self.where(key), "an object that can be removed", StorageError):
            try:
                # Some stores say the same of an object that was never there.
                obstore.head(self._store, name)
                obstore.delete(self._store, name)
            except FileNotFoundError:
                return False
        return True

    def list_after(self, prefix: str, after: str = "") -> Iterator[str]:
        if prefix:
            self._name(prefix.removesuffix("/"))
        below = f"{self._prefix}{prefix}".rstrip("/")
        # A store that starts at the offset spares a log of many entries from being listed whole.
        start = f"{self._prefix}{after}" if after else None
        with telling(self.where(prefix), "objects that can be listed", StorageError):
            for page in obstore.list(self._store, below or None, offset=start):
                for key in sorted(meta["path"].removeprefix(self._prefix) for meta in page):
                    if key > after and key.startswith(prefix):
                        yield key

    def _put_in_parts(self, key: str, source: Path, digest: str | None) -> bool:
        name = self._name(key)
        with telling(self.where(key), "an object that can be looked at", StorageError):
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                pass
            else:
                return False
        self._expect(key, digest, digests.of_file(source) if digest else None)
        with telling(self.where(key), "a place that can be written", StorageError):
            obstore.put(self._store, name, source, use_multipart=True)
        return True

    def _expect(self, key: str, digest: str | None, found: str | None) -> None:
        if digest is not None and digest != found:
            hint = "it changed while it was copied; try again with a sound copy"
            raise IntegrityError(self.where(key), expected=digest, got=str(found), hint=hint)

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key, self._root)
