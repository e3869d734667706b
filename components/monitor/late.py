"""late: rows that came after their window was counted, which nothing else has: they are counted later, and told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benison.config.limits import Limits
from benison.monitoring.grid import Counts
from benison.monitoring.judge import Asked, share
from benison.monitoring.sketch import CHAMPION, SHADOW
from benison.monitoring.windows import LATE, ROWS, Late, Window

# What is read once more of the request log.
COLUMNS = ("time", "role", "row", "status")
_HOUR, _DAY, _OK = 3600, 86_400, 200
# So many windows are named at most, those with most late rows.
_NAMED = 24


def is_due(start: int, end: int) -> bool:
    """Whether a window is the first that ends in an hour: more often nothing is read twice."""
    return end // _HOUR > start // _HOUR


def counted_before(recent: Sequence[Window], start: int) -> list[Window]:
    """The windows of the day before one begins, or the one before it.

    Args:
        recent: In order of time, all of them earlier.
        start: When it begins, in seconds since 1970.
    """
    return [one for one in recent if one.start >= start - _DAY]


def late(batches: Iterable[pa.RecordBatch], windows: Sequence[Window], limits: Limits) -> tuple[Late, Asked]:
    """How many rows came after their windows were counted, and what is asked of their share.

    Args:
        batches: Of the request log, as it is now, with `COLUMNS`.
        windows: Counted before, in order of time, at least one.
        limits: Of the share.
    """
    before = np.array([one.counts["rows"] + one.counts["failed"] for one in windows], np.int64)
    now = np.maximum(_rows(batches, windows), before)
    missed = now - before
    order = [int(place) for place in np.argsort(-missed, kind="stable")[:_NAMED] if missed[place]]
    named = tuple((windows[place].start, int(missed[place])) for place in sorted(order))
    found = Late(windows[0].start, windows[-1].end, int(missed.sum()), int(now.sum()), named)
    return found, share(LATE, found.rows, found.all, limits, ROWS)


def _rows(batches: Iterable[pa.RecordBatch], windows: Sequence[Window]) -> Counts:
    """Answered live rows and failed requests of each, as a `Sketch` has them."""
    begins, ends = (np.array([getattr(one, name) for one in windows], np.int64) for name in ("start", "end"))
    found = np.zeros(len(windows), np.int64)
    for batch in batches:
        seconds = batch["time"].cast(pa.int64()).to_numpy()[_is_counted(batch)] // 1_000_000
        places = np.searchsorted(begins, seconds, side="right") - 1
        within = (places >= 0) & (seconds < ends[places])
        found += np.bincount(places[within], minlength=len(found))
    return found


def _is_counted(batch: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    fine = pc.equal(batch["status"], pa.scalar(_OK, batch["status"].type))
    live = pc.and_(pc.not_equal(batch["role"], SHADOW), fine)
    failed = pc.and_(pc.and_(pc.equal(batch["role"], CHAMPION), pc.equal(batch["row"], 0)), pc.invert(fine))
    counted: np.ndarray[tuple[int], np.dtype[np.bool_]] = pc.fill_null(pc.or_(live, failed), False).to_numpy(
        zero_copy_only=False
    )
    return counted
