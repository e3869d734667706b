"""measure: rows of the request log -> one sketch for each window, in one pass; memory does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from benison.monitoring.grid import Grid
from benison.monitoring.sketch import Sketch


@dataclass(frozen=True)
class Counted:
    """One window.

    Attributes:
        start: In seconds since 1970.
        sketch: In the bins that windows are compared in.
        own: In those of the champion's training; None where they are the same.
    """

    start: int
    sketch: Sketch
    own: Sketch | None


def measure(
    batches: Iterable[pa.RecordBatch], starts: Sequence[int], seconds: int, grid: Grid, own: Grid, over_ms: float
) -> list[Counted]:
    """Counts rows by window.

    Args:
        batches: Of the request log, in any order.
        starts: Of the windows, ascending, one after the other; rows of other times are left out.
        seconds: How long each is.
        grid: The bins that windows are compared in.
        own: Those of the champion's training.
        over_ms: What is slow.
    """
    same = own.digest == grid.digest
    found = [Counted(start, Sketch.empty(grid), None if same else Sketch.empty(own)) for start in starts]
    for batch in batches:
        places = (batch["time"].cast(pa.int64()).to_numpy() // 1_000_000 - starts[0]) // seconds
        for place in np.unique(places):
            if 0 <= place < len(found):
                part = batch if (places == place).all() else batch.filter(pa.array(places == place))
                found[place].sketch.add(part, over_ms)
                if (other := found[place].own) is not None:
                    other.add(part, over_ms)
    return found
