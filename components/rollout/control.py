"""control: one look after the other: what the logs say -> what is to be done -> done, until the rollout is over.

All that has to last is in the two logs. A controller that is killed between any two of its acts leaves a state from
which the next one goes on; two at once are kept apart by a lease, and where that fails by compare-and-swap on the logs.
"""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import pyarrow as pa

from benison.components.rollout import record
from benison.components.rollout.decide import (
    Crown,
    Decision,
    End,
    Findings,
    Move,
    Note,
    Try,
    Uncrown,
    Wait,
    concluded,
    decide,
    reasons,
)
from benison.components.rollout.judge import judge
from benison.components.rollout.measure import Tallies
from benison.components.rollout.stage import is_conclusive
from benison.components.rollout.steer import Steered, Steering
from benison.core.errors import BenisonError, ConflictError, RefusedError, RegistryError
from benison.core.verdicts import Check, Tier, Verdict
from benison.delivery import entries
from benison.delivery.entries import Confirmed, Entry, Finish, Lease, Promoted, Shift, Staged
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.routers import Opening, opening
from benison.delivery.state import RolloutState, Running, moment, owed_to
from benison.registry.log import utc
from benison.registry.registry import Registry

_log = logging.getLogger(__name__)
LEASE_SECONDS = 60
ALIAS = "rollout"
_BACK = "the clock has gone back, behind what was read"


class Clock(Protocol):
    """Time, which tests turn faster."""

    def now(self) -> datetime:
        """The moment, in UTC."""

    def wait(self, seconds: float) -> None:
        """Lets some time pass."""


class Source(Protocol):
    """Where figures come from."""

    @property
    def silence(self) -> str:
        """What it means that there are none, for a reason."""

    def fill(self, tallies: Tallies, since: float, until: float) -> float:
        """Adds what is known of the blocks between two moments, in seconds since 1970.

        Returns:
            To where it is; what comes after that may still come.

        Raises:
            BenisonError: It cannot be read.
        """


@dataclass(frozen=True)
class Look:
    """What one look at a rollout came to.

    Attributes:
        when: The moment.
        running: Where the rollout stood.
        checks: What was found.
        decision: What was done, or is waited for.
        steered: What the router says.
    """

    when: datetime
    running: Running
    checks: tuple[Check, ...]
    decision: Decision
    steered: Steered

    @property
    def acted(self) -> bool:
        """Whether something was done, after which the next thing may be due at once."""
        return not isinstance(self.decision, Wait)


