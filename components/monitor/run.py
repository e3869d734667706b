"""Monitor: measure -> judge -> alert -> tell: every window of live traffic that ended since it looked last."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from benison import config as configuration
from benison.alerts.sending import senders
from benison.alerts.state import Alert
from benison.components.monitor.watch import Watched, Watcher
from benison.config import FILE, Config
from benison.core import documents
from benison.core.errors import ConfigError
from benison.core.verdicts import Verdict
from benison.monitoring import words
from benison.registry.registry import Registry

KIND = "monitoring"
RECORD = "monitoring.json"


def run(*, registry_uri: str, requests: str, bundle: Path, record: Path) -> str:
    """Judges the windows of live traffic that ended since the last time, and tells whom it concerns.

    Args:
        registry_uri: Where the registry lies.
        requests: The folder of the servers' request log; empty: as benison.yaml says.
        bundle: The user's project, with what is watched.
        record: The artifact that becomes monitoring.json.

    Returns:
        The verdict: PASS, FAIL while an alert is open, INCONCLUSIVE where nothing could be told.

    Raises:
        RegistryError: There is no champion yet.
        ConfigError: There is no request log.
    """
    config = configuration.read(bundle / "project")
    registry, project = Registry.open(registry_uri, config.name), bundle / "project"
    watcher = watcher_of(config, registry, Path(requests) if requests else None, project)
    watched = watcher.look(datetime.now(UTC))
    told = document(watched)
    documents.write(record / RECORD, KIND, told)
    return str(told["verdict"])


def watcher_of(config: Config, registry: Registry, requests: Path | None = None, project: Path = Path()) -> Watcher:
    """What watches a project's traffic.

    Args:
        config: What benison.yaml says.
        registry: The model's.
        requests: The servers' request log, instead of the one in benison.yaml.
        project: The folder of benison.yaml; the one that this runs in by default.

    Raises:
        ConfigError: There is no request log, or live quality is to be measured and cannot be.
    """
    kept = config.serving.requests
    folder = requests or (kept.folder if kept else None)
    if folder is None:
        hint = "write  requests: {folder: /srv/requests}  under  serving:  in benison.yaml"
        raise ConfigError(f"{FILE} (serving.requests)", expected="the servers' request log", got="none", hint=hint)
    alerting = config.monitor.alerting
    told = senders(alerting.channels, dict(os.environ), allow_private=alerting.allow_private)
    return Watcher(registry, config, folder, told, project)


def document(watched: Watched) -> dict[str, object]:
    """The content of monitoring.json: the newest window's checks, and the alerts that are open."""
    newest = watched.windows[-1] if watched.windows else None
    late = next((one.late for one in reversed(watched.windows) if one.late is not None), None)
    checks = [words.check(one) for one in newest.findings] if newest else []
    return {
        "verdict": str(verdict_of(watched)),
        "windows": len(watched.windows),
        "last": newest.start if newest else None,
        "trouble": watched.trouble,
        "late": None if late is None else late.to_json(),
        "alerts": [alert_of(one) for one in watched.opened],
        "checks": [one.to_json() for one in checks],
    }


def verdict_of(watched: Watched) -> Verdict:
    """FAIL while an alert is open; PASS only where a window was judged and some of its questions were answered."""
    if watched.opened or watched.trouble:
        return Verdict.FAIL
    found = [one.verdict for window in watched.windows[-1:] for one in window.findings]
    return Verdict.PASS if Verdict.PASS in found and Verdict.FAIL not in found else Verdict.INCONCLUSIVE


def alert_of(alert: Alert) -> dict[str, object]:
    """An alert, for programs."""
    raised = alert.raised
    return {
        "id": alert.id,
        "cause": raised.cause,
        "subject": raised.subject,
        "severity": alert.severity,
        "first": raised.first,
        "since": alert.since,
        "observed": alert.observed,
        "allowed": raised.allowed,
        "why": raised.why,
        "acknowledged": alert.acknowledged,
        "settled": alert.settled,
    }
