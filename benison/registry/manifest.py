"""A version's manifest: which files it is made of, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benison.core import digests, documents
from benison.core.key_sets import TrainedOn

KIND = "version"
_ODD_PATH = re.compile(r"^/|(^|/)\.{0,2}(/|$)|[\x00-\x1f\x7f\\]")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class File:
    """One file of a package.

    Attributes:
        path: Relative to the package, with ``/``.
        size: In bytes.
        digest: Of its bytes.
    """

    path: str
    size: int
    digest: str


@dataclass(frozen=True)
class Provenance:
    """Where a package came from.

    Attributes:
        commit: The commit of the project; empty where there is none.
        bundle: The digest of the project's files that trained it.
        snapshot: The digest of the data that trained it.
        spans: The spans of that data.
        model_digest: The digest of weights, fitted feature parameters and signatures.
        hyperparameters: As the training had them.
        evaluation: The digest of the first evaluation; None where it was registered without one.
        trained_on: The rows that trained it; None: not recorded.
    """

    commit: str
    bundle: str
    snapshot: str
    spans: tuple[int, ...]
    model_digest: str
    hyperparameters: Mapping[str, Any]
    evaluation: str | None
    trained_on: TrainedOn | None = None


@dataclass(frozen=True)
class Manifest:
    """A version, as it was first registered.

    Attributes:
        package: The digest of its files.
        files: Sorted by path.
        provenance: Where it came from.
        by: Who or what registered it.
        when: The moment in UTC, ISO 8601.
    """

    package: str
    files: tuple[File, ...]
    provenance: Provenance
    by: str
    when: str

    @property
    def size(self) -> int:
        """All files together, in bytes."""
        return sum(file.size for file in self.files)


def digest_of(files: tuple[File, ...]) -> str:
    """The digest of the package that consists of these files."""
    return digests.of_manifest([asdict(file) for file in files])


def to_json(manifest: Manifest) -> dict[str, Any]:
    """A manifest as it lies in the registry."""
    return {
        "package": manifest.package,
        "files": [asdict(file) for file in manifest.files],
        "provenance": {**asdict(manifest.provenance), "spans": list(manifest.provenance.spans)},
        "registered": {"by": manifest.by, "when": manifest.when},
    }


def problems(content: Mapping[str, Any]) -> list[str]:
    """What is wrong with what should be a manifest; empty where nothing is.

    Files are held to by hand, as strictly as the schema does it: it would take 20 s for 100,000 of them.
    """
    files = content.get("files")
    if not isinstance(files, list):
        return documents.problems(KIND, content)
    odd = next((file for file in files if not _is_file(file)), None)
    return documents.problems(KIND, {**content, "files": files[:1] if odd is None else [odd]})


def _is_file(file: Any) -> bool:
    if not isinstance(file, dict) or file.keys() != {"path", "size", "digest"}:
        return False
    path, size, digest = file["path"], file["size"], file["digest"]
    if not isinstance(path, str) or not path or _ODD_PATH.search(path):
        return False
    return type(size) is int and size >= 0 and isinstance(digest, str) and _DIGEST.fullmatch(digest) is not None


def from_json(content: Mapping[str, Any]) -> Manifest:
    """The inverse of `to_json`, for content that its schema holds."""
    provenance = content["provenance"]
    seen = provenance.get("trained_on")
    typed = {"spans": tuple(provenance["spans"]), "trained_on": TrainedOn.from_json(seen) if seen else None}
    return Manifest(
        package=content["package"],
        files=tuple(File(**file) for file in content["files"]),
        provenance=Provenance(**{**provenance, **typed}),
        by=content["registered"]["by"],
        when=content["registered"]["when"],
    )
