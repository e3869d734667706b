"""Packages in a store: laid out as they are served, named by their content, verified on every way in and out.

A package counts from the moment its manifest is there, which is written last; and within a package ``saved_model.pb``
comes last, since servers take its presence as readiness.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from benison.core import digests, documents
from benison.core.errors import DataError, IntegrityError, RegistryError
from benison.core.files import storage_errors
from benison.core.store import Hashing, Store, read_document, top
from benison.registry import manifest as manifests
from benison.registry.manifest import File, Manifest

READY = "saved_model.pb"


class Packages:
    """The packages of one model.

    Args:
        store: Where they lie.
        model: The model's name, which is the folder's.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._model = store, model

    def add(self, folder: Path, files: tuple[File, ...]) -> None:
        """Copies a package in, file by file, and makes sure that what lies there then is the package.

        Files that are there already, from an attempt that was cut short or one at this moment, are left and verified.

        Raises:
            IntegrityError: A file changed while it was copied, or another one lies in its place; it is named.
            StorageError: The registry is read-only or full.
        """
        package = manifests.digest_of(files)
        for file in _ready_last(files):
            self._store.put_if_absent(self._key(package, file.path), folder / file.path, file.digest)
        self._verify(package, files)

    def seal(self, manifest: Manifest) -> None:
        """Makes a package count, by its manifest; the first one stays."""
        key = self._manifest_key(manifest.package)
        raw = documents.to_bytes(self._store.where(key), manifests.KIND, manifests.to_json(manifest))
        self._store.put_if_absent(key, raw)

    def manifest(self, package: str) -> Manifest | None:
        """A package's manifest; None where it does not count as one.

        Raises:
            IntegrityError: The manifest is torn, or of another package.
        """
        key = self._manifest_key(package)
        found = read_document(self._store, key, manifests.KIND)
        if found is None:
            return None
        manifest = manifests.from_json(found[0])
        if manifest.package != package or manifests.digest_of(manifest.files) != package:
            raise IntegrityError(
                self._store.where(key),
                expected=f"the manifest of {package}",
                got=f"that of {manifests.digest_of(manifest.files)}",
                hint="restore it from a copy",
            )
        return manifest

    def require(self, package: str) -> Manifest:
        """A package's manifest.

        Raises:
            IntegrityError: It is not there, or damaged.
        """
        manifest = self.manifest(package)
        if manifest is None:
            where = self._store.where(self._manifest_key(package))
            raise IntegrityError(where, expected="a manifest", got="none", hint="restore it from a copy")
        return manifest

    def verify(self, package: str) -> Manifest:
        """Reads every byte of a package.

        Raises:
            IntegrityError: A file is missing, changed, or one too many; the message names it.
        """
        manifest = self.require(package)
        self._verify(package, manifest.files)
        return manifest

    def checkout(self, package: str, target: Path) -> Manifest:
        """Copies a package out, verified; the target is there whole or not at all.

        Args:
            package: Its digest.
            target: The folder to make; it must not be there, or be empty.

        Raises:
            IntegrityError: The package is not what its digest says; the message names the file.
            RegistryError: There is something at the target.
            StorageError: The target cannot be written.
        """
        manifest = self.require(package)
        self._only_its_own(package, manifest.files)
        with storage_errors(target), _whole_or_not(target) as partial:
            for file in _ready_last(manifest.files):
                self._copy_out(package, file, partial / _inside(file.path))
        return manifest

    def sealed(self) -> list[str]:
        """The digests of all packages that have a manifest."""
        return [_digest_in(key) for key in self._store.list_after(f"{self._model}/versions/")]

    def begun(self) -> set[str]:
        """The digests of all packages of which there is a file."""
        return {name.removesuffix("/").replace("-", ":", 1) for name in top(self._store, f"{self._model}/packages/")}

    def _verify(self, package: str, files: tuple[File, ...]) -> None:
        self._only_its_own(package, files)
        for file in files:
            self._copy_out(package, file, None)

    def _only_its_own(self, package: str, files: tuple[File, ...]) -> None:
        """Makes sure that no file lies in a package's folder that is none of its own: a server would load it."""
        prefix, own = self._key(package, ""), {file.path for file in files}
        for key in self._store.list_after(prefix):
            if key.removeprefix(prefix) not in own:
                raise self._damaged(package, key.removeprefix(prefix), "no such file", "a file that is none of its own")

    def _copy_out(self, package: str, file: File, target: Path | None) -> None:
        """Reads a file, into a target where there is one, and holds it to its digest."""
        with _sink(target) as sink:
            if not self._store.copy_to(self._key(package, file.path), sink):
                raise self._damaged(package, file.path, "a file", "none")
        if sink.digest != file.digest:
            raise self._damaged(package, file.path, file.digest, sink.digest)

    def _damaged(self, package: str, path: str, expected: str, got: str) -> IntegrityError:
        where = self._store.where(self._key(package, path))
        hint = "the package was changed after it was registered; restore the file, or roll back to a sound version"
        return IntegrityError(where, expected=expected, got=got, hint=hint)

    def _key(self, package: str, path: str) -> str:
        return f"{self._model}/packages/{digests.as_folder_name(package)}/{path}"

    def _manifest_key(self, package: str) -> str:
        return f"{self._model}/versions/{digests.as_folder_name(package)}.json"


def files_of(folder: Path) -> tuple[File, ...]:
    """The files of a package that is to be registered.

    Raises:
        DataError: It is no folder, holds no ``saved_model.pb``, or holds a link or a special file.
    """
    files = tuple(File(**entry) for entry in digests.manifest_of(folder))
    if READY not in {file.path for file in files}:
        got = f"{len(files)} files, but not that one" if files else "no files"
        raise DataError(
            str(folder), expected=f"a SavedModel: a folder with {READY}", got=got, hint="name the folder that holds it"
        )
    return files


def _ready_last(files: tuple[File, ...]) -> list[File]:
    """The order of copying: ``saved_model.pb`` files come last, the one at the top as the very last."""
    return sorted(files, key=lambda file: (PurePosixPath(file.path).name == READY, file.path == READY, file.path))


def _inside(path: str) -> PurePosixPath:
    """A relative path of a manifest; one that climbs out is refused."""
    inside = PurePosixPath(path)
    if inside.is_absolute() or ".." in inside.parts:
        raise RegistryError(path, expected="a path inside the package", got="one that climbs out")
    return inside


def _digest_in(key: str) -> str:
    return PurePosixPath(key).name.removesuffix(".json").replace("-", ":", 1)


@contextmanager
def _sink(target: Path | None) -> Iterator[Hashing]:
    if target is None:
        yield Hashing()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        yield Hashing(file)


@contextmanager
def _whole_or_not(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its name at the end."""
    if target.is_symlink() or target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise RegistryError(
            str(target), expected="an empty place to copy to", got="something there", hint="name another folder"
        )
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    partial.mkdir(parents=True)
    try:
        yield partial
        partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
