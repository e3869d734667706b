"""What is compared of a window, by kind and subject."""

from __future__ import annotations

import numpy as np

from benison.monitoring.grid import PRESENCE, Counts
from benison.monitoring.sketch import Sketch
from benison.monitoring.windows import ANSWERS, DRIFT, ERRORS, LATENCY, MISSING, SCORE_DRIFT, SCORES, TRAFFIC, VOLUME

Key = tuple[str, str]


def vectors_of(sketch: Sketch) -> dict[Key, Counts]:
    """Rows by bin of everything that earlier windows are asked about."""
    found: dict[Key, Counts] = {
        (VOLUME, TRAFFIC): np.array([sketch.rows], np.int64),
        (SCORE_DRIFT, SCORES): sketch.scores,
    }
    for name, counts in sketch.columns.items():
        if sketch.grid.columns[name].kind != PRESENCE:
            found[DRIFT, name] = counts[:-1]
        found[MISSING, name] = part(MISSING, counts)
    return found


def part(kind: str, counts: Counts) -> Counts:
    """What a question is about of a column's counts: values by bin, or how many there are and how many are missing.

    Args:
        kind: `DRIFT` or `MISSING`.
        counts: Rows by bin, those without a value last.
    """
    return counts[:-1] if kind == DRIFT else np.array([counts[:-1].sum(), counts[-1]], np.int64)


def shares_of(sketch: Sketch) -> dict[Key, Counts]:
    """Answered requests, and those that failed or were slow: what is held against a limit alone."""
    return {
        (ERRORS, ANSWERS): np.array([sketch.answered, sketch.failed], np.int64),
        (LATENCY, ANSWERS): np.array([sketch.answered, sketch.slow], np.int64),
    }
