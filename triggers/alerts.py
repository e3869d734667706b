"""Alerts as causes: what the monitor raised that another training may mend, as long as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benison.alerts.alert_log import AlertLog
from benison.alerts.state import Alert, AlertState
from benison.config.monitor import CRITICAL
from benison.config.triggers import AlertSource
from benison.core.errors import BenisonError
from benison.registry.registry import Registry
from benison.registry.rules import newest as newest_of
from benison.triggers import entries
from benison.triggers.sources import DataFiles, Notice
from benison.triggers.state import State


@dataclass(frozen=True)
class Standing:
    """How the causes of a ledger stand to the alert log.

    Attributes:
        notices: Alerts that are a cause from now on, by what their source is called.
        passed: Causes that wait for nothing any more, by number, with the reason.
        lacks: What the others wait for before anything could be learnt; empty: nothing.
    """

    notices: Mapping[str, Notice] = field(default_factory=dict)
    passed: Mapping[int, str] = field(default_factory=dict)
    lacks: str = ""


class Alerts:
    """The alert log of a model, looked at for what a training may mend.

    Args:
        log: The alert log.
        asked: Which alerts are meant.
        lacking: Tells what is missing before anything could be learnt; empty: nothing.
    """

    def __init__(self, log: AlertLog, asked: AlertSource, lacking: Callable[[], str]) -> None:
        self._log, self._asked, self._lacking = log, asked, lacking

    def look(self, state: State, troubles: list[BenisonError]) -> Standing:
        """How causes stand now.

        Args:
            state: What the ledger says.
            troubles: Takes what could not be looked at; then no alert is answered.
        """
        try:
            log = self._log.state()
            standing = Standing(dict(self._notices(state, log)), dict(self._passed(state, log)))
            waits = standing.notices or _waiting(state).keys() - standing.passed.keys()
            return Standing(standing.notices, standing.passed, self._lacking() if waits else "")
        except BenisonError as error:
            if str(error) not in map(str, troubles):
                troubles.append(error)
            return Standing(lacks="alert log and data, which cannot be looked at")

    def _notices(self, state: State, log: AlertState) -> Iterator[tuple[str, Notice]]:
        """Alerts that no run answered and that are no cause so far, or were over before a run and are there again."""
        pending = {one.cause.source for one in state.pending.values()}
        for alert in log.open:
            name = f"{entries.ALERT}:{alert.id}"
            if name in state.mended or name in pending or self._over(alert):
                continue
            if (seen := state.seen.get(name)) is None or seen.key != alert.since:
                yield name, Notice(alert.since, _words(alert), open=True)

    def _passed(self, state: State, log: AlertState) -> Iterator[tuple[int, str]]:
        for number, name in _waiting(state).items():
            known = log.alerts.get(int(name.partition(":")[2]))
            if known is None:
                yield number, f"there is no {name.replace(':', ' ')} in the alert log"
            elif why := self._over(known):
                yield number, f"alert {known.id} {why}"

    def _over(self, alert: Alert) -> str:
        """Why an alert asks for no run; empty: it asks for one."""
        if not alert.open:
            return f"recovered at {alert.recovered}, before a run"
        if alert.accepted or (alert.acknowledged and self._asked.unless_acknowledged):
            return f"was {'accepted' if alert.accepted else 'acknowledged'} by {alert.acknowledged}"
        if alert.raised.cause not in self._asked.kinds:
            return f"is one of {alert.raised.cause}, which starts no run"
        meant = self._asked.severity != CRITICAL or alert.severity == CRITICAL
        return "" if meant else f"is a {alert.severity}, which starts no run"


def _waiting(state: State) -> dict[int, str]:
    """Alerts that wait for a decision: what their sources are called, by the number of the cause."""
    return {number: one.cause.source for number, one in state.pending.items() if one.cause.kind == entries.ALERT}


def _words(alert: Alert) -> str:
    raised = alert.raised
    since = f"{datetime.fromtimestamp(raised.first, UTC):%Y-%m-%d %H:%M} UTC"
    what = f"{alert.severity} {raised.cause} of {raised.subject} since {since}"
    return f"alert {alert.id}: {what}, {alert.observed}, allowed {raised.allowed}"


def nothing_newer(registry: Registry, files: DataFiles | None) -> str:
    """What is missing before another training could learn anything; empty: nothing, or it cannot be told by paths.

    Args:
        registry: Whose champion is meant.
        files: The data; None: they are no files.

    Raises:
        BenisonError: Registry or data cannot be looked at.
    """
    state, newest = registry.state(), files.newest() if files else None
    if newest is None or state.champion is None:
        return ""
    known = newest_of(state.versions[state.champion.package].entry.spans)
    return "" if newest > known else f"data newer than span {known}, which the champion was trained on"
