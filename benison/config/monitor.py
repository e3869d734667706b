"""monitor: in benison.yaml: what is watched of live traffic, what counts as an alarm, and who is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benison.config.channels import Channel, channels_of
from benison.config.limits import Limits as Limits
from benison.config.limits import limits_of
from benison.config.quality import Quality, quality_of
from benison.config.skew_rows import SkewRows, skew_rows_of
from benison.core.sections import Section

NONE, DAY, WEEK = "none", "day", "week"
SEASONS = (NONE, DAY, WEEK)
ESCALATED = "escalated"
WARNING, CRITICAL = "warning", "critical"
_TOLD_OF = (WARNING, CRITICAL, ESCALATED)
_DAY_MINUTES = 24 * 60
_DRIFT, _MISSING = Limits(0.02, 0.1), Limits(0.1, 0.5)
_VOLUME, _ERRORS, _LATE = Limits(2.0, 10.0), Limits(0.01, 0.05), Limits(0.01, 1.0)


@dataclass(frozen=True)
class Latency:
    """How many answers may be slow.

    Attributes:
        over_ms: What is slow.
        limits: Of the share of answers that are.
    """

    over_ms: float
    limits: Limits


@dataclass(frozen=True)
class Alerting:
    """When an alarm becomes an alert, and an alert goes.

    Attributes:
        raise_after: So many windows in a row that fail raise it; a severe one does at once.
        recover_after: So many windows in a row that pass end it.
        cooling_minutes: What fails again within this time is the same alert, and nobody is told a second time.
        escalate_minutes: A critical alert that nobody acknowledged for so long escalates.
        channels: By name.
        allow_private: Whether addresses may lead into private networks, or to this machine.
    """

    raise_after: int = 2
    recover_after: int = 6
    cooling_minutes: float = 24 * 60.0
    escalate_minutes: float = 60.0
    channels: Mapping[str, Channel] = field(default_factory=dict)
    allow_private: bool = False


@dataclass(frozen=True)
class Monitor:
    """What is watched.

    Attributes:
        window_minutes: The length of a window: whole seconds, of which a day is a multiple.
        season: Windows are compared with earlier ones of the same hour of the ``day``, or of the ``week``, or with the
            last ones, ``none``.
        false_alarms_per_month: So many false alarms are expected in 30 days at most, over all that is watched.
        features: The columns that are; empty: all that the model was trained on.
        min_rows: A window with fewer rows is not judged.
        late_seconds: So long after a window's end its last rows may come.
        drift: Of the Jensen-Shannon divergence of a column, from 0 to 1.
        score: Likewise of the answers.
        missing: Of the change of the share of rows without a value.
        volume: Of the factor by which rows are more or fewer than usual, above 1.
        errors: Of the share of requests that failed.
        late: Of the share of rows that came after their window was counted.
        latency: Of the share that was slow; None: not watched.
        quality: Of answers whose labels came; None: not watched.
        skew_rows: What served rows are held against, one by one; None: not watched.
        alerting: What becomes of an alarm.
    """

    window_minutes: float = 60
    season: str = WEEK
    false_alarms_per_month: float = 1.0
    features: tuple[str, ...] = ()
    min_rows: int = 100
    late_seconds: float = 60.0
    drift: Limits = _DRIFT
    score: Limits = _DRIFT
    missing: Limits = _MISSING
    volume: Limits = _VOLUME
    errors: Limits = _ERRORS
    late: Limits = _LATE
    latency: Latency | None = None
    quality: Quality | None = None
    skew_rows: SkewRows | None = None
    alerting: Alerting = Alerting()

    @property
    def window_seconds(self) -> int:
        """The length of a window."""
        return round(60 * self.window_minutes)

    @property
    def alpha(self) -> float:
        """The chance of any false alarm in one window, such that the month keeps its number."""
        return min(0.5, self.false_alarms_per_month * self.window_minutes / (30 * _DAY_MINUTES))


def monitor_of(section: Section) -> Monitor:
    """Reads ``monitor:``; an empty one gives the defaults.

    Raises:
        ConfigError: Something in it is not understood, or does not go together.
    """
    usual, minutes = Monitor(), _window(section)
    monitor = Monitor(
        window_minutes=minutes,
        season=section.choice("season", SEASONS, WEEK),
        false_alarms_per_month=section.number("false_alarms_per_month", 1.0, low=1e-4, high=1000),
        features=section.texts("features", ()),
        min_rows=section.whole("min_rows", usual.min_rows, low=1),
        late_seconds=section.number("late_seconds", usual.late_seconds, low=0, high=86_400),
        drift=_limits(section, "drift", usual.drift),
        score=_limits(section, "score", usual.score),
        missing=_limits(section, "missing", usual.missing),
        volume=_limits(section, "volume", usual.volume, low=1.01, high=1e6),
        errors=_limits(section, "errors", usual.errors),
        late=_limits(section, "late", usual.late),
        latency=_latency(section.section("latency")) if "latency" in section.content else None,
        quality=quality_of(section.section("quality"), round(60 * minutes)) if "quality" in section.content else None,
        skew_rows=skew_rows_of(section.section("skew_rows")) if "skew_rows" in section.content else None,
        alerting=_alerting(section.section("alerts", optional=True)),
    )
    section.asked |= {"latency", "quality", "skew_rows"}
    section.close()
    return monitor


def _window(section: Section) -> float:
    minutes = section.number("window_minutes", 60.0, low=1 / 60, high=_DAY_MINUTES)
    seconds = round(60 * minutes)
    if abs(60 * minutes - seconds) > 1e-6 or 60 * _DAY_MINUTES % seconds:
        expected = "minutes that a day can be divided by, such as 15, 60 or 240, or a whole second of it, such as 0.25"
        raise section.error("window_minutes", expected, f"{minutes:g}")
    return int(minutes) if minutes.is_integer() else minutes


def _limits(section: Section, key: str, usual: Limits, low: float = 1e-6, high: float = 1.0) -> Limits:
    below = section.section(key, optional=True)
    limits = limits_of(below, usual, low, high)
    below.close()
    return limits


def _latency(section: Section) -> Latency:
    found = Latency(section.number("over_ms", low=0.01, high=1e6), limits_of(section, Limits(0.05, 0.5)))
    section.close()
    return found


def _alerting(section: Section) -> Alerting:
    usual = Alerting()
    alerting = Alerting(
        raise_after=section.whole("raise_after", usual.raise_after, low=1),
        recover_after=section.whole("recover_after", usual.recover_after, low=1),
        cooling_minutes=section.number("cooling_minutes", usual.cooling_minutes, low=0, high=1e6),
        escalate_minutes=section.number("escalate_minutes", usual.escalate_minutes, low=0.1, high=1e6),
        channels=channels_of(section, _TOLD_OF, (CRITICAL, ESCALATED)),
        allow_private=section.take("allow_private", bool, False),
    )
    section.close()
    return alerting
