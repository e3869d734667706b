"""release: in benison.yaml: how a blessed model becomes the champion. All of it is optional."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    delivery: str = DIRECT
    approval: str = NONE
    valid_days: int = 30
    force: str = ALLOWED


def release_of(section: Section, *, rollout: bool = False) -> Release:
    """Reads ``release:``.

    Args:
        section: What it says.
        rollout: Whether a rollout is configured, which then is what moves the champion.

    Raises:
        ConfigError: Something in it is not understood.
    """
    usual = Release(delivery=HOLD if rollout else DIRECT)
    chosen = {key: section.choice(key, choices, getattr(usual, key)) for key, choices in CHOICES.items()}
    release = Release(**chosen, valid_days=section.whole("valid_days", usual.valid_days, low=1))
    section.close()
    if rollout and release.delivery == DIRECT:
        hint = "leave delivery out, or leave rollout: out"
        raise section.error("delivery", "hold, since rollout: says how a challenger is delivered", DIRECT, hint)
    return release
