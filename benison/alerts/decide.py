"""decide: the windows so far, and the alerts that there are -> the next entry of the alert log. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from benison.alerts.entries import SYSTEM, Entry, Escalate, Raise, Recover, Reopen, Settle, Worsen
from benison.alerts.state import CRITICAL, Alert, AlertState
from benison.config.monitor import ESCALATED, WARNING, Alerting
from benison.core import digests
from benison.core.verdicts import Verdict
from benison.monitoring import words
from benison.monitoring.level import LEVELLED
from benison.monitoring.windows import OF_CHAMPION, SELDOM, UNREADABLE, Finding, Window

REQUEST_LOG = "request log"
Key = tuple[str, str]


def of_windows(
    state: AlertState, windows: Sequence[Window], alerting: Alerting, when: str, closed: str = ""
) -> Entry | None:
    """The first entry that the newest window makes necessary; None where there is none more.

    Args:
        state: Of the alert log.
        windows: In order of time, the newest last, at least one.
        alerting: When an alarm becomes an alert.
        when: The moment, for the entry.
        closed: Why columns that the window reset have recovered.
    """
    newest = windows[-1]
    found = {(one.kind, one.subject): one for one in newest.findings}
    of_alerts = [one.key for one in state.open if one.raised.cause != UNREADABLE]
    for key in dict.fromkeys([*of_alerts, *found]):
        alert = state.latest(key)
        if alert is not None and alert.last >= newest.start:
            continue
        entry = _of_key(key, alert, found.get(key), windows, alerting, when, closed)
        if entry is not None:
            return entry
    return None


def _of_key(
    key: Key,
    alert: Alert | None,
    finding: Finding | None,
    windows: Sequence[Window],
    alerting: Alerting,
    when: str,
    closed: str,
) -> Entry | None:
    newest, is_open = windows[-1], alert is not None and alert.open
    # What is so of the champion is so until there is another, whatever a person accepts; faults are nobody's to accept.
    lasts = key[0] not in OF_CHAMPION or (alert is not None and alert.raised.champion == newest.champion)
    stays = key[0] in SELDOM and lasts
    if alert is not None and is_open and not stays and alert.raised.subject in newest.reset:
        return _recover(alert, newest.start, alerting, when, closed or "what came before does not count any more")
    if finding is not None and finding.verdict is Verdict.FAIL:
        if alert is not None and is_open:
            return _worsen(alert, finding, newest, alerting, when)
        return _begin(alert, finding, windows, alerting, when)
    enough = 1 if key[0] in SELDOM else alerting.recover_after
    if alert is not None and is_open and _passes(key, windows, alert.last) >= enough:
        return _recover(alert, newest.start, alerting, when, f"{enough} windows passed")
    return None


def _worsen(alert: Alert, finding: Finding, newest: Window, alerting: Alerting, when: str) -> Worsen | None:
    if not finding.severe or alert.severity == CRITICAL:
        return None
    return Worsen(
        who=SYSTEM,
        when=when,
        why=words.reason(finding),
        tell=_told(alerting, CRITICAL),
        alert=alert.id,
        last=newest.start,
        observed=words.observed(finding),
    )


def _begin(
    before: Alert | None, finding: Finding, windows: Sequence[Window], alerting: Alerting, when: str
) -> Entry | None:
    newest, key = windows[-1], (finding.kind, finding.subject)
    row = _row(key, windows)
    many = sum(_windows(key, window) for window in row)
    if not finding.severe and finding.kind not in SELDOM and many < alerting.raise_after:
        return None
    why, observed = words.reason(finding), words.observed(finding)
    if before is not None and _seconds(before.recovered) + 60 * alerting.cooling_minutes > newest.end:
        return Reopen(who=SYSTEM, when=when, why=why, alert=before.id, last=newest.start, observed=observed)
    severity = CRITICAL if finding.severe else WARNING
    return Raise(
        who=SYSTEM,
        when=when,
        why=why,
        tell=_told(alerting, severity),
        cause=finding.kind,
        subject=finding.subject,
        severity=severity,
        first=row[-1].start,
        last=newest.start,
        observed=observed,
        allowed=words.allowed(finding),
        champion=newest.champion,
        snapshot=newest.trained_on,
        evidence=digests.of_json(newest.to_json()),
    )


def _recover(alert: Alert, last: int, alerting: Alerting, when: str, why: str) -> Recover:
    return Recover(who=SYSTEM, when=when, why=why, tell=_told(alerting, alert.severity), alert=alert.id, last=last)


def of_time(state: AlertState, alerting: Alerting, now: datetime, when: str) -> Entry | None:
    """The next alert that escalates, since nobody acknowledged it in time; None where there is none."""
    due = now - timedelta(minutes=alerting.escalate_minutes)
    for alert in state.open:
        waits = alert.severity == CRITICAL and not alert.acknowledged and not alert.escalated
        if waits and _moment(alert.since) <= due:
            why = f"nobody acknowledged alert {alert.id} within {alerting.escalate_minutes:g} minutes"
            return Escalate(who=SYSTEM, when=when, why=why, tell=_told(alerting, ESCALATED), alert=alert.id)
    return None


def of_level(
    state: AlertState, steady: Callable[[Alert], bool], season: str, alerting: Alerting, when: str
) -> Entry | None:
    """The next alert of what differs from what it was and no longer changes; None where there is none.

    Args:
        state: Of the alert log.
        steady: Whether what an alert is about stayed the same for two seasons.
        season: How long one is, as a person reads it.
        alerting: Who is told.
        when: The moment, for the entry.
    """
    for alert in state.open:
        if alert.raised.cause in LEVELLED and not alert.settled and not alert.accepted and steady(alert):
            why = (
                f"{alert.raised.cause} of {alert.raised.subject}: the last {season} is as the one before it, and not "
                "as it used to be: a new level; where that is how it is to be, accept it or train on it"
            )
            return Settle(who=SYSTEM, when=when, why=why, tell=_told(alerting, alert.severity), alert=alert.id)
    return None


def of_trouble(state: AlertState, trouble: str, alerting: Alerting, now: datetime, when: str) -> Entry | None:
    """What is to be said of a request log that cannot be read, or can be again.

    Args:
        state: Of the alert log.
        trouble: What hinders reading; empty: nothing does.
        alerting: Who is told.
        now: The moment.
        when: The same, for the entry.
    """
    alert, at = state.latest((UNREADABLE, REQUEST_LOG)), int(now.timestamp())
    is_open = alert is not None and alert.open
    if trouble and not is_open:
        return Raise(
            who=SYSTEM,
            when=when,
            why=trouble,
            tell=_told(alerting, CRITICAL),
            cause=UNREADABLE,
            subject=REQUEST_LOG,
            severity=CRITICAL,
            first=at,
            last=at,
            observed="nothing",
            allowed="rows that can be read",
            champion="",
            snapshot="",
            evidence="",
        )
    if not trouble and alert is not None and is_open:
        return _recover(alert, at, alerting, when, "it can be read again")
    return None


def _row(key: Key, windows: Sequence[Window]) -> list[Window]:
    """The windows that fail without one between them that does not, the newest first."""
    found = []
    for window in reversed(windows):
        if _verdict(key, window) is not Verdict.FAIL:
            break
        found.append(window)
    return found


def _passes(key: Key, windows: Sequence[Window], after: int) -> int:
    """How many windows passed in a row, or together, since the alert last changed.

    Of windows that are too small to tell some pass by luck while it goes on: such do not add up.
    """
    found = 0
    for window in reversed(windows):
        if window.start <= after or _verdict(key, window) is not Verdict.PASS:
            break
        found += _windows(key, window)
    return found


def _verdict(key: Key, window: Window) -> Verdict | None:
    return next((one.verdict for one in _of(key, window)), None)


def _windows(key: Key, window: Window) -> int:
    """How many windows the answer is of."""
    return next((one.windows for one in _of(key, window)), 0)


def _of(key: Key, window: Window) -> Iterator[Finding]:
    return (one for one in window.findings if (one.kind, one.subject) == key)


def _told(alerting: Alerting, of: str) -> tuple[str, ...]:
    return tuple(sorted(_channels(alerting, of)))


def _channels(alerting: Alerting, of: str) -> Iterator[str]:
    return (name for name, channel in alerting.channels.items() if of in channel.when)


def subjects_of(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """The columns, or whatever else it is, that alerts are about, each once."""
    return tuple(sorted({one.raised.subject for one in alerts}))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _seconds(text: str) -> float:
    return _moment(text).timestamp() if text else 0.0
