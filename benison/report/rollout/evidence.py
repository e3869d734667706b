"""What the report of a rollout is made of: the document of its figures, and what the log says about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benison.components.rollout.control import Look
from benison.components.rollout.decide import End, Move, Wait, concluded
from benison.components.rollout.judge import compared
from benison.components.rollout.record import KIND, blocks_of
from benison.config.rollout import Guardrail, Rollout
from benison.core import documents
from benison.core.errors import IntegrityError
from benison.core.verdicts import Check, Verdict
from benison.delivery.entries import Finish, Start
from benison.delivery.state import Past, moment
from benison.measures.sequential import Block

RUNNING = "running"


@dataclass(frozen=True)
class RolloutEvidence:
    """A rollout with all that it rests on.

    Attributes:
        name: The model's name.
        document: Its figures, as `record.told` has them.
        start: How it began.
        outcome: ``promoted``, ``shadowed``, ``rolled_back``, ``aborted`` or ``running``.
        verdict: What the guardrails come to.
        reason: Why it ended, or what is waited for.
        finish: How it ended; None: it has not.
    """

    name: str
    document: Mapping[str, Any]
    start: Start
    outcome: str
    verdict: Verdict
    reason: str
    finish: Finish | None = None

    @property
    def id(self) -> int:
        return int(self.document["rollout"])

    @cached_property
    def plan(self) -> Rollout:
        return self.start.plan

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        return tuple(map(Check.from_json, self.document["checks"]))

    @cached_property
    def series(self) -> list[tuple[Guardrail, str, list[Block]]]:
        """Of every guardrail that is judged, in each stage: its blocks."""
        return [(line, stage, blocks_of(self.document, line, stage)) for line, stage in compared(self.plan)]

    @property
    def span(self) -> tuple[float, float]:
        """When it began, and when this was told, in seconds since 1970."""
        return moment(self.document["started"]).timestamp(), moment(self.document["told"]).timestamp()


def of_look(name: str, look: Look, document: Mapping[str, Any]) -> RolloutEvidence:
    """A rollout that is under way.

    Args:
        name: The model's name.
        look: Where it stands.
        document: The figures of that look.
    """
    start, decision = look.running.start, look.decision
    next_ = decision.why if isinstance(decision, Wait | Move | End) else "the registry moves its champion next"
    return RolloutEvidence(name, document, start, RUNNING, concluded(start.plan, look.checks), next_)


def of_past(name: str, past: Past, raw: bytes | None) -> RolloutEvidence:
    """A rollout that is over.

    Args:
        name: The model's name.
        past: What the log says.
        raw: The document that its last entry names; None: it is not there.

    Raises:
        IntegrityError: There is no such document, or it is not of this rollout.
    """
    where, kept = f"the record of rollout {past.id}", past.finish.evidence.get(KIND)
    if raw is None:
        got = f"none of digest {kept}" if kept else "an entry of the log that names none"
        hint = "restore the registry's evidence from a copy"
        raise IntegrityError(where, expected="a document beside the registry", got=got, hint=hint)
    document = _decoded(where, raw)
    said = {"rollout": past.id, "challenger": past.start.challenger, "outcome": past.finish.outcome}
    if other := [f"{key} {document[key]}" for key, value in said.items() if document[key] != value]:
        expected = ", ".join(f"{key} {value}" for key, value in said.items())
        raise IntegrityError(where, expected=f"{expected}, as the log says", got=", ".join(other))
    finish = past.finish
    return RolloutEvidence(name, document, past.start, finish.outcome, finish.verdict, finish.why, finish)


def _decoded(where: str, raw: bytes) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(raw)
        wrong = documents.problems(KIND, content)
    except ValueError as error:
        wrong = [str(error)]
    if wrong:
        raise IntegrityError(where, expected=f"a document of kind {KIND}, format 1", got="; ".join(wrong[:3]))
    return content
