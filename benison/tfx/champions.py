"""Champions: what a challenger is compared with, from our ChampionResolver or from a resolver of TFX's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from benison.core import digests, documents, key_sets
from benison.tfx.asked import PACKAGE, Artifact
from benison.tfx.given import Given
from benison.tfx.models import TakenIn, is_ours

DOCUMENT, HISTORY = "champion.json", "history"


def resolved(baseline: Artifact | None, scratch: Path) -> Path:
    """What our ChampionResolver found; of any other model nothing is recorded that data could be held to.

    Args:
        baseline: Of TFX's type Model.
        scratch: Where the word that there is none comes to lie.
    """
    if baseline is not None and (baseline.path / DOCUMENT).exists():
        return baseline.path
    documents.write(scratch / "champion" / DOCUMENT, "champion", {"champion": None, "reference": None}, durable=False)
    return scratch / "champion"


def history_of(baseline: Artifact | None, scratch: Path) -> Path:
    """The profiles of accepted snapshots that our ChampionResolver found."""
    if baseline is not None and (baseline.path / HISTORY).is_dir():
        return baseline.path / HISTORY
    (scratch / HISTORY).mkdir(parents=True)
    return scratch / HISTORY


def compared(given: Given, name: str) -> Path:
    """The models that the evaluator compares with: our ChampionResolver's, or the one that a resolver of TFX's found.

    The latter stands for the champion, numbered as ML Metadata numbers it; there is no reference then.

    Args:
        given: The project and the examples.
        name: The channel.
    """
    baseline, folder = given.asked.optional(name), given.asked.scratch / "compared"
    if baseline is None or (baseline.path / DOCUMENT).exists():
        return resolved(baseline, folder)
    told = _told(given, baseline, folder)
    entry = {**told, "number": max(baseline.id, 1), "folder": "champion"}
    documents.write(folder / DOCUMENT, "champion", {"champion": entry, "reference": None}, durable=False)
    return folder


def _told(given: Given, baseline: Artifact, folder: Path) -> dict[str, Any]:
    """What is known of a model, its package and the keys of what it has seen put in their places."""
    if is_ours(baseline.path):
        training = documents.read(baseline.path / "training.json", "training")
        shutil.copytree(baseline.path / PACKAGE, folder / "champion")
        shutil.copytree(key_sets.beside(baseline.path / PACKAGE), key_sets.beside(folder / "champion"))
        return {key: training[key] for key in ("package", "model_digest", "spans", "snapshot", "trained_on")}
    taken = TakenIn(given, baseline, folder / "taken")
    shutil.move(taken.package, folder / "champion")
    unknown: dict[str, Any] = {"spans": [], "snapshot": None, "trained_on": None}
    return {"package": digests.of_tree(folder / "champion"), "model_digest": taken.told["digest"], **unknown}
