"""Described: what a package says of itself, and training.json of it, where somebody else's graph answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from benison.config import Label
from benison.core import documents
from benison.core.signatures import NUMBER, TEXT, input_names
from benison.sources.encode import TEXTS

# How somebody else's code computes is its own choice.
_UNKNOWN = dict.fromkeys(("driver", "threads", "precision", "xla", "micro_batch", "replicas"))


def describe(package: Path, kinds: Mapping[str, str], features: Collection[str], label: Label) -> None:
    """Writes ``assets.extra/features.json``: the columns that a package takes, and its label.

    Args:
        package: The SavedModel.
        kinds: Which list of a tf.Example keeps each column.
        features: The columns that it reads.
        label: What it predicts.
    """
    inputs = input_names([name for name in kinds if name in features])
    columns = [
        {"name": name, "input": given, "type": TEXT if kinds[name] == TEXTS else NUMBER, "stored_as": kinds[name]}
        for name, given in inputs.items()
    ]
    named = {"column": label.column, "positive": label.positive, "negative": label.negative}
    told = {"columns": columns, "features": [], "label": named}
    documents.write(package / "assets.extra" / "features.json", "features", told)


def record(
    told: Mapping[str, Any], rows: Mapping[str, int], seed: int | None, hyperparameters: Mapping[str, Any]
) -> dict[str, Any]:
    """What training.json says of a model that somebody else's code trained.

    Args:
        told: What `exported.check` says of the package.
        rows: Of train and eval.
        seed: None: not known.
        hyperparameters: As the code received them.
    """
    return {
        "model_digest": told["digest"],
        "seed": seed,
        "deterministic": False,
        "hyperparameters": dict(hyperparameters),
        "rows": dict(rows),
        "curves": None,
        "best_epoch": None,
        "parameters": told["parameters"],
        "speed": None,
        "environment": {**_UNKNOWN, **told["environment"]},
    }
