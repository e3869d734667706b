"""What the rollout log comes to: which rollout is under way, where it stands, and how those before it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from benison.config.rollout import Phase, Rollout
from benison.core.errors import IntegrityError
from benison.core.verdicts import Check, Verdict
from benison.delivery.entries import (
    ABORT,
    ABORTED,
    PAUSE,
    PROMOTE,
    RESUME,
    ROLLED_BACK,
    Command,
    Confirmed,
    Entry,
    Finish,
    Lease,
    Promoted,
    Shift,
    Staged,
    Start,
)
from benison.registry.log import Champion


@dataclass(frozen=True)
class Running:
    """A rollout that is under way.

    Attributes:
        id: The number of the entry that began it.
        start: What that entry says.
        phase: Where in the plan it is; -1: no traffic yet; as many as the plan has phases: all traffic.
        percent: The share of units that the challenger answers.
        shadow: The share whose requests it gets a copy of.
        since: Since when the phase lasts, or goes on after a pause; with a router that is not ours since that router
            did as the phase says.
        in_force: Since when the split is in force; None: a router has not confirmed it so far.
        spent: The seconds that it had lasted when it was paused.
        paused: Whether it stands still, by whose wish: an entry's `why`; empty: it does not.
        asked: What a person asked for last that ends the trial; None: nothing.
        back: Why the challenger is sent back; empty: it is not.
        promoted: The entry of the promotion log that made the challenger champion; None: it is not so far.
        lease: Who controls it.
        shifts: Every change of traffic, oldest first.
        staged: What the servers did with the challenger before it had a live request; empty: nothing is known.
    """

    id: int
    start: Start
    since: datetime
    in_force: datetime | None = None
    phase: int = -1
    percent: float = 0.0
    shadow: float = 0.0
    spent: float = 0.0
    paused: str = ""
    asked: Command | None = None
    back: str = ""
    promoted: int | None = None
    lease: Lease | None = None
    shifts: tuple[Shift, ...] = ()
    staged: tuple[Check, ...] = ()

    @property
    def plan(self) -> Rollout:
        return self.start.plan

    @property
    def salt(self) -> str:
        """What units are hashed with, for all of this rollout."""
        return f"rollout {self.id}"

    @property
    def has_all(self) -> bool:
        """Whether the trial is over and the challenger has all traffic."""
        return self.phase >= len(self.plan.phases)

    @property
    def at(self) -> Phase | None:
        """The phase of the plan that it is in; None before the first and after the last."""
        return self.plan.phases[self.phase] if 0 <= self.phase < len(self.plan.phases) else None

    def seconds(self, now: datetime) -> float:
        """How long the phase has lasted, without pauses; a clock that went back counts as standing still."""
        return self.spent + (0.0 if self.paused else max((now - self.since).total_seconds(), 0.0))


@dataclass(frozen=True)
class Past:
    """A rollout that is over.

    Attributes:
        id: The number of the entry that began it.
        start: What that entry says.
        finish: How it ended.
        shifts: Every change of traffic, oldest first.
    """

    id: int
    start: Start
    finish: Finish
    shifts: tuple[Shift, ...] = ()


@dataclass(frozen=True)
class RolloutState:
    """What the log comes to.

    Attributes:
        number: The last entry's number; 0 for an empty log.
        running: The rollout that is under way; None: none is.
        past: Those that are over, by their id.
    """

    number: int = 0
    running: Running | None = None
    past: Mapping[int, Past] = field(default_factory=dict)

    @property
    def sent_back(self) -> frozenset[str]:
        """The packages that a rollout sent back, or that a person took back when harm was proven already.

        An abort alone says nothing about a package: it may be tried again.
        """
        ended = [one for one in self.past.values() if one.finish.outcome in (ROLLED_BACK, ABORTED)]
        return frozenset(
            one.start.challenger
            for one in ended
            if one.finish.outcome == ROLLED_BACK or one.finish.verdict is Verdict.FAIL
        )


def moment(text: str) -> datetime:
    """A moment of the log."""
    return datetime.fromisoformat(text)


def follow(state: RolloutState, number: int, entry: Entry, where: str) -> RolloutState:
    """The state after one more entry.

    Args:
        state: Before it.
        number: Its place.
        entry: What it says.
        where: Its file, for messages.

    Raises:
        IntegrityError: It cannot follow.
    """
    if isinstance(entry, Start) and state.running is None:
        return replace(state, number=number, running=Running(number, entry, moment(entry.when)))
    running = state.running
    if running is None or isinstance(entry, Start):
        got = f"{entry.action} {'while one is' if running else 'without one'}"
        hint = "the log was changed after it was written; restore it from a copy"
        raise IntegrityError(where, expected="entries of one rollout after the other", got=got, hint=hint)
    if isinstance(entry, Finish):
        past = {**state.past, running.id: Past(running.id, running.start, entry, running.shifts)}
        return RolloutState(number, None, past)
    return replace(state, number=number, running=_went_on(running, entry))


def _went_on(running: Running, entry: Entry) -> Running:
    match entry:
        case Shift():
            return _shifted(running, entry)
        case Confirmed() if running.in_force is None:
            return replace(running, in_force=moment(entry.when), since=moment(entry.when), spent=0.0)
        case Command(command=command) if command == PAUSE and not running.paused:
            return replace(running, spent=running.seconds(moment(entry.when)), paused=entry.why)
        case Command(command=command) if command == RESUME and running.paused:
            return replace(running, since=moment(entry.when), paused="")
        case Command(command=command) if command in (ABORT, PROMOTE):
            return replace(running, asked=entry)
        case Staged():
            return replace(running, staged=entry.checks)
        case Lease():
            return replace(running, lease=entry)
        case Promoted():
            return replace(running, promoted=entry.number)
    return running


def _shifted(running: Running, entry: Shift) -> Running:
    began = entry.phase != running.phase
    return replace(
        running,
        in_force=moment(entry.when) if running.plan.is_embedded else None,
        phase=entry.phase,
        percent=entry.percent,
        shadow=entry.shadow,
        since=moment(entry.when) if began else running.since,
        spent=0.0 if began else running.spent,
        back=entry.why if entry.back else running.back,
        shifts=(*running.shifts, entry),
    )


def owed_to(champion: Champion, running: Running) -> bool:
    """Whether the registry's champion is still one that this rollout knows: the one that it began with, or its own.

    Where a person moves the champion by hand meanwhile, the rollout is about nobody any more.
    """
    if champion == running.start.champion:
        return True
    own = champion.package == running.start.challenger and champion.number > running.start.champion.number
    return own and running.promoted in (None, champion.number)
