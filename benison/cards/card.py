"""The card as a document: model_card.json beside a model, and again beside its evaluation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benison.core import documents
from benison.core.errors import BrokenError
from benison.core.files import write_atomically

Card = dict[str, Any]
KIND = "model_card"
FILE = f"{KIND}.json"
MARKDOWN = f"{KIND}.md"
SCHEMA_VERSION = "0.0.2"


def read(artifact: Path) -> Card:
    """The card in an artifact.

    Raises:
        DataError: There is none, or it is not one.
    """
    return documents.read(artifact / FILE, KIND)


def write(artifact: Path, card: Card) -> None:
    """Writes the card after holding it to its schema; the format has no room for a document's kind and format.

    Raises:
        BrokenError: It is not what its schema says: a fault in what made it.
    """
    raw = documents.encode(card)
    if wrong := documents.problems(KIND, json.loads(raw)):
        raise BrokenError(str(artifact / FILE), expected="a model card", got="; ".join(wrong[:3]))
    write_atomically(artifact / FILE, raw)


def present(content: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty: the format tells what was not said by leaving it out.

    >>> present({"name": "Ada", "contact": ""})
    {'name': 'Ada'}
    """
    return {key: value for key, value in content.items() if value}
