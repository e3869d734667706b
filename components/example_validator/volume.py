"""Volume: rows of the newest span against those of past spans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from benison.config.validation import Bounds
from benison.core.verdicts import Check, Tier, Verdict
from benison.measures.bounds import could_block, graded


def volume(subject: str, rows: int, past: Sequence[int], bounds: Bounds) -> Check:
    """The newest span has about as many rows as past ones: at most so many times more, or fewer.

    Args:
        subject: What the rows are called: ``span 7``.
        rows: How many they are.
        past: Rows of past spans; their median is what is compared with. A single one is enough, and said.
        bounds: Factors, 1 and more.
    """
    allowed = _allowed(bounds)
    typical = median(past) if past else 0
    if typical == 0:
        why = "past spans have no rows" if past else "there is no past span"
        reason = f"{subject} has {rows:,} rows; {why} to compare with; accepted snapshots become the past"
        numbers: dict[str, float] = {"rows": rows, "past": len(past)}
        return Check("volume", subject, Tier.SOFT, Verdict.INCONCLUSIVE, f"{rows:,} rows", allowed, reason, numbers)
    ratio = rows / typical
    factor = max(ratio, 1 / ratio) if ratio else math.inf
    tier, verdict = graded(factor, bounds)
    compared = f"the median of {len(past)} past spans" if len(past) > 1 else "the only past span"
    observed = f"{rows:,} rows, {ratio:.3g} times {typical:,.0f}"
    reason = f"{subject} has {rows:,} rows, {ratio:.3g} times the {typical:,.0f} of {compared}; allowed {allowed}"
    if verdict is Verdict.FAIL:
        reason += f"; {_way_out(ratio)}"
    numbers = {"rows": rows, "median": typical, "ratio": ratio, "factor": factor, "past": len(past)}
    return Check("volume", subject, tier, verdict, observed, allowed, reason, numbers)


def _allowed(bounds: Bounds) -> str:
    if math.isinf(bounds.warn):
        return "any number of rows"
    blocks = ""
    if could_block(bounds) is Tier.HARD:
        blocks = f", beyond {1 / bounds.block:.3g} to {bounds.block:g} blocks"
    return f"{1 / bounds.warn:.3g} to {bounds.warn:g} times{blocks}"


def _way_out(ratio: float) -> str:
    wrong = "a part of the data may be missing" if ratio < 1 else "a part of the data may be there twice"
    return f"{wrong}; if it is right, benison data accept says so"
