"""What the alert log comes to: which alerts are open, which are over, and which messages still have to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from benison.alerts.entries import (
    Acknowledge,
    Entry,
    Escalate,
    Raise,
    Recover,
    Reopen,
    Sent,
    Settle,
    Telling,
    Unsent,
    Worsen,
)
from benison.core.errors import IntegrityError

CRITICAL = "critical"


@dataclass(frozen=True)
class Alert:
    """One cause, from when it was raised.

    Attributes:
        id: The number of the entry that raised it.
        raised: What that entry says.
        severity: The worst so far.
        last: The last window that changed anything about it.
        since: When it was raised, or reopened last.
        observed: As a person reads it, when it was worst.
        acknowledged: Who took it over, and why; empty: nobody.
        accepted: Whether a person said that this is how it is to be.
        escalated: Whether that nobody did was told.
        recovered: When it was over; empty: it is open.
        settled: When it was told that this is a new level; empty: it was not.
    """

    id: int
    raised: Raise
    severity: str
    last: int
    since: str
    observed: str
    acknowledged: str = ""
    accepted: bool = False
    escalated: bool = False
    recovered: str = ""
    settled: str = ""

    @property
    def open(self) -> bool:
        """Whether it is still there."""
        return not self.recovered

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others: cause and subject."""
        return self.raised.cause, self.raised.subject


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A message that has to be sent.

    Attributes:
        id: What tells it from others, for ever.
        attempts: How many failed.
        again: When it is to be tried again; empty: now.
    """

    id: str
    attempts: int = 0
    again: str = ""


@dataclass(frozen=True, kw_only=True)
class Message(Pending):
    """What has to be told, and to whom; its id is ``<number of the entry>:<channel>``.

    Attributes:
        alert: Of which alert.
        channel: The name of the channel.
        entry: What there is to tell.
    """

    alert: int
    channel: str
    entry: Telling


_M = TypeVar("_M", bound=Pending)


@dataclass(frozen=True)
class AlertState:
    """The log at one moment.

    Attributes:
        number: Of its last entry.
        alerts: By id, oldest first.
        outbox: Messages that are not sent yet, by id.
        lost: Messages that were given up, by id, with the reason.
    """

    number: int = 0
    alerts: Mapping[int, Alert] = field(default_factory=dict)
    outbox: Mapping[str, Message] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)

    @property
    def open(self) -> tuple[Alert, ...]:
        """The alerts that are there now, oldest first."""
        return tuple(one for one in self.alerts.values() if one.open)

    def latest(self, key: tuple[str, str]) -> Alert | None:
        """The last alert of a cause and subject, open or not."""
        return next((one for one in reversed(tuple(self.alerts.values())) if one.key == key), None)


def follow(state: AlertState, number: int, entry: Entry, where: str) -> AlertState:
    """The state after one more entry.

    Raises:
        IntegrityError: The entry speaks of an alert, or a message, that there is none of.
    """
    state = replace(state, number=number)
    if isinstance(entry, Sent | Unsent):
        outbox, lost = posted(state.outbox, state.lost, entry)
        return replace(state, outbox=outbox, lost=lost)
    alert = _changed(state, number, entry, where)
    state = replace(state, alerts={**state.alerts, alert.id: alert})
    if not isinstance(entry, Telling):
        return state
    more = {
        one.id: one
        for one in (Message(id=f"{number}:{to}", alert=alert.id, channel=to, entry=entry) for to in entry.tell)
    }
    return replace(state, outbox={**state.outbox, **more})


def _changed(state: AlertState, number: int, entry: Entry, where: str) -> Alert:
    if isinstance(entry, Raise):
        return Alert(number, entry, entry.severity, entry.last, entry.when, entry.observed)
    known = state.alerts.get(getattr(entry, "alert", 0))
    if known is None:
        raise _broken(where, "an alert that was raised before", str(getattr(entry, "alert", "none")))
    match entry:
        case Worsen(last=last, observed=observed):
            return replace(known, severity=CRITICAL, last=last, observed=observed)
        case Escalate():
            return replace(known, escalated=True)
        case Acknowledge(who=who, why=why, accept=accept):
            return replace(known, acknowledged=f"{who}: {why}", accepted=accept or known.accepted)
        case Recover(last=last, when=when):
            return replace(known, last=last, recovered=when)
        case Reopen(last=last, observed=observed, when=when):
            return replace(known, last=last, observed=observed, since=when, recovered="", settled="")
        case Settle(when=when):
            return replace(known, settled=when)
    raise _broken(where, "an entry that is known here", entry.action)


def posted(
    outbox: Mapping[str, _M], lost: Mapping[str, str], entry: Sent | Unsent
) -> tuple[Mapping[str, _M], Mapping[str, str]]:
    """Outbox and lost messages after one was sent, or was not.

    Args:
        outbox: What is to be sent, by id.
        lost: What was given up, by id, with the reason.
        entry: What became of a message.
    """
    message = outbox.get(entry.message)
    if message is None:
        # At least once: two senders may have sent the same message.
        return outbox, lost
    if isinstance(entry, Unsent) and entry.again:
        return {**outbox, entry.message: replace(message, attempts=entry.attempt, again=entry.again)}, lost
    rest = {key: one for key, one in outbox.items() if key != entry.message}
    return rest, lost if isinstance(entry, Sent) else {**lost, entry.message: entry.why}


def _broken(where: str, expected: str, got: str) -> IntegrityError:
    hint = "the log was changed after it was written; restore it from a copy"
    return IntegrityError(where, expected=expected, got=got, hint=hint)
