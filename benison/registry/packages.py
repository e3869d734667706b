"""Packages in a store: laid out as they are served, named by their content, verified on every way in and out.

A package counts from the moment its manifest is there, which is written last; and within a package ``saved_model.pb``
comes last, since servers take its presence as readiness.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from benison.core import digests, documents
from benison.core.errors import BrokenError, DataError, IntegrityError, RegistryError
from benison.core.files import at_once, storage_errors
from benison.core.store import Hashing, Store, damaged, parse, top
from benison.registry import manifest as manifests
from benison.registry.copies import Copy, copies
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

    def add(self, folder: Path, files: tuple[File, ...], generation: int = 0) -> None:
        """Copies a package in, file by file, and makes sure that what lies there then is the package.

        Files that are there already, from an attempt that was cut short or one at this moment, are left and verified.

        Raises:
            IntegrityError: A file changed while it was copied, or another one lies in its place; it is named.
            StorageError: The registry is read-only or full.
        """
        copy = Copy(manifests.digest_of(files), generation)

        def put(file: File) -> None:
            self._store.put_if_absent(self._key(copy, file.path), folder / file.path, file.digest)

        _each(put, files)
        self._verify(copy, files)

    def seal(self, manifest: Manifest, generation: int = 0) -> None:
        """Makes a package count, by its manifest; the first one stays."""
        key = self._manifest_key(Copy(manifest.package, generation))
        raw = documents.encode({"kind": manifests.KIND, "format": 1, **manifests.to_json(manifest)})
        if wrong := manifests.problems(json.loads(raw)):
            where, expected = self._store.where(key), f"a document of kind {manifests.KIND}"
            raise BrokenError(where, expected=expected, got="; ".join(wrong[:3]))
        self._store.put_if_absent(key, raw)

    def manifest(self, copy: Copy) -> Manifest | None:
        """A package's manifest; None where it does not count as one.

        Raises:
            IntegrityError: The manifest is torn, or of another package.
        """
        key, package = self._manifest_key(copy), copy.package
        raw = self._store.get(key)
        if raw is None:
            return None
        content = parse(self._store.where(key), manifests.KIND, raw)
        if wrong := manifests.problems(content):
            raise damaged(self._store.where(key), manifests.KIND, "; ".join(wrong[:3]))
        manifest = manifests.from_json(content)
        if manifest.package != package or manifests.digest_of(manifest.files) != package:
            raise IntegrityError(
                self._store.where(key),
                expected=f"the manifest of {package}",
                got=f"that of {manifests.digest_of(manifest.files)}",
                hint="restore it from a copy",
            )
        return manifest

    def require(self, copy: Copy) -> Manifest:
        """A package's manifest.

        Raises:
            IntegrityError: It is not there, or damaged.
        """
        manifest = self.manifest(copy)
        if manifest is None:
            where = self._store.where(self._manifest_key(copy))
            raise IntegrityError(where, expected="a manifest", got="none", hint="restore it from a copy")
        return manifest

    def verify(self, copy: Copy) -> Manifest:
        """Reads every byte of a package.

        Raises:
            IntegrityError: A file is missing, changed, or one too many; the message names it.
        """
        manifest = self.require(copy)
        self._verify(copy, manifest.files)
        return manifest

    def checkout(self, copy: Copy, target: Path) -> Manifest:
        """Copies a package out, verified; the target is there whole or not at all.

        Args:
            copy: Which.
            target: The folder to make; it must not be there, or be empty.

        Raises:
            IntegrityError: The package is not what its digest says; the message names the file.
            RegistryError: There is something at the target.
            StorageError: The target cannot be written.
        """
        manifest = self.require(copy)
        self._only_its_own(copy, manifest.files)
        with storage_errors(target), _whole_or_not(target) as partial:
            _each(lambda file: self._copy_out(copy, file, partial / _inside(file.path)), manifest.files)
        return manifest

    def read(self, copy: Copy, path: str) -> bytes:
        """One file of a package, verified.

        Raises:
            IntegrityError: It is missing or changed; or the package has none of this name.
        """
        file = next((file for file in self.require(copy).files if file.path == path), None)
        raw = self._store.get(self._key(copy, path))
        if file is None or raw is None:
            raise self._damaged(copy, path, "a file", "none")
        if digests.of_bytes(raw) != file.digest:
            raise self._damaged(copy, path, file.digest, digests.of_bytes(raw))
        return raw

    def sealed(self) -> list[Copy]:
        """All copies that have a manifest."""
        prefix = f"{self._model}/versions/"
        return copies(key.removeprefix(prefix).removesuffix(".json") for key in self._store.list_after(prefix))

    def begun(self) -> list[Copy]:
        """All copies of which there is a file."""
        return copies(name.removesuffix("/") for name in top(self._store, f"{self._model}/packages/"))

    def remove(self, copy: Copy) -> int:
        """Deletes a copy: its manifest first, so that it does not count any more, then its files.

        Returns:
            How many objects there were; 0: it was gone already.
        """
        keys = [self._manifest_key(copy), *self._store.list_after(self._key(copy, ""))]
        return sum(self._store.delete(key) for key in keys)

    def _verify(self, copy: Copy, files: tuple[File, ...]) -> None:
        self._only_its_own(copy, files)
        _each(lambda file: self._copy_out(copy, file, None), files)

    def _only_its_own(self, copy: Copy, files: tuple[File, ...]) -> None:
        """Makes sure that no file lies in a package's folder that is none of its own: a server would load it."""
        prefix, own = self._key(copy, ""), {file.path for file in files}
        for key in self._store.list_after(prefix):
            if key.removeprefix(prefix) not in own:
                raise self._damaged(copy, key.removeprefix(prefix), "no such file", "a file that is none of its own")

    def _copy_out(self, copy: Copy, file: File, target: Path | None) -> None:
        """Reads a file, into a target where there is one, and holds it to its digest."""
        with _sink(target) as sink:
            if not self._store.copy_to(self._key(copy, file.path), sink):
                raise self._damaged(copy, file.path, "a file", "none")
        if sink.digest != file.digest:
            raise self._damaged(copy, file.path, file.digest, sink.digest)

    def _damaged(self, copy: Copy, path: str, expected: str, got: str) -> IntegrityError:
        where = self._store.where(self._key(copy, path))
        hint = "the package was changed after it was registered; restore the file, or roll back to a sound version"
        return IntegrityError(where, expected=expected, got=got, hint=hint)

    def _key(self, copy: Copy, path: str) -> str:
        return f"{self._model}/packages/{copy.name}/{path}"

    def _manifest_key(self, copy: Copy) -> str:
        return f"{self._model}/versions/{copy.name}.json"


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


def _each(act: Callable[[File], None], files: tuple[File, ...]) -> None:
    """Does something with every file, many side by side where there are many; those that servers wait for come last.

    A disk and a bucket take as long for one file as for some at once.
    """
    last = [file for file in files if PurePosixPath(file.path).name == READY]
    first = [file for file in files if PurePosixPath(file.path).name != READY]
    at_once(act, first)
    for file in sorted(last, key=lambda file: (file.path == READY, file.path)):
        act(file)


def _inside(path: str) -> PurePosixPath:
    """A relative path of a manifest; one that climbs out is refused."""
    inside = PurePosixPath(path)
    if inside.is_absolute() or ".." in inside.parts:
        raise RegistryError(path, expected="a path inside the package", got="one that climbs out")
    return inside


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
