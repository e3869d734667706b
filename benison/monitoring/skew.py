"""skew: a whole season of live rows against what the champion was trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benison.config.monitor import Limits, Monitor
from benison.core.verdicts import Verdict
from benison.measures import surprise
from benison.measures.drift import JENSEN_SHANNON, compare
from benison.monitoring.grid import PRESENCE, Counts, Grid
from benison.monitoring.judge import TRAINING, Asked
from benison.monitoring.windows import SKEW, Finding

# With fewer blocks of time an error cannot be told.
FEWEST_BLOCKS = 5


def skew(grid: Grid, blocks: Sequence[Mapping[str, Counts]], monitor: Monitor) -> list[Asked]:
    """Asks of each column whether it is another one than in training, by more than what matters.

    The rows of all blocks together have one divergence; its error is told by leaving out one block after the other
    (jackknife), since rows of one hour or day are more alike than rows drawn by lot.

    Args:
        grid: The bins, with the rows of training in them.
        blocks: Rows by column of each hour or day of the season, those without rows left out.
        monitor: What is watched.
    """
    named = [name for name, bins in grid.columns.items() if bins.kind != PRESENCE and any(bins.reference)]
    return [_asked(name, np.array(grid.columns[name].reference), blocks, monitor) for name in named]


def _asked(name: str, reference: Counts, blocks: Sequence[Mapping[str, Counts]], monitor: Monitor) -> Asked:
    limits = monitor.drift
    counts = np.array([block[name] for block in blocks if block[name].sum()])
    rows = int(counts.sum())
    finding = Finding(SKEW, name, Verdict.INCONCLUSIVE, False, None, limits.limit, None, None, rows, TRAINING)
    if len(counts) < FEWEST_BLOCKS or rows < monitor.min_rows:
        missing = f"{FEWEST_BLOCKS} hours or days with {monitor.min_rows} rows, got {len(counts)} with {rows}"
        return Asked(Finding(**{**vars(finding), "missing": missing}), limits)
    effect, error = apart(reference, counts, divergence)
    return _told(finding, limits, effect, error, len(counts) - 1)


def apart(reference: Counts, blocks: Counts, effect_of: Callable[[Counts, Counts], float]) -> tuple[float, float]:
    """An effect of several blocks together and its error, by leaving out one after the other (jackknife).

    Args:
        reference: What they are held against, (bins,).
        blocks: Rows of each, (blocks, bins); two or more.
        effect_of: Of the reference and other rows.
    """
    total = blocks.sum(axis=0)
    without = np.array([effect_of(reference, total - one) for one in blocks])
    error = math.sqrt((len(blocks) - 1) * float(((without - without.mean()) ** 2).mean()))
    return effect_of(reference, total), error


def _told(finding: Finding, limits: Limits, effect: float, error: float, freedom: int) -> Asked:
    apart = effect - limits.limit
    p = surprise.survival(apart / error, freedom) if error else float(apart <= 0)

    def reach(each: float) -> float:
        return limits.limit + surprise.quantile(each, freedom) * error

    return Asked(Finding(**{**vars(finding), "effect": effect}), limits, p, reach)


def divergence(reference: Counts, now: Counts) -> float:
    """Jensen-Shannon, less what drawing by lot adds."""
    return compare(reference, now).beyond_chance(JENSEN_SHANNON)
