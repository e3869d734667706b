"""events: an entry of a log -> what kind of thing happened, and how people are told of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benison.config.notify import (
    AWAITING_APPROVAL,
    BLESSED,
    BLOCKED,
    BREAKER,
    BUDGET,
    ESCALATED,
    PROMOTED,
    ROLLED_BACK,
    ROLLOUT_ENDED,
)
from benison.config.release import REQUIRED
from benison.core import digests
from benison.core.verdicts import Verdict
from benison.delivery import entries as rollouts
from benison.registry.log import Bless, Govern, Logged, Promote, Rollback
from benison.registry.registry import Registry
from benison.triggers import entries as triggers

# So many sentences of a verdict, and lines of its scorecard, stand in a message; all of it stands in the registry.
_MOST = 8


@dataclass(frozen=True)
class Event:
    """Something that people are told.

    Attributes:
        number: Of the entry that it is.
        kind: One of ``benison.config.notify.EVENTS``.
        title: One line, without the model's name.
        text: The rest.
    """

    number: int
    kind: str
    title: str
    text: str


def of_promotions(registry: Registry, after: int) -> Iterator[Event]:
    """What happened in the promotion log after an entry.

    Args:
        registry: Of one model.
        after: The entry's number.
    """
    approval = ""
    for logged in registry.log():
        if isinstance(logged.entry, Govern):
            approval = logged.entry.release.approval
        if logged.number > after and isinstance(logged.entry, Bless | Promote | Rollback):
            yield _of_promotion(registry, logged, approval)


def of_rollout(number: int, entry: rollouts.Entry) -> Event | None:
    """What an entry of the rollout log tells; None: nothing that people wait for."""
    if not isinstance(entry, rollouts.Finish):
        return None
    title = f"rollout over: {entry.outcome.replace('_', ' ')} ({entry.verdict})"
    return Event(number, ROLLOUT_ENDED, title, _text(entry, entry.reasons, "benison rollout status"))


def of_trigger(number: int, entry: triggers.Entry) -> Event | None:
    """Likewise of the triggers' ledger."""
    match entry:
        case triggers.Escalate(run=run, page=page):
            return Event(number, ESCALATED, f"run {run} wants a person", _text(entry, (), page))
        case triggers.Warn(month=month, percent=percent):
            return Event(number, BUDGET, f"{percent}% of the budget of {month} is used", _text(entry, (), ""))
        case triggers.Breaker(state=triggers.OPEN):
            title = "nothing is started any more: the circuit breaker is open"
            return Event(number, BREAKER, title, _text(entry, (), "benison trigger close-breaker --why ..."))
    return None


def _of_promotion(registry: Registry, logged: Logged, approval: str) -> Event:
    entry, make = logged.entry, _Making(registry, logged)
    match entry:
        case Bless(verdict=Verdict.PASS) if approval == REQUIRED:
            return make(AWAITING_APPROVAL, "waits for approval", "benison registry approve --why ...")
        case Bless(verdict=Verdict.PASS):
            return make(BLESSED, "blessed", "")
        case Bless(verdict=verdict):
            return make(BLOCKED, f"blocked ({verdict})", "")
        case Promote(forced=forced):
            return make(PROMOTED, f"champion number {logged.number}{', FORCED' if forced else ''}", "")
        case _:
            return make(ROLLED_BACK, f"champion again by a rollback, number {logged.number}", "")


@dataclass(frozen=True)
class _Making:
    """An event of a version."""

    registry: Registry
    logged: Logged

    def __call__(self, kind: str, word: str, what_to_do: str) -> Event:
        entry: Any = self.logged.entry
        short = digests.short(entry.package)
        reasons = entry.reasons if isinstance(entry, Bless) else ()
        lines = [_text(entry, reasons, what_to_do)]
        if isinstance(entry, Bless):
            lines += [f"compared with {entry.compared_with or 'no champion'}", *_scorecard(self.registry, entry)]
        lines.append(f"benison registry show {short}")
        return Event(self.logged.number, kind, f"version {short} {word}", "\n".join(lines))


def _text(entry: Any, reasons: tuple[str, ...], what_to_do: str) -> str:
    more = [f"and {len(reasons) - _MOST} more"] if len(reasons) > _MOST else []
    said = [f"{entry.who}: {entry.why}", *(f"- {one}" for one in reasons[:_MOST]), *more]
    return "\n".join([*said, *([what_to_do] if what_to_do else [])])


def _scorecard(registry: Registry, entry: Bless) -> list[str]:
    """What the hard checks of the evaluation came to, those that did not pass first."""
    raw = registry.evidence.get(entry.evidence["evaluation"]) if "evaluation" in entry.evidence else None
    if raw is None:
        return []
    checks = [one for one in json.loads(raw).get("checks", []) if one["tier"] == "hard"]
    passed = [one for one in checks if one["verdict"] == Verdict.PASS]
    shown = [*(one for one in checks if one["verdict"] != Verdict.PASS), *passed][:_MOST]
    head = f"{len(passed)} of {len(checks)} hard checks of the model pass:"
    return [head, *(f"{one['verdict']} {one['name']} {one['subject']}: {one['observed']}" for one in shown)]
