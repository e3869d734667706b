"""judge: tallies against guardrails. Pure: blocks in, checks out; what could not be shown is never PASS.

A challenger is sent back on proof of harm, and passes on proof of none; both hold however often one looks.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Sequence

from benison.components.rollout.measure import Tallies
from benison.config.rollout import KPI, OUTCOME_METRICS, SCORE, Guardrail, Rollout
from benison.core.verdicts import Check, Tier, Verdict
from benison.delivery.traffic import COPIED, LIVE
from benison.measures.sequential import Block, Bounds, Trial, sustained

# How often a challenger that is exactly at a tolerance may pass, of each guardrail and over all looks.
PASSED_FALSELY = 0.05
# Blocks in a row in which the champion has requests and the challenger, whose share of them is due, has none.
SILENT_BLOCKS = 3
_DUE = 20.0
# Servers see a new split with their next look at the log, and may have a challenger to load first.
_SERVERS_FOLLOW_SECONDS = 60.0


def stages(plan: Rollout) -> tuple[str, ...]:
    """In which ways a plan's challenger gets requests beside the champion."""
    return tuple(
        stage
        for stage, share in ((COPIED, "shadow"), (LIVE, "percent"))
        if any(getattr(phase, share) for phase in plan.phases)
    )


def compared(plan: Rollout) -> list[tuple[Guardrail, str]]:
    """Which guardrails are judged in which stage: all of them, but a KPI of live answers alone."""
    return [(line, stage) for stage in stages(plan) for line in plan.guardrails if stage == LIVE or line.metric != KPI]


def alpha_of(plan: Rollout, tier: Tier = Tier.HARD) -> float:
    """How often each guardrail in each stage may say of a challenger that is within it that it is not.

    Hard ones share the whole evenly, since each of them sends it back. Soft ones, which only warn, share as much again
    among themselves, and take nothing from the hard ones.
    """
    return plan.false_rollbacks / max(sum(line.tier is tier for line, _ in compared(plan)), 1)


def ratio_of(line: Guardrail) -> float:
    """What the champion's mean is multiplied by before it is taken from the challenger's."""
    return 1.0 - line.tolerance if line.metric == KPI else 1.0


def limits(line: Guardrail) -> tuple[float, float]:
    """Between which the difference of challenger and `ratio_of` times champion has to lie."""
    if line.metric == KPI:
        return 0.0, math.inf
    return (-line.tolerance if line.metric == SCORE else -math.inf), line.tolerance


def judge(tallies: Tallies, *, percent: float, since: float) -> tuple[Check, ...]:
    """Every guardrail in every stage, the breakers, and what is missing.

    Args:
        tallies: What was measured, in whole blocks.
        percent: The share of units that the challenger answers at present.
        since: Since when, in seconds since 1970.
    """
    plan = tallies.plan
    checks = [_compared(line, stage, _trial(tallies, line, stage), plan) for line, stage in compared(plan)]
    return (*checks, *_breakers(tallies), *_silence(tallies, percent, since))


def _trial(tallies: Tallies, line: Guardrail, stage: str) -> Trial:
    """The last look's, gone on with."""
    plan, key = tallies.plan, (line.name, stage)
    begun = tallies.trials.get(key) or Trial(ratio_of(line), plan.min_blocks)
    tallies.trials[key] = begun.after(of_trial(plan, line, tallies.blocks(line, stage), tallies.ended))
    return tallies.trials[key]


def of_trial(plan: Rollout, line: Guardrail, blocks: Sequence[Block], ended: float | None) -> Sequence[Block]:
    """Blocks in which champion and challenger answered beside each other, as the plan wants it.

    With all traffic for the challenger there is nothing to compare it with: what servers that follow late still answer
    by the champion takes nothing from what was proven. Outcomes of the trial's requests may become known later.

    Args:
        plan: The plan.
        line: The guardrail.
        blocks: All blocks, in order of time.
        ended: When the challenger got all traffic, in seconds since 1970; None: it has not so far.
    """
    if ended is None or line.metric in OUTCOME_METRICS:
        return blocks
    return blocks[: bisect.bisect_right(blocks, ended, key=lambda block: block.start + plan.block_seconds)]


