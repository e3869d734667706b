"""judge: a window against what is expected of it -> findings: an alarm is an effect that matters, beyond chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benison.config.monitor import Limits, Monitor
from benison.core.verdicts import Verdict
from benison.measures import surprise
from benison.measures.drift import JENSEN_SHANNON, compare
from benison.measures.holm import holm
from benison.measures.surprise import FEWEST, Distance, Floats, Habit
from benison.monitoring.grid import PRESENCE, Counts
from benison.monitoring.memory import Memory
from benison.monitoring.pool import TRAINING as TRAINING
from benison.monitoring.seasons import FEWEST_WINDOWS
from benison.monitoring.sketch import Sketch
from benison.monitoring.vectors import Key, part, vectors_of
from benison.monitoring.windows import ANSWERS, DRIFT, ERRORS, LATENCY, MISSING, SCORE_DRIFT, VOLUME, Finding, Known

LIMIT = "limit"
# One window is no sample of a whole season, so that only what no season does is told from training alone.
GROSS, _BEYOND_CHANCE = 0.5, 1e-6


@dataclass(frozen=True)
class Asked:
    """A question before all of a window's are answered.

    Attributes:
        finding: The answer as far as it is known: its verdict stands only where `p` is None.
        limits: Of the effect.
        p: The chance of such an effect, of this question alone; None where that is not known.
        reach: The smallest effect that has at most a given p value.
        unsure: Why it must not pass, whatever was found; empty: nothing.
        needs: What would decide at a given p value, as a person reads it; None: more rows.
    """

    finding: Finding
    limits: Limits
    p: float | None = None
    reach: Callable[[float], float] = lambda p: math.inf
    unsure: str = ""
    needs: Callable[[float], str] | None = None


def judge(
    memory: Memory,
    sketch: Sketch,
    start: int,
    known: Known,
    monitor: Monitor,
    *,
    own: Sketch | None = None,
    sample: float = 1.0,
) -> list[Asked]:
    """Every question that is asked of a window.

    Args:
        memory: Of earlier windows, prepared for this one.
        sketch: What was counted.
        start: When the window begins, in seconds since 1970.
        known: `Memory.known` of it.
        monitor: What is watched.
        own: The same rows in the bins of what the champion was trained on; None: those of `sketch` are.
        sample: The share of answered requests that the log keeps.
    """
    asked = [
        _compared(memory, own or sketch, start, key, counts, known, monitor)
        for key, counts in vectors_of(sketch).items()
    ]
    return [*asked, *_limited(sketch, monitor, sample)]


def concluded(asked: Sequence[Asked], alpha: float) -> tuple[Finding, ...]:
    """The findings, with one chance of a false alarm for all of them together.

    Args:
        asked: Of one window.
        alpha: That chance.
    """
    open_ones = [one for one in asked if one.p is not None]
    adjusted = iter(holm([one.p for one in open_ones if one.p is not None]))
    each = alpha / max(1, len(open_ones))
    return _once(one.finding if one.p is None else _verdict(one, next(adjusted), alpha, each) for one in asked)


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One answer to each question: that of several windows where they decide and the newest alone does not fail."""
    found: dict[Key, Finding] = {}
    for one in findings:
        key = one.kind, one.subject
        if key not in found or (one.verdict is not Verdict.INCONCLUSIVE and found[key].verdict is not Verdict.FAIL):
            found[key] = one
    return tuple(found.values())


def _verdict(one: Asked, p: float, alpha: float, each: float) -> Finding:
    """PASS only where a severe effect would have been seen."""
    effect, reach = one.finding.effect or 0.0, one.reach(each)
    found = replace(one.finding, p=p, reach=reach)
    if effect > one.limits.limit and p <= alpha:
        return replace(found, verdict=Verdict.FAIL, severe=effect >= one.limits.severe)
    if effect <= one.limits.limit and reach <= one.limits.severe:
        return replace(found, missing=one.unsure) if one.unsure else replace(found, verdict=Verdict.PASS)
    if one.needs is not None:
        return replace(found, missing=one.needs(each))
    if effect > one.limits.limit:
        return replace(found, missing="windows used to differ by as much; more rows in a window, or a longer one")
    return replace(found, missing=f"only {reach:.3g} or more would be told from chance; more rows, or a longer window")


