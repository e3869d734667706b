"""decide: where a rollout stands, and what was found -> what is to be done next. Pure; nothing here knows a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benison.config.rollout import ROLLBACK, Rollout
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.delivery.entries import ABORT, ABORTED, PROMOTE, PROMOTED, ROLLED_BACK, SHADOWED
from benison.delivery.state import Running
from benison.delivery.traffic import COPIED, LIVE

_MOVED = "the registry's champion was moved by somebody else"


@dataclass(frozen=True)
class Findings:
    """What is known at one moment.

    Attributes:
        checks: Every guardrail's, and those of missing data.
        phase_blocks: How many blocks of the present phase had requests to the challenger.
        seconds: How long the present phase has lasted.
        silent_seconds: For how long there have been no figures at all.
        silence: What that means.
        astray: Why the router does not do as the rollout log says; empty: it does.
        astray_seconds: For how long it has not.
        owed: Whether the registry's champion is one that the rollout knows.
        champion: The entry that made the challenger champion of the registry, as the registry tells; None: it is not.
        untried: Why the servers could not be asked for the challenger before it has live traffic; empty: they were not
            asked so far, or it told something.
        untried_seconds: For how long that has been so.
    """

    checks: tuple[Check, ...]
    phase_blocks: int
    seconds: float
    silent_seconds: float = 0.0
    silence: str = "the request log cannot be read"
    astray: str = ""
    astray_seconds: float = 0.0
    owed: bool = True
    champion: int | None = None
    untried: str = ""
    untried_seconds: float = 0.0


@dataclass(frozen=True)
class Wait:
    """Nothing is to be done now.

    Attributes:
        why: What is waited for.
    """

    why: str


@dataclass(frozen=True)
class Try:
    """The servers are to be asked for the challenger's answers, before it has a live request."""


@dataclass(frozen=True)
class Move:
    """Traffic is to be split so.

    Attributes:
        phase: The phase that begins.
        percent: The share of units that the challenger answers.
        shadow: The share whose requests it gets a copy of.
        why: The reason.
        back: Whether it is the way back.
    """

    phase: int
    percent: float
    shadow: float
    why: str
    back: bool = False


@dataclass(frozen=True)
class Crown:
    """The registry is to make the challenger its champion."""


@dataclass(frozen=True)
class Note:
    """The registry has made it champion, by this entry, and the rollout log does not say so."""

    number: int


@dataclass(frozen=True)
class Uncrown:
    """The registry is to put the champion before back.

    Attributes:
        number: The challenger's entry, which is to go.
    """

    number: int


@dataclass(frozen=True)
class End:
    """The rollout is over.

    Attributes:
        outcome: As the log's last entry says it.
        why: The reason.
    """

    outcome: str
    why: str


Decision = Wait | Try | Move | Crown | Note | Uncrown | End


def decide(running: Running, found: Findings) -> Decision:
    """The next thing to do; done, it is asked for again.

    What speaks against the challenger comes first, then what a person wants, then time: traffic goes back before the
    registry's pointer does, and the evidence is sealed last. Nothing goes on before the router does as the log says.
    """
    if running.back:
        return _way_back(running, found)
    if reason := _against(running, found):
        return _back(running, reason)
    if found.astray:
        return Wait(f"nothing is decided before the router follows: {found.astray}")
    if running.has_all:
        return _with_all(running, found)
    if running.asked is not None and running.asked.command == PROMOTE:
        return _all_traffic(running, f"asked for by {running.asked.who}: {running.asked.why}")
    if running.paused:
        return Wait(f"paused: {running.paused}")
    return _on_trial(running, found)


def _way_back(running: Running, found: Findings) -> Decision:
    if found.astray:
        return Wait(f"going back, when the router follows: {found.astray}")
    if found.owed and found.champion is not None:
        return Uncrown(found.champion)
    aborted = running.back == _MOVED or (running.asked is not None and running.asked.command == ABORT)
    return End(ABORTED if aborted else ROLLED_BACK, running.back)


def _against(running: Running, found: Findings) -> str:
    """Why the challenger has to go; empty where it has not."""
    if not found.owed:
        return _MOVED
    if running.asked is not None and running.asked.command == ABORT:
        return f"aborted by {running.asked.who}: {running.asked.why}"
    failed = [check for check in found.checks if check.tier is Tier.HARD and check.verdict is Verdict.FAIL]
    if failed:
        return failed[0].reason
    if found.silent_seconds > 60 * running.plan.silent_minutes:
        return f"no figures for {found.silent_seconds / 60:.0f} minutes: {found.silence}"
    if found.astray and found.astray_seconds > 60 * running.plan.silent_minutes:
        return f"the router did not follow for {found.astray_seconds / 60:.0f} minutes: {found.astray}"
    return ""


