"""monitor: in benison.yaml: what is watched of live traffic, what counts as an alarm, and who is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from benison.core.sections import Section

NONE, DAY, WEEK = "none", "day", "week"
SEASONS = (NONE, DAY, WEEK)
ESCALATED = "escalated"
WARNING, CRITICAL = "warning", "critical"
_TOLD_OF = (WARNING, CRITICAL, ESCALATED)
_DAY_MINUTES = 24 * 60
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,127}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Limits:
    """From when on an effect matters.

    Attributes:
        limit: Above it an effect that is more than chance is an alarm.
        severe: From it on the alarm is critical, and does not wait for a second window.
    """

    limit: float
    severe: float


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
class Channel:
    """Somebody who is told.

    Attributes:
        variable: The variable of the environment that holds the address, since addresses hold secrets.
        when: ``warning``, ``critical``, ``escalated``: of which alerts.
    """

    variable: str
    when: tuple[str, ...]


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
        latency: Of the share that was slow; None: not watched.
        alerting: What becomes of an alarm.
    """

    window_minutes: float = 60
    season: str = WEEK
    false_alarms_per_month: float = 1.0
    features: tuple[str, ...] = ()
    min_rows: int = 100
    late_seconds: float = 60.0
    drift: Limits = Limits(0.02, 0.1)
    score: Limits = Limits(0.02, 0.1)
    missing: Limits = Limits(0.1, 0.5)
    volume: Limits = Limits(2.0, 10.0)
    errors: Limits = Limits(0.01, 0.05)
    latency: Latency | None = None
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
    usual = Monitor()
    monitor = Monitor(
        window_minutes=_window(section),
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
        latency=_latency(section.section("latency")) if "latency" in section.content else None,
        alerting=_alerting(section.section("alerts", optional=True)),
    )
    section.asked.add("latency")
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
    limits = _read(below, usual, low, high)
    below.close()
    return limits


def _read(below: Section, usual: Limits, low: float = 1e-6, high: float = 1.0) -> Limits:
    limit = below.number("limit", usual.limit, low=low, high=high)
    severe = below.number("severe", max(limit, usual.severe), low=low, high=high)
    if severe < limit:
        raise below.error("severe", f"no less than limit, {limit:g}", f"{severe:g}")
    return Limits(limit, severe)


def _latency(section: Section) -> Latency:
    found = Latency(section.number("over_ms", low=0.01, high=1e6), _read(section, Limits(0.05, 0.5)))
    section.close()
    return found


def _alerting(section: Section) -> Alerting:
    usual, channels = Alerting(), section.section("channels", optional=True)
    alerting = Alerting(
        raise_after=section.whole("raise_after", usual.raise_after, low=1),
        recover_after=section.whole("recover_after", usual.recover_after, low=1),
        cooling_minutes=section.number("cooling_minutes", usual.cooling_minutes, low=0, high=1e6),
        escalate_minutes=section.number("escalate_minutes", usual.escalate_minutes, low=0.1, high=1e6),
        channels={str(name): _channel(channels, name) for name in channels.content},
        allow_private=section.take("allow_private", bool, False),
    )
    section.close()
    return alerting


def _channel(channels: Section, name: object) -> Channel:
    if not isinstance(name, str) or not _CHANNEL.fullmatch(name):
        raise channels.error(str(name), "small letters, digits, - and _, a letter first, at most 63", repr(name))
    own = channels.section(name)
    variable = own.take("url_from", str)
    if not _VARIABLE.fullmatch(variable):
        hint = "addresses hold secrets, so benison.yaml names the variable that holds one"
        raise own.error("url_from", "the name of a variable of the environment, such as ONCALL_URL", "another", hint)
    when = own.texts("when", (CRITICAL, ESCALATED))
    if unknown := [one for one in when if one not in _TOLD_OF]:
        raise own.error("when", f"some of {', '.join(_TOLD_OF)}", ", ".join(unknown))
    own.close()
    return Channel(variable, when)
