"""What the log of notices says: what was read and is owed; messages that were sent are entries as of alerts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benison.alerts.entries import Entry as Entry
from benison.alerts.entries import Sent as Sent
from benison.alerts.entries import Unsent as Unsent
from benison.core.folded_log import decoded

KIND = "notice_entry"
SYSTEM = "notifier"


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
