"""What is kept of accepted snapshots: one document each, by the snapshot's digest, the first one for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from benison.core import digests, documents
from benison.core.errors import IntegrityError
from benison.core.store import Store, read_document, top
from benison.registry.log import utc

KIND = "history_entry"


class History:
    """The accepted snapshots of one model.

    Args:
        store: Where they are kept.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._folder = store, f"{model}/history/"

    def put(self, profile: Mapping[str, Any], when: datetime) -> None:
        """Keeps a snapshot's profile, unless the snapshot is kept already.

        Args:
            profile: The content of profile.json.
            when: The moment at which the snapshot was accepted, with a time zone.

        Raises:
            StorageError: The registry is read-only or full.
        """
        snapshot = profile["snapshot"]
        whole = {"kind": "profile", "format": 1, **profile}
        entry = {"snapshot": snapshot, "accepted_at": utc(when), "profile": whole}
        key = f"{self._folder}{_name(snapshot)}"
        self._store.put_if_absent(key, documents.to_bytes(self._store.where(key), KIND, entry))

    def entries(self) -> dict[str, bytes]:
        """The documents by the snapshots' digests, in the order of these.

        Raises:
            IntegrityError: One is torn, or of another snapshot than its name says.
        """
        return dict(self._entry(name) for name in top(self._store, self._folder))

    def _entry(self, name: str) -> tuple[str, bytes]:
        key = self._folder + name
        content, raw = read_document(self._store, key, KIND) or ({"snapshot": "", "profile": {"snapshot": ""}}, b"")
        for snapshot in (content["snapshot"], content["profile"]["snapshot"]):
            if _name(snapshot) != name:
                raise IntegrityError(
                    self._store.where(key),
                    expected="the snapshot that its name says",
                    got=snapshot or "none",
                    hint="it was renamed or changed; restore it from a copy",
                )
        return content["snapshot"], raw


def _name(snapshot: str) -> str:
    return f"{digests.as_folder_name(snapshot)}.json"
