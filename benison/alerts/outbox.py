"""outbox: messages that the log owes -> sent, each at least once; what cannot be sent now is tried again later."""

from __future__ import annotations

from datetime import UTC, datetime

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import SYSTEM, Entry, Escalate, Recover, Sent, Settle, Unsent, Worsen
from benison.alerts.sending import Senders, again, due, tried
from benison.alerts.state import AlertState, Message
from benison.registry.log import utc


def post(log: AlertLog, model: str, sender_of: Senders, now: datetime) -> int:
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
    ready = [one for one in log.state().outbox.values() if due(one.again, now)]
    return sum(_post(log, model, message, sender_of, now) for message in ready)


def _post(log: AlertLog, model: str, message: Message, sender_of: Senders, now: datetime) -> bool:
    state = log.state()
    trouble = tried(sender_of, message.channel, title(state, model, message), text(state, message))
    said = {"who": SYSTEM, "when": utc(now)}
    if not trouble:
        _write(log, message, Sent(message=message.id, why=f"told {message.channel}", **said))
        return True
    attempt = message.attempts + 1
    _write(log, message, Unsent(message=message.id, attempt=attempt, again=again(attempt, now), why=trouble, **said))
    return False


def _write(log: AlertLog, message: Message, entry: Entry) -> None:
    log.append(lambda state: entry if message.id in state.outbox else None)


def title(state: AlertState, model: str, message: Message) -> str:
    """One line: what, how bad, of which model."""
    alert = state.alerts[message.alert]
    done = {Recover: "recovered", Escalate: "nobody acknowledged", Worsen: "critical now", Settle: "a new level"}
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
        accept = "--accept " if isinstance(message.entry, Settle) else ""
        lines.insert(2, f"benison monitor acknowledge {alert.id} {accept}--why ...")
    return "\n".join(lines)
