"""release: in benison.yaml: how a blessed model becomes the champion. All of it is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benison.config import signatures
from benison.config.signatures import NONE_ASKED, Signatures, signatures_of
from benison.core.sections import Section

DIRECT, HOLD = "direct", "hold"
NONE, REQUIRED = "none", "required"
ALLOWED, FORBIDDEN = "allowed", "forbidden"
CHOICES = {"delivery": (DIRECT, HOLD), "approval": (NONE, REQUIRED), "force": (ALLOWED, FORBIDDEN)}


@dataclass(frozen=True)
class Release:
    """The rules of promotion.

    Attributes:
        delivery: ``direct``: the run that blesses a model makes it champion; ``hold``: it stays the challenger until it
            is promoted, or rolled out; the default where ``rollout:`` says how.
        approval: ``required``: a person other than those who trained it has to approve it first.
        valid_days: How old a blessing may be when its model is promoted, from 1.
        force: ``forbidden``: no refusal can be overruled.
        signatures: Whose signature a version needs.
    """

    delivery: str = DIRECT
    approval: str = NONE
    valid_days: int = 30
    force: str = ALLOWED
    signatures: Signatures = NONE_ASKED


def release_of(section: Section, project: Path, *, rollout: bool = False) -> Release:
    """Reads ``release:``.

    Args:
        section: What it says.
        project: The folder that the keys which it names lie in.
        rollout: Whether a rollout is configured, which then is what moves the champion.

    Raises:
        ConfigError: Something in it is not understood.
    """
    usual = Release(delivery=HOLD if rollout else DIRECT)
    chosen = {key: section.choice(key, choices, getattr(usual, key)) for key, choices in CHOICES.items()}
    days = section.whole("valid_days", usual.valid_days, low=1)
    release = Release(**chosen, valid_days=days, signatures=signatures_of(section, project))
    section.close()
    if rollout and release.delivery == DIRECT:
        hint = "leave delivery out, or leave rollout: out"
        raise section.error("delivery", "hold, since rollout: says how a challenger is delivered", DIRECT, hint)
    return release


def to_json(release: Release) -> dict[str, Any]:
    """The rules as they stand in the log; signatures only where keys are named, as older entries have none."""
    own = {key: getattr(release, key) for key in (*CHOICES, "valid_days")}
    named = release.signatures.trusted
    return {**own, **({"signatures": signatures.to_json(release.signatures)} if named else {})}


def from_json(content: Mapping[str, Any]) -> Release:
    """The inverse of `to_json`."""
    asked = content.get("signatures")
    read = {"signatures": signatures.from_json(asked)} if asked else {}
    return Release(**{**content, **read})


def sound(content: Any) -> bool:
    """Whether it is what `to_json` writes."""
    if not isinstance(content, dict) or content.keys() - {"signatures"} != {*CHOICES, "valid_days"}:
        return False
    chosen = all(content[key] in choices for key, choices in CHOICES.items())
    days = type(content["valid_days"]) is int and content["valid_days"] > 0
    return chosen and days and ("signatures" not in content or signatures.sound(content["signatures"]))
