"""Guardrails of a rollout: the difference of challenger and champion, valid however often one looks.

Traffic comes in bursts, and requests of a burst hang together. Judged are therefore blocks of time, in each of which
both arms answer side by side: what hits both cancels in the difference of the block. Formula and references are in
`benison.measures.evidence`, figures in docs/rollout_statistics.md.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from benison.core.errors import DataError
from benison.measures.evidence import Answers, Evidence, bounds, evidence

BLOCK_SECONDS = 30.0
MIN_BLOCKS = 20
# A week of blocks: what takes longer is not foreseen.
HORIZON = 20_160


@dataclass(frozen=True)
class Arm:
    """What one arm answered in a block.

    Attributes:
        requests: How many, 0 or more.
        total: Sum of the metric over them.
        squares: Sum of its squares; None where each request counts 0 or 1, for which it is the total.
    """

    requests: int
    total: float
    squares: float | None = None


@dataclass(frozen=True)
class Block:
    """Both arms in the same stretch of time.

    Attributes:
        start: Seconds since 1970.
        champion: What the champion answered.
        challenger: What the challenger did.
    """

    start: float
    champion: Arm
    challenger: Arm

    @property
    def served(self) -> bool:
        """Whether both arms answered anything."""
        return self.champion.requests > 0 and self.challenger.requests > 0


@dataclass(frozen=True)
class Bounds:
    """What the difference challenger - ratio * champion lies between.

    Attributes:
        estimate: NaN without a block that both arms served.
        low: Below the truth at every look, except with probability alpha; minus infinity where nothing is known.
        high: Likewise above.
        blocks: How many count.
        skipped: How many do not, for an arm answered nothing in them.
    """

    estimate: float
    low: float
    high: float
    blocks: int
    skipped: int


_NONE = Answers(np.zeros(0), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Trial:
    """Blocks of one trial as `difference` takes them: harm, proof and what is missing for it rest on one computation.

    Look after look, blocks that were there before are neither checked nor read again.

    Attributes:
        ratio: What the champion's mean is multiplied by.
        min_blocks: Before so many blocks that count nothing is said; 2 or more.
        blocks: All so far, in order of time; `after` adds them, and what follows from them.
        champion: What the champion answered in those that count.
        challenger: What the challenger did.
    """

    ratio: float = 1.0
    min_blocks: int = MIN_BLOCKS
    blocks: tuple[Block, ...] = ()
    champion: Answers = field(default=_NONE, repr=False)
    challenger: Answers = field(default=_NONE, repr=False)

    def __post_init__(self) -> None:
        _require(self.min_blocks >= 2, "min_blocks", "2 or more", self.min_blocks)

    def after(self, blocks: Sequence[Block]) -> Trial:
        """The trial with these blocks, which go on from its own ones or replace them.

        Args:
            blocks: All so far, in order of time.

        Raises:
            DataError: If the blocks are not in order, or a total cannot be one.
        """
        begun, now = len(self.blocks), tuple(blocks)
        if now[:begun] != self.blocks:
            return Trial(self.ratio, self.min_blocks).after(now)
        if len(now) == begun:
            return self
        _require_order(now[max(begun - 1, 0) :])
        served = [block for block in now[begun:] if block.served]
        champion = self.champion.followed_by(_answers([block.champion for block in served]))
        challenger = self.challenger.followed_by(_answers([block.challenger for block in served]))
        return Trial(self.ratio, self.min_blocks, now, champion, challenger)

    def difference(self, alpha: float) -> Bounds:
        """Estimate and bounds after the last block; as the function of that name."""
        _require_alpha(alpha)
        many = len(self.champion.requests)
        if not many:
            return Bounds(math.nan, -math.inf, math.inf, 0, len(self.blocks))
        found = self._evidence.last()
        low, high = bounds(found, alpha)
        return Bounds(float(found.estimate), float(low), float(high), many, len(self.blocks) - many)

    def differences(self, alpha: float) -> list[Bounds]:
        """Estimate and bounds after each block; as the function of that name."""
        _require_alpha(alpha)
        after = [Bounds(math.nan, -math.inf, math.inf, 0, 0)]
        if len(self.champion.requests):
            found = self._evidence
            ends = zip(found.estimate, *bounds(found, alpha), strict=True)
            after += [Bounds(float(one), float(low), float(high), n, 0) for n, (one, low, high) in enumerate(ends, 1)]
        counted = itertools.accumulate(int(block.served) for block in self.blocks)
        return [replace(after[many], skipped=place - many) for place, many in enumerate(counted, start=1)]

    def more_needed(self, limit: float, alpha: float, horizon: int = HORIZON) -> int | None:
        """How many more blocks would decide; as the function of that name."""
        _require_alpha(alpha)
        if len(self.champion.requests) < self.min_blocks:
            return None
        found, pace = self._evidence.last(), _pace(self.blocks[-self.min_blocks :])

        def decided(more: int) -> bool:
            low, high = bounds(found.extended(more, *pace), alpha)
            return bool(low > limit or high < limit)

        return bisect.bisect_left(range(horizon), True, key=decided) if decided(horizon) else None

    @cached_property
    def _evidence(self) -> Evidence:
        return evidence(self.champion, self.challenger, ratio=self.ratio, min_blocks=self.min_blocks)


def difference(blocks: Sequence[Block], *, alpha: float, ratio: float = 1.0, min_blocks: int = MIN_BLOCKS) -> Bounds:
    """Estimate and bounds of challenger - ratio * champion after these blocks.

    Bounds of later looks are not cut with those of earlier ones: what is estimated is the mean difference so far, and
    that moves where a challenger turns bad on the way.

    Args:
        blocks: All so far, in order of time.
        alpha: Chance that `low`, and likewise that `high`, is ever on the wrong side; above 0, below 0.5. Asymptotic.
        ratio: What the champion's mean is multiplied by: with 0.98, `at most 2% less` is a difference of 0 or more.
        min_blocks: Before so many blocks that count nothing is said; 2 or more. The bounds are narrowest at some
            seven times as many.

    Returns:
        Infinite bounds where nothing is known: too few blocks, or none of them with anything to count.

    Raises:
        DataError: If an argument is out of its range, the blocks are not in order, or a total cannot be one.

    >>> blocks = [Block(30.0 * n, Arm(900, 9 + n % 3), Arm(100, 9 + n % 2)) for n in range(20)]
    >>> found = difference(blocks, alpha=0.01)
    >>> f"{found.estimate:.3f} is at least {found.low:.3f} after {found.blocks} blocks"
    '0.084 is at least 0.061 after 20 blocks'
    """
    return Trial(ratio, min_blocks).after(blocks).difference(alpha)


def differences(
    blocks: Sequence[Block], *, alpha: float, ratio: float = 1.0, min_blocks: int = MIN_BLOCKS
) -> list[Bounds]:
    """`difference` after each of these blocks, in one pass.

    Args:
        blocks: All so far, in order of time.
        alpha: As for `difference`.
        ratio: Likewise.
        min_blocks: Likewise.

    Returns:
        As many as there are blocks.

    Raises:
        DataError: As `difference`.
    """
    return Trial(ratio, min_blocks).after(blocks).differences(alpha)


def more_needed(
    blocks: Sequence[Block],
    *,
    limit: float,
    alpha: float,
    ratio: float = 1.0,
    min_blocks: int = MIN_BLOCKS,
    horizon: int = HORIZON,
) -> int | None:
    """How many more blocks would tell on which side of a limit the difference lies, were they like the last ones.

    The estimate and the variance stay what they are; traffic stays that of the last `min_blocks` blocks.

    Args:
        blocks: All so far, in order of time.
        limit: Of challenger - ratio * champion.
        alpha: As for `difference`.
        ratio: Likewise.
        min_blocks: Likewise.
        horizon: Blocks beyond which nothing is foreseen.

    Returns:
        0 where it is decided; None where it is not foreseeable, as of fewer blocks than `min_blocks`.

    Raises:
        DataError: As `difference`.
    """
    return Trial(ratio, min_blocks).after(blocks).more_needed(limit, alpha, horizon)


def _pace(blocks: Sequence[Block]) -> tuple[float, float]:
    """Mean weight of a block, and mean square of the weight."""
    weights = np.array([0.0 if not block.served else _weight(block) for block in blocks])
    return float(weights.mean()), float((weights**2).mean())


def _weight(block: Block) -> float:
    champion, challenger = block.champion.requests, block.challenger.requests
    return champion * challenger / (champion + challenger)


def sustained(
    blocks: Sequence[Block], *, limit: float, last: int = 4, over: int = 3, min_requests: int = 20
) -> bool | None:
    """Whether the challenger's mean exceeds an absolute limit in so many of the last blocks: a circuit breaker.

    Args:
        blocks: In order of time.
        limit: Of the challenger's mean in a block.
        last: How many blocks are looked at.
        over: How many of them have to exceed the limit; 1 to `last`.
        min_requests: Of the challenger in a block, for it to count; 1 or more.

    Returns:
        None where too few blocks had enough requests to tell.

    Raises:
        DataError: If an argument is out of its range.
    """
    _require(1 <= over <= last, "over", f"1 to {last}, the blocks that are looked at", over)
    _require(min_requests >= 1, "min_requests", "1 or more", min_requests)
    arms = [block.challenger for block in blocks[-last:] if block.challenger.requests >= min_requests]
    if len(arms) < over:
        return None
    return sum(not arm.total / arm.requests <= limit for arm in arms) >= over


def split(alpha: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Each guardrail's part of the chance of a false rollback, in proportion to its weight; together alpha.

    Args:
        alpha: Of the whole rollout.
        weights: By guardrail, above 0; equal ones are Bonferroni's correction.

    Raises:
        DataError: If a weight is not above 0.

    Reference:
        Dunn (1961), JASA 56, 52-64.

    >>> split(0.01, {"error_rate": 3, "latency": 1})
    {'error_rate': 0.0075, 'latency': 0.0025}
    """
    for name, weight in weights.items():
        _require(0 < weight < math.inf, f"weight of {name}", "a number above 0", weight)
    whole = sum(weights.values())
    return {name: alpha * weight / whole for name, weight in weights.items()}


