"""Packages where Vertex AI reads them: copies in a bucket, named by their content, held to their digests."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benison.core.store import Store
from benison.registry.copies import Copy
from benison.registry.packages import Packages
from benison.registry.registry import Registry


class Artifacts:
    """The copies of one model's packages.

    Args:
        store: The folder that they lie in.
        uri: Its URI, without ``/`` at its end.
        model: The model's name.
    """

    def __init__(self, store: Store, uri: str, model: str) -> None:
        self._packages, self._below = Packages(store, model), f"{uri}/{model}/packages"

    def uri(self, package: str) -> str:
        """The folder of a package."""
        return f"{self._below}/{Copy(package).name}"

    def bring(self, registry: Registry, package: str) -> str:
        """Copies a package, unless it is there; whoever was cut short is continued.

        Args:
            registry: Whose it is.
            package: Its digest.

        Returns:
            Its folder.

        Raises:
            RefusedError: It lacks a signature that is required.
            IntegrityError: A byte, here or there, is not what its digest says.
            StorageError: The folder cannot be written.
        """
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "package"
            manifest = registry.checkout_to_serve(package, folder)
            self._packages.add(folder, manifest.files)
        return self.uri(package)


def package_at(uri: str) -> str:
    """The digest of the package in a folder; empty where the folder is none of a package.

    >>> package_at("gs://acme/models/census/packages/sha256-" + 64 * "0")[:20]
    'sha256:0000000000000'
    """
    copy = Copy.of(uri.rstrip("/").rsplit("/", 1)[-1])
    return copy.package if copy else ""
