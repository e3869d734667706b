"""record: all that a rollout rested on, as one document: plan, traffic, blocks, checks, outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from benison.components.rollout.judge import stages
from benison.components.rollout.measure import Tallies
from benison.config.rollout import Guardrail
from benison.core import documents
from benison.core.verdicts import Check, Verdict
from benison.delivery.state import Running, moment
from benison.measures.sequential import Arm, Block
from benison.registry.log import utc

KIND, FILE = "rollout", "rollout.json"


def told(running: Running, tallies: Tallies, checks: tuple[Check, ...], now: datetime) -> dict[str, Any]:
    """A rollout as it stands.

    Args:
        running: Where it stands.
        tallies: What was measured.
        checks: What that came to.
        now: The moment.
    """
    start = running.start
    return {
        "rollout": running.id,
        "challenger": start.challenger,
        "champion": {"number": start.champion.number, "package": start.champion.package},
        "plan": start.plan.to_json(),
        "started": start.when,
        "told": utc(now),
        "shifts": [
            {
                "when": one.when,
                "phase": one.phase,
                "percent": one.percent,
                "shadow": one.shadow,
                "back": one.back,
                "why": one.why,
            }
            for one in running.shifts
        ],
        "checks": [check.to_json() for check in checks],
        "series": [
            {"guardrail": line.name, "stage": stage, "blocks": [_block(one) for one in tallies.blocks(line, stage)]}
            for stage in stages(start.plan)
            for line in start.plan.guardrails
        ],
    }


def encode(
    running: Running,
    tallies: Tallies,
    checks: tuple[Check, ...],
    outcome: str,
    why: str,
    verdict: Verdict,
    now: datetime,
) -> bytes:
    """A rollout that is over, as a document of its kind.

    Args:
        running: Where it stood.
        tallies: What was measured.
        checks: What that came to.
        outcome: How it ended.
        why: The reason.
        verdict: What the guardrails came to.
        now: The moment.
    """
    ended = {"outcome": outcome, "verdict": str(verdict), "reason": why}
    return documents.to_bytes(KIND, KIND, {**told(running, tallies, checks, now), **ended})


def blocks_of(document: Mapping[str, Any], line: Guardrail, stage: str) -> list[Block]:
    """The blocks that a document tells of one guardrail, as they were judged.

    Args:
        document: As `told` makes it.
        line: The guardrail.
        stage: ``live`` or ``shadow``.

    Returns:
        None at all where the document does not speak of them.
    """
    found = [one for one in document["series"] if (one["guardrail"], one["stage"]) == (line.name, stage)]
    return [
        Block(block["start"], *(_as_judged(line, block[side]) for side in ("champion", "challenger")))
        for series in found
        for block in series["blocks"]
    ]


def ended(document: Mapping[str, Any]) -> float | None:
    """When the challenger got all traffic, in seconds since 1970; None: it did not.

    Args:
        document: As `told` makes it.
    """
    return next((moment(one["when"]).timestamp() for one in document["shifts"] if one["percent"] == 100), None)


def _as_judged(line: Guardrail, arm: Mapping[str, Any]) -> Arm:
    return Arm(arm["requests"], arm["total"], None if line.counts else arm["squares"])


def _block(block: Block) -> dict[str, Any]:
    return {"start": block.start, "champion": _arm(block.champion), "challenger": _arm(block.challenger)}


def _arm(arm: Arm) -> dict[str, Any]:
    squares = arm.total if arm.squares is None else arm.squares
    return {"requests": arm.requests, "total": arm.total, "squares": squares}
