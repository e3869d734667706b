"""What the ledger of triggers comes to: what was seen, what waits, what runs, what it has used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from benison.core.errors import IntegrityError
from benison.triggers import entries
from benison.triggers.entries import (
    Breaker,
    Cause,
    Entry,
    Escalate,
    Finished,
    Refuse,
    Run,
    Started,
    Suppress,
    Warn,
    Watch,
)

# What decisions look back at; the ledger itself keeps everything.
_MONTHS, _LENGTHS, _REFUSED = 3, 5, 500


@dataclass(frozen=True)
class Seen:
    """What a source showed last.

    Attributes:
        key: As `entries.Cause` has it.
        when: When that was.
    """

    key: str
    when: datetime


@dataclass(frozen=True)
class Pending:
    """A cause that nothing was decided about.

    Attributes:
        cause: What it says.
        until: Before then it is not looked at; None: at once.
    """

    cause: Cause
    until: datetime | None = None

    @property
    def when(self) -> datetime:
        return moment(self.cause.when)


@dataclass(frozen=True)
class Active:
    """A run that is not over.

    Attributes:
        number: Its name.
        run: What was decided.
        at: Which of its steps is next or under way, from 0.
        started: That step as it was started; None: it was not, so far.
        hours: What the steps before it have used.
    """

    number: int
    run: Run
    at: int = 0
    started: Started | None = None
    hours: float = 0.0

    @property
    def step(self) -> str:
        return self.run.steps[self.at]


@dataclass(frozen=True)
class Ended:
    """A run that is over.

    Attributes:
        number: Its name.
        run: What was decided.
        finish: How its last step ended.
    """

    number: int
    run: Run
    finish: Finished


@dataclass(frozen=True)
class State:
    """What the ledger comes to.

    Attributes:
        number: The last entry's number; 0 for an empty ledger.
        seen: What each source showed last.
        mended: Alerts that a run answered, as their sources are called.
        pending: Causes by their number, oldest first.
        active: Runs by their number.
        failures: How many runs failed in a row.
        breaker: The entry that opened the circuit breaker; None: it is closed.
        hours: Device hours of runs that are over, by month; the newest months.
        warned: The percentage of the budget that was warned of, by month.
        lengths: Device hours of the newest trainings.
        last: The run that ended last.
        answered: Of all runs that answered something the last.
        refused: Inputs that gate or checks said no to, and the run that did.
        base: The commit that what comes next is compared with; empty: none.
        owed: Runs that a person has to be told of.
    """

    number: int = 0
    seen: Mapping[str, Seen] = field(default_factory=dict)
    mended: frozenset[str] = frozenset()
    pending: Mapping[int, Pending] = field(default_factory=dict)
    active: Mapping[int, Active] = field(default_factory=dict)
    failures: int = 0
    breaker: Breaker | None = None
    hours: Mapping[str, float] = field(default_factory=dict)
    warned: Mapping[str, int] = field(default_factory=dict)
    lengths: tuple[float, ...] = ()
    last: Ended | None = None
    answered: Ended | None = None
    refused: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    base: str = ""
    owed: tuple[Ended, ...] = ()


def moment(text: str) -> datetime:
    """A moment of the ledger."""
    return datetime.fromisoformat(text)


def month_of(when: datetime) -> str:
    """The calendar month of a moment, in UTC.

    >>> month_of(datetime(2026, 11, 28, tzinfo=UTC))
    '2026-11'
    """
    return f"{when.astimezone(UTC):%Y-%m}"


def follow(state: State, number: int, entry: Entry, where: str) -> State:
    """The state after one more entry.

    Args:
        state: Before it.
        number: Its place.
        entry: What it says.
        where: Its file, for messages.

    Raises:
        IntegrityError: It cannot follow.
    """
    state = replace(state, number=number)
    match entry:
        case Watch() | Cause():
            return _noticed(state, number, entry)
        case Run():
            return _decided(state, number, entry, where)
        case Suppress():
            return _closed(state, entry.causes, where)
        case Refuse():
            return _put_off(state, entry, where)
        case Started():
            running = replace(_known(state, entry, where), started=entry)
            return replace(state, active={**state.active, entry.run: running})
        case Finished():
            return _finished(state, _known(state, entry, where), entry)
        case Escalate():
            return replace(state, owed=tuple(one for one in state.owed if one.number != entry.run))
        case Warn():
            return replace(state, warned=_newest({**state.warned, entry.month: entry.percent}, _MONTHS))
        case Breaker():
            return replace(state, failures=0, breaker=entry if entry.state == entries.OPEN else None)
    return state


def _noticed(state: State, number: int, entry: Watch | Cause) -> State:
    seen = {**state.seen, entry.source: Seen(entry.key, moment(entry.when))}
    if isinstance(entry, Watch):
        return replace(state, seen=seen, base=entry.key if entry.source == entries.GIT else state.base)
    # A person is no source that could show something else next time.
    seen = dict(state.seen) if entry.kind == entries.PERSON else seen
    return replace(state, seen=seen, pending={**state.pending, number: Pending(entry)})


def _decided(state: State, number: int, entry: Run, where: str) -> State:
    left = _closed(state, entry.causes, where)
    answered = [state.pending[one].cause for one in entry.causes]
    mended = state.mended | {cause.source for cause in answered if cause.kind == entries.ALERT}
    return replace(left, active={**state.active, number: Active(number, entry)}, mended=mended)


def _closed(state: State, causes: Iterable[int], where: str) -> State:
    return replace(state, pending=_without(state.pending, causes, where))


def _without(pending: Mapping[int, Pending], causes: Iterable[int], where: str) -> dict[int, Pending]:
    left = dict(pending)
    for number in causes:
        if left.pop(number, None) is None:
            raise _impossible(where, "causes that wait", f"cause {number}, which does not")
    return left


def _put_off(state: State, entry: Refuse, where: str) -> State:
    _without(state.pending, entry.causes, where)
    until = moment(entry.until)
    put_off = {number: replace(state.pending[number], until=until) for number in entry.causes}
    return replace(state, pending={**state.pending, **put_off})


def _known(state: State, entry: Started | Finished, where: str) -> Active:
    running = state.active.get(entry.run)
    if running is None or running.step != entry.step or (running.started is None) == isinstance(entry, Finished):
        raise _impossible(where, "a step that is next", f"{entry.action} {entry.step} of run {entry.run}")
    return running


def _finished(state: State, running: Active, entry: Finished) -> State:
    month, used = month_of(moment(entry.when)), entry.device_hours
    hours = _newest({**state.hours, month: state.hours.get(month, 0.0) + used}, _MONTHS)
    state = replace(state, hours=hours)
    if entry.outcome == entries.PASSED and running.at + 1 < len(running.run.steps):
        onward = replace(running, at=running.at + 1, started=None, hours=running.hours + used)
        return replace(state, active={**state.active, running.number: onward})
    ended = Ended(running.number, running.run, entry)
    active = {number: one for number, one in state.active.items() if number != running.number}
    trained = entry.step == entries.TRAINING and entry.outcome not in entries.FAILURES
    lengths = (*state.lengths, running.hours + used)[-_LENGTHS:] if trained else state.lengths
    return _answered(replace(state, active=active, lengths=lengths, last=ended), ended)


def _answered(state: State, ended: Ended) -> State:
    outcome, inputs = ended.finish.outcome, ended.run.inputs
    owed = (*state.owed, ended) if outcome in (*entries.NO, *entries.FAILURES) else state.owed
    if outcome in entries.FAILURES:
        return replace(state, failures=state.failures + 1, owed=owed)
    refused = dict(state.refused)
    if inputs and outcome in entries.NO:
        refused = _newest({**refused, inputs: ended.number}, _REFUSED)
    base = ended.run.commit or state.base
    return replace(state, failures=0, answered=ended, refused=refused, base=base, owed=owed)


def _newest(mapping: dict, most: int) -> dict:  # type: ignore[type-arg]
    """The entries that were added last."""
    return dict(list(mapping.items())[-most:])


def _impossible(where: str, expected: str, got: str) -> IntegrityError:
    hint = "the ledger was changed after it was written; restore it from a copy"
    return IntegrityError(where, expected=expected, got=got, hint=hint)
