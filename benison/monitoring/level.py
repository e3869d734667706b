"""level: whether what is live has stayed the same for two whole seasons, however far it is from what it was."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benison.config.monitor import Monitor
from benison.core.verdicts import Verdict
from benison.monitoring.grid import Counts
from benison.monitoring.judge import difference, limits_of
from benison.monitoring.seasons import cycle_s
from benison.monitoring.skew import divergence
from benison.monitoring.vectors import Key, part
from benison.monitoring.windows import DRIFT, MISSING, SCORE_DRIFT, VOLUME, Window

# What has a level at all: the rest is held against limits, or against the champion.
LEVELLED = (DRIFT, SCORE_DRIFT, MISSING, VOLUME)


def steady(key: Key, windows: Sequence[Window], after: int, monitor: Monitor) -> bool:
    """Whether the last whole season is as the one before it, by the limit of the question, and any of both failed.

    Args:
        key: One of `LEVELLED` and its subject.
        windows: In order of time, at least one.
        after: Only windows that begin later count, in seconds since 1970.
        monitor: What is watched.
    """
    newest, cycle = windows[-1], cycle_s(monitor.season)
    middle, begin = newest.end - cycle, newest.end - 2 * cycle
    of = [one for one in windows if one.start > after and one.start >= begin and _comparable(key, one, newest)]
    if not of or of[0].start > begin or not any(_fails(key, one) for one in of):
        return False
    first, second = (
        np.array([_counts(key, one) for one in of if (one.start < middle) is early], np.int64).sum(axis=0)
        for early in (True, False)
    )
    return min(first.sum(), second.sum()) >= monitor.min_rows and _apart(key, first, second) <= _limit(key, monitor)


def _comparable(key: Key, one: Window, newest: Window) -> bool:
    return one.champion == newest.champion if key[0] == SCORE_DRIFT else one.grid == newest.grid


def _fails(key: Key, window: Window) -> bool:
    return any((one.kind, one.subject) == key and one.verdict is Verdict.FAIL for one in window.findings)


def _counts(key: Key, window: Window) -> Counts:
    if key[0] == VOLUME:
        return np.array([window.counts["rows"]], np.int64)
    if key[0] == SCORE_DRIFT:
        return np.array(window.counts["scores"], np.int64)
    return part(key[0], np.array(window.counts["columns"][key[1]], np.int64))


def _limit(key: Key, monitor: Monitor) -> float:
    return limits_of(key[0], monitor).limit


def _apart(key: Key, first: Counts, second: Counts) -> float:
    if key[0] == VOLUME:
        return math.exp(abs(math.log(float(first[0]) / float(second[0]))))
    return difference(first, second) if key[0] == MISSING else divergence(first, second)
