"""sending: one message to one channel, what hindered it, and when it is tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from benison.alerts.channels import Send, sender
from benison.config.channels import Channel
from benison.core.errors import BenisonError
from benison.core.secrets import redacted
from benison.registry.log import utc

# A minute, two, four, up to an hour between attempts: the last of these is about ten hours after the first.
MOST_ATTEMPTS = 15
_FIRST_S, _LONGEST_S = 60, 3600
Senders = Callable[[str], Send]


def senders(channels: Mapping[str, Channel], environment: Mapping[str, str], *, allow_private: bool) -> Senders:
    """What sends to channels by their names, as benison.yaml has them at this moment.

    Args:
        channels: By name.
        environment: Variables by name, some of which hold addresses.
        allow_private: Whether an address may lead to this machine or into private networks.
    """

    def of(name: str) -> Send:
        channel = channels.get(name)
        if channel is None:
            raise BenisonError(f"channel {name}", expected="a channel of benison.yaml", got="none any more")
        return sender(name, channel, environment, allow_private=allow_private)

    return of


def tried(sender_of: Senders, channel: str, title: str, text: str) -> str:
    """What hindered a message; empty where it was taken. Whatever a channel raises must not end who sends."""
    try:
        taken = sender_of(channel)(title, text)
    except BenisonError as error:
        return _line(str(error))
    except Exception as error:
        return _line(f"{type(error).__name__} in channel {channel}")
    return "" if taken else f"channel {channel} did not take it"


def again(attempt: int, now: datetime) -> str:
    """When a message is tried again after so many attempts; empty: not any more."""
    waits = min(_LONGEST_S, _FIRST_S * 2 ** (attempt - 1))
    return utc(now.astimezone(UTC) + timedelta(seconds=waits)) if attempt < MOST_ATTEMPTS else ""


def due(when: str, now: datetime) -> bool:
    """Whether a message is to be tried now, given when it is to be tried again."""
    return not when or datetime.fromisoformat(when) <= now


def _line(words: str) -> str:
    return redacted(" ".join(words.split()))[:500]
