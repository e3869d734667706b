"""read: promotion log, rollout log, alert log and log of windows -> events, spells, splits."""

from __future__ import annotations

from collections.abc import Iterator

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import Acknowledge, Escalate, Raise, Recover, Reopen, Sent, Settle, Unsent, Worsen
from benison.alerts.entries import Entry as AlertEntry
from benison.core import digests
from benison.delivery.entries import PROMOTED, Command, Finish, Promoted, Shift, Staged, Start
from benison.delivery.entries import Entry as RolloutEntry
from benison.delivery.rollout_log import RolloutLog
from benison.monitoring.window_log import windows_of
from benison.registry.log import Approve, Bless, Logged, Promote, Register, Rollback
from benison.registry.registry import Registry
from benison.report.timeline.events import (
    ALERTS,
    CHAMPION,
    GATE,
    SHARE,
    Event,
    Spell,
    Split,
    Timeline,
    look_of,
    moment,
)


def read(registry: Registry) -> Timeline:
    """All that the registry's own logs tell of a model; what triggers did is joined to it.

    Args:
        registry: The model's.

    Raises:
        IntegrityError: A log is damaged.
    """
    logged = list(registry.log())
    rollouts = RolloutLog(registry.store, registry.model).entries()
    log = AlertLog(registry.store, registry.model)
    events = [*_promotions(logged), *_rollouts(rollouts), *_alerts(log)]
    spells = [*_champions(logged), *_open_times(log)]
    windows = tuple(windows_of(registry.store, registry.model))
    return Timeline(registry.model, (), (), tuple(_splits(rollouts)), windows).joined(events, spells)


def _promotions(logged: list[Logged]) -> Iterator[Event]:
    for one in logged:
        if told := _promotion(one):
            lane, what, look = told
            yield Event(
                moment(one.entry.when), lane, what, look, one.entry.who, one.entry.why, f"promotion log {one.number}"
            )


def _promotion(one: Logged) -> tuple[str, str, str] | None:
    match one.entry:
        case Bless(package=package, verdict=verdict):
            return GATE, f"gate: {verdict} for {digests.short(package)}", look_of(verdict)
        case Register(package=package, spans=spans):
            return GATE, f"{digests.short(package)} registered, trained on spans {_listed(spans)}", "same"
        case Approve(package=package):
            return GATE, f"{digests.short(package)} approved", "pass"
        case Promote(package=package):
            return CHAMPION, f"champion {one.number}: {digests.short(package)}", "pass"
        case Rollback(package=package):
            return CHAMPION, f"back to {digests.short(package)}, as number {one.number}", "again"
    return None


def _listed(spans: tuple[int, ...]) -> str:
    return ", ".join(map(str, spans)) or "none"


def _champions(logged: list[Logged]) -> Iterator[Spell]:
    crowned = [one for one in logged if isinstance(one.entry, Promote | Rollback)]
    for one, after in zip(crowned, [*crowned[1:], None], strict=True):
        end = moment(after.entry.when) if after else None
        assert isinstance(one.entry, Promote | Rollback)
        yield Spell(CHAMPION, moment(one.entry.when), end, f"{one.number} ({digests.short(one.entry.package)})", "pass")


def _rollouts(said: tuple[tuple[int, RolloutEntry], ...]) -> Iterator[Event]:
    for number, entry in said:
        if told := _rollout(entry):
            yield Event(moment(entry.when), SHARE, *told, entry.who, entry.why, f"rollout log {number}")


def _rollout(entry: RolloutEntry) -> tuple[str, str] | None:
    match entry:
        case Start(challenger=challenger, champion=champion):
            return f"rollout of {digests.short(challenger)} beside champion {champion}", "again"
        case Staged(checks=checks):
            return "staging", "pass" if all(str(one.verdict) == "PASS" for one in checks) else "fail"
        case Shift(percent=percent, shadow=shadow, back=back):
            return f"{percent:g}%{f', copies of {shadow:g}%' if shadow else ''}", "fail" if back else "again"
        case Command(command=command):
            return command, "same"
        case Promoted(number=number):
            return f"the registry's champion is {number}", "pass"
        case Finish(outcome=outcome, verdict=verdict):
            return f"{outcome}, guardrails {verdict}", "pass" if outcome == PROMOTED else "fail"
    return None


def _splits(said: tuple[tuple[int, RolloutEntry], ...]) -> Iterator[Split]:
    for _, entry in said:
        if isinstance(entry, Shift):
            yield Split(moment(entry.when), entry.percent, entry.shadow)
        elif isinstance(entry, Finish):
            # Whoever is champion then has all traffic, and nobody is beside him.
            yield Split(moment(entry.when), 0.0, 0.0)


def _alerts(log: AlertLog) -> Iterator[Event]:
    known = log.state().alerts
    for number, entry in log.entries():
        if isinstance(entry, Sent | Unsent):
            what = f"message {entry.message} {'sent' if isinstance(entry, Sent) else 'not sent'}"
            look = "pass" if isinstance(entry, Sent) else "fail"
        elif told := _alert(number, entry):
            raised = known[told[0]].raised
            what, look = f"alert {told[0]}, {raised.cause} of {raised.subject}: {told[1]}", told[2]
        else:
            continue
        yield Event(moment(entry.when), ALERTS, what, look, entry.who, entry.why, f"alert log {number}")


def _alert(number: int, entry: AlertEntry) -> tuple[int, str, str] | None:
    match entry:
        case Raise(severity=severity):
            return number, f"{severity}, raised", "fail" if severity == "critical" else "open"
        case Worsen(alert=alert):
            return alert, "critical now", "fail"
        case Escalate(alert=alert):
            return alert, "escalated", "fail"
        case Acknowledge(alert=alert, accept=accept):
            return alert, "accepted" if accept else "acknowledged", "same"
        case Recover(alert=alert):
            return alert, "recovered", "pass"
        case Reopen(alert=alert):
            return alert, "there again", "fail"
        case Settle(alert=alert):
            return alert, "a new level", "open"
    return None


def _open_times(log: AlertLog) -> Iterator[Spell]:
    for one in log.state().alerts.values():
        end = moment(one.recovered) if one.recovered else None
        look = "fail" if one.severity == "critical" else "open"
        label = f"{one.id}: {one.raised.cause} of {one.raised.subject}"
        yield Spell(ALERTS, moment(one.raised.when), end, label, look)
