"""Registries: where a TFX pipeline's components find Benison's registry, and how far its log has come."""

from __future__ import annotations

from pathlib import Path

from benison import config as configuration
from benison.core.errors import RegistryError
from benison.registry.registry import Registry
from benison.sources.find import is_remote


def place_of(registry: str) -> str:
    """A folder as an absolute path; a bucket's as it is."""
    return registry if is_remote(registry) else str(Path(registry.removeprefix("file://")).resolve())


def standing(registry: str, project: Path) -> str:
    """The number of the log's last entry, so that TFX's cache asks again where somebody was promoted or rolled back.

    Args:
        registry: Where the registry lies.
        project: The folder with benison.yaml, which names the model.
    """
    try:
        return str(Registry.open(registry, configuration.read(project).name).state().number)
    except RegistryError:
        return "0"
