"""The figures of a monitor in Prometheus's text format, from the logs alone; the dashboard's queries name no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from benison.alerts.state import AlertState
from benison.config.monitor import CRITICAL, WARNING
from benison.core.verdicts import Verdict
from benison.monitoring.periods import Period
from benison.monitoring.windows import DRIFT, KINDS, MISSING, SCORE_DRIFT, SKEW, SKEW_ROWS, VOLUME, Window, periods_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "benison_monitor_"
Labels = Mapping[str, str]
# Which findings have an effect of their own name, and what it is by.
_EFFECTS = {
    DRIFT: ("drift_divergence", "column", "Jensen-Shannon divergence of a column from earlier windows"),
    SKEW: ("skew_divergence", "column", "Jensen-Shannon divergence of a season of a column from training"),
    SKEW_ROWS: ("row_skew_ratio", "column", "Share of joined rows that were served another value than the data has"),
    MISSING: ("missing_ratio_change", "column", "Change of the share of rows without a value"),
    SCORE_DRIFT: ("score_drift_divergence", "", "Jensen-Shannon divergence of the champion's answers"),
    VOLUME: ("volume_factor", "", "Factor by which rows are more or fewer than usual"),
}


@dataclass(frozen=True)
class Family:
    """A metric with its samples.

    Attributes:
        name: Without the prefix.
        what: One line.
        samples: By labels, without that of the model.
    """

    name: str
    what: str
    samples: Sequence[tuple[Labels, float]]


def exposition(model: str, windows: Sequence[Window], state: AlertState, now: datetime) -> str:
    """The text that Prometheus scrapes, or that node_exporter's textfile collector reads.

    Args:
        model: Its name.
        windows: In order of time.
        state: Of the alert log.
        now: The moment, which is told as that of the look.
    """
    found = [*_of_look(now), *_of_alerts(state), *_of_windows(windows), *_of_quality(windows)]
    return "".join(line for one in found if one.samples for line in _lines(one, model))


def _of_look(now: datetime) -> Iterator[Family]:
    yield Family("look_timestamp_seconds", "When the logs were read", [({}, now.timestamp())])


def _of_alerts(state: AlertState) -> Iterator[Family]:
    """All causes, so that one without an alert is 0 rather than absent."""
    many = Counter((one.raised.cause, one.severity) for one in state.open)
    keys = [(cause, severity) for cause in KINDS for severity in (WARNING, CRITICAL)]
    samples = [({"cause": cause, "severity": severity}, many[cause, severity]) for cause, severity in keys]
    yield Family("open_alerts", "Alerts that are open", samples)
    taken = sum(bool(one.acknowledged) for one in state.open)
    yield Family("acknowledged_alerts", "Those of them that somebody has taken over", [({}, taken)])
    yield Family("owed_messages", "Messages that are not sent yet", [({}, len(state.outbox))])
    yield Family("lost_messages", "Messages that were given up", [({}, len(state.lost))])


def _of_windows(windows: Sequence[Window]) -> Iterator[Family]:
    if not windows:
        return
    newest = windows[-1]
    yield Family("window_end_timestamp_seconds", "When the newest window that was judged ended", [({}, newest.end)])
    yield Family("window_rows", "Rows of live traffic in it", [({}, newest.counts["rows"])])
    answered, failed = newest.counts["answered"], newest.counts["failed"]
    requests = [({"outcome": "answered"}, answered), ({"outcome": "failed"}, failed)]
    yield Family("window_requests", "Requests to the champion in it", requests)
    if answered + failed:
        yield Family("error_ratio", "Share of them that failed", [({}, failed / (answered + failed))])
    yield from _of_late(windows)
    yield from _of_joined(windows)
    verdicts = Counter(one.verdict for one in newest.findings)
    yield Family("findings", "Questions by their answer", [({"verdict": str(one)}, verdicts[one]) for one in Verdict])
    for kind, (name, label, what) in _EFFECTS.items():
        yield Family(name, what, _effects(kind, label, windows))


def _of_joined(windows: Sequence[Window]) -> Iterator[Family]:
    joined = next((one.joined for one in reversed(windows) if one.joined is not None), None)
    if joined is None:
        return
    yield Family("row_skew_requests", "Requests of a day that were looked for in the data", [({}, joined.requests)])
    yield Family("row_skew_joined_requests", "Those of them that are in it", [({}, joined.joined)])


def _of_late(windows: Sequence[Window]) -> Iterator[Family]:
    late = next((one.late for one in reversed(windows) if one.late is not None), None)
    if late is None:
        return
    yield Family("late_rows", "Rows of the day before that came after their window was counted", [({}, late.rows)])
    yield Family("late_ratio", "Their share", [({}, late.rows / late.all if late.all else 0.0)])


def _effects(kind: str, label: str, windows: Sequence[Window]) -> list[tuple[Labels, float]]:
    """Of the newest window; what is asked once a day of the last one in which it was."""
    asked = [one for one in windows if any(finding.kind == kind for finding in one.findings)]
    last = asked[-1:] if kind in (SKEW, SKEW_ROWS) else windows[-1:]
    return [
        ({label: one.subject} if label else {}, one.effect)
        for window in last
        for one in window.findings
        if one.kind == kind and one.effect is not None
    ]


def _of_quality(windows: Sequence[Window]) -> Iterator[Family]:
    periods = periods_of(windows)
    if not periods:
        return
    period = periods[-1]
    yield Family("quality_period_end_timestamp_seconds", "When the last period with labels ended", [({}, period.end)])
    yield Family("quality_requests", "Requests of it that the champion answered", [({}, period.requests)])
    yield Family("quality_labels_missing_ratio", "Share of them without a label", [({}, period.missing)])
    yield from _figures(period)


def _figures(period: Period) -> Iterator[Family]:
    told = {
        "quality_value": ("value", "A metric of the champion's live answers"),
        "quality_lower_bound": ("lower", "What it is at least, with the gate's confidence"),
        "quality_upper_bound": ("upper", "What it is at most, likewise"),
        "quality_blessed_value": ("blessed", "What it was at the champion's blessing"),
        "quality_labels": ("rows", "Labels that it was measured on"),
    }
    for name, (attribute, what) in told.items():
        found = [({"metric": one.metric, "slice": one.slice}, getattr(one, attribute)) for one in period.figures]
        yield Family(name, what, [(labels, value) for labels, value in found if value is not None])


def _lines(family: Family, model: str) -> Iterator[str]:
    name = PREFIX + family.name
    yield f"# HELP {name} {family.what}\n# TYPE {name} gauge\n"
    for labels, value in family.samples:
        told = ",".join(f'{key}="{_escaped(text)}"' for key, text in {"model": model, **labels}.items())
        yield f"{name}{{{told}}} {float(value)!r}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
