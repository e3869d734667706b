"""Pack: a project's files, copied into a folder that is named by their content."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError
from benison.core.files import storage_errors

DOCUMENT, PROJECT = "bundle.json", "project"
LIMIT_BYTES = 50_000_000
NOT_CODE = ("data", "runs")
# What tells a registry or a runs folder apart, wherever a run was told to keep it.
_MARKS = ("registry.json", ".reuse")
_PRIVATE_KEY = re.compile(rb"\s*-----BEGIN [A-Z ]*PRIVATE KEY-----")


@dataclass(frozen=True)
class Staged:
    """A project that lies where the pipeline's first task will fetch it.

    Attributes:
        uri: The folder, an absolute path.
        digest: The content digest of the project's files.
    """

    uri: str
    digest: str


def pack(project: Path, store: Path, *, exclude: tuple[str, ...] = (), limit_bytes: int = LIMIT_BYTES) -> Staged:
    """Copies a project into ``<store>/<digest>/project`` and writes bundle.json beside it.

    Hidden files and folders, ``__pycache__`` and ``*.pyc`` stay behind, so do ``data/`` and ``runs/`` at the top, and
    registries and runs folders anywhere: a bundle must not change with every run. A link to a file of the project is
    replaced by the file.

    Args:
        project: The folder with benison.yaml.
        store: Where bundles are kept; a bundle that is there already is verified and used.
        exclude: Further paths to leave out, relative to the project: the registry.
        limit_bytes: More than this is refused.

    Raises:
        DataError: There is nothing to pack, too much, a link that leads out of the project, or a private key.
        StorageError: The store cannot be written.
    """
    if not project.is_dir():
        raise DataError(str(project), expected="a project's folder", got="none")
    project, store = project.resolve(), store.resolve()
    files = _files(project, {store, *(project / name for name in (*NOT_CODE, *exclude))})
    _sized(files, project, limit_bytes)
    beside = store / f".{secrets.token_hex(8)}"
    try:
        with storage_errors(store):
            return _place(beside, store, _copy(files, beside))
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _files(project: Path, left_out: set[Path]) -> dict[str, Path]:
    """What belongs to the bundle: its name there, and the file that it is."""
    found = {path.relative_to(project).as_posix(): path for path in _walk(project, left_out)}
    for path in found.values():
        _inside(path, project)
    return found


def _walk(folder: Path, left_out: set[Path]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path in left_out or path.name.startswith(".") or path.name == "__pycache__" or path.suffix == ".pyc":
            continue
        if path.is_dir() and any((path / mark).exists() for mark in _MARKS):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path, left_out)
        else:
            yield path


def _inside(path: Path, project: Path) -> None:
    """Refuses what is not a file of this project: its content could change, or be somebody's secret."""
    if path.is_file() and path.resolve().is_relative_to(project):
        return
    got = f"a link to {path.readlink()}" if path.is_symlink() else "a special file"
    hint = "copy what it points to into its place, or move it out of the project"
    raise DataError(str(path), expected="a file of the project", got=got, hint=hint)


def _sized(files: dict[str, Path], project: Path, limit_bytes: int) -> None:
    sizes = {name: path.stat().st_size for name, path in files.items()}
    if not sizes:
        raise DataError(str(project), expected="a project's files", got="none")
    if sum(sizes.values()) > limit_bytes:
        largest = max(sizes, key=lambda name: sizes[name])
        raise DataError(
            str(project),
            expected=f"a project of at most {limit_bytes / 1e6:g} MB",
            got=f"{sum(sizes.values()) / 1e6:.1f} MB, of which {largest} has {sizes[largest] / 1e6:.1f}",
            hint="a bundle carries code and configuration; keep data in data/ or outside of the project",
        )


def _copy(files: dict[str, Path], beside: Path) -> str:
    """Copies the files and says what they are, read from the copy, since the originals may change meanwhile."""
    for name, path in files.items():
        content, target = _content(path), beside / PROJECT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    digest = digests.of_tree(beside / PROJECT)
    documents.write(beside / DOCUMENT, "bundle", {"digest": digest}, durable=False)
    return digest


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), expected="a file that can be read", got=error.strerror or str(error)) from error
    if _PRIVATE_KEY.match(content):
        hint = "keep it outside of the project: bundles are kept for good, and read by every task"
        raise DataError(str(path), expected="files that may be copied", got="a private key", hint=hint)
    return content


def _place(beside: Path, store: Path, digest: str) -> Staged:
    """Moves a bundle to its name; one that is there and sound stays, a damaged one is replaced."""
    target = store / digests.as_folder_name(digest)
    if target.exists() and not _sound(target, digest):
        shutil.rmtree(target)
    try:
        beside.rename(target)
    except OSError:
        # It was there, or somebody packed the same project at the same time.
        if not _sound(target, digest):
            raise
    return Staged(str(target), digest)


def _sound(target: Path, digest: str) -> bool:
    try:
        digests.verify_tree(target / PROJECT, digest)
        return bool(documents.read(target / DOCUMENT, "bundle")["digest"] == digest)
    except (DataError, IntegrityError):
        return False
