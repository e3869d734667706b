"""``benison rollout``: what a rollout looks like in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from benison.config.rollout import Rollout
from benison.core import digests
from benison.core.verdicts import Check, Tier, Verdict, combine
from benison.delivery.entries import Command, Confirmed, Entry, Finish, Lease, Promoted, Shift, Staged, Start
from benison.delivery.state import Past, RolloutState, Running
from benison.pages.figures import duration

if TYPE_CHECKING:
    from benison.components.rollout.control import Look
    from benison.components.rollout.decide import Decision

_ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)


def brief(look: Look) -> str:
    """A look on one line: the moment, the traffic, what is done, the check that matters most."""
    traffic = _traffic(look.running)
    return f"{look.when:%Y-%m-%d %H:%M:%S} {traffic:>14}  {_doing(look.decision)}"


def lines(look: Look) -> Iterator[str]:
    """Where a rollout stands: traffic, checks, what comes next."""
    from benison.report.scorecard import check_row, side_by_side

    running = look.running
    challenger, champion = digests.short(running.start.challenger), running.start.champion
    yield f"rollout {running.id}: {challenger} beside champion {champion}, {running.plan.strategy}"
    yield f"traffic: {_traffic(running)}, for {duration(running.seconds(look.when))}"
    if not running.plan.is_embedded:
        yield f"router: {look.steered}"
    yield f"next: {_doing(look.decision)}"
    if look.checks:
        yield ""
        rows = map(check_row, ranked(look.checks))
        yield from (
            line.text for line in side_by_side(("Verdict", "Guardrail", "Observed", "Allowed"), (12, 21, 26, 13), rows)
        )
    yield from (f"  - {check.reason}" for check in ranked(look.checks) if check.verdict is not Verdict.PASS)


def ended(state: RolloutState) -> Iterator[str]:
    """How the last rollout ended, where none is under way."""
    if not state.past:
        yield "no rollout so far; begin one with  benison rollout start --why ..."
    else:
        yield from of_past(list(state.past.values())[-1])


def of_past(past: Past) -> Iterator[str]:
    """How a rollout ended."""
    finish, challenger = past.finish, digests.short(past.start.challenger)
    yield f"rollout {past.id} of {challenger}: {finish.outcome}, {finish.why}"
    if finish.outcome != "promoted":
        yield from (f"  - {reason}" for reason in finish.reasons)
    yield f"verdict: {finish.verdict}"


def ranked(checks: tuple[Check, ...]) -> list[Check]:
    """Hard ones first, and of each tier what failed first."""
    return sorted(checks, key=lambda check: (check.tier is Tier.SOFT, _ORDER.index(check.verdict)))


def one_line(number: int, entry: Entry) -> str:
    """An entry of the log, for people; empty for what only controllers care about."""
    if isinstance(entry, Lease):
        return ""
    return f"{number:5}  {entry.when}  {entry.action:9}  {_said(entry)}  {entry.who}: {entry.why}"


def as_json(look: Look | None, state: RolloutState) -> dict[str, Any]:
    """The same for programs."""
    if look is None:
        past = list(state.past.values())[-1] if state.past else None
        return {
            "running": None,
            "last": past and {"rollout": past.id, "outcome": past.finish.outcome, "why": past.finish.why},
        }
    running = look.running
    told = {
        "rollout": running.id,
        "challenger": running.start.challenger,
        "champion": running.start.champion.package,
        "phase": running.phase,
        "percent": running.percent,
        "shadow": running.shadow,
        "paused": bool(running.paused),
        "back": running.back,
        "router": {
            "name": look.steered.router,
            "percent": look.steered.split.percent if look.steered.split else None,
            "trouble": look.steered.trouble,
        },
        "next": _doing(look.decision),
        "checks": [check.to_json() for check in look.checks],
    }
    return {"running": told, "last": None}


def shares(plan: Rollout) -> Iterator[str]:
    """What a router that is not ours gives for each share of a plan."""
    steps = [phase.percent for phase in plan.phases if phase.percent]
    if not plan.is_embedded and steps:
        told = ", ".join(f"{plan.traffic.share(percent):.4g}% for {percent:g}%" for percent in steps)
        yield f"router: {plan.traffic.router} gives {told}"


def _traffic(running: Running) -> str:
    if running.back:
        return "0%, going back"
    if running.has_all:
        return "100%"
    return str(running.at) if running.at else "none yet"


def _doing(decision: Decision) -> str:
    from benison.components.rollout.decide import Crown, End, Move, Note, Try, Uncrown, Wait

    match decision:
        case Wait(why=why):
            return why
        case Move(percent=percent, shadow=shadow, why=why):
            return f"-> {f'shadow {shadow:g}%' if shadow else f'{percent:g}%'}: {why}"
        case Try():
            return "-> staging: the servers are asked for it, before any live request"
        case Crown() | Note():
            return "-> champion"
        case Uncrown():
            return "-> the champion before is champion again"
        case End(outcome=outcome, why=why):
            return f"{outcome}: {why}"


def _said(entry: Entry) -> str:
    match entry:
        case Start(challenger=challenger, champion=champion):
            return f"{digests.short(challenger)} beside {champion}"
        case Shift(percent=percent, shadow=shadow, back=back):
            return f"{percent:g}%{f', shadow {shadow:g}%' if shadow else ''}{', going back' if back else ''}"
        case Staged(checks=checks):
            return f"staging {combine(checks)}"
        case Confirmed(percent=percent):
            return f"{percent:.4g}%"
        case Command(command=command):
            return command
        case Promoted(number=number):
            return f"champion {number}"
        case Finish(outcome=outcome, verdict=verdict):
            return f"{outcome}, {verdict}"
        case _:
            return ""
