"""Registries: how far the log of Benison's registry has come, which TFX's cache has to know."""

from __future__ import annotations

from pathlib import Path

from benison import config as configuration
from benison.core.errors import RegistryError
from benison.registry.registry import Registry


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
