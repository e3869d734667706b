"""What happened to a model, as events at moments and spells that last, whatever log they are of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from benison.core.verdicts import Verdict
from benison.monitoring.windows import Window

ALERTS, RUNS, GATE, SHARE, CHAMPION = "alerts", "triggers and runs", "gate", "traffic share", "champion"
LANES = (ALERTS, RUNS, GATE, SHARE, CHAMPION)


@dataclass(frozen=True)
class Event:
    """Something that happened at a moment.

    Attributes:
        when: In seconds since 1970.
        lane: One of `LANES`.
        what: In a few words.
        look: One of the page's signs: ``pass``, ``fail``, ``open``, ``error``, ``same``, ``again``.
        who: Who or what did it.
        why: The reason that the log gives.
        id: Where it is found: the log and the entry's number.
    """

    when: float
    lane: str
    what: str
    look: str
    who: str
    why: str
    id: str


@dataclass(frozen=True)
class Spell:
    """Something that lasts.

    Attributes:
        lane: One of `LANES`.
        begin: In seconds since 1970.
        end: Likewise; None: it is not over.
        label: A few words.
        look: As of an `Event`.
    """

    lane: str
    begin: float
    end: float | None
    label: str
    look: str


@dataclass(frozen=True)
class Split:
    """From a moment on the challenger answers this share, and gets copies of that one; both in percent."""

    when: float
    percent: float
    shadow: float


@dataclass(frozen=True)
class Timeline:
    """What a page shows.

    Attributes:
        model: Its name.
        events: In order of time.
        spells: Those that touch the time shown.
        splits: Changes of traffic, in order of time.
        windows: Of live traffic, in order of time.
    """

    model: str
    events: tuple[Event, ...]
    spells: tuple[Spell, ...]
    splits: tuple[Split, ...] = ()
    windows: tuple[Window, ...] = ()

    @property
    def span(self) -> tuple[float, float]:
        """From the first to the last moment that anything is known of; the same moment twice where that is one."""
        moments = [one.when for one in self.events] + [float(one.start) for one in self.windows]
        ends = [float(one.end) for one in self.windows[-1:]]
        return min(moments), max([*moments, *ends])

    def joined(self, events: Iterable[Event], spells: Iterable[Spell]) -> Timeline:
        """With more events and spells."""
        told = sorted([*self.events, *events], key=lambda one: one.when)
        return replace(self, events=tuple(told), spells=(*self.spells, *spells))

    def since(self, days: float) -> Timeline:
        """The last days of it, back from the newest moment.

        Args:
            days: Above 0.
        """
        begin = self.span[1] - days * 86_400
        return replace(
            self,
            events=tuple(one for one in self.events if one.when >= begin),
            spells=tuple(
                replace(one, begin=max(one.begin, begin)) for one in self.spells if one.end is None or one.end >= begin
            ),
            splits=_from(self.splits, begin),
            windows=tuple(one for one in self.windows if one.start >= begin),
        )


def _from(splits: tuple[Split, ...], begin: float) -> tuple[Split, ...]:
    """Those from a moment on; the one in force then begins there."""
    before = [replace(one, when=begin) for one in splits if one.when < begin][-1:]
    return (*before, *(one for one in splits if one.when >= begin))


def moment(text: str) -> float:
    """A moment of a log, in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


def look_of(verdict: Verdict) -> str:
    """The sign of a verdict."""
    return {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.ERROR: "error"}.get(verdict, "open")
