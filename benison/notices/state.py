"""What the log of notices comes to: how far each log was read, and which messages still have to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benison.core.errors import IntegrityError
from benison.notices.entries import Entry, Owed, Read, Sent, Unsent


@dataclass(frozen=True)
class Message:
    """What has to be told, and to whom.

    Attributes:
        id: ``<log>:<number>:<channel>``.
        owed: What.
        attempts: How many failed.
        again: When it is to be tried again; empty: now.
    """

    id: str
    owed: Owed
    attempts: int = 0
    again: str = ""


@dataclass(frozen=True)
class NoticeState:
    """The log at one moment.

    Attributes:
        through: By log the last entry that was read.
        outbox: Messages that are not sent yet, by id, oldest first.
        lost: Messages that were given up, by id, with the reason.
    """

    through: Mapping[str, int] = field(default_factory=dict)
    outbox: Mapping[str, Message] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)


def follow(state: NoticeState, number: int, entry: Entry, where: str) -> NoticeState:
    """The state after one more entry.

    Raises:
        IntegrityError: A log was read backwards.
    """
    if isinstance(entry, Read):
        if entry.through < state.through.get(entry.log, 0):
            hint = "the log was changed after it was written; restore it from a copy"
            expected = f"{entry.log} read on from entry {state.through[entry.log]}"
            raise IntegrityError(where, expected=expected, got=str(entry.through), hint=hint)
        named = ((f"{entry.log}:{one.number}:{one.channel}", one) for one in entry.owes)
        more = {message: Message(message, one) for message, one in named}
        through = {**state.through, entry.log: entry.through}
        return replace(state, through=through, outbox={**state.outbox, **more})
    return _posted(state, entry)


def _posted(state: NoticeState, entry: Entry) -> NoticeState:
    assert isinstance(entry, Sent | Unsent)
    message = state.outbox.get(entry.message)
    if message is None:
        # At least once: two notifiers may have sent the same message.
        return state
    rest = {key: one for key, one in state.outbox.items() if key != entry.message}
    if isinstance(entry, Sent):
        return replace(state, outbox=rest)
    if not entry.again:
        return replace(state, outbox=rest, lost={**state.lost, entry.message: entry.why})
    again = replace(message, attempts=entry.attempt, again=entry.again)
    return replace(state, outbox={**state.outbox, entry.message: again})
