"""Look: one look after the other: what sources show, what runs came to, what is due, what is started.

All that has to last is in the ledger. A manager that is killed between any two of its acts leaves a state from which
the next one goes on, and several at once are kept apart by compare-and-swap on the ledger and by keys of runs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from benison.config.triggers import Policy
from benison.core.errors import BenisonError, InputError
from benison.registry.log import utc
from benison.triggers import budget, entries
from benison.triggers.alerts import Alerts, Standing
from benison.triggers.decide import Drop, Due, PutOff, Wait, Work, due, judge, lost
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
from benison.triggers.ledger import Ledger
from benison.triggers.sources import Notice, Source, noticed
from benison.triggers.starting import Progress, Starter
from benison.triggers.state import Active, State, moment, month_of
from benison.triggers.work import Planner

# More decisions than that in one look would mean that they undo each other.
_MOST = 100


@dataclass(frozen=True)
class Look:
    """What one look came to.

    Attributes:
        when: The moment.
        done: The entries that it added, with their numbers.
        waits: What is waited for.
        troubles: What could not be done this time.
    """

    when: datetime
    done: tuple[tuple[int, Entry], ...]
    waits: Wait
    troubles: tuple[BenisonError, ...]


@dataclass(frozen=True)
class Places:
    """Where runs go.

    Attributes:
        target: Where they train.
        here: What this machine is called in the ledger.
        starters: Who carries out a step, by the target; that of ``local`` carries out the checks.
        devices: How many devices a training holds.
    """

    target: str
    here: str
    starters: Mapping[str, Starter]
    devices: int

    def of(self, run: Run, step: str) -> Starter:
        """Who carries out a step of a run."""
        return self.starters[run.target if step == entries.TRAINING else "local"]

    def place(self, steps: Sequence[str]) -> str:
        """Where whoever follows a run with these steps has to be; empty: anywhere."""
        return self.here if self.target == "local" or entries.CHECKS in steps else ""


class Manager:
    """Carries out what ``triggers:`` says.

    Args:
        ledger: Of the model.
        sources: What is looked at.
        planner: Knows what causes ask for.
        places: Where runs go.
        policy: What holds runs back.
        now: Tells the moment, in UTC.
        who: Who or what manages, for the ledger.
        alerts: The alert log, where that is looked at too.
    """

    def __init__(
        self,
        ledger: Ledger,
        sources: Sequence[Source],
        planner: Planner,
        places: Places,
        policy: Policy,
        now: Callable[[], datetime],
        who: str,
        alerts: Alerts | None = None,
    ) -> None:
        self.ledger, self.policy = ledger, policy
        self._sources, self._planner, self._places, self._now, self._who = sources, planner, places, now, who
        self._alerts, self._lacks = alerts, ""
        self._done: list[tuple[int, Entry]] = []
        self._troubles: list[BenisonError] = []

    @property
    def here(self) -> str:
        """What this machine is called in the ledger."""
        return self._places.here

    def look(self) -> Look:
        """Looks once and does what is to be done.

        Raises:
            BenisonError: The ledger cannot be read or written.
        """
        self._done, self._troubles = [], []
        self._observe()
        waits: Wait | None = None
        for _ in range(_MOST):
            self._advance()
            self._tell()
            self._heed()
            waits = self._decide()
            if waits is not None:
                break
        return Look(self._now(), tuple(self._done), waits or Wait("the next look"), tuple(self._troubles))

    def ask(self, why: str, *, urgent: bool = False, span: int = 0) -> int:
        """A person's cause; returns its number.

        Args:
            why: The reason.
            urgent: Whether it is a hot fix.
            span: The newest span to use; 0: the newest there is.
        """
        key, said = secrets.token_hex(8), self._said(why)
        cause = Cause(source=entries.PERSON, key=key, urgent=urgent, span=span, **said)
        number = self.ledger.append(lambda state: cause)
        assert number is not None
        return number

    def _said(self, why: str) -> dict[str, str]:
        return {"who": self._who, "when": utc(self._now()), "why": entries.line(why)}

    def _add(self, decide: Callable[[State], Entry | None]) -> bool:
        """Adds an entry, and remembers it for who wants to know what was done."""
        added: list[Entry] = []

        def decided(state: State) -> Entry | None:
            entry = decide(state)
            added[:] = [entry] if entry else []
            return entry

        number = self.ledger.append(decided)
        if number is not None:
            self._done.append((number, added[0]))
        return number is not None

    def _observe(self) -> None:
        state = self.ledger.state()
        for name, notice in noticed(self._sources, state.seen, self._now(), self._troubles):
            self._notice(name, notice, state)

    def _notice(self, name: str, notice: Notice, known: State) -> None:
        last, said = known.seen.get(name), self._said(notice.why)

        def decide(state: State) -> Entry | None:
            if state.seen.get(name) != last:
                return None
            if last is None and not notice.open:
                return Watch(source=name, key=notice.key, **said)
            return Cause(source=name, key=notice.key, urgent=notice.urgent, span=0, **said)

        self._add(decide)

    def _heed(self) -> None:
        """Alerts, after each run anew, since one may have given what they asked for."""
        state = self.ledger.state()
        standing = self._alerts.look(state, self._troubles) if self._alerts else Standing()
        self._lacks = standing.lacks
        for name, notice in standing.notices.items():
            self._notice(name, notice, state)
        for number, why in standing.passed.items():
            self._drop(number, why)

    def _drop(self, number: int, why: str) -> None:
        said = self._said(why)
        self._add(lambda state: Suppress(causes=(number,), **said) if number in state.pending else None)

    def _advance(self) -> None:
        """Starts what is decided, and learns what has ended."""
        for active in self.ledger.state().active.values():
            try:
                self._carry(active)
            except BenisonError as error:
                self._troubles.append(error)
                if lost(active, self.policy, self._now()):
                    self._finish(active, Progress(entries.LOST, f"nothing could be learnt of it: {error}"))

    def _carry(self, active: Active) -> None:
        if active.run.place not in ("", self._places.here):
            progress = Progress(known=False, why=f"it is followed at {active.run.place}")
        elif active.started is None:
            self._start(active)
            return
        else:
            progress = self._places.of(active.run, active.step).look(active.run, active.step, active.started.id)
        if progress.outcome:
            self._finish(active, progress)
        elif not progress.known and lost(active, self.policy, self._now()):
            self._finish(active, replace(progress, outcome=entries.LOST))

    def _start(self, active: Active) -> None:
        try:
            name = self._places.of(active.run, active.step).start(active.run, active.step)
        except InputError as error:
            # Another try would come to the same.
            self._finish(active, Progress(entries.FAILED, f"it could not be started: {error}", hours=0.0))
            return
        self._note_started(active, name)

    def _note_started(self, active: Active, name: str) -> None:
        said = self._said(f"{active.step} of run {active.number} on {self._where(active)}")

        def decide(state: State) -> Entry | None:
            now = state.active.get(active.number)
            fits = now is not None and now.step == active.step and now.started is None
            return Started(run=active.number, step=active.step, id=name, **said) if fits else None

        self._add(decide)

    def _where(self, active: Active) -> str:
        return active.run.target if active.step == entries.TRAINING else "local"

    def _finish(self, active: Active, progress: Progress) -> None:
        if active.started is None:
            self._note_started(active, "-")
        said, hours = self._said(progress.why), self._hours(active, progress)

        def decide(state: State) -> Entry | None:
            now = state.active.get(active.number)
            if now is None or now.step != active.step or now.started is None:
                return None
            page = entries.line(progress.page) if progress.page else ""
            return Finished(
                run=active.number,
                step=active.step,
                outcome=progress.outcome,
                device_hours=round(hours, 6),
                page=page,
                **said,
            )

        self._add(decide)

    def _hours(self, active: Active, progress: Progress) -> float:
        took = progress.hours
        if took is None:
            began = moment(active.started.when) if active.started else self._now()
            took = max((self._now() - began) / timedelta(hours=1), 0.0)
        return took * (self._places.devices if active.step == entries.TRAINING else 1)

    def _tell(self) -> None:
        """Whatever follows from the ledger alone: the breaker, who has to look, what is nearly used up."""

        def breaker(state: State) -> Entry | None:
            if state.breaker or state.failures < self.policy.failures:
                return None
            said = self._said(
                f"{state.failures} failures in a row, the last in run {state.last.number}" if state.last else ""
            )
            return Breaker(state=entries.OPEN, **said)

        def escalate(state: State) -> Entry | None:
            if not state.owed:
                return None
            one = state.owed[0]
            why = f"run {one.number} {one.finish.outcome}: {one.finish.why}"
            return Escalate(run=one.number, page=one.finish.page, **self._said(why))

        def warn(state: State) -> Entry | None:
            asked, now = self.policy.budget, self._now()
            found = budget.overdue(state, now, asked) if asked else None
            if not asked or not found:
                return None
            why = f"{found[1]:.1f} of {asked.device_hours_per_month:g} device hours are used"
            return Warn(month=month_of(now), percent=found[0], **self._said(why))

        for decide in (breaker, escalate, warn):
            while self._add(decide):
                pass

    def _work(self, state: State, found: Due) -> Work | None:
        try:
            return self._planner.work(state, found)
        except BenisonError as error:
            self._troubles.append(error)
            return None

    def _decide(self) -> Wait | None:
        """Decides about the causes that are due; what is waited for where none is."""
        state = self.ledger.state()
        found = self._due(state)
        if isinstance(found, Wait):
            return found
        work = self._work(state, found)
        if work is None:
            return Wait("what causes ask for, which cannot be told now")

        def decide(fresh: State) -> Entry | None:
            # Another manager may have decided meanwhile, or something new may have come: then it is looked at anew.
            return self._decision(fresh, found, work) if self._due(fresh) == found else None

        answer = judge(state, self.policy, found, work, self._now())
        if isinstance(answer, Drop) and not found.dropped:
            return Wait(f"other code or data: {answer.why}")
        self._add(decide)
        return None

    def _due(self, state: State) -> Due | Wait:
        return due(state, self.policy, self._now(), self._lacks)

    def _decision(self, state: State, found: Due, work: Work) -> Entry | None:
        answer = judge(state, self.policy, found, work, self._now())
        said, causes = self._said(answer.why), tuple(found.causes)
        if isinstance(answer, Drop):
            return Suppress(causes=found.dropped, **said) if found.dropped else None
        if isinstance(answer, PutOff):
            return Refuse(causes=causes, until=utc(answer.until), **said)
        return Run(
            causes=causes,
            key=secrets.token_hex(8),
            place=self._places.place(work.steps),
            target=self._places.target,
            steps=work.steps,
            commit=work.commit,
            since=work.since,
            code=work.code,
            data=work.data,
            span=found.lead.span,
            **said,
        )
