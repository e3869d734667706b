"""What a place must offer so that many writers can share it without locks: put-if-absent, get, list-after."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from benison.core import digests, documents
from benison.core.errors import IntegrityError, RegistryError

_ODD = re.compile(r"[\x00-\x1f\x7f\\]")


class Writer(Protocol):
    """Anything that takes bytes: an open file, a running hash behind a file."""

    def write(self, content: bytes, /) -> object: ...


class Hashing:
    """Takes bytes, hashes them, and hands them on where there is somewhere to.

    Args:
        onward: Where they go; None: nowhere, they are hashed only.
    """

    def __init__(self, onward: Writer | None = None) -> None:
        self._sha, self._onward = hashlib.sha256(), onward

    def write(self, content: bytes, /) -> None:
        self._sha.update(content)
        if self._onward:
            self._onward.write(content)

    @property
    def digest(self) -> str:
        """The digest of all bytes so far."""
        return digests.PREFIX + self._sha.hexdigest()


class Store(Protocol):
    """Objects under keys such as ``census/log/000000000042.json``; an object is never changed once it is there.

    Every implementation passes `benison.registry.testing.StoreTests`.
    """

    def where(self, key: str) -> str:
        """The place of a key, as a person would look for it."""

    def put_if_absent(self, key: str, content: bytes | Path, digest: str | None = None) -> bool:
        """Makes an object, whole or not at all, unless the key is taken.

        Args:
            key: Names separated by ``/``.
            content: The bytes, or the file that holds them.
            digest: What the bytes must be; None: whatever they are.

        Returns:
            Whether the object is the one given here; False: the key was taken, and what lies there is as it was.

        Raises:
            IntegrityError: The bytes are not what the digest says, and nothing was made.
            RegistryError: The key is not one: it is empty, climbs out or holds an odd character.
            StorageError: The place is read-only, full or closed.
        """

    def get(self, key: str) -> bytes | None:
        """An object's bytes; None where there is none."""

    def copy_to(self, key: str, target: Writer) -> bool:
        """Writes an object's bytes piece by piece; False, and nothing written, where there is none."""

    def delete(self, key: str) -> bool:
        """Removes an object; only for retention, since whatever else is there stays for ever.

        Returns:
            Whether there was one.

        Raises:
            StorageError: The place is read-only or closed.
        """

    def list_after(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys that begin with a prefix and are greater than `after`, in ascending order.

        Args:
            prefix: Empty, or a folder that ends with ``/``.
            after: A key, or any text that sorts like one.
        """


def checked_key(key: str, where: str) -> str:
    """The key, if it is one.

    Args:
        key: Names separated by ``/``.
        where: The store, for the message.

    Raises:
        RegistryError: It is empty, climbs out, or holds a control character or a backslash.
    """
    if _ODD.search(key) or any(part in ("", ".", "..") for part in key.split("/")):
        raise RegistryError(
            where,
            expected="names separated by single /, without . and .., control characters and backslashes",
            got=repr(key),
            hint="rename the file",
        )
    return key


def top(store: Store, below: str) -> Iterator[str]:
    """The names directly below a folder, those of folders with ``/`` at the end, without listing what is in them."""
    key = next(store.list_after(below), None)
    while key is not None:
        name, slash, _ = key.removeprefix(below).partition("/")
        yield name + slash
        after = f"{below}{name}/\U0010ffff" if slash else key
        key = next(store.list_after(below, after), None)


def read_document(store: Store, key: str, kind: str) -> tuple[dict[str, Any], bytes] | None:
    """A JSON document of a store, held to its schema, with its bytes; None where there is none.

    Raises:
        IntegrityError: It is torn, or not of this kind; the message names the file.
        RegistryError: A newer version of Benison wrote it.
    """
    raw = store.get(key)
    if raw is None:
        return None
    content = parse(store.where(key), kind, raw)
    if wrong := documents.problems(kind, content):
        raise damaged(store.where(key), kind, "; ".join(wrong[:3]))
    return content, raw


def parse(where: str, kind: str, raw: bytes) -> dict[str, Any]:
    """The JSON object in some bytes; whether it is what its schema says is not looked at.

    Raises:
        IntegrityError: It is torn, or no object of this kind; the message names the file.
        RegistryError: A newer version of Benison wrote it.
    """
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise damaged(where, kind, str(error)) from error
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise damaged(where, kind, "something else")
    if type(content.get("format")) is int and content["format"] > 1:
        raise RegistryError(
            where,
            expected=f"a document of kind {kind}, format 1",
            got=f"format {content['format']}",
            hint="a newer version of Benison wrote it; use that version here too",
        )
    return content


def damaged(where: str, kind: str, got: str) -> IntegrityError:
    """The error for a document that is not what it should be."""
    return IntegrityError(
        where,
        expected=f"a document of kind {kind}",
        got=got,
        hint="it was damaged, or written by something else than Benison; restore it from a copy",
    )
