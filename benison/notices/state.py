"""What the log of notices comes to: how far each log was read, and which messages still have to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benison.alerts.state import Pending, posted
from benison.core.errors import IntegrityError
from benison.notices.entries import Entry, Owed, Read, Sent, Unsent


@dataclass(frozen=True, kw_only=True)
class Message(Pending):
    """What has to be told, and to whom; its id is ``<log>:<number>:<channel>``.

    Attributes:
        owed: What.
    """

    owed: Owed


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
        more = {message: Message(id=message, owed=one) for message, one in named}
        through = {**state.through, entry.log: entry.through}
        return replace(state, through=through, outbox={**state.outbox, **more})
    assert isinstance(entry, Sent | Unsent)
    outbox, lost = posted(state.outbox, state.lost, entry)
    return replace(state, outbox=outbox, lost=lost)
