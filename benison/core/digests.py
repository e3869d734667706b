"""Content digests: what a file, a folder or a document is, by its bytes alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benison.core.errors import DataError, IntegrityError

PREFIX = "sha256:"
_CHUNK_BYTES = 1 << 20


def of_bytes(content: bytes) -> str:
    """The digest of some bytes, written ``sha256:<hex>``."""
    return PREFIX + hashlib.sha256(content).hexdigest()


def of_json(content: Any) -> str:
    """The digest of a document, whatever the order of its keys."""
    return of_bytes(json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())


def of_file(path: Path) -> str:
    """The digest of a file's bytes."""
    sha = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            sha.update(chunk)
    return PREFIX + sha.hexdigest()


def files_of(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder as (relative POSIX path, path), sorted by the first.

    Raises:
        DataError: A symbolic link or a special file is among them, whose content cannot be vouched for.
    """
    found = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*"))
    for name, path in found:
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise DataError(
                str(path),
                expected="plain files and folders",
                got="a link or a special file",
                hint="copy what it points to into its place",
            )
        if path.is_file():
            yield name, path


def manifest_of(root: Path) -> list[dict[str, Any]]:
    """What lies below a folder: ``{"path", "size", "digest"}`` for each file, sorted by path."""
    return [{"path": name, "size": path.stat().st_size, "digest": of_file(path)} for name, path in files_of(root)]


def of_manifest(manifest: list[dict[str, Any]]) -> str:
    """The digest of a folder from its manifest."""
    return of_json(sorted((entry["path"], entry["size"], entry["digest"]) for entry in manifest))


def of_tree(root: Path) -> str:
    """The digest of a folder: SHA-256 over the sorted (relative path, size, digest) of every file in it."""
    return of_manifest(manifest_of(root))


def short(digest: str) -> str:
    """The first twelve hexadecimal digits, for people.

    >>> short("sha256:0123456789abcdef")
    '0123456789ab'
    """
    return digest.removeprefix(PREFIX)[:12]


def as_folder_name(digest: str) -> str:
    """A digest as a name that every file system takes: ``sha256-<hex>``."""
    return digest.replace(":", "-")


def verify_tree(root: Path, digest: str) -> None:
    """Makes sure that a folder is what its digest says.

    Raises:
        IntegrityError: It is not.
    """
    found = of_tree(root)
    if found != digest:
        raise IntegrityError(
            str(root),
            expected=digest,
            got=found,
            hint="it was changed or damaged after it was written; use a sound copy",
        )
