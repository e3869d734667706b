"""Champion resolver: lookup."""

from __future__ import annotations

import logging
from pathlib import Path

from benison import config as configuration
from benison.components.champion_resolver.lookup import document, lookup
from benison.core import digests, documents, key_sets
from benison.core.files import storage_errors
from benison.registry.registry import Registry

_log = logging.getLogger(__name__)


def run(*, registry_uri: str, bundle: Path, champion: Path, history: Path, base_model: Path) -> None:
    """Copies champion and reference out of the registry, verified, with the history of accepted snapshots.

    Args:
        registry_uri: Where the registry lies: an absolute path, or file:// and one; an empty folder becomes one.
        bundle: The user's project, which names the model.
        champion: The artifact that becomes champion.json and the packages.
        history: The artifact that becomes one document for each accepted snapshot: when that was, and its profile.
        base_model: The artifact that becomes base_model.json and, under ``model.warm_start``, the champion's package.
    """
    config = configuration.read(bundle / "project")
    registry = Registry.create(registry_uri, config.name)
    state = registry.state()
    baselines = lookup(state)
    manifests = {
        package: registry.checkout(package, champion / folder) for folder, package in baselines.folders.items()
    }
    for folder, package in baselines.folders.items():
        if seen := manifests[package].provenance.trained_on:
            registry.key_files.checkout(state.copy(package), seen, key_sets.beside(champion / folder))
    _write_history(registry, history)
    start = baselines.champion if config.model.warm_start else None
    _write_base_model(registry, start.package if start else None, base_model)
    documents.write(champion / "champion.json", "champion", document(baselines, manifests), durable=False)
    _log.info("champion %s, reference %s", baselines.champion or "none", baselines.reference or "none")


def _write_history(registry: Registry, history: Path) -> None:
    with storage_errors(history):
        history.mkdir(parents=True, exist_ok=True)
        for snapshot, entry in registry.history.entries().items():
            (history / f"{digests.as_folder_name(snapshot)}.json").write_bytes(entry)


def _write_base_model(registry: Registry, package: str | None, base_model: Path) -> None:
    """The model to start from, or the word that there is none: always the same bytes, so that training is reused."""
    if package is not None:
        registry.checkout(package, base_model / "Format-Serving")
    documents.write(base_model / "base_model.json", "base_model", {"package": package}, durable=False)
