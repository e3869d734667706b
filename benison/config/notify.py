"""notify: in benison.yaml: who is told of what becomes of challengers, champions and runs. All of it is optional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benison.config.channels import Channel, channels_of
from benison.core.sections import Section

BLESSED, BLOCKED, AWAITING_APPROVAL = "blessed", "blocked", "awaiting_approval"
PROMOTED, ROLLED_BACK, ROLLOUT_ENDED = "promoted", "rolled_back", "rollout_ended"
ESCALATED, BUDGET, BREAKER = "escalated", "budget", "breaker"
EVENTS = (BLESSED, BLOCKED, AWAITING_APPROVAL, PROMOTED, ROLLED_BACK, ROLLOUT_ENDED, ESCALATED, BUDGET, BREAKER)
# A blessing is told by what follows from it: a promotion, an approval that is wanted.
USUAL = tuple(one for one in EVENTS if one != BLESSED)


@dataclass(frozen=True)
class Notify:
    """Who is told.

    Attributes:
        channels: By name.
        allow_private: Whether addresses may lead into private networks, or to this machine.
    """

    channels: Mapping[str, Channel] = field(default_factory=dict)
    allow_private: bool = False


def notify_of(section: Section) -> Notify:
    """Reads ``notify:``.

    Raises:
        ConfigError: Something in it is not understood.
    """
    notify = Notify(channels_of(section, EVENTS, USUAL), section.take("allow_private", bool, False))
    section.close()
    return notify