def _compared(line: Guardrail, stage: str, trial: Trial, plan: Rollout) -> Check:
    """One guardrail: FAIL where harm is proven, PASS where it is proven that there is none."""
    harm, proof = trial.difference(alpha_of(plan, line.tier)), trial.difference(PASSED_FALSELY)
    verdict = _verdict(line, harm, proof)
    observed, allowed = _observed(harm if verdict is Verdict.FAIL else proof), _allowed(line)
    numbers = {"estimate": proof.estimate, "low": proof.low, "high": proof.high, "blocks": float(proof.blocks)}
    reason = f"{line.name} {observed} {_word(verdict)} {allowed}"
    if verdict is Verdict.INCONCLUSIVE:
        reason += _what_would_decide(line, trial, proof, plan)
    return Check(line.name, stage, line.tier, verdict, observed, allowed, reason, numbers)


def _verdict(line: Guardrail, harm: Bounds, proof: Bounds) -> Verdict:
    low, high = limits(line)
    if harm.low > high or harm.high < low:
        return Verdict.FAIL
    return Verdict.PASS if proof.low >= low and proof.high <= high else Verdict.INCONCLUSIVE


def _observed(found: Bounds) -> str:
    if not math.isfinite(found.estimate):
        return "nothing yet"
    return f"{found.estimate:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"


def _allowed(line: Guardrail) -> str:
    if line.metric == KPI:
        return f"at least {100 * (1 - line.tolerance):g}% of the champion's"
    return f"within {line.tolerance:g} of the champion's" if line.metric == SCORE else f"<= {line.tolerance:+g}"


def _word(verdict: Verdict) -> str:
    return {Verdict.PASS: "is", Verdict.FAIL: "is not"}.get(verdict, "is not shown to be")


def _what_would_decide(line: Guardrail, trial: Trial, found: Bounds, plan: Rollout) -> str:
    if found.blocks < plan.min_blocks:
        return f": {found.blocks} blocks with requests to both, of {plan.min_blocks} that it takes"
    low, high = limits(line)
    more = trial.more_needed(high if math.isfinite(high) else low, PASSED_FALSELY)
    if more == 0:
        return ": it looks like harm, which is not proven beyond the chance of a false rollback"
    if more is None:
        return ": how many more blocks would show it cannot be told"
    return f": some {more:,} blocks ({max(more * plan.block_seconds / 60, 1):.0f} min) more would show it, at this rate"


def _breakers(tallies: Tallies) -> Iterator[Check]:
    """The challenger's own figures against absolute limits: only a breach that lasts trips."""
    for line in tallies.plan.guardrails:
        if line.at_most is not None:
            for stage in (LIVE, COPIED):
                blocks = tallies.blocks(line, stage)
                if any(block.challenger.requests for block in blocks):
                    yield _breaker(line, stage, blocks, line.at_most)


def _breaker(line: Guardrail, stage: str, blocks: Sequence[Block], at_most: float) -> Check:
    over, last = line.sustained, line.sustained + 1
    tripped = sustained(blocks, limit=at_most, over=over, last=last)
    verdict = {True: Verdict.FAIL, False: Verdict.PASS, None: Verdict.INCONCLUSIVE}[tripped]
    observed = {
        True: f"above in {over} of the last {last} blocks",
        False: "not above for long",
        None: "too few requests to tell",
    }[tripped]
    allowed = f"<= {at_most:g}, but for {over - 1} of {last} blocks"
    reason = f"{line.name} of the challenger: {observed}, allowed {allowed}"
    return Check(f"{line.name} breaker", f"{stage} breaker", line.tier, verdict, observed, allowed, reason)


def _silence(tallies: Tallies, percent: float, since: float) -> Iterator[Check]:
    """Whether the challenger answers, where it is due to."""
    if not 0 < percent < 100:
        return
    latest = tallies.blocks(tallies.plan.guardrails[0], LIVE)[-SILENT_BLOCKS:]
    last = [block for block in latest if block.start >= since + _SERVERS_FOLLOW_SECONDS]
    asked = sum(block.champion.requests for block in last)
    due, came = asked * percent / (100 - percent), sum(block.challenger.requests for block in last)
    silent = len(last) == SILENT_BLOCKS and due >= _DUE and came == 0
    observed, allowed = f"{came} of some {due:.0f} that are due", "some, where it has traffic"
    reason = f"challenger's answers in the last {SILENT_BLOCKS} blocks: {observed}"
    yield Check("silence", "breaker", Tier.HARD, Verdict.FAIL if silent else Verdict.PASS, observed, allowed, reason)
