"""scrapes: samples of counters -> how much each counted in each block of time. Pure.

Nothing is interpolated: what was counted between two scrapes belongs to the block of the later one, so that no request
is counted twice or in part, and both sides, which are scraped together, are shifted alike. A block that was not scraped
as a whole is missing, never zero.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from benison.delivery.prometheus import Series

Floats = npt.NDArray[np.float64]
Target = tuple[str, str]
# Scrapes may be so far apart, as a part of a block: one that is left out makes a gap where there are two to a block.
GAP = 0.75


def target_of(series: Series) -> Target:
    """Which server was scraped."""
    return series.labels.get("job", ""), series.labels.get("instance", "")


def scraped(up: Sequence[Series]) -> dict[Target, Floats]:
    """When each server was scraped with success.

    Args:
        up: Samples of ``up``: 1 for a success.
    """
    return {target_of(one): one.times[one.values == 1] for one in up}


def whole(up: Sequence[Series], since: float, until: float, block_seconds: float) -> list[int]:
    """The blocks in which every server that was due was scraped from begin to end.

    Args:
        up: Samples of ``up`` from before the first block on.
        since: Where the first block begins, in seconds since 1970.
        until: Where the last one ends.
        block_seconds: Their length.

    Returns:
        Their numbers, in order.
    """
    numbers = range(round(since / block_seconds), round(until / block_seconds))
    return [number for number in numbers if _is_whole(up, number * block_seconds, block_seconds)]


def _is_whole(up: Sequence[Series], start: float, seconds: float) -> bool:
    due = [one for one in up if ((one.times > start) & (one.times <= start + seconds)).any()]
    return bool(due) and all(_covers(one.times[one.values == 1], start, seconds) for one in due)


def _covers(times: Floats, start: float, seconds: float) -> bool:
    """Whether scrapes lie close to each other from one at or before the start on, up to near the end."""
    end, gap = start + seconds, GAP * seconds
    before, inside = times[times <= start], times[(times > start) & (times <= end)]
    if not len(before) or not len(inside):
        return False
    return bool((np.diff(np.concatenate([before[-1:], inside])) <= gap).all() and end - inside[-1] <= gap)


def increases(series: Sequence[Series], scrapes: Mapping[Target, Floats], block_seconds: float) -> dict[int, float]:
    """How much counters counted, by number of the block.

    A counter that a successful scrape does not show stands at 0, since a process shows a counter from its first count
    on; one that is lower than before began anew at 0.

    Args:
        series: The counters.
        scrapes: When their servers were scraped, the first time as what is counted from.
        block_seconds: The length of a block.
    """
    found: dict[int, float] = {}
    for one in series:
        times = scrapes.get(target_of(one), np.zeros(0))
        shown = dict(zip(one.times.tolist(), one.values.tolist(), strict=True))
        values = [shown.get(time, 0.0) for time in times.tolist()]
        for time, (before, after) in zip(times[1:].tolist(), itertools.pairwise(values), strict=True):
            # A scrape at the very end of a block is its last.
            number = int(np.ceil(time / block_seconds)) - 1
            found[number] = found.get(number, 0.0) + (after - before if after >= before else after)
    return found
