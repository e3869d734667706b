"""notifier: logs -> messages owed -> sent, each at least once; what cannot be sent now is tried again later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benison.alerts.sending import Senders, again, due, tried
from benison.config.channels import Channel
from benison.core.secrets import redacted
from benison.delivery.rollout_log import RolloutLog
from benison.notices import events
from benison.notices.entries import SYSTEM, Entry, Owed, Read, Sent, Unsent
from benison.notices.events import Event
from benison.notices.notice_log import NoticeLog
from benison.notices.state import Message, NoticeState
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.triggers.ledger import Ledger

PROMOTIONS, ROLLOUTS, TRIGGERS = "promotions", "rollouts", "triggers"


@dataclass(frozen=True)
class Looked:
    """What a look came to.

    Attributes:
        sent: Messages that reached their channels.
        state: What is owed and lost now.
    """

    sent: int
    state: NoticeState


class Notifier:
    """Tells people what became of challengers, champions, rollouts and runs of one model.

    What a log held when it was looked at for the first time is told to nobody.

    Args:
        registry: The model's, whose logs are read.
        channels: Who is told of what.
        sender_of: What sends to a channel, by the channel's name.
    """

    def __init__(self, registry: Registry, channels: Mapping[str, Channel], sender_of: Senders) -> None:
        self.log = NoticeLog(registry.store, registry.model)
        self._registry, self._channels, self._sender_of = registry, channels, sender_of
        self._rollouts = RolloutLog(registry.store, registry.model)
        self._ledger = Ledger(registry.store, registry.model)

    def look(self, now: datetime) -> Looked:
        """Reads what is new in each log, and sends what is due.

        Args:
            now: The moment, with a time zone.

        Raises:
            IntegrityError: A log is damaged.
            BenisonError: The registry cannot be read or written.
        """
        sources = (
            (PROMOTIONS, self._registry.state().number, self._of_promotions),
            (ROLLOUTS, self._rollouts.state().number, self._of_rollouts),
            (TRIGGERS, self._ledger.state().number, self._of_triggers),
        )
        for name, newest, found in sources:
            self._read(name, newest, found, now)
        ready = [one for one in self.log.state().outbox.values() if due(one.again, now)]
        return Looked(sum(self._post(message, now) for message in ready), self.log.state())

    def _read(self, name: str, newest: int, found: Callable[[int], Iterable[Event]], now: datetime) -> None:
        """Writes down what is owed for the entries up to one, unless another notifier was first."""
        start = self.log.state().through.get(name)
        if start is None:
            entry = Read(log=name, through=newest, **_said(f"what {name} has to tell begins here", now))
        elif newest > start:
            events_found = [one for one in found(start) if one.number <= newest]
            owes = tuple(owed for one in events_found for owed in self._owed(one))
            entry = Read(log=name, through=newest, owes=owes, **_said(f"{newest - start} entries of {name}", now))
        else:
            return
        self.log.append(lambda state: entry if state.through.get(name) == start else None)

    def _owed(self, event: Event) -> Iterable[Owed]:
        title = redacted(f"{self._registry.model}: {event.title}")
        for name, channel in self._channels.items():
            if event.kind in channel.when:
                yield Owed(event.number, event.kind, name, title, redacted(event.text))

    def _of_promotions(self, after: int) -> Iterable[Event]:
        return events.of_promotions(self._registry, after)

    def _of_rollouts(self, after: int) -> Iterable[Event]:
        new = (events.of_rollout(number, entry) for number, entry in self._rollouts.entries() if number > after)
        return (one for one in new if one is not None)

    def _of_triggers(self, after: int) -> Iterable[Event]:
        new = (events.of_trigger(number, entry) for number, entry in self._ledger.entries() if number > after)
        return (one for one in new if one is not None)

    def _post(self, message: Message, now: datetime) -> bool:
        """Sends one, and writes that down afterwards, so that one that a kill hits is sent again, under the same id."""
        owed = message.owed
        trouble = tried(self._sender_of, owed.channel, owed.title, f"{owed.text}\nmessage {message.id}")
        if not trouble:
            self._write(message, Sent(message=message.id, **_said(f"told {owed.channel}", now)))
            return True
        attempt = message.attempts + 1
        waits = Unsent(message=message.id, attempt=attempt, again=again(attempt, now), **_said(trouble, now))
        self._write(message, waits)
        return False

    def _write(self, message: Message, entry: Entry) -> None:
        self.log.append(lambda state: entry if message.id in state.outbox else None)


def _said(why: str, now: datetime) -> dict[str, Any]:
    return {"who": SYSTEM, "when": utc(now), "why": why}
