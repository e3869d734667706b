"""What a run on a cluster came to: the word that its pusher left under the pipeline root."""

from __future__ import annotations

from benison.core.errors import BrokenError
from benison.core.store import read_document
from benison.registry.stores import store_at

_FILE = "pushed.json"


def read(folder: str) -> str:
    """The outcome of a run that succeeded.

    Args:
        folder: Below which pushed.json lies.

    Returns:
        pushed, held, unchanged, superseded or blocked.

    Raises:
        BrokenError: There is none, or there are several that differ.
        StorageError: The place cannot be read.
    """
    store = store_at(folder, "pipeline_root")
    keys = [key for key in store.list_after("") if f"/{key}".endswith(f"/{_FILE}")]
    documents = [found[0] for key in keys if (found := read_document(store, key, "pushed"))]
    outcomes = sorted({document["outcome"] for document in documents})
    if len(outcomes) != 1:
        hint = "look at the run's page; the registry's log says who is champion"
        raise BrokenError(folder, expected=f"one {_FILE}", got=", ".join(outcomes) or "none", hint=hint)
    return str(outcomes[0])
