"""The answer of a rollout: how it ended or where it stands, in a sentence, and what speaks against the challenger."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.verdicts import Check, Tier, Verdict
from benison.delivery.entries import ABORTED, PROMOTED, ROLLED_BACK, SHADOWED
from benison.report.conclusion import passes, ranked
from benison.report.rollout.evidence import RUNNING, RolloutEvidence

_SENTENCES = {
    PROMOTED: ("pass", "promoted", "The challenger has all traffic and is the champion."),
    SHADOWED: ("pass", "shadowed", "The challenger got copies of requests and answered nobody; the champion stays."),
    ROLLED_BACK: ("fail", "rolled back", "The challenger has no traffic any more; the champion stays."),
    ABORTED: ("open", "aborted", "The challenger has no traffic any more; the guardrails did not send it back."),
    RUNNING: ("again", "running", "The challenger is on trial."),
}


@dataclass(frozen=True)
class Answer:
    """What stands at the top of a page.

    Attributes:
        look: Which of the page's signs.
        word: The outcome in a word.
        sentence: What it means.
        because: The reason, as the log has it.
        reasons: Of each hard check that does not pass, one sentence; none where the guardrails pass.
        warnings: Of soft checks likewise.
        doubts: What a reader must not overlook.
    """

    look: str
    word: str
    sentence: str
    because: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    doubts: tuple[str, ...]


def answer(evidence: RolloutEvidence) -> Answer:
    """The answer of a rollout, from its evidence."""
    look, word, sentence = _SENTENCES[evidence.outcome]
    doubts = _doubts(evidence)
    return Answer(
        look="open" if doubts and look == "pass" else look,
        word=word,
        sentence=sentence,
        because=evidence.reason,
        reasons=() if evidence.verdict is Verdict.PASS else _against(evidence.checks, Tier.HARD),
        warnings=_against(evidence.checks, Tier.SOFT),
        doubts=doubts,
    )


def _against(checks: tuple[Check, ...], tier: Tier) -> tuple[str, ...]:
    return tuple(check.reason for check in ranked(checks, tier) if not passes(check))


def _doubts(evidence: RolloutEvidence) -> tuple[str, ...]:
    """A challenger may have all traffic without any proof: by hand, or since the strategy asks for none."""
    if evidence.outcome in (PROMOTED, SHADOWED) and evidence.verdict is not Verdict.PASS:
        return (f"It was {evidence.outcome} although the guardrails came to {evidence.verdict}: nothing was proven.",)
    return ()
