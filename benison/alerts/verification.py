"""Walking what a monitor left of a model: the log of windows, the log of alerts, and what these say of each other."""

from __future__ import annotations

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import Raise
from benison.monitoring import window_log
from benison.registry.registry import Registry
from benison.registry.verification import Findings


def problems(registry: Registry) -> tuple[str, ...]:
    """What is wrong with the windows and alerts of a model, each naming its file; empty where nothing is.

    Args:
        registry: The model's, beside whose log the others lie.
    """
    log = AlertLog(registry.store, registry.model)
    found, none = Findings(), set[str]()
    windows = found.attempt(lambda: set(window_log.verified(registry.store, registry.model)), none)
    found.attempt(log.verify, None)
    # A log that cannot be read says nothing of what the other one names.
    return tuple(found.problems) or _without_window(log, windows)


def _without_window(log: AlertLog, windows: set[str]) -> tuple[str, ...]:
    raised = [(number, entry.evidence) for number, entry in log.entries() if isinstance(entry, Raise)]
    lost = [(number, evidence) for number, evidence in raised if evidence and evidence not in windows]
    return tuple(
        f"{log.where(number)}: expected {evidence} in the log of windows, got none" for number, evidence in lost
    )