def _require_alpha(alpha: float) -> None:
    _require(0 < alpha < 0.5, "alpha", "above 0 and below 0.5", alpha)


def _require_order(blocks: Sequence[Block]) -> None:
    for before, block in itertools.pairwise(blocks):
        _require(before.start < block.start, "start of a block", f"later than {before.start:g}", f"{block.start:g}")


def _answers(arms: Sequence[Arm]) -> Answers:
    for arm in arms:
        _check(arm)
    requests, total = np.array([arm.requests for arm in arms], float), np.array([arm.total for arm in arms], float)
    if all(arm.squares is None for arm in arms):
        return Answers(requests, total)
    return Answers(
        requests, total, np.array([arm.total if arm.squares is None else arm.squares for arm in arms], float)
    )


def _check(arm: Arm) -> None:
    """A sum of other values than 0 and 1 tells nothing of how much they vary, and would be taken to vary too little."""
    _require(math.isfinite(arm.total), "total of a block", "a finite number", arm.total)
    if arm.squares is not None:
        _require(0 <= arm.squares < math.inf, "squares of a block", "0 or more, and finite", arm.squares)
        return
    counted = 0 <= arm.total <= arm.requests and float(arm.total).is_integer()
    expected = f"how many of {arm.requests} requests count, as there is no sum of squares"
    _require(counted, "total of a block", expected, f"{arm.total:g}", "give the sum of squares beside the sum")


def _require(holds: bool, where: str, expected: str, got: object, hint: str = "") -> None:
    if not holds:
        raise DataError(f"guardrail ({where})", expected=expected, got=str(got), hint=hint)