def _with_all(running: Running, found: Findings) -> Decision:
    if running.promoted is None:
        return Crown() if found.champion is None else Note(found.champion)
    minutes = running.plan.watched_minutes
    left = 60 * minutes - found.seconds
    if left > 0:
        return Wait(f"has all traffic, watched for {_minutes(left)} more")
    return End(PROMOTED, f"watched for {minutes:g} minutes with all traffic")


def _on_trial(running: Running, found: Findings) -> Decision:
    plan, phase = running.plan, running.at
    if phase is None:
        return _first(running, found)
    left = 60 * phase.minutes - found.seconds
    if left > 0:
        return Wait(f"{phase} for {_minutes(left)} more")
    if found.phase_blocks < plan.min_blocks:
        return Wait(f"{phase}: too little traffic, {found.phase_blocks} blocks of {plan.min_blocks} that it takes")
    if running.phase + 1 < len(plan.phases):
        return _into(running, running.phase + 1, f"nothing against it in {_minutes(found.seconds)} at {phase}")
    return _end_of_trial(running, found, -left)


def _first(running: Running, found: Findings) -> Decision:
    """Before any live request: the servers are asked first, where the plan says how."""
    if running.plan.staging is None or running.staged:
        return _into(running, 0, "the rollout begins")
    if found.untried_seconds > 60 * running.plan.silent_minutes:
        return _back(running, f"not tried in {found.untried_seconds / 60:.0f} minutes of staging: {found.untried}")
    return Try()


def _back(running: Running, why: str) -> Move:
    return Move(max(running.phase, 0), 0.0, 0.0, why, back=True)


def _into(running: Running, phase: int, why: str) -> Decision:
    if phase >= len(running.plan.phases):
        return _all_traffic(running, why)
    begins = running.plan.phases[phase]
    return Move(phase, begins.percent, begins.shadow, why)


def _end_of_trial(running: Running, found: Findings, over: float) -> Decision:
    """The last phase's time is over: all traffic only where it is proven that the challenger is no worse."""
    plan, deciding = running.plan, _deciding(running.plan, found.checks)
    if combine(deciding) is Verdict.PASS:
        why = "proven no worse than the champion"
        return _all_traffic(running, why) if plan.promotes else End(SHADOWED, why)
    left = 60 * plan.extend_minutes - over
    if left > 0:
        return Wait(f"not decided yet, extended for {_minutes(left)} more: {_open(deciding)}")
    if plan.undecided == ROLLBACK:
        return _back(running, f"not proven no worse: {_open(deciding)}")
    return Wait(f"not decided, a person has to say (promote, abort): {_open(deciding)}")


def concluded(plan: Rollout, checks: Sequence[Check]) -> Verdict:
    """What the guardrails come to: FAIL where any hard one failed, else the word of those that decide."""
    if any(check.tier is Tier.HARD and check.verdict is Verdict.FAIL for check in checks):
        return Verdict.FAIL
    return combine(_deciding(plan, checks))


def reasons(plan: Rollout, checks: Sequence[Check]) -> tuple[str, ...]:
    """What stood against the challenger: what failed, or else what was not shown."""
    hard = [check for check in checks if check.tier is Tier.HARD]
    failed = [check.reason for check in hard if check.verdict is Verdict.FAIL]
    return tuple(failed or (check.reason for check in _deciding(plan, hard) if check.verdict is not Verdict.PASS))


def _deciding(plan: Rollout, checks: Sequence[Check]) -> list[Check]:
    return [check for check in checks if check.subject == stage_of(plan)]


def stage_of(plan: Rollout) -> str:
    """The subject of the checks that a plan is decided by: those of live traffic, where it has any before all of it."""
    return LIVE if any(phase.percent for phase in plan.phases) else COPIED


def _all_traffic(running: Running, why: str) -> Move:
    return Move(len(running.plan.phases), 100.0, 0.0, why)


def _open(checks: Sequence[Check]) -> str:
    """The first hard check that did not pass."""
    return next((one.reason for one in checks if one.tier is Tier.HARD and one.verdict is not Verdict.PASS), "no check")


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