def _compared(
    memory: Memory, own: Sketch, start: int, key: Key, counts: Counts, known: Known, monitor: Monitor
) -> Asked:
    """A question that earlier windows answer; while they are too few, training answers for what is severe."""
    kind, subject = key
    limits = limits_of(kind, monitor)
    rows = int(counts.sum())
    finding = Finding(kind, subject, Verdict.INCONCLUSIVE, False, None, limits.limit, None, None, rows, "")
    if kind != VOLUME and rows < monitor.min_rows:
        return Asked(replace(finding, missing=f"{monitor.min_rows} rows, got {rows}"), limits)
    for level in memory.levels:
        found, usual = known.by_level.get(level, {}).get(key), memory.habit(level, key)
        expected = memory.expected(level, start, key)
        if found is not None and usual is not None and expected is not None:
            return predicted(replace(finding, against=level), limits, usual, found, expected[0], counts)
    if (pool := memory.pools.of_training(key)) is not None:
        many = pool.next_look(monitor.alerting.recover_after)
        waits = f"{many} windows since it failed, got {len(pool.members) + 1}"
        return Asked(replace(finding, missing=waits), limits)
    return Asked(_untaught(memory, own, key, finding, limits), limits)


def limits_of(kind: str, monitor: Monitor) -> Limits:
    """From when on an effect of what earlier windows are asked about matters."""
    return {DRIFT: monitor.drift, SCORE_DRIFT: monitor.score, MISSING: monitor.missing, VOLUME: monitor.volume}[kind]


def predicted(
    finding: Finding, limits: Limits, usual: Habit, found: Distance, expected: Counts | Floats, counts: Counts
) -> Asked:
    """What earlier windows say of one, or of several together.

    Args:
        finding: As far as it is known.
        limits: Of the effect.
        usual: How far predictions used to be off.
        found: How far this one is.
        expected: Rows by bin.
        counts: Likewise, of what came.
    """
    if finding.kind == MISSING:
        effect, spread = difference(expected, counts), _spread(expected, counts)
    else:
        effect, spread = _effect(finding.kind, found, found.value), 0.0

    def reach(p: float) -> float:
        value = usual.reaches(found, p)
        return math.sqrt(value * spread) if finding.kind == MISSING else _effect(finding.kind, found, value)

    return Asked(replace(finding, effect=effect), limits, usual.p_value(found), reach)


def _effect(kind: str, found: Distance, value: float) -> float:
    """A distance in the units of the limit: a factor, or a divergence."""
    return math.exp(min(math.sqrt(value), 50.0)) if kind == VOLUME else found.effect_of(value)


def _spread(before: Counts | Floats, now: Counts) -> float:
    """p (1 - p) of the share of missing values in both together, with half a row for each."""
    share = float((before[-1] + now[-1] + 0.5) / (before.sum() + now.sum() + 1))
    return share * (1 - share)


def _untaught(memory: Memory, own: Sketch, key: Key, finding: Finding, limits: Limits) -> Finding:
    need = FEWEST + FEWEST_WINDOWS - memory.predictions(key)
    told = replace(finding, missing=f"about {max(need, 1)} more windows to learn from")
    if key[0] not in (DRIFT, MISSING):
        return told
    bins = own.grid.columns[key[1]]
    before, counts = part(key[0], np.array(bins.reference, np.int64)), part(key[0], own.columns[key[1]])
    if not before.sum() or (key[0] == DRIFT and bins.kind == PRESENCE):
        return told
    found = compare(before, counts)
    effect = found.beyond_chance(JENSEN_SHANNON) if key[0] == DRIFT else difference(before, counts)
    told = replace(told, effect=effect, against=TRAINING)
    severe = effect >= max(limits.severe, GROSS) and found.p_value < _BEYOND_CHANCE
    return replace(told, verdict=Verdict.FAIL, severe=True, p=found.p_value, missing="") if severe else told


def difference(before: Counts | Floats, now: Counts) -> float:
    """Of the shares without a value."""
    return abs(float(now[-1] / now.sum() - before[-1] / before.sum()))


def _limited(sketch: Sketch, monitor: Monitor, sample: float) -> Iterator[Asked]:
    """Shares that have a limit of their own, which nothing is compared with."""
    answered = round(sketch.answered / sample)
    yield share(ERRORS, sketch.failed, answered + sketch.failed, monitor.errors)
    if monitor.latency is not None:
        yield share(LATENCY, sketch.slow, sketch.answered, monitor.latency.limits)


def share(kind: str, hits: int, requests: int, limits: Limits, subject: str = ANSWERS) -> Asked:
    """A share of requests, or of rows, against its limit.

    Args:
        kind: Of share.
        hits: So many requests count against it.
        requests: Of so many.
        limits: Of the share.
        subject: What they are.
    """
    finding = Finding(kind, subject, Verdict.INCONCLUSIVE, False, None, limits.limit, None, None, requests, LIMIT)
    if not requests:
        return Asked(replace(finding, missing=f"any of the {subject}"), limits)
    p = surprise.share_tail(hits, requests, limits.limit)

    def reach(each: float) -> float:
        return surprise.reach_of_share(requests, limits.limit, each, surprise.share_tail)

    return Asked(replace(finding, effect=hits / requests), limits, p, reach)
