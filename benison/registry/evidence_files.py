"""The documents that the log's evidence names, each under its digest: evaluation, checks, training, model card."""

from __future__ import annotations

from pathlib import Path

from benison.core import digests
from benison.core.errors import IntegrityError
from benison.core.store import Store


class EvidenceFiles:
    """The evidence of one model's versions. A document that several entries name lies there once.

    Args:
        store: Where they lie.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._model = store, model

    def put(self, document: Path | bytes) -> str:
        """Keeps a document, in a file or in bytes, and tells its digest.

        Raises:
            IntegrityError: It changed while it was copied.
            StorageError: The registry is read-only or full.
        """
        digest = digests.of_bytes(document) if isinstance(document, bytes) else digests.of_file(document)
        self._store.put_if_absent(self._key(digest), document, digest)
        return digest

    def get(self, digest: str) -> bytes | None:
        """A document's bytes; None where it was not kept.

        Raises:
            IntegrityError: It was changed.
        """
        raw = self._store.get(self._key(digest))
        if raw is not None and digests.of_bytes(raw) != digest:
            where = self._store.where(self._key(digest))
            hint = "it was changed after it was kept; restore it from a copy"
            raise IntegrityError(where, expected=digest, got=digests.of_bytes(raw), hint=hint)
        return raw

    def verify(self, digest: str) -> None:
        """As `get`, for its errors."""
        self.get(digest)

    def _key(self, digest: str) -> str:
        return f"{self._model}/evidence/{digests.as_folder_name(digest)}.json"
