"""Objects: files in a bucket or behind HTTP, listed and downloaded by obstore.

Credentials, regions and endpoints come from the environment as the store's own tools have them (``AWS_*``,
``GOOGLE_*``, ``AZURE_*``); they appear in no message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore import exceptions
from obstore.store import from_url

from benison.core.errors import DataError, InputError, StorageError
from benison.core.store import Hashing
from benison.sources.files import Found

if TYPE_CHECKING:
    from obstore import BytesStream, GetOptions, ObjectMeta
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
CHUNK_BYTES = 4 << 20
# A minute of a silent network, then an error; a large object may take as long as it keeps coming.
CLIENT_RETRIES: RetryConfig = {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}
_CLIENT: ClientConfig = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": "12h"}
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_NO_CREDENTIALS = ("169.254.169.254", "169.254.170.2", "metadata.google", "missing credentials", "Account must be")
_OPEN = "set the credentials in the environment, as the store's own tools have them: AWS_*, GOOGLE_*, AZURE_*"


class Place(NamedTuple):
    """A URI's two parts.

    Attributes:
        root: The bucket or server: ``s3://rides``.
        key: What lies in it: ``2026/january.csv``.
    """

    root: str
    key: str


def is_uri(path: str) -> bool:
    """Whether a path leads to an object store or a web server.

    >>> is_uri("s3://rides/2026"), is_uri("/data/2026")
    (True, False)
    """
    return path.partition("://")[0].lower() in SCHEMES and "://" in path


def parse(uri: str, name: str = "data.path") -> Place:
    """Takes a URI apart.

    >>> parse("s3://rides/2026/january.csv")
    Place(root='s3://rides', key='2026/january.csv')

    Args:
        uri: The URI.
        name: Where it was given, for messages.

    Raises:
        DataError: It is none of an object store, or a secret stands in it.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if not is_uri(uri) or not bucket:
        expected = "a URI such as s3://bucket/folder, gs://, az:// or https://"
        raise DataError(name, expected=expected, got=repr(uri))
    if scheme.lower().startswith("http") and ("@" in bucket or "?" in uri):
        # Not shown: what stands before @ or after ? is a password or a signature.
        raise DataError(name, expected="an address without user, password or ?", got=f"{scheme}://...", hint=_OPEN)
    return Place(f"{scheme.lower()}://{bucket}", key)


class ObjectFiles:
    """The objects below a URI such as ``s3://rides/2026/``, read only.

    An object is downloaded as it was listed: one that has changed since is an error.

    Args:
        uri: Anything that lies in the bucket, or on the server.

    Raises:
        DataError: It is no URI of an object store, or the environment lacks what the store needs.
    """

    def __init__(self, uri: str) -> None:
        place = parse(uri)
        self._place = place
        with telling(place.root, "a place that objects can be read from"):
            self._store: ObjectStore = from_url(
                place.root, client_options=client_options(place), retry_config=CLIENT_RETRIES
            )
        self._tags: dict[str, str | None] = {}

    def list(self, prefix: str) -> list[Found]:
        """The objects below a folder, or the one object, sorted by their URIs.

        Raises:
            DataError: The bucket is missing, closed or out of reach.
        """
        key = parse(prefix).key
        with telling(prefix, "objects that can be listed"):
            metas = _without_folders(list(self._metas(key)), key)
        found = [Found(f"{self._place.root}/{meta['path']}", meta["size"], _version(meta)) for meta in metas]
        self._tags |= {entry.path: meta["e_tag"] for entry, meta in zip(found, metas, strict=True)}
        return sorted(found, key=lambda entry: entry.path)

    def _metas(self, key: str) -> Iterator[ObjectMeta]:
        """The object of this name, and those below the folder of this name; a web server lists no folders."""
        if key and not key.endswith("/"):
            with suppress(FileNotFoundError):
                yield obstore.head(self._store, key)
        if not self._place.root.startswith("http"):
            for page in obstore.list(self._store, key.rstrip("/") or None):
                yield from page

    def fetch(self, path: str, into: Path) -> str:
        """Downloads one object as it was listed.

        Memory is bounded by a chunk of a few MiB.

        Args:
            path: Its URI, as `list` gives it.
            into: The file that is made.

        Returns:
            The digest of its bytes.

        Raises:
            DataError: It vanished or changed since it was listed, or the store is closed or out of reach.
            StorageError: The disk is full.
        """
        options: GetOptions = {"if_match": self._tags.get(path)} if self._tags.get(path) else {}
        with telling(path, "the object as it was listed"):
            chunks = obstore.get(self._store, parse(path).key, options=options).stream(CHUNK_BYTES)
            return _write(chunks, into)


def _without_folders(metas: Sequence[ObjectMeta], key: str) -> Sequence[ObjectMeta]:
    """Without the empty objects that consoles leave to mark a folder; obstore drops the / at their end."""
    folders = {str(folder) for meta in metas for folder in PurePosixPath(meta["path"]).parents}
    folders |= {key.rstrip("/")} if key.endswith("/") else set()
    return [meta for meta in metas if meta["size"] or meta["path"] not in folders]


def client_options(place: Place) -> ClientConfig:
    """What is given here replaces what obstore reads off the environment, so that ALLOW_HTTP is read here."""
    said = (os.environ.get(f"{cloud}_ALLOW_HTTP", "") for cloud in ("AWS", "GOOGLE", "AZURE"))
    plain = place.root.startswith("http:") or any(word.lower() in ("1", "true", "yes") for word in said)
    return {**_CLIENT, "allow_http": plain}


def _version(meta: ObjectMeta) -> str:
    """The generation where the store counts them, else the ETag without its quotes."""
    return (meta["version"] or meta["e_tag"] or "").strip('"')


@contextmanager
def telling(where: str, expected: str, kind: type[InputError] = DataError) -> Iterator[None]:
    """Turns what obstore raises into what a person can act on.

    Args:
        where: The object, or the place.
        expected: What it should have been.
        kind: What to raise.
    """
    try:
        yield
    except (exceptions.BaseError, FileNotFoundError, PermissionError, ValueError) as error:
        got, hint = _told(error)
        raise kind(where, expected=expected, got=got, hint=hint) from None


def _told(error: Exception) -> tuple[str, str]:
    """What happened, and what to do. Never the store's own words, which may hold keys and signatures."""
    text = str(error)
    status, code = (found[1] if found else "" for found in (_STATUS.search(text), _CODE.search(text)))
    if any(sign in text for sign in _NO_CREDENTIALS):
        return "no credentials", _OPEN
    if code == "NoSuchBucket":
        return "no such bucket", "look for a misspelt name"
    if isinstance(error, exceptions.PreconditionError):
        return "another one: it changed while it was read", "start again when nothing writes there"
    if isinstance(error, FileNotFoundError) or status == "404":
        return "none", "look for a misspelt name, or something that removes objects while they are read"
    if status in ("401", "403"):
        return f"access denied ({code or status})", _OPEN
    if status:
        return f"an answer that says {status} {code}".rstrip(), "look into the store's own log"
    return "no answer", "look whether the network leads there; AWS_ENDPOINT_URL names another endpoint"


def _write(chunks: BytesStream, into: Path) -> str:
    """Writes chunks to a file and hashes them on the way."""
    try:
        with into.open("wb") as file:
            hashing = Hashing(file)
            for chunk in chunks:
                hashing.write(bytes(chunk))
    except OSError as error:
        if error.errno is None:  # obstore's
            raise
        raise StorageError(str(into), expected="a place that can be written", got=str(error.strerror)) from error
    return hashing.digest
