"""together: the windows since one failed, judged as one: what is too small to decide alone decides in the end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benison.config.monitor import Limits, Monitor
from benison.core.verdicts import Verdict
from benison.measures import surprise
from benison.measures.surprise import Distance, Floats
from benison.monitoring.grid import Bins, Counts
from benison.monitoring.judge import GROSS, Asked, difference, limits_of, predicted, share
from benison.monitoring.memory import Memory
from benison.monitoring.pool import FEWEST, TRAINING, Member, Pool, members_of
from benison.monitoring.seasons import slot
from benison.monitoring.sketch import Sketch
from benison.monitoring.skew import apart, divergence
from benison.monitoring.vectors import Key, part
from benison.monitoring.windows import DRIFT, ERRORS, LATENCY, MISSING, VOLUME, Finding

_DAY = 86_400


# By slot: rows of the members, how many members, rows by bin of earlier windows, of how many.
Slots = Sequence[tuple[int, int, Counts, int]]


@dataclass(frozen=True)
class Expected:
    """What earlier windows say of several together, and how far from it they are.

    Attributes:
        counts: Rows by bin in the shares that are expected, as many as have their error; of volume all of them.
        distance: From these.
        between: What the expectation keeps of the variance between windows: 1 / windows, of one slot alone.
    """

    counts: Floats
    distance: Distance
    between: float


def together(
    memory: Memory, sketch: Sketch, start: int, monitor: Monitor, *, own: Sketch | None = None, sample: float = 1.0
) -> list[Asked]:
    """The same questions as of a window, of those since one failed: at the looks of their pools, with this one.

    They are adjusted with all others of the window, so that they add nothing to the chance of a false alarm.

    Args:
        memory: As `judge` has it.
        sketch: Likewise.
        start: Likewise.
        monitor: Likewise.
        own: Likewise.
        sample: Likewise.
    """
    own = own or sketch
    now, asked = members_of(sketch, start, own.columns), []
    for key, pool in memory.pools:
        members = [*pool.members, now[key]] if key in now else []
        if members and len(members) == pool.next_look(monitor.alerting.recover_after):
            one = _asked(memory, key, pool, members, own, monitor, sample)
            asked += [replace(one, finding=replace(one.finding, windows=len(members)))] if one is not None else []
    return asked


def _asked(
    memory: Memory, key: Key, pool: Pool, members: Sequence[Member], own: Sketch, monitor: Monitor, sample: float
) -> Asked | None:
    total = _total(members)
    if key[0] in (ERRORS, LATENCY):
        return _limited(key, total, monitor, sample)
    limits, rows = limits_of(key[0], monitor), int(total.sum())
    if key[0] != VOLUME and rows < monitor.min_rows:
        return None
    finding = Finding(*key, Verdict.INCONCLUSIVE, False, None, limits.limit, None, None, rows, "")
    if pool.training:
        return _against_training(key, members, own.grid.columns[key[1]], finding, limits)
    return next(_predicted(memory, key, members, finding, limits), None)


def _limited(key: Key, total: Counts, monitor: Monitor, sample: float) -> Asked | None:
    answered, hits = int(total[0]), int(total[1])
    if key[0] == ERRORS:
        return share(ERRORS, hits, round(answered / sample) + hits, monitor.errors)
    return share(LATENCY, hits, answered, monitor.latency.limits) if monitor.latency is not None else None


def _predicted(
    memory: Memory, key: Key, members: Sequence[Member], finding: Finding, limits: Limits
) -> Iterator[Asked]:
    """By every season that all of them are known by, the finest first."""
    expect = _volume if key[0] == VOLUME else _mixture
    for level in memory.levels:
        usual, expected = memory.habit(level, key), expect(memory, level, key, members)
        if usual is not None and expected is not None:
            habit = usual.of_variance(expected.between + _alike(members))
            total = _total(members)
            yield predicted(replace(finding, against=level), limits, habit, expected.distance, expected.counts, total)


def _total(members: Sequence[Member]) -> Counts:
    found: Counts = np.sum([one.counts for one in members], axis=0)
    return found


def _alike(members: Sequence[Member]) -> float:
    """What several windows keep of the variance between windows: those of a day hang together, and count as one."""
    rows = Counter[int]()
    for one in members:
        rows[one.start // _DAY] += max(1, int(one.counts.sum()))
    return sum(many * many for many in rows.values()) / rows.total() ** 2


def _slots(memory: Memory, level: str, key: Key, members: Sequence[Member]) -> Slots | None:
    """What is expected of each slot: its members' rows, how many they are, the slot's total, of how many windows."""
    rows, many = Counter[int](), Counter[int]()
    for one in members:
        rows[slot(level, one.start)] += int(one.counts.sum())
        many[slot(level, one.start)] += 1
    first = {slot(level, one.start): one.start for one in members}
    found = {at: memory.expected(level, start, key) for at, start in first.items()}
    if any(one is None or not one[0].sum() for one in found.values()):
        return None
    return [(rows[at], many[at], *one) for at, one in found.items() if one is not None]


def _mixture(memory: Memory, level: str, key: Key, members: Sequence[Member]) -> Expected | None:
    """The shares of each slot, by how many rows of it there are."""
    slots, total = _slots(memory, level, key, members), _total(members)
    if slots is None or not total.sum():
        return None
    weights = np.array([rows for rows, *_ in slots]) / total.sum()
    sizes = np.array([before.sum() for *_, before, _ in slots], np.float64)
    kept = np.array([windows for *_, windows in slots])
    shares = sum(weight * before / size for weight, size, (*_, before, _) in zip(weights, sizes, slots, strict=True))
    counts = shares / (weights**2 / sizes).sum()
    found = surprise.distance(counts, total, 1)
    return Expected(counts, found, float((weights**2 / kept).sum())) if found is not None else None


def _volume(memory: Memory, level: str, key: Key, members: Sequence[Member]) -> Expected | None:
    """All rows, against as many windows of each slot as there are of it; by lot they are as Poisson has them."""
    slots = _slots(memory, level, key, members)
    if slots is None:
        return None
    each = np.array([many * int(before.sum()) / windows for _, many, before, windows in slots])
    spread = sum(many**2 * int(before.sum()) / windows**2 for _, many, before, windows in slots)
    kept, rows = np.array([windows for *_, windows in slots]), sum(rows for rows, *_ in slots)
    off = math.log((rows + 1) / (each.sum() + 1))
    found = Distance(off * off, 1 / (rows + 1) + float(spread / each.sum() ** 2), 1, 2)
    return Expected(np.array([each.sum()]), found, float(((each / each.sum()) ** 2 / kept).sum()))


def _against_training(
    key: Key, members: Sequence[Member], bins: Bins, finding: Finding, limits: Limits
) -> Asked | None:
    """Whether they are grossly another column than in training; leaving out one after the other tells the error."""
    kind, gross = key[0], max(limits.severe, GROSS)
    blocks = [part(kind, one.own) for one in members if one.own is not None and part(kind, one.own).sum()]
    if len(blocks) < FEWEST:
        return None
    effect, error = apart(part(kind, np.array(bins.reference, np.int64)), np.array(blocks), _EFFECTS[kind])
    freedom = len(blocks) - 1

    def highest(p: float) -> float:
        return effect + surprise.quantile(p, freedom) * error

    p = surprise.survival((effect - gross) / error, freedom) if error else float(effect <= gross)
    told = replace(finding, effect=effect, limit=gross, against=TRAINING)
    return Asked(told, Limits(gross, gross), p, highest)


_EFFECTS = {DRIFT: divergence, MISSING: difference}
