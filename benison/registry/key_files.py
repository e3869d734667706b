"""The keys of the rows that models were trained on, in files by their digest, verified on every way in and out."""

from __future__ import annotations

from pathlib import Path

from benison.core.files import storage_errors
from benison.core.key_sets import KeySet, TrainedOn, damaged
from benison.core.store import Hashing, Store, top
from benison.registry.copies import Copy, copies


class KeyFiles:
    """The files of keys of one model's versions; each copy of a package has its own, which go when it goes.

    Args:
        store: Where they lie.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._folder = store, f"{model}/trained_on/"

    def add(self, copy: Copy, trained_on: TrainedOn, folder: Path) -> None:
        """Copies files in, and makes sure that what lies there then is what the digests say.

        Args:
            copy: Whose they are.
            trained_on: Which.
            folder: Where they lie.

        Raises:
            IntegrityError: A file is not there or was changed, or another one lies in its place.
            StorageError: The registry is read-only or full.
        """
        for key_set in trained_on.key_sets:
            source = folder / key_set.file
            if not source.is_file():
                raise damaged(str(source), "a file of keys", "none")
            self._store.put_if_absent(self._key(copy, key_set.file), source, key_set.digest)
        self.verify(copy, trained_on)

    def verify(self, copy: Copy, trained_on: TrainedOn) -> None:
        """Reads every byte.

        Raises:
            IntegrityError: A file is missing or was changed.
        """
        for key_set in trained_on.key_sets:
            self._copy(copy, key_set, Hashing())

    def checkout(self, copy: Copy, trained_on: TrainedOn, folder: Path) -> None:
        """Copies files out, verified.

        Raises:
            IntegrityError: A file is missing or was changed.
            StorageError: The folder cannot be written.
        """
        with storage_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for key_set in trained_on.key_sets:
                with (folder / key_set.file).open("wb") as file:
                    self._copy(copy, key_set, Hashing(file))

    def begun(self) -> list[Copy]:
        """All copies of packages of which there is a file."""
        return copies(name.removesuffix("/") for name in top(self._store, self._folder))

    def remove(self, copy: Copy) -> int:
        """Deletes those of one copy.

        Returns:
            How many there were.
        """
        return sum(self._store.delete(key) for key in list(self._store.list_after(self._key(copy, ""))))

    def _copy(self, copy: Copy, key_set: KeySet, sink: Hashing) -> None:
        key = self._key(copy, key_set.file)
        if not self._store.copy_to(key, sink):
            raise damaged(self._store.where(key), "a file of keys", "none")
        if sink.digest != key_set.digest:
            raise damaged(self._store.where(key), key_set.digest, sink.digest)

    def _key(self, copy: Copy, file: str) -> str:
        return f"{self._folder}{copy.name}/{file}"
