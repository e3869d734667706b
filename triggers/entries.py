"""What the ledger of triggers says: one frozen dataclass for each kind of entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from benison.core.secrets import redacted

KIND = "trigger_entry"
# Sources, by what is before the colon: schedule:nightly, alert:7.
GIT, DATA, SCHEDULE, PERSON, ALERT = "git", "data", "schedule", "person", "alert"
CHECKS, TRAINING = "checks", "training"
PASSED, REJECTED, BLOCKED, FAILED, LOST = "passed", "rejected", "blocked", "failed", "lost"
PUSHED, HELD, UNCHANGED, SUPERSEDED = "pushed", "held", "unchanged", "superseded"
# An answer to the question whether these inputs make a champion; what failed or was lost is none.
ANSWERS = (PUSHED, HELD, UNCHANGED, SUPERSEDED, BLOCKED, REJECTED, PASSED)
NO, FAILURES = (BLOCKED, REJECTED), (FAILED, LOST)
OPEN, CLOSED = "open", "closed"
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_MOST = 500


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every entry says.

    Attributes:
        who: Who or what wrote it.
        when: The moment in UTC, ISO 8601, by the writer's clock; the order is told by the number.
        why: The reason.
    """

    action: ClassVar[str]
    who: str
    when: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Watch(Entry):
    """A source is looked at for the first time: what is there already starts nothing.

    Attributes:
        source: ``git``, ``data``, ``schedule:NAME``.
        key: What is there.
    """

    action = "watch"
    source: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Cause(Entry):
    """Something happened that may ask for a run; the number of this entry is its name.

    Attributes:
        source: As `Watch`; or ``person``, or ``alert:ID``.
        key: What is there now: a commit, a digest of what files there are, a moment.
        urgent: Whether it is a hot fix.
        span: The newest span to use; 0: the newest there is.
    """

    action = "cause"
    source: str
    key: str
    urgent: bool
    span: int

    @property
    def kind(self) -> str:
        """The kind of its source."""
        return self.source.partition(":")[0]


@dataclass(frozen=True, kw_only=True)
class Run(Entry):
    """A run is decided; the number of this entry is its name. It is started once, whoever writes that down.

    Attributes:
        causes: All that it answers, the one that counts most first.
        key: Tells it from all other runs anywhere.
        place: Where whoever follows it has to be; empty: anywhere.
        target: Where it trains.
        steps: What has to run, in order: ``checks``, ``training``.
        commit: Of the project; empty: it is taken as it lies there.
        since: The commit that the checks compare with; empty: none.
        code: Tells code and configuration; empty: unknown.
        data: Tells the data; empty: unknown.
        span: The newest span to use; 0: the newest there is.
    """

    action = "run"
    causes: tuple[int, ...]
    key: str
    place: str
    target: str
    steps: tuple[str, ...]
    commit: str
    since: str
    code: str
    data: str
    span: int

    @property
    def inputs(self) -> tuple[str, str, int] | None:
        """What it trains on, where all of it is known."""
        return (self.code, self.data, self.span) if self.code and self.data else None


@dataclass(frozen=True, kw_only=True)
class Suppress(Entry):
    """Causes that start nothing.

    Attributes:
        causes: Which.
    """

    action = "suppress"
    causes: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Refuse(Entry):
    """Causes that start nothing for the time being.

    Attributes:
        causes: Which.
        until: When they are looked at again.
    """

    action = "refuse"
    causes: tuple[int, ...]
    until: str


@dataclass(frozen=True, kw_only=True)
class Started(Entry):
    """A step of a run is under way.

    Attributes:
        run: The run.
        step: Which of its steps.
        id: What the place where it runs calls it.
    """

    action = "started"
    run: int
    step: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Finished(Entry):
    """A step of a run is over; the run too, if it was the last or did not pass.

    Attributes:
        run: The run.
        step: Which of its steps.
        outcome: ``passed``, ``rejected`` of checks; ``pushed``, ``held``, ``unchanged``, ``superseded``, ``blocked`` of
            a training; ``failed``, ``lost`` of both.
        device_hours: What it used.
        page: Where a person can look.
    """

    action = "finished"
    run: int
    step: str
    outcome: str
    device_hours: float
    page: str


@dataclass(frozen=True, kw_only=True)
class Escalate(Entry):
    """A person has to look at a run: it is not tried again by itself.

    Attributes:
        run: The run.
        page: Where to look.
    """

    action = "escalate"
    run: int
    page: str


@dataclass(frozen=True, kw_only=True)
class Warn(Entry):
    """A share of the month's budget is used.

    Attributes:
        month: As in ``2026-11``.
        percent: The share.
    """

    action = "warn"
    month: str
    percent: int


@dataclass(frozen=True, kw_only=True)
class Breaker(Entry):
    """The circuit breaker moves.

    Attributes:
        state: ``open``: nothing is started; ``closed``.
    """

    action = "breaker"
    state: str


KINDS: dict[str, type[Entry]] = {
    kind.action: kind for kind in (Watch, Cause, Run, Suppress, Refuse, Started, Finished, Escalate, Warn, Breaker)
}


def line(text: str) -> str:
    """A text as an entry may hold it: on one line, without secrets, not endless, not empty."""
    said = " ".join(_CONTROL.sub(" ", redacted(text)).split())
    return (said if len(said) <= _MOST else f"{said[:_MOST]}...") or "-"


def to_json(entry: Entry) -> dict[str, Any]:
    """An entry as it stands in the ledger."""
    content = {"action": entry.action, **asdict(entry)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in content.items()}


def from_json(content: Mapping[str, Any]) -> Entry:
    """The inverse of `to_json`.

    Held to its fields by hand: a schema takes thirty times as long, and a ledger grows for years.

    Raises:
        ValueError: It is no entry; the message says what is wrong.
    """
    kind = KINDS.get(str(content.get("action")))
    if kind is None:
        raise ValueError(f"action: {content.get('action')!r} is none")
    named = {one.name: str(one.type) for one in fields(kind)}
    if content.keys() != {"action", *named}:
        raise ValueError(f"{kind.action}: {sorted(content.keys() ^ {'action', *named})} missing or unknown")
    if wrong := [name for name, said in named.items() if not _FITS[said](content[name])]:
        raise ValueError(f"{kind.action}.{wrong[0]}: {content[wrong[0]]!r}")
    if not _MOMENT.fullmatch(content["when"]):
        raise ValueError(f"{kind.action}.when: {content['when']!r}")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value := content[name], list) else value for name in named
    }
    return kind(**values)


def _whole(value: Any) -> bool:
    return type(value) is int


_FITS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "int": _whole,
    "float": lambda value: type(value) in (int, float) and value >= 0,
    "tuple[int, ...]": lambda value: isinstance(value, list) and bool(value) and all(map(_whole, value)),
    "tuple[str, ...]": lambda value: (
        isinstance(value, list) and bool(value) and all(one in (CHECKS, TRAINING) for one in value)
    ),
}
