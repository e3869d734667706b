"""What the log of notices says: one frozen dataclass for each kind of entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from benison.core.folded_log import decoded

KIND = "notice_entry"
SYSTEM = "notifier"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry says.

    Attributes:
        who: Who or what did it.
        when: The moment in UTC, ISO 8601, by the writer's clock; the order is told by the number.
        why: The reason, in one sentence.
    """

    action: ClassVar[str]
    who: str
    when: str
    why: str


@dataclass(frozen=True)
class Owed:
    """What a channel is to be told.

    Attributes:
        number: Of the entry that it is about, in the log that was read.
        event: What kind of thing that is: one of ``benison.config.notify.EVENTS``.
        channel: Who is told.
        title: One line.
        text: The rest.
    """

    number: int
    event: str
    channel: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Read(Entry):
    """A log was read, and what it had to tell is owed from now on.

    Attributes:
        log: ``promotions``, ``rollouts`` or ``triggers``.
        through: The last entry that was read, 0: it had none.
        owes: To whom.
    """

    action = "read"
    log: str
    through: int
    owes: tuple[Owed, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sent(Entry):
    """A message has reached its channel.

    Attributes:
        message: Its id, ``<log>:<number>:<channel>``.
    """

    action = "sent"
    message: str


@dataclass(frozen=True, kw_only=True)
class Unsent(Entry):
    """A message has not; `why` says what hindered it.

    Attributes:
        message: Its id.
        attempt: How many there were.
        again: When it is tried again; empty: not any more.
    """

    action = "unsent"
    message: str
    attempt: int
    again: str


_KINDS: dict[str, type[Entry]] = {kind.action: kind for kind in (Read, Sent, Unsent)}


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the log."""
    content = {"action": entry.action, **asdict(entry)}
    if isinstance(entry, Read):
        content["owes"] = [asdict(one) for one in entry.owes]
    return content


def from_json(number: int, writer: str, previous: str | None, content: Mapping[str, Any]) -> Entry:
    """The inverse of `to_json`.

    Args:
        number: Its place, with which it is held to the schema as it lies there.
        writer: Likewise.
        previous: Likewise.
        content: What it says.

    Raises:
        ValueError: It is no entry; the message says what is wrong.
    """
    place = {"number": number, "writer": writer, "previous": previous}
    return decoded(KIND, _KINDS, place, content, _REVIVED)


_REVIVED: dict[str, Callable[[Any], Any]] = {"owes": lambda values: tuple(Owed(**one) for one in values)}
