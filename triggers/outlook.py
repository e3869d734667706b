"""Outlook: what a look would find and do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from benison.config.triggers import Policy
from benison.core.errors import BenisonError
from benison.registry.log import utc
from benison.triggers import entries
from benison.triggers.alerts import Alerts, Standing
from benison.triggers.decide import Due, PutOff, Start, Wait, Work, due, judge
from benison.triggers.entries import Cause
from benison.triggers.sources import Notice, Source, noticed
from benison.triggers.state import Pending, Seen, State
from benison.triggers.work import Planner


@dataclass(frozen=True)
class Outlook:
    """What a look would do.

    Attributes:
        notices: What sources show that is new, by source; of one that is looked at for the first time: what is there.
        found: The causes that a run would answer; empty: none waits.
        work: What they ask for; None: nothing waits, or it cannot be told.
        answer: What would be done about them: in words.
        waits: What keeps it from being done at once; None: nothing.
        troubles: What could not be found out.
        passed: Causes that would be dropped before, by number, with the reason.
        held: Alerts that nothing could be learnt from so far.
    """

    notices: Mapping[str, Notice]
    found: Mapping[int, Cause]
    work: Work | None
    answer: str
    waits: Wait | None
    troubles: tuple[BenisonError, ...]
    passed: Mapping[int, str] = field(default_factory=dict)
    held: Mapping[int, Cause] = field(default_factory=dict)


def foresee(
    state: State,
    sources: Sequence[Source],
    planner: Planner,
    policy: Policy,
    now: datetime,
    alerts: Alerts | None = None,
) -> Outlook:
    """What a look would find and do.

    Args:
        state: What the ledger says.
        sources: What is looked at.
        planner: Knows what causes ask for.
        policy: What holds runs back.
        now: The moment.
        alerts: The alert log, where that is looked at too.
    """
    troubles: list[BenisonError] = []
    standing = alerts.look(state, troubles) if alerts else Standing()
    notices = dict(noticed(sources, state.seen, now, troubles)) | dict(standing.notices)
    state = _imagined(state, {name: one for name, one in notices.items() if name in state.seen or one.open}, now)
    state = replace(state, pending={n: one for n, one in state.pending.items() if n not in standing.passed})
    first = due(state, policy, now, standing.lacks)
    found = first if isinstance(first, Due) else _sooner(state, now, standing.lacks)
    told = Outlook(
        notices,
        found.causes if found else {},
        None,
        "nothing",
        first if isinstance(first, Wait) else None,
        tuple(troubles),
        standing.passed,
        _held(state) if standing.lacks else {},
    )
    return _judged(told, state, planner, policy, now, found) if found else told


def _held(state: State) -> dict[int, Cause]:
    return {number: one.cause for number, one in state.pending.items() if one.cause.kind == entries.ALERT}


def _judged(told: Outlook, state: State, planner: Planner, policy: Policy, now: datetime, found: Due) -> Outlook:
    """What would be done about what was found."""
    try:
        work = planner.work(state, found)
    except BenisonError as error:
        return replace(told, answer="it cannot be told", troubles=(*told.troubles, error))
    answer = judge(state, policy, found, work, now)
    verb = {Start: "run", PutOff: "refuse"}.get(type(answer), "suppress" if found.dropped else "wait")
    return replace(told, work=work, answer=f"{verb}: {answer.why}")


def _imagined(state: State, notices: Mapping[str, Notice], now: datetime) -> State:
    """The state as it would be after what sources show were noted."""
    pending, seen = dict(state.pending), dict(state.seen)
    for number, (name, notice) in enumerate(notices.items(), start=state.number + 1):
        said = {"who": "-", "when": utc(now), "why": entries.line(notice.why)}
        pending[number] = Pending(Cause(source=name, key=notice.key, urgent=notice.urgent, span=0, **said))
        seen[name] = Seen(notice.key, now)
    return replace(state, pending=pending, seen=seen)


def _sooner(state: State, now: datetime, lacks: str) -> Due | None:
    """What would be due if nothing had to be waited for; None: nothing."""
    free = replace(
        state,
        breaker=None,
        last=None,
        active={},
        pending={number: replace(one, until=None) for number, one in state.pending.items()},
    )
    found = due(free, Policy(debounce_seconds=0), now, lacks)
    return found if isinstance(found, Due) else None
