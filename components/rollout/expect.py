"""expect: what the request log of the last hour says about the champion, as figures for a plan."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from benison.components.rollout.foresee import Figures
from benison.components.rollout.measure import Tallies
from benison.components.rollout.sources import RequestLog
from benison.config.rollout import Guardrail, Rollout
from benison.delivery.traffic import LIVE
from benison.measures.sequential import Arm

HOURS = 1.0
# Of fewer requests a rate of errors is not known.
LEAST = 100


def expected(plan: Rollout, source: RequestLog, champion: str, now: datetime) -> tuple[float, dict[str, Figures]]:
    """The champion's requests a second, and its figures by guardrail; 0 and none where it had fewer than `LEAST`.

    Args:
        plan: What is measured.
        source: The request log, and outcomes.
        champion: The package.
        now: The moment, with a time zone.
    """
    until = now.timestamp()
    since = (now - timedelta(hours=HOURS)).timestamp()
    tallies = Tallies(0, plan, champion, "")
    batches = list(source.rows(since, until))
    tallies.add(batches)
    if plan.outcomes and (outcomes := source.outcomes(since, until)) is not None:
        tallies.join(outcomes)
    first = [min(batch["time"].to_pylist()).timestamp() for batch in batches if batch.num_rows]
    seconds = max(until - min(first, default=since), plan.block_seconds)
    found = {line.name: _total(tallies, line) for line in plan.guardrails}
    many = max((arm.requests for arm in found.values()), default=0)
    if many < LEAST:
        return 0.0, {}
    return many / seconds, {name: _figures(arm, seconds) for name, arm in found.items() if arm.requests}


def _total(tallies: Tallies, line: Guardrail) -> Arm:
    arms = [block.champion for block in tallies.blocks(line, LIVE)]
    squares = None if line.counts else math.fsum(arm.squares or 0.0 for arm in arms)
    return Arm(sum(arm.requests for arm in arms), math.fsum(arm.total for arm in arms), squares)


def _figures(arm: Arm, seconds: float) -> Figures:
    mean = arm.total / arm.requests
    if arm.squares is None:
        return Figures(arm.requests / seconds, mean)
    # A value that never varied says little: the least deviation keeps it from being taken for certainty.
    return Figures(arm.requests / seconds, mean, max(math.sqrt(max(arm.squares / arm.requests - mean**2, 0.0)), 1e-6))
