"""The signatures of packages, beside them and never in them, each under the digest of its bytes."""

from __future__ import annotations

import re

from benison.core import digests
from benison.core.errors import IntegrityError
from benison.core.store import Store, top
from benison.registry.copies import Copy, copies

_NAME = re.compile(r"(sha256-[0-9a-f]{64})\.sigstore\.json")


class SignatureFiles:
    """The signatures of one model's versions; those of a copy go when it goes.

    A name that is the content's cannot be taken by somebody who has nothing to put there but noise.

    Args:
        store: Where they lie.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._folder = store, f"{model}/signatures/"

    def put(self, copy: Copy, raw: bytes) -> str:
        """Keeps one, and tells its digest.

        Raises:
            StorageError: The registry is read-only or full.
        """
        digest = digests.of_bytes(raw)
        self._store.put_if_absent(self._key(copy, digest), raw, digest)
        return digest

    def of(self, copy: Copy) -> list[str]:
        """The digests of a copy's; what has another name is none."""
        prefix = f"{self._folder}{copy.name}/"
        found = (_NAME.fullmatch(key.removeprefix(prefix)) for key in self._store.list_after(prefix))
        return [match[1].replace("-", ":", 1) for match in found if match]

    def get(self, copy: Copy, digest: str) -> bytes:
        """One of them.

        Raises:
            IntegrityError: It is not there, or was changed.
        """
        raw = self._store.get(self._key(copy, digest))
        found = "none" if raw is None else digests.of_bytes(raw)
        if raw is None or found != digest:
            hint = "restore it from a copy, or sign the version again:  benison registry sign"
            raise IntegrityError(self.where(copy, digest), expected=f"signature {digest}", got=found, hint=hint)
        return raw

    def where(self, copy: Copy, digest: str) -> str:
        """The place of one, as a person would look for it."""
        return self._store.where(self._key(copy, digest))

    def begun(self) -> list[Copy]:
        """All copies of packages of which there is one."""
        return copies(name.removesuffix("/") for name in top(self._store, self._folder))

    def remove(self, copy: Copy) -> int:
        """Deletes those of one copy.

        Returns:
            How many there were.
        """
        return sum(self._store.delete(key) for key in list(self._store.list_after(f"{self._folder}{copy.name}/")))

    def _key(self, copy: Copy, digest: str) -> str:
        return f"{self._folder}{copy.name}/{digests.as_folder_name(digest)}.sigstore.json"
