"""The fold of the ledger, whatever may follow what, against counts that are made anew from all entries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benison.core.errors import IntegrityError
from benison.registry.log import utc
from benison.registry.testing import NOON
from benison.triggers import budget, entries
from benison.triggers.entries import Breaker, Cause, Entry, Escalate, Finished, Refuse, Run, Started, Suppress
from benison.triggers.state import State, follow, month_of

WHERE = "ledger"
ENDS = {
    entries.CHECKS: (entries.PASSED, entries.REJECTED, entries.FAILED, entries.LOST),
    entries.TRAINING: (entries.PUSHED, entries.HELD, entries.BLOCKED, entries.FAILED, entries.LOST),
}
Log = list[tuple[int, Entry]]


def legal(state: State, number: int, pick: Callable[[int], int]) -> Entry:
    """One of the entries that may follow, as chance has it."""
    said: dict[str, Any] = {"who": "ci", "when": utc(moment(number)), "why": "chance"}
    source = ("git", "data", "person", "schedule:nightly", f"alert:{number}")[pick(5)]
    pending, active, owed = list(state.pending), list(state.active.values()), state.owed
    choices: list[Entry] = [Cause(source=source, key=f"{number:040x}", urgent=not pick(4), span=pick(2), **said)]
    if pending:
        causes = tuple(pending[pick(len(pending)) :])
        steps = ((entries.CHECKS, entries.TRAINING), (entries.TRAINING,), (entries.CHECKS,))[pick(3)]
        inputs: dict[str, Any] = {
            "commit": "",
            "since": "",
            "code": f"code-{pick(2)}",
            "data": f"data-{pick(2)}",
            "span": 0,
        }
        choices.append(Run(causes=causes, key=f"{number:x}", place="", target="local", steps=steps, **inputs, **said))
        choices.append(Suppress(causes=causes, **said))
        choices.append(Refuse(causes=causes, until=utc(moment(number) + timedelta(days=30)), **said))
    if active:
        one = active[pick(len(active))]
        ends, hours = ENDS[one.step], pick(50) / 10
        over: dict[str, Any] = {"outcome": ends[pick(len(ends))], "device_hours": hours, "page": ""}
        begun = Started(run=one.number, step=one.step, id="it", **said)
        choices.append(begun if one.started is None else Finished(run=one.number, step=one.step, **over, **said))
    if owed:
        choices.append(Escalate(run=owed[pick(len(owed))].number, page="", **said))
    choices.append(Breaker(state=(entries.OPEN, entries.CLOSED)[pick(2)], **said))
    return choices[pick(len(choices))]


def moment(number: int) -> datetime:
    return NOON + timedelta(hours=7 * number)


def grown(data: st.DataObject, length: int) -> tuple[State, Log]:
    state, log = State(), Log()
    for number in range(1, length + 1):
        entry = legal(state, number, lambda many: data.draw(st.integers(0, many - 1)))
        assert entries.from_json(entries.to_json(entry)) == entry
        before, state = state, follow(state, number, entry, WHERE)
        assert before.number == number - 1, "a state is never changed"
        log.append((number, entry))
    return state, log


@given(st.data(), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_whatever_follows_each_cause_has_one_answer_and_every_hour_is_counted_once(
    data: st.DataObject, length: int
) -> None:
    state, log = grown(data, length)
    causes = {number for number, one in log if isinstance(one, Cause)}
    decided = {number for number, one in log if isinstance(one, Run)}
    answers = Counter(cause for _, one in log if isinstance(one, (Run, Suppress)) for cause in one.causes)
    ended = [one for _, one in log if isinstance(one, Finished)]
    runs = dict(log)
    over = {one.run for one in ended if one.outcome != entries.PASSED or is_last(runs[one.run], one.step)}
    assert set(answers.values()) <= {1}, "at most one run or reason for each cause"
    assert set(state.pending) == causes - set(answers)
    assert set(state.active) == decided - over
    assert all(one.started is None or one.started.step == one.step for one in state.active.values())
    by_month: defaultdict[str, float] = defaultdict(float)
    for one in ended:
        by_month[month_of(datetime.fromisoformat(one.when))] += one.device_hours
    assert dict(state.hours) == pytest.approx(dict(by_month))
    assert budget.used(state, moment(length)) >= 0 and budget.expected(state) >= 0
    assert state.failures == failures(log)


def failures(log: Log) -> int:
    """Runs that failed since one did not, or since the breaker moved."""
    many, runs = 0, dict(log)
    for _, one in log:
        if isinstance(one, Breaker):
            many = 0
        elif isinstance(one, Finished) and one.outcome in entries.FAILURES:
            many += 1
        elif isinstance(one, Finished) and (one.outcome != entries.PASSED or is_last(runs[one.run], one.step)):
            many = 0
    return many


def is_last(run: Entry, step: str) -> bool:
    return isinstance(run, Run) and run.steps[-1] == step


@given(st.data(), st.integers(5, 40))
@settings(max_examples=40, deadline=None)
def test_nothing_is_answered_begun_or_ended_a_second_time(data: st.DataObject, length: int) -> None:
    state, log = grown(data, length)
    for _, entry in log:
        if isinstance(entry, (Run, Suppress)):
            with pytest.raises(IntegrityError, match="expected causes that wait, got cause"):
                follow(state, length + 1, entry, WHERE)
        known = state.active.get(entry.run) if isinstance(entry, (Started, Finished)) else None
        if isinstance(entry, (Started, Finished)) and (known is None or known.step != entry.step):
            with pytest.raises(IntegrityError, match="expected a step that is next"):
                follow(state, length + 1, entry, WHERE)
