"""What the alert log says: one frozen dataclass for each kind of entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from benison.core.folded_log import decoded

KIND = "alert_entry"
SYSTEM = "monitor"


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


@dataclass(frozen=True, kw_only=True)
class Telling(Entry):
    """What somebody is told of.

    Attributes:
        tell: The channels that are told, each by one message, whose id is the entry's number and the channel.
    """

    tell: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Raise(Telling):
    """An alert begins; the number of this entry is its id.

    Attributes:
        cause: What is wrong: ``drift``, ``missing`` and so on.
        subject: Of what.
        severity: ``warning`` or ``critical``.
        first: The window with which it began, in seconds since 1970.
        last: The window that raised it.
        observed: As a person reads it.
        allowed: Likewise.
        champion: The package that answered; empty: none did.
        snapshot: What that was trained on; empty: likewise.
        evidence: The digest of the window that raised it; empty: there is none, as where the log cannot be read.
    """

    action = "raise"
    cause: str
    subject: str
    severity: str
    first: int
    last: int
    observed: str
    allowed: str
    champion: str
    snapshot: str
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Worsen(Telling):
    """A warning became critical.

    Attributes:
        alert: Its id.
        last: The window that did it.
        observed: As a person reads it.
    """

    action = "worsen"
    alert: int
    last: int
    observed: str


@dataclass(frozen=True, kw_only=True)
class Escalate(Telling):
    """Nobody acknowledged it in time.

    Attributes:
        alert: Its id.
    """

    action = "escalate"
    alert: int


@dataclass(frozen=True, kw_only=True)
class Acknowledge(Entry):
    """A person has taken it over.

    Attributes:
        alert: Its id.
        accept: Whether what is there now is how it is to be: what came before does not count any more.
    """

    action = "acknowledge"
    alert: int
    accept: bool = False


@dataclass(frozen=True, kw_only=True)
class Recover(Telling):
    """It is over.

    Attributes:
        alert: Its id.
        last: The window that ended it.
    """

    action = "recover"
    alert: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Reopen(Telling):
    """It is there again before it had cooled down.

    Attributes:
        alert: Its id.
        last: The window that shows it.
        observed: As a person reads it.
    """

    action = "reopen"
    alert: int
    last: int
    observed: str


@dataclass(frozen=True, kw_only=True)
class Settle(Telling):
    """It stays, and has stayed the same for long: a new level.

    Attributes:
        alert: Its id.
    """

    action = "settle"
    alert: int


@dataclass(frozen=True, kw_only=True)
class Sent(Entry):
    """A message has reached its channel.

    Attributes:
        message: Its id.
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


_KINDS: dict[str, type[Entry]] = {
    kind.action: kind for kind in (Raise, Worsen, Escalate, Acknowledge, Recover, Reopen, Settle, Sent, Unsent)
}


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the log."""
    content = {"action": entry.action, **asdict(entry)}
    if isinstance(entry, Telling):
        content["tell"] = list(entry.tell)
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


_REVIVED: dict[str, Callable[[Any], Any]] = {"tell": tuple}
