"""How what is known of a guardrail grew over time: few enough points of it to be drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benison.components.rollout.judge import PASSED_FALSELY, alpha_of, ratio_of
from benison.config.rollout import Guardrail, Rollout
from benison.measures.sequential import Arm, Block, Bounds, Trial

MOST = 60
Means = list[tuple[float, float | None]]


@dataclass(frozen=True)
class Point:
    """What was known after a block.

    Attributes:
        at: When it ended, in seconds since 1970.
        harm: The bounds that send a challenger back.
        proof: The bounds, within those, by which it passes.
    """

    at: float
    harm: Bounds
    proof: Bounds

    @property
    def known(self) -> bool:
        """Whether anything was known on both sides."""
        return all(map(math.isfinite, (self.harm.low, self.harm.high, self.proof.low, self.proof.high)))


def track(plan: Rollout, line: Guardrail, blocks: Sequence[Block]) -> list[Point]:
    """The bounds of challenger - ratio * champion over time, as they were judged by.

    Args:
        plan: Whose.
        line: The guardrail.
        blocks: All of one stage, in order of time.

    Returns:
        At most `MOST` points, evenly spread over the blocks that both answered in, and the last of all.
    """
    trial = Trial(ratio_of(line), plan.min_blocks).after(blocks)
    harm, proof = trial.differences(alpha_of(plan, line.tier)), trial.differences(PASSED_FALSELY)
    served = [place for place, block in enumerate(blocks) if block.served]
    return [Point(blocks[at].start + plan.block_seconds, harm[at], proof[at]) for at in _some(served)]


def _some(places: Sequence[int]) -> list[int]:
    step = max(math.ceil(len(places) / MOST), 1)
    return list(places[::-1][::step][::-1])


def means(plan: Rollout, blocks: Sequence[Block]) -> dict[str, Means]:
    """Each arm's own mean over time, over so many neighbouring blocks at once that at most `MOST` are left.

    Args:
        plan: Whose.
        blocks: All of one stage, in order of time.

    Returns:
        By arm the middle of each time in seconds since 1970, and the mean; None where it answered nothing.
    """
    if not blocks:
        return {"champion": [], "challenger": []}
    first, last = blocks[0].start, blocks[-1].start
    wide = plan.block_seconds * math.ceil((last - first + plan.block_seconds) / plan.block_seconds / MOST)
    parts: dict[int, list[Block]] = {}
    for block in blocks:
        parts.setdefault(int((block.start - first) // wide), []).append(block)
    spans = [(first + wide * (number + 0.5), parts.get(number, [])) for number in range(max(parts) + 1)]
    return {
        "champion": [(at, _mean([one.champion for one in of])) for at, of in spans],
        "challenger": [(at, _mean([one.challenger for one in of])) for at, of in spans],
    }


def _mean(arms: Sequence[Arm]) -> float | None:
    requests = sum(arm.requests for arm in arms)
    return sum(arm.total for arm in arms) / requests if requests else None
