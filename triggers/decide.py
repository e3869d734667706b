"""Decide: what the ledger says and what has to run -> what is to be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benison.config.triggers import Policy
from benison.triggers import budget, entries
from benison.triggers.entries import Cause
from benison.triggers.state import Active, Pending, State, moment, month_of

# What counts most comes first, after hot fixes.
PRIORITY = (entries.PERSON, entries.ALERT, entries.GIT, entries.DATA, entries.SCHEDULE)
# A stream of pushes that never pauses may not keep a run away for ever.
_PATIENCE = 10


@dataclass(frozen=True)
class Wait:
    """Nothing is to be done for now.

    Attributes:
        why: What is waited for.
        until: The moment at which it will have come, where time alone brings it.
    """

    why: str
    until: datetime | None = None


@dataclass(frozen=True)
class Due:
    """Causes whose time has come, the one that counts most first.

    Attributes:
        causes: By their number.
    """

    causes: Mapping[int, Cause]

    @property
    def lead(self) -> Cause:
        return next(iter(self.causes.values()))

    @property
    def dropped(self) -> tuple[int, ...]:
        """Those that are gone where nothing is started; alerts go on waiting for something to learn from."""
        return tuple(number for number, cause in self.causes.items() if cause.kind != entries.ALERT)

    @property
    def urgent(self) -> bool:
        return any(cause.urgent for cause in self.causes.values())

    @property
    def by_person(self) -> bool:
        return any(cause.kind == entries.PERSON for cause in self.causes.values())


@dataclass(frozen=True)
class Work:
    """What causes ask for.

    Attributes:
        steps: ``checks``, ``training``, in order; empty: nothing.
        why: What asks for it, or why nothing does.
        commit: Of the project; empty: it is taken as it lies there.
        since: The commit that it is compared with; empty: none.
        code: Tells code and configuration; empty: unknown.
        data: Tells the data; empty: unknown.
    """

    steps: tuple[str, ...]
    why: str
    commit: str = ""
    since: str = ""
    code: str = ""
    data: str = ""


@dataclass(frozen=True)
class Start:
    """A run is to be started."""

    why: str


@dataclass(frozen=True)
class Drop:
    """The causes start nothing."""

    why: str


@dataclass(frozen=True)
class PutOff:
    """The causes start nothing until a moment."""

    why: str
    until: datetime


@dataclass(frozen=True)
class _Timing:
    """The causes that may be looked at, at a moment."""

    state: State
    policy: Policy
    now: datetime
    waiting: Mapping[int, Pending] = field(default_factory=dict)

    @property
    def at_once(self) -> bool:
        """Whether one of them is nobody's to hold up."""
        return any(one.cause.urgent or one.cause.kind == entries.PERSON for one in self.waiting.values())


def due(state: State, policy: Policy, now: datetime, lacks: str = "") -> Due | Wait:
    """The causes whose time has come.

    Args:
        state: What the ledger says.
        policy: What holds runs back.
        now: The moment.
        lacks: What alerts lack, so that nobody could learn from them now; empty: nothing.
    """
    known = {number: one for number, one in state.pending.items() if not (lacks and one.cause.kind == entries.ALERT)}
    waiting = {number: one for number, one in known.items() if one.until is None or one.until <= now}
    if not waiting:
        later = [one.until for one in known.values() if one.until is not None]
        return Wait("a new month's budget", min(later)) if later else Wait(lacks if state.pending else "a cause")
    timing = _Timing(state, policy, now, waiting)
    return _held(timing) or _quiet(timing) or _together(waiting)


def _together(waiting: Mapping[int, Pending]) -> Due:
    """The causes that one run answers: those that ask for the same span as the one that counts most."""
    ranked = _ranked(waiting)
    span = waiting[ranked[0]].cause.span
    return Due({number: waiting[number].cause for number in ranked if waiting[number].cause.span == span})


def _held(timing: _Timing) -> Wait | None:
    state, policy = timing.state, timing.policy
    if state.breaker:
        return Wait(f"a person who closes the circuit breaker: {state.breaker.why}")
    if len(state.active) >= policy.concurrent:
        return Wait(f"run {next(iter(state.active))}, which is under way")
    if state.last is None or timing.at_once:
        return None
    until = moment(state.last.finish.when) + timedelta(minutes=policy.cooldown_minutes)
    return Wait(f"the cooldown after run {state.last.number}", until) if timing.now < until else None


def _quiet(timing: _Timing) -> Wait | None:
    """Whether something new came so lately that more may follow."""
    # An alert may have waited for days: it must not cut short what data that are still written are given.
    others = [one.when for one in timing.waiting.values() if one.cause.kind != entries.ALERT]
    times = others or [one.when for one in timing.waiting.values()]
    pause = timedelta(seconds=timing.policy.debounce_seconds)
    until = min(max(times) + pause, min(times) + _PATIENCE * pause)
    if timing.at_once or timing.now >= until:
        return None
    return Wait(f"{timing.policy.debounce_seconds:g} seconds without anything new", until)


def _ranked(waiting: Mapping[int, Pending]) -> Sequence[int]:
    """Hot fixes, then by `PRIORITY`, of equals the newest: it shows what is there now."""

    def rank(number: int) -> tuple[bool, int, int]:
        cause = waiting[number].cause
        return not cause.urgent, PRIORITY.index(cause.kind), -number

    return sorted(waiting, key=rank)


def judge(state: State, policy: Policy, found: Due, work: Work, now: datetime) -> Start | Drop | PutOff:
    """What is done about causes whose time has come.

    Args:
        state: What the ledger says.
        policy: What holds runs back.
        found: The causes.
        work: What they ask for.
        now: The moment.
    """
    if not work.steps:
        return Drop(work.why)
    if why := _answered(state, found, work):
        return Drop(why)
    if policy.budget and (lacks := budget.lacking(state, now, policy.budget, urgent=found.urgent)):
        return PutOff(f"refused until {month_of(budget.next_month(now))}: {lacks}", budget.next_month(now))
    others = len(found.causes) - 1
    more = f"; it answers {others} more {'cause' if others == 1 else 'causes'}" if others else ""
    return Start(f"{found.lead.why}: {work.why}{more}")


def _answered(state: State, found: Due, work: Work) -> str:
    """Why these inputs need no other run; empty: they do, or a person wants one."""
    if found.by_person or not (work.code and work.data):
        return ""
    inputs = (work.code, work.data, found.lead.span)
    if number := state.refused.get(inputs):
        return f"run {number} said no to this very code and these data; change either, or ask for a run yourself"
    last = state.answered
    if last and last.run.inputs == inputs and work.steps == last.run.steps[-len(work.steps) :]:
        return f"nothing changed since run {last.number}: {last.finish.outcome}"
    return ""


def lost(active: Active, policy: Policy, now: datetime) -> bool:
    """Whether a run of which nothing can be learnt has to be given up.

    Args:
        active: The run.
        policy: After how many hours.
        now: The moment.
    """
    since = moment(active.started.when if active.started else active.run.when)
    return now - since >= timedelta(hours=policy.lost_hours)
