"""Key sets: which rows and entities a model was trained on, as 64-bit keys in files beside its package.

A file holds different keys, ascending, of 8 bytes each and nothing else, and is named by its digest. So the same rows
make the same file on every machine, and to read one is to read numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benison.core import digests
from benison.core.errors import IntegrityError
from benison.core.files import write_atomically
from benison.core.hashes import Hashes

_STORED = np.dtype("<u8")


@dataclass(frozen=True)
class KeySet:
    """What a file of keys is.

    Attributes:
        columns: Of which each key is made.
        rows: How many rows have one of them.
        left_out: How many rows have none, since a value is missing.
        keys: How many there are, all different.
        digest: Of the file.
    """

    columns: tuple[str, ...]
    rows: int
    left_out: int
    keys: int
    digest: str

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{digests.as_folder_name(self.digest)}.keys"

    @property
    def size(self) -> int:
        """The file's bytes."""
        return _STORED.itemsize * self.keys


@dataclass(frozen=True)
class TrainedOn:
    """The rows that a model was trained on, or that stopped its training: the splits train and eval.

    Attributes:
        rows: Told by all of their columns.
        entities: Told by the columns that tell entities apart; None: benison.yaml names none.
    """

    rows: KeySet
    entities: KeySet | None

    @property
    def key_sets(self) -> tuple[KeySet, ...]:
        """Both, or the one that there is."""
        return (self.rows, self.entities) if self.entities else (self.rows,)

    def to_json(self) -> dict[str, Any]:
        """As it stands in training.json, champion.json and a version's manifest."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> TrainedOn:
        """The inverse of `to_json`."""
        rows, entities = content["rows"], content["entities"]
        return cls(_key_set(rows), _key_set(entities) if entities else None)


def _key_set(content: Mapping[str, Any]) -> KeySet:
    return KeySet(**{**content, "columns": tuple(content["columns"])})


def beside(package: Path) -> Path:
    """Where the files of keys lie of a model whose package lies here: in the same artifact."""
    return package.parent / "trained_on"


def write(keys: Hashes, columns: tuple[str, ...], left_out: int, folder: Path) -> KeySet:
    """Writes the keys of some rows.

    Args:
        keys: One for each row that has one; they are sorted in place, so that memory holds them once.
        columns: As in `KeySet`.
        left_out: As in `KeySet`.
        folder: Where to; it need not be there.

    Raises:
        StorageError: It is read-only or full.
    """
    rows = len(keys)
    keys.sort()
    first = np.ones(rows, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    different = (keys if first.all() else keys[first]).astype(_STORED, copy=False)
    digest = digests.PREFIX + hashlib.sha256(different.data).hexdigest()
    found = KeySet(columns, rows, left_out, len(different), digest)
    write_atomically(folder / found.file, different.data)
    return found


def read(key_set: KeySet, folder: Path) -> Hashes:
    """The keys, ascending, once every byte was held to the digest; pages of the file, not a copy.

    Raises:
        IntegrityError: The file is not there, or not what its digest says.
    """
    path = folder / key_set.file
    if not path.is_file():
        raise damaged(str(path), "a file of keys", "none")
    found = digests.of_file(path)
    if found != key_set.digest or path.stat().st_size != key_set.keys * _STORED.itemsize:
        raise damaged(str(path), f"{key_set.keys:,} keys, {key_set.digest}", f"{path.stat().st_size:,} bytes, {found}")
    return np.memmap(path, _STORED, "r") if key_set.keys else np.zeros(0, np.uint64)


def damaged(where: str, expected: str, got: str) -> IntegrityError:
    """What is raised of a file of keys that is gone or was changed."""
    hint = "it says what the model was trained on, and was changed or lost since; restore it from a copy"
    return IntegrityError(where, expected=expected, got=got, hint=hint)
