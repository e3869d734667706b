"""The page of a model's live traffic as one HTML file, that needs nothing else and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from benison import __version__
from benison.alerts.state import Alert, AlertState
from benison.config.monitor import Monitor
from benison.core.verdicts import Verdict
from benison.monitoring import words
from benison.monitoring.joined import Differing
from benison.monitoring.windows import Finding, Window
from benison.pages.badges import badge, sign
from benison.pages.figures import calendar, count, duration, moment, plural
from benison.pages.frame import document
from benison.pages.markup import Column, Markup, Row, escape, join, section, table, tag
from benison.report.monitoring.quality import quality
from benison.report.monitoring.timeline import timeline

_ALERTS = (Column("Alert"), Column("Severity"), Column("Of"), Column("Since"), Column("Until"), Column("Observed"))
_FINDINGS = (Column("What"), Column("Verdict"), Column("Observed"), Column("Allowed"), Column("Rows", "number"))
_JOINED = (
    Column("Column"),
    Column("Rows that differ", "number"),
    Column("Served without a value", "number"),
    Column("Without one in the data", "number"),
)
_LATE = (Column("Window"), Column("Rows", "number"))
_ORDER = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE, Verdict.PASS)


def render(model: str, windows: Sequence[Window], state: AlertState, asked: Monitor) -> str:
    """The page, as the text of an HTML file.

    Args:
        model: Its name.
        windows: In order of time, at least one.
        state: Of the alert log.
        asked: What is watched.
    """
    word, look, sentence = _answer(windows[-1], state)
    parts = (
        _windows(windows, asked),
        quality(windows),
        _late(windows),
        _joined(windows),
        _alerts(state),
        _newest(windows[-1]),
    )
    return document(
        f"{model}: live traffic, {word}",
        join(
            [_masthead(model, windows), tag("div", tag("h1", sign(look, word), tag("span", sentence)), class_="answer")]
        ),
        join([one for one in parts if one is not None]),
        escape(f"Written by Benison {__version__} from the logs of windows and alerts of {model}."),
        skip_to="windows",
    )


def _answer(newest: Window, state: AlertState) -> tuple[str, str, str]:
    if state.open:
        return "ALERT", "fail", f"{plural(len(state.open), 'alert is', 'alerts are')} open."
    unknown = sum(one.verdict is not Verdict.PASS for one in newest.findings)
    if unknown:
        return "NO ALERT", "open", f"{unknown} of {len(newest.findings)} questions could not be answered."
    return "NO ALERT", "pass", "Every question that was asked of the newest window was answered."


def _masthead(model: str, windows: Sequence[Window]) -> Markup:
    begin, end = (calendar(one, precise=True) for one in (windows[0].start, windows[-1].end))
    told = f"{plural(len(windows), 'window')} from {begin} to {end}, UTC"
    return tag("div", tag("p", tag("b", model)), tag("p", told), class_="masthead")


def _windows(windows: Sequence[Window], asked: Monitor) -> Markup:
    how = (
        f"Each cell is {duration(asked.window_seconds)}. An alarm is an effect that matters and is more than chance; "
        f"at most {asked.false_alarms_per_month:g} false ones a month are expected over all rows together."
    )
    return section("windows", "Windows", tag("p", how), timeline(windows))


def _late(windows: Sequence[Window]) -> Markup | None:
    """Nothing where no row of the last day that was counted again came too late."""
    late = next((one.late for one in reversed(windows) if one.late is not None), None)
    if late is None or not late.rows:
        return None
    rows = [Row((f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}", count(many))) for at, many in late.windows]
    return section(
        "late", "Late rows", tag("p", f"{words.late(late)}."), table("Windows with most of them", _LATE, rows)
    )


def _joined(windows: Sequence[Window]) -> Markup | None:
    """Nothing where no day was joined."""
    joined = next((one.joined for one in reversed(windows) if one.joined is not None), None)
    if joined is None:
        return None
    told = tag("p", f"{words.joined(joined)[0].upper()}{words.joined(joined)[1:]}.")
    return section(
        "joined", "Served rows and the data's", told, table("Columns", _JOINED, map(_column, joined.columns))
    )


def _column(one: Differing) -> Row:
    note = f"Such as requests {', '.join(one.examples)}." if one.examples else None
    return Row((one.name, count(one.rows), count(one.unserved), count(one.unknown)), note=note)


def _alerts(state: AlertState) -> Markup:
    if not state.alerts:
        return section("alerts", "Alerts", tag("p", "None so far.", class_="absent"))
    rows = [_alert(one) for one in reversed(tuple(state.alerts.values()))]
    return section("alerts", "Alerts", table("Every alert, the newest first", _ALERTS, rows))


def _alert(alert: Alert) -> Row:
    raised = alert.raised
    until = moment(alert.recovered) if alert.recovered else "open"
    named = f"{raised.cause}: {raised.subject}"
    level = f" A new level since {moment(alert.settled)}." if alert.settled else ""
    note = f"{raised.why}.{level} {alert.acknowledged}".strip()
    return Row((alert.id, alert.severity, named, moment(alert.since), until, alert.observed), note=note)


def _newest(window: Window) -> Markup:
    found = sorted(window.findings, key=lambda one: _ORDER.index(one.verdict))
    when = f"{datetime.fromtimestamp(window.start, UTC):%Y-%m-%d %H:%M} UTC"
    return section("newest", "The newest window", table(f"From {when}", _FINDINGS, map(_finding, found)))


def _finding(one: Finding) -> Row:
    cells = (words.name(one), badge(one.verdict), words.observed(one), words.allowed(one), count(one.rows))
    return Row(cells, note=None if one.verdict is Verdict.PASS else words.reason(one))
