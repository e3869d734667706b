"""What people say of a model, put into the card and read out of it again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from benison.cards.card import present
from benison.config import Config, ModelCard
from benison.core.errors import ConfigError
from benison.core.spelling import nearest

# The format knows no such list, so it stands among the limitations.
OUT_OF_SCOPE = "Out of scope: "
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def require_sensitive(said: ModelCard, columns: Sequence[str]) -> None:
    """Makes sure that what is called sensitive is there: a misspelt column would look as if it were watched.

    Args:
        said: What benison.yaml says.
        columns: Those of the data.

    Raises:
        ConfigError: One is missing.
    """
    for name in said.sensitive:
        if name not in columns:
            where, hint = "benison.yaml (model_card.sensitive)", nearest(name, columns)
            raise ConfigError(where, expected="columns of the data", got=repr(name), hint=hint)


def details(config: Config) -> dict[str, Any]:
    """``model_details`` as far as people state them."""
    said = config.model_card
    return present(
        {
            "name": config.name,
            "overview": said.overview or config.description,
            "owners": [present({"name": one.name, "contact": one.contact}) for one in said.owners],
            "licenses": [_license(one) for one in said.licenses],
            "references": [{"reference": one} for one in said.references],
            "citations": [{"citation": one} for one in said.citations],
        }
    )


def _license(text: str) -> dict[str, str]:
    """One word is an identifier of SPDX, more are the words of a licence that it does not know."""
    return {"identifier" if _SPDX.fullmatch(text) else "custom_text": text}


def considerations(said: ModelCard) -> dict[str, Any]:
    """``considerations`` as far as people state them."""
    limitations = [*(f"{OUT_OF_SCOPE}{one}" for one in said.out_of_scope), *said.limitations]
    risks = [
        present({"name": one.name, "mitigation_strategy": one.mitigation_strategy})
        for one in said.ethical_considerations
    ]
    return present(
        {
            "users": described(said.users),
            "use_cases": described(said.use_cases),
            "limitations": described(limitations),
            "tradeoffs": described(said.tradeoffs),
            "ethical_considerations": risks,
        }
    )


def described(texts: Sequence[str]) -> list[dict[str, str]]:
    """Texts as the format keeps them."""
    return [{"description": text} for text in texts]


def said_of(card: Mapping[str, Any], key: str) -> list[str]:
    """The texts under a key of ``considerations``; those that are out of scope are no ``limitations``."""
    found = _texts(card, key)
    return [text for text in found if not text.startswith(OUT_OF_SCOPE)] if key == "limitations" else found


def out_of_scope(card: Mapping[str, Any]) -> list[str]:
    """What the model is not for."""
    found = _texts(card, "limitations")
    return [text.removeprefix(OUT_OF_SCOPE) for text in found if text.startswith(OUT_OF_SCOPE)]


def _texts(card: Mapping[str, Any], key: str) -> list[str]:
    return [str(one["description"]) for one in card["considerations"].get(key, ())]


def sensitive(card: Mapping[str, Any]) -> list[str]:
    """The columns that are called sensitive: the same in every split."""
    first = card["model_parameters"]["data"][0]
    return list(first.get("sensitive", {}).get("sensitive_data", ()))


def unstated(key: str) -> str:
    """What stands where nobody said anything."""
    return f"Not stated; add {key}: under model_card: in benison.yaml."
