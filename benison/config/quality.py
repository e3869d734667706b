"""monitor: quality: in benison.yaml: what the champion is held to once labels of live requests have come."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from benison.config.gate import Gate, GateCheck, metric_of
from benison.config.limits import Limits, limits_of
from benison.config.rollout import Rollout
from benison.config.serving import RequestLog
from benison.core import metrics
from benison.core.metrics import BINARY
from benison.core.sections import Section

DAY_MINUTES = 24 * 60
OVERALL, ALL = "overall", "all"
_USUAL = Limits(0.02, 0.1)


@dataclass(frozen=True)
class QualityCheck:
    """A metric that is watched.

    Attributes:
        metric: Its name, as `benison.core.metrics` writes it.
        limits: Of how much worse it may be than it was when the champion was blessed, in the metric's unit.
        at_least: It must not be below, whatever it was; -inf: no such bound.
        at_most: It must not be above; inf: likewise.
    """

    metric: str
    limits: Limits
    at_least: float = -math.inf
    at_most: float = math.inf


@dataclass(frozen=True)
class Quality:
    """How live quality is measured.

    Attributes:
        outcomes: The folder of files with ``request_id``, ``time`` and ``label``; empty: not said here.
        mature_minutes: How long after a request its label may come; None: not said here.
        period_minutes: What is judged together: a number of whole windows.
        checks: The metrics; empty: those of the gate.
        slices: ``overall``, ``all``, or names, as in a gate's check.
        limits: Of metrics that have none of their own.
        missing: With a greater share of requests without a label nothing passes.
        stale_days: After so many without any label the champion is unmeasured; None: nobody asks.
        min_rows: A slice with fewer labels is not judged.
        min_positives: Likewise with fewer positive, or fewer negative, ones.
        confidence: Of each bound alone of the intervals that are shown.
    """

    outcomes: str = ""
    mature_minutes: float | None = None
    period_minutes: int = DAY_MINUTES
    checks: tuple[QualityCheck, ...] = ()
    slices: tuple[str, ...] = (ALL,)
    limits: Limits = _USUAL
    missing: float = 0.5
    stale_days: float | None = None
    min_rows: int = 100
    min_positives: int = 20
    confidence: float = 0.95

    @property
    def mature_seconds(self) -> float:
        """How long after a request its label may come."""
        return 60 * (self.mature_minutes or 0.0)


def quality_of(section: Section, window_seconds: int) -> Quality:
    """Reads ``monitor: quality:``.

    Args:
        section: The section.
        window_seconds: How long a window is.

    Raises:
        ConfigError: Something in it is not understood.
    """
    limits = limits_of(section, _USUAL, high=1e9)
    stale = section.number("stale_days", low=0.01, high=28) if "stale_days" in section.content else None
    mature = "labels_mature_minutes"
    quality = Quality(
        outcomes=section.take("outcomes", str, ""),
        mature_minutes=section.number(mature, low=0, high=1e6) if mature in section.content else None,
        period_minutes=_period(section, window_seconds),
        checks=tuple(_check(line, limits) for line in section.sections("checks")),
        slices=section.texts("slices", (ALL,)),
        limits=limits,
        missing=section.number("missing", 0.5, low=0, high=1),
        stale_days=stale,
    )
    section.asked |= {"stale_days", mature}
    section.close()
    return quality


def _period(section: Section, window_seconds: int) -> int:
    minutes = section.whole("period_minutes", DAY_MINUTES, low=1)
    if 60 * minutes % window_seconds or minutes > 7 * DAY_MINUTES or 7 * DAY_MINUTES % minutes:
        expected = (
            f"whole windows of {window_seconds / 60:g} minutes that a week can be divided by, such as 1440 or 10080"
        )
        raise section.error("period_minutes", expected, minutes)
    return minutes


def _check(section: Section, usual: Limits) -> QualityCheck:
    metric = metric_of(section)
    if why := _unfit(metric):
        raise section.error("metric", "a metric that labels and answers tell, with a better and a worse", metric, why)
    at_least = section.take("at_least", float, -math.inf)
    at_most = section.take("at_most", float, math.inf)
    check = QualityCheck(metric, limits_of(section, usual, high=1e9), at_least, at_most)
    section.close()
    return check


def _unfit(metric: str) -> str:
    """Why live traffic does not tell a metric; empty where it does."""
    kind = metrics.metric(metric).kind
    if kind.own or kind.tfma is not None:
        return "metrics of your own, and those that TFMA measures, are measured on the holdout alone"
    return "" if kind.better and kind.task == BINARY else "watch one that tells how good answers are, such as auc"


def settled(
    section: Section, quality: Quality, rollout: Rollout | None, gate: Gate, requests: RequestLog | None
) -> Quality:
    """With what other sections say where this one does not: outcomes of ``rollout:``, metrics and sizes of ``gate:``.

    Raises:
        ConfigError: Nobody says where labels are, none of the gate's metrics can be watched, or the request log is gone
            before labels have come.
    """
    outcomes = quality.outcomes or (rollout.outcomes if rollout else "")
    if not outcomes:
        hint = "name a folder of Parquet files with request_id, time and label, here or under rollout:"
        raise section.error("outcomes", "where the labels of live requests are", "none", hint)
    usual = rollout.labels_mature_minutes if rollout else 0.0
    mature = usual if quality.mature_minutes is None else quality.mature_minutes
    _check_kept(section, quality.period_minutes + mature, requests)
    checks = quality.checks or tuple(_of_gate(gate, quality.limits))
    if not checks:
        hint = "name metrics under checks:"
        raise section.error("checks", "metrics that labels and answers tell", "none in gate:", hint)
    return replace(
        quality,
        outcomes=outcomes,
        mature_minutes=mature,
        checks=checks,
        min_rows=gate.min_rows,
        min_positives=gate.min_positives,
        confidence=gate.confidence,
    )


def _check_kept(section: Section, minutes: float, requests: RequestLog | None) -> None:
    days = minutes / DAY_MINUTES
    if requests is not None and days >= requests.keep_days:
        hint = "raise it, or wait less for labels"
        expected = f"serving.requests.keep_days above {days:g}, since requests are read when their labels have come"
        raise section.error("labels_mature_minutes", expected, requests.keep_days, hint)


def _of_gate(gate: Gate, limits: Limits) -> Iterable[QualityCheck]:
    for metric in gate.metrics:
        if not _unfit(metric):
            lines = [line for line in gate.checks if line.metric == metric and _of_all_rows(line)]
            at_least = max((line.at_least for line in lines), default=-math.inf)
            yield QualityCheck(metric, limits, at_least, min((line.at_most for line in lines), default=math.inf))


def _of_all_rows(line: GateCheck) -> bool:
    return OVERALL in line.slices or ALL in line.slices
