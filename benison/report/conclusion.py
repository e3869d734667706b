"""What a run came to, in sentences: shared by page and scorecard."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.verdicts import Check, Tier, Verdict
from benison.pages.figures import listed, plural
from benison.report.consistency import contradictions
from benison.report.gather import Document, RunEvidence


@dataclass(frozen=True)
class Conclusion:
    """The answer of a run.

    Attributes:
        outcome: ``pushed``, ``held``, ``unchanged``, ``superseded``, ``blocked``, ``failed``, ``cancelled``,
            ``running`` or ``unknown``.
        headline: The answer in a sentence.
        because: Why, in a sentence; empty where the reasons say it.
        reasons: What stood against the challenger, or what broke, one sentence each.
        warnings: What soft checks found; what only differs from the span before or from the champion's data comes last.
        doubts: Why this report should not be relied upon: missing or contradicting documents.
    """

    outcome: str
    headline: str
    because: str = ""
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def conclude(evidence: RunEvidence) -> Conclusion:
    """The answer of a run, from its evidence."""
    outcome = outcome_of(evidence)
    reasons = tuple(_reasons(evidence, outcome))
    return Conclusion(
        outcome=outcome,
        headline=_HEADLINES[outcome](evidence),
        because=str(evidence.pushed["reason"]) if evidence.pushed and not reasons else "",
        reasons=reasons,
        warnings=tuple(check.reason for check in _warnings(evidence.all_checks)),
        doubts=(*evidence.unreadable, *contradictions(evidence)),
    )


def outcome_of(evidence: RunEvidence) -> str:
    """The run's outcome in a word; ``unknown`` where it ended well and left no decision that can be read."""
    state = str(evidence.run["state"])
    if state != "succeeded":
        return state
    return str(evidence.pushed["outcome"]) if evidence.pushed else "unknown"


def passes(check: Check) -> bool:
    """Whether a check is passed."""
    return check.verdict is Verdict.PASS


def _warnings(checks: tuple[Check, ...]) -> list[Check]:
    """Soft checks that do not pass. Drift from one span to the next is often the season, so it comes last."""
    found = (check for check in ranked(checks, Tier.SOFT) if not passes(check))
    return sorted(found, key=lambda check: check.name.startswith("drift_"))


def ranked(checks: tuple[Check, ...], tier: Tier) -> list[Check]:
    """The checks of a tier: failures, what could not be checked, passes; otherwise data, models, release."""
    return sorted((check for check in checks if check.tier is tier), key=_gravity)


def _gravity(check: Check) -> int:
    return 2 if passes(check) else int(check.verdict is Verdict.INCONCLUSIVE)


def tally(checks: tuple[Check, ...], tier: Tier) -> str:
    """How many checks of a tier pass: ``41 of 43 pass``."""
    found = ranked(checks, tier)
    return f"{sum(map(passes, found))} of {len(found)} pass" if found else "none"


def why_missing(evidence: RunEvidence, task: str) -> str:
    """Why a task left nothing to report on."""
    record = evidence.run["tasks"].get(task)
    state = str(record["state"]) if record else "not_run"
    if state != "not_run":
        return _STATES[state].format(task=task)
    return f"{task} did not run{_because(evidence)}."


def _because(evidence: RunEvidence) -> str:
    broken, stopped = evidence.tasks("failed"), evidence.tasks("cancelled")
    if broken:
        return f", because {listed(broken)} failed"
    return f", because {listed(stopped)} was cancelled" if stopped else ", because the run was stopped"


_STATES = {
    "waiting": "{task} has not started yet.",
    "running": "{task} is still running.",
    "succeeded": "What {task} left cannot be read.",
    "reused": "What {task} left in an earlier run cannot be read.",
    "failed": "{task} failed.",
    "cancelled": "{task} was cancelled.",
}


def _champion(evidence: RunEvidence) -> str:
    """What serves after the run."""
    number = evidence.pushed["number"] if evidence.pushed else None
    return "there is still no champion" if number is None else f"champion number {number} stays"


def _pushed(evidence: RunEvidence) -> str:
    number = evidence.pushed["number"] if evidence.pushed else None
    before = evidence.champion["champion"] if evidence.champion else None
    place = f"in the place of number {before['number']}" if before else "the first one"
    return f"Pushed: the challenger is champion number {number} now, {place}."


def _held(evidence: RunEvidence) -> str:
    why = evidence.pushed["reason"] if evidence.pushed else "blessed, and waits"
    return f"Held: the challenger is {why}; {_champion(evidence)}."


def _unchanged(evidence: RunEvidence) -> str:
    return f"Unchanged: this very model is the champion already, so {_champion(evidence)}."


def _superseded(evidence: RunEvidence) -> str:
    return f"Superseded: this model was champion before its successor, so {_champion(evidence)}."


def _blocked(evidence: RunEvidence) -> str:
    against = [check for check in ranked(evidence.all_checks, Tier.HARD) if not passes(check)]
    verb = "does" if len(against) == 1 else "do"
    why = f"{plural(len(against), 'hard check')} {verb} not pass" if against else "nothing was pushed"
    return f"Blocked: {why}, and {_champion(evidence)}."


def _failed(evidence: RunEvidence) -> str:
    broken = evidence.tasks("failed")
    return f"Failed: {listed(broken) if broken else 'the run'} broke off, so {_undecided(evidence)}."


def _cancelled(evidence: RunEvidence) -> str:
    return f"Cancelled: the run was stopped, so {_undecided(evidence)}."


def _undecided(evidence: RunEvidence) -> str:
    """What a run without an end means for the champion; a pusher that had begun may have promoted."""
    if evidence.tasks("failed", "cancelled", "running").count("pusher"):
        return "whether anything was pushed is only known from the registry's log"
    return "nothing was decided and nothing pushed"


def _running(evidence: RunEvidence) -> str:
    done = len(evidence.tasks("succeeded", "reused"))
    return f"Running: {done} of {plural(len(evidence.run['tasks']), 'task')} done."


def _unknown(_: RunEvidence) -> str:
    return "Unknown: the run ended, but its decision cannot be read; the registry's log has it."


_HEADLINES = {
    "pushed": _pushed,
    "held": _held,
    "unchanged": _unchanged,
    "superseded": _superseded,
    "blocked": _blocked,
    "failed": _failed,
    "cancelled": _cancelled,
    "running": _running,
    "unknown": _unknown,
}


def _reasons(evidence: RunEvidence, outcome: str) -> list[str]:
    """What stood against the challenger; in a run that broke, what broke and what did not run because of it."""
    if outcome in ("failed", "cancelled"):
        left = evidence.tasks("not_run")
        return [*_breakages(evidence), *([f"{listed(left)} did not run{_because(evidence)}."] if left else [])]
    if evidence.blessing:
        return [str(reason) for reason in evidence.blessing["reasons"]]
    return [check.reason for check in ranked(evidence.all_checks, Tier.HARD) if not passes(check)]


def _breakages(evidence: RunEvidence) -> list[str]:
    errors = {name: task["error"] for name, task in evidence.all_tasks.items() if task["error"]}
    return [f"{name}: {error['type']}: {_told(error)}" for name, error in errors.items()]


def _told(error: Document) -> str:
    """An error's message in one line, and its hint."""
    message = " ".join(str(error["message"]).split())
    return f"{message} ({error['hint']})" if error["hint"] and error["hint"] not in message else message
