"""What `benison registry verify` says of windows and alerts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benison.alerts import decide
from benison.alerts.alert_log import AlertLog
from benison.alerts.verification import problems
from benison.core.chain import Chain
from benison.core.verdicts import Verdict
from benison.registry.registry import Registry
from tests.alerts.test_alerts import ALERTING, window

WINDOW = Path(__file__).parents[2] / "schemas" / "examples" / "valid" / "window_entry.json"
COUNTS = json.loads(WINDOW.read_text())["entry"]["counts"]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry with two windows, of which the second raised an alert."""
    registry = Registry.create(str(tmp_path), "census")
    chain, windows = Chain(registry.store, "census/windows", "window_entry"), []
    head = None
    for number, verdict in enumerate((Verdict.PASS, Verdict.FAIL), start=1):
        windows.append(replace(window(number, verdict, severe=True), counts=COUNTS))
        head = chain.append(windows[-1].to_json(), head)
    when = "2026-11-20T12:00:00Z"
    AlertLog(registry.store, "census").append(lambda state: decide.of_windows(state, windows, ALERTING, when))
    return registry


def test_windows_and_alerts_that_are_as_they_were_written_are_sound(registry: Registry) -> None:
    assert problems(registry) == ()
    assert len(AlertLog(registry.store, "census").state().open) == 1


@pytest.mark.parametrize("log", ["windows", "alerts"])
def test_an_entry_that_is_torn_or_none_is_named(registry: Registry, tmp_path: Path, log: str) -> None:
    *_, file = sorted((tmp_path / "census" / log).iterdir())
    whole = file.read_text()
    for torn in ("{", whole.replace('"start"', '"began"').replace('"raise"', '"praise"')):
        file.write_text(torn)
        found = problems(registry)
        assert len(found) == 1 and found[0].startswith(f"{file}: expected ")


def test_an_alert_of_a_window_that_is_not_there_is_named(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "census" / "windows" / "000000000002.json").unlink()
    (found,) = problems(registry)
    assert "alerts/000000000001.json: expected sha256:" in found and found.endswith("in the log of windows, got none")