class Controller:
    """Carries the rollout that is under way to its end.

    Args:
        registry: The model's registry.
        source: Where figures come from.
        clock: Time.
        who: Who or what controls, for the logs.
        policy: The digest of the gate's policy in force.
        late_seconds: How long after a block's end its last rows may come.
        stage: Asks the servers for the challenger's answers before it has a live request; None: nobody can.
        routers: How routers are opened; None: as the plan says.
    """

    def __init__(
        self,
        registry: Registry,
        source: Source,
        clock: Clock,
        *,
        who: str,
        policy: str,
        late_seconds: float = 5.0,
        stage: Callable[[Running], tuple[Check, ...]] | None = None,
        routers: Opening | None = None,
    ) -> None:
        self._registry, self._source, self._clock = registry, source, clock
        self._who, self._policy, self._late, self._stage = who, policy, late_seconds, stage
        self.log = RolloutLog(registry.store, registry.model)
        self._steering = Steering(routers or opening(self.log))
        self._holder = secrets.token_hex(16)
        self._tallies: Tallies | None = None
        self._read_to = 0.0
        self._heard: datetime | None = None
        self._untried: tuple[datetime, str] | None = None
        self._ahead = timedelta(0)
        self._known: tuple[tuple[int, float, float, float], tuple[Check, ...]] | None = None

    def look(self) -> Look | None:
        """Looks once and does what is to be done; None where no rollout is under way.

        Raises:
            ConflictError: Another controller holds the lease.
            StorageError: The registry cannot be reached.
        """
        running = self.log.state().running
        if running is None:
            return None
        now = self._clock.now()
        running = self._hold(running, now)
        if running.paused:
            self._untried = None
        steered = self._steering.steer(running, now)
        running = self._confirmed(running, steered, now)
        found = self._findings(running, steered, now)
        decision = decide(running, found)
        if isinstance(decision, Try):
            decision = self._try(running, now)
        decision = self._settled(running, decision)
        self._act(running, decision, found.checks, now)
        return Look(now, running, found.checks, decision, steered)

    def peek(self) -> Look | None:
        """What a look would find and do, without doing it; None where no rollout is under way."""
        running, now = self.log.state().running, self._clock.now()
        if running is None:
            return None
        steered = self._steering.steer(running, now, sets=False)
        found = self._findings(running, steered, now)
        return Look(now, running, found.checks, decide(running, found), steered)

    def record(self, look: Look) -> dict[str, Any]:
        """All that a look rested on, as the document of a rollout that is over tells it."""
        return record.told(look.running, self._of(look.running), look.checks, look.when)

    def _hold(self, running: Running, now: datetime) -> Running:
        """Takes or renews the lease."""
        mine = running.lease is not None and running.lease.holder == self._holder
        if running.lease is not None:
            left = moment(running.lease.until) - now
            if not mine and left > timedelta(0):
                got = f"another one until {running.lease.until}"
                hint = "it goes on by itself; another one can take over when that moment has passed"
                raise ConflictError("the rollout", expected="no other controller", got=got, hint=hint)
            if mine and left > timedelta(seconds=LEASE_SECONDS / 2):
                return running
        until = utc(now + timedelta(seconds=LEASE_SECONDS))
        lease = Lease(holder=self._holder, until=until, **self._said(now, "renewed" if mine else "took over"))
        if self._write(running, lease) is None:
            raise ConflictError("the rollout", expected="no other controller", got="another one, just now")
        return self.log.state().running or running

    def _confirmed(self, running: Running, steered: Steered, now: datetime) -> Running:
        """Writes down that a router does what the last shift says, from when on a phase's time counts."""
        if running.in_force is not None or not running.shifts or steered.split is None or steered.trouble:
            return running
        entry = Confirmed(percent=steered.split.percent, **self._said(now, str(steered)))
        written = self._write(running, entry) is not None
        return (self.log.state().running or running) if written else running

    def _settled(self, running: Running, decision: Decision) -> Decision:
        """Ends a rollout only when the router has nothing left of it."""
        champion = self._registry.state().champion
        if not isinstance(decision, End) or champion is None:
            return decision
        left = self._steering.settled(running, champion.package)
        return Wait(f"{decision.outcome}, when the router is done: {left}") if left else decision

    def _findings(self, running: Running, steered: Steered, now: datetime) -> Findings:
        silent = self._measure(running, now)
        since = (running.in_force or now) + self._ahead
        checks = (*running.staged, *self._judged(running, since.timestamp()))
        since_when, untried = self._untried or (now, "")
        champion = self._registry.state().champion
        owed = champion is not None and owed_to(champion, running)
        own = champion is not None and champion.package == running.start.challenger
        return Findings(
            checks=checks,
            phase_blocks=self._of(running).since(since),
            seconds=running.seconds(now),
            silent_seconds=silent,
            silence=_BACK if self._went_back(now) else self._source.silence,
            astray=str(steered) if steered.trouble else "",
            astray_seconds=steered.seconds,
            owed=owed,
            champion=champion.number if champion and own and owed else None,
            untried=untried,
            untried_seconds=(now - since_when).total_seconds(),
        )

    def _judged(self, running: Running, since: float) -> tuple[Check, ...]:
        """The checks, made anew where there are new blocks or another split."""
        key = (running.id, self._read_to, running.percent, since)
        if self._known is None or self._known[0] != key:
            self._known = key, judge(self._of(running), percent=running.percent, since=since)
        return self._known[1]

    def _of(self, running: Running) -> Tallies:
        if self._tallies is None or self._tallies.rollout != running.id:
            start = running.start
            self._tallies = Tallies(running.id, start.plan, start.champion.package, start.challenger)
            self._read_to = self._tallies.first_after(moment(start.when))
        self._tallies.ended = next((moment(one.when).timestamp() for one in running.shifts if one.percent == 100), None)
        return self._tallies

    def _measure(self, running: Running, now: datetime) -> float:
        """Reads what came since the last look; tells for how long nothing could be read."""
        tallies = self._of(running)
        until = tallies.last_before(now.timestamp() - self._late)
        try:
            due = until > self._read_to
            read = self._source.fill(tallies, self._read_to, until) if due else self._read_to
            if (read > self._read_to or not due) and not self._went_back(now):
                self._heard, self._read_to = now, read
            if due:
                self._ahead = _lead(tallies.newest - now.timestamp())
        except (BenisonError, OSError, pa.ArrowException) as error:
            _log.warning("no figures: %s", error)
        # Moments of another clock say nothing: silence counts from when it went back.
        self._heard = min(self._heard or now, now)
        return (now - self._heard).total_seconds()

    def _went_back(self, now: datetime) -> bool:
        """Whether the clock stands before what was read, so that nothing new is seen until it is there again."""
        assert self._tallies is not None
        return now.timestamp() + self._tallies.plan.block_seconds + 1 < self._read_to

    def _act(self, running: Running, decision: Decision, checks: tuple[Check, ...], now: datetime) -> None:
        match decision:
            case Move():
                self._write(running, self._shift(decision, now))
            case Crown():
                self._crown(running, now)
            case Note(number=number):
                self._write(running, Promoted(number=number, **self._said(now, "the registry has made it champion")))
            case Uncrown(number=number):
                self._uncrown(running, number, now)
            case End():
                self._end(running, decision, checks, now)
            case Wait() | Try():
                pass

    def _try(self, running: Running, now: datetime) -> Decision:
        """Asks the servers; what tells nothing is asked again, and nothing goes on meanwhile."""
        assert running.plan.staging is not None
        longest = timedelta(seconds=running.plan.staging.longest_seconds)
        if running.lease is None or moment(running.lease.until) - now < longest:
            until = utc(now + longest + timedelta(seconds=LEASE_SECONDS))
            lease = Lease(holder=self._holder, until=until, **self._said(now, "asks the servers"))
            if self._write(running, lease) is None:
                return Wait("the log has gone on meanwhile")
            running = self.log.state().running or running
        checks, why = self._tried(running)
        now = self._clock.now()
        if not why and self._write(running, Staged(checks=checks, **self._said(now, _told(checks)))) is not None:
            self._untried = None
            return Try()
        if why:
            since, said = self._untried or (now, "")
            if why != said:
                _log.warning("staging: %s", why)
            self._untried = since, why
        return Wait(f"staging: {why or 'the log has gone on meanwhile'}")

    def _tried(self, running: Running) -> tuple[tuple[Check, ...], str]:
        """What the servers did, and why that tells nothing; empty: it does."""
        if self._stage is None:
            return (), "this controller cannot ask the servers"
        try:
            checks = self._stage(running)
        except (BenisonError, OSError, pa.ArrowException) as error:
            return (), str(error).splitlines()[0]
        open_ = [one for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS]
        return checks, "" if is_conclusive(checks) else open_[0].reason

    def _shift(self, to: Move, now: datetime) -> Shift:
        return Shift(phase=to.phase, percent=to.percent, shadow=to.shadow, back=to.back, **self._said(now, to.why))

    def _crown(self, running: Running, now: datetime) -> None:
        """Has the registry promote the challenger; where it refuses, traffic goes back."""
        by_hand = running.asked is not None and running.asked.command == entries.PROMOTE
        why = f"rollout {running.id}: {running.shifts[-1].why}"
        try:
            logged = self._registry.promote(
                running.start.challenger, who=self._who, when=now, why=why, by_hand=by_hand, policy=self._policy
            )
        except (RefusedError, RegistryError) as error:
            back = Move(running.phase, 0.0, 0.0, f"the registry refused: {str(error).splitlines()[0]}", back=True)
            self._write(running, self._shift(back, now))
        else:
            self._write(running, Promoted(number=logged.number, **self._said(now, why)))

    def _uncrown(self, running: Running, number: int, now: datetime) -> None:
        to, why = running.start.champion.package, f"rollout {running.id}: {running.back}"
        self._registry.rollback(to, who=self._who, when=now, why=why, replacing=number)

    def _end(self, running: Running, decision: End, checks: tuple[Check, ...], now: datetime) -> None:
        verdict = concluded(running.plan, checks)
        document = record.encode(running, self._of(running), checks, decision.outcome, decision.why, verdict, now)
        evidence = {record.KIND: self._registry.evidence.put(document)}
        finish = Finish(
            outcome=decision.outcome,
            verdict=verdict,
            reasons=reasons(running.plan, checks),
            evidence=evidence,
            **self._said(now, decision.why),
        )
        self._write(running, finish)
        if self._registry.state().names.get(ALIAS) == running.start.challenger:
            self._registry.alias(ALIAS, who=self._who, when=now, why=f"rollout {running.id} is over")

    def _write(self, running: Running, entry: Entry) -> int | None:
        """Adds an entry, unless somebody else changed anything about this rollout since it was looked at."""

        def unchanged(state: RolloutState) -> Entry | None:
            return entry if state.running == running else None

        return self.log.append(unchanged)

    def _said(self, now: datetime, why: str) -> dict[str, str]:
        return {"who": self._who, "when": utc(now), "why": " ".join(why.split())}


def _lead(seconds: float) -> timedelta:
    """By how much a server's clock is ahead, whose rows are dated so much later: in steps of ten seconds."""
    return timedelta(seconds=10 * math.ceil(seconds / 10) if seconds > 1 else 0)


def _told(checks: Sequence[Check]) -> str:
    """What staging came to, for the log."""
    failed = [check.reason for check in checks if check.tier is Tier.HARD and check.verdict is Verdict.FAIL]
    return failed[0] if failed else "it is there, keeps its contract, and bears the load"
