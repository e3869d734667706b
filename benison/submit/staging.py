"""A packed project, copied to where a cluster's first task can fetch it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benison.core import digests
from benison.core.store import read_document
from benison.registry.stores import store_at

FOLDER = "benison/bundles"
_DOCUMENT = "bundle.json"


@dataclass(frozen=True)
class StagedAway:
    """A project under a pipeline root.

    Attributes:
        uri: Its folder.
        uploaded: How many files had to be written; 0: it was there.
    """

    uri: str
    uploaded: int


def stage(bundle: Path, digest: str, root: str) -> StagedAway:
    """Copies a bundle to a folder that is named by its digest, unless it is there.

    ``bundle.json`` goes last, so that a folder with it is whole, and one without it is finished by whoever comes next.
    What lies there is not read again: the pipeline's first task holds it to the digest.

    Args:
        bundle: What `benison.core.pack` made.
        digest: Its content digest.
        root: The pipeline root: an absolute path, ``file://`` and one, or a folder of a bucket.

    Raises:
        StorageError: The pipeline root cannot be written.
        IntegrityError: Something else lies in its place.
    """
    uri = f"{root}/{FOLDER}/{digests.as_folder_name(digest)}"
    store = store_at(uri, "pipeline_root")
    if read_document(store, _DOCUMENT, "bundle"):
        return StagedAway(uri, 0)
    files = sorted(digests.files_of(bundle), key=lambda file: (file[0] == _DOCUMENT, file[0]))
    return StagedAway(uri, sum(store.put_if_absent(name, path) for name, path in files))
