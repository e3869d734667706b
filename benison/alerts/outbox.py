"""outbox: messages that the log owes -> sent, each at least once; what cannot be sent now is tried again later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benison.alerts.alert_log import AlertLog
from benison.alerts.channels import Send
from benison.alerts.entries import SYSTEM, Entry, Escalate, Recover, Sent, Unsent, Worsen
from benison.alerts.state import AlertState, Message
from benison.core.errors import BenisonError
from benison.core.secrets import redacted
from benison.registry.log import utc

# A minute, two, four, up to an hour between attempts: the last of these is about ten hours after the first.
MOST_ATTEMPTS = 15
_FIRST_S, _LONGEST_S = 60, 3600


def post(log: AlertLog, model: str, sender_of: Callable[[str], Send], now: datetime) -> int:
    """Sends what is due.

    A message is written down as sent when it was, so that one that a kill hits is sent again, under the same id.

    Args:
        log: The alert log.
        model: The model's name, for the title.
        sender_of: What sends to a channel, by the channel's name.
        now: The moment.

    Returns:
        How many were sent.
    """
    due = [one for one in log.state().outbox.values() if not one.again or datetime.fromisoformat(one.again) <= now]
    return sum(_post(log, model, message, sender_of, now) for message in due)


def _post(log: AlertLog, model: str, message: Message, sender_of: Callable[[str], Send], now: datetime) -> bool:
    trouble = _tried(log.state(), model, message, sender_of)
    said = {"who": SYSTEM, "when": utc(now)}
    if not trouble:
        _write(log, message, Sent(message=message.id, why=f"told {message.channel}", **said))
        return True
    attempt = message.attempts + 1
    waits = min(_LONGEST_S, _FIRST_S * 2 ** (attempt - 1))
    again = utc(now.astimezone(UTC) + timedelta(seconds=waits)) if attempt < MOST_ATTEMPTS else ""
    _write(log, message, Unsent(message=message.id, attempt=attempt, again=again, why=trouble, **said))
    return False


def _tried(state: AlertState, model: str, message: Message, sender_of: Callable[[str], Send]) -> str:
    """What hindered a message; empty where it was taken. Whatever a channel raises must not end the monitor."""
    try:
        taken = sender_of(message.channel)(title(state, model, message), text(state, message))
    except BenisonError as error:
        return _line(str(error))
    except Exception as error:
        return _line(f"{type(error).__name__} in channel {message.channel}")
    return "" if taken else f"channel {message.channel} did not take it"


def _line(words: str) -> str:
    return redacted(" ".join(words.split()))[:500]


def _write(log: AlertLog, message: Message, entry: Entry) -> None:
    log.append(lambda state: entry if message.id in state.outbox else None)


def title(state: AlertState, model: str, message: Message) -> str:
    """One line: what, how bad, of which model."""
    alert = state.alerts[message.alert]
    done = {Recover: "recovered", Escalate: "nobody acknowledged", Worsen: "critical now"}
    word = done.get(type(message.entry), alert.severity)
    return f"{model}: {word}: {alert.raised.cause} of {alert.raised.subject} (alert {alert.id})"


def text(state: AlertState, message: Message) -> str:
    """What happened, and what to do."""
    alert = state.alerts[message.alert]
    since = datetime.fromtimestamp(alert.raised.first, UTC)
    lines = [
        message.entry.why,
        f"since {since:%Y-%m-%d %H:%M} UTC; observed {alert.observed}, allowed {alert.raised.allowed}",
        f"message {message.id}",
    ]
    if not isinstance(message.entry, Recover):
        lines.insert(2, f"benison monitor acknowledge {alert.id} --why ...")
    return "\n".join(lines)
