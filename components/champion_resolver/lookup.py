"""Lookup: which models a challenger is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benison.registry.log import Champion
from benison.registry.manifest import Manifest
from benison.registry.state import State


@dataclass(frozen=True)
class Baselines:
    """The models that a challenger must be no worse than.

    Attributes:
        champion: The one that serves; None before the first promotion.
        reference: The last one that was promoted on superiority, as the first, or by hand.
    """

    champion: Champion | None
    reference: Champion | None

    @property
    def folders(self) -> dict[str, str]:
        """The package that lies in each folder of the artifact: once, where champion and reference are the same."""
        roles = {"reference": self.reference, "champion": self.champion}
        by_package = {place.package: role for role, place in roles.items() if place is not None}
        return {role: package for package, role in by_package.items()}


def lookup(state: State) -> Baselines:
    """The baselines in a registry's state."""
    return Baselines(state.champion, state.reference)


def document(baselines: Baselines, manifests: Mapping[str, Manifest]) -> dict[str, Any]:
    """The content of champion.json.

    Args:
        baselines: Which models.
        manifests: Of their packages, by digest.
    """
    folder_of = {package: folder for folder, package in baselines.folders.items()}

    def baseline(place: Champion | None) -> dict[str, Any] | None:
        if place is None:
            return None
        origin = manifests[place.package].provenance
        return {
            "package": place.package,
            "number": place.number,
            "spans": list(origin.spans),
            "snapshot": origin.snapshot,
            "model_digest": origin.model_digest,
            "folder": folder_of[place.package],
            "trained_on": origin.trained_on.to_json() if origin.trained_on else None,
        }

    return {"champion": baseline(baselines.champion), "reference": baseline(baselines.reference)}
