"""``benison monitor``, on a real registry and a real request log."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from benison.cli.monitor import command
from benison.components.monitor.run import watcher_of
from benison.components.monitor.tests.labelled_world import evaluation, labelled_world
from benison.components.monitor.tests.world import Hour, World, crowned, project
from benison.config import read
from benison.core.errors import BenisonError
from benison.registry.registry import Registry
from benison.registry.testing import Bench
from benison.report.monitoring import render
from serving.tests.running import until


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose servers failed a fifth of all requests for two hours."""
    base = tmp_path_factory.mktemp("monitored")
    own = project(base / "project", base / "requests")
    bench = Bench(Registry.create(str(own / "registry"), "census"), base / "packages")
    crowned(bench)
    (base / "requests").mkdir()
    world = World(bench, base / "requests", watcher_of(read(own), bench.registry))
    world.live(2, lambda hour: Hour(failed=0.2))
    world.late(1, 3)
    world.live(1, lambda hour: Hour(failed=0.2))
    return own


def asked(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(command, [*words, "-p", str(folder)])


def test_says_what_is_wrong_and_lets_a_person_take_it_over(folder: Path) -> None:
    found = asked(folder, "status")
    assert found.output.startswith("alert 1: critical, since ")
    assert "share of requests that failed: " in found.output and "allowed <= 1.00%" in found.output
    assert asked(folder, "acknowledge", "1", "--why", "looking").output == "alert 1: acknowledged\n"
    (alert,) = json.loads(asked(folder, "status", "--json").output)["alerts"]
    assert (alert["cause"], alert["acknowledged"].endswith(": looking")) == ("errors", True)
    assert (
        "\n3 of 1,203 rows from 2026-11-02 00:00 to 2026-11-02 02:00 came after their window was counted\n"
        in found.output
    )


def test_an_unknown_alert_is_refused(folder: Path) -> None:
    refused = asked(folder, "acknowledge", "9", "--why", "x").exception
    assert isinstance(refused, BenisonError)
    assert str(refused) == "the alert log: expected alert 9, got none of that number\n\nhint: known here: 1"


def test_writes_a_page_that_needs_nothing_else(folder: Path, tmp_path: Path) -> None:
    assert asked(folder, "report", "--out", str(tmp_path / "page.html")).exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert "1 alert is open." in page and "errors: requests" in page and "3 of 1,203 rows from" in page
    assert "<script" not in page and 'src="http' not in page


def test_a_page_of_no_window_is_refused(folder: Path, tmp_path: Path) -> None:
    own = project(tmp_path / "project", tmp_path)
    crowned(Bench(Registry.create(str(own / "registry"), "census"), tmp_path / "packages"))
    refused = asked(own, "report").exception
    assert "expected a window, got none so far\n\nhint: judge the first with  benison monitor once" in str(refused)


def test_prints_figures_and_a_dashboard_for_them(folder: Path) -> None:
    text = asked(folder, "metrics").output
    assert 'benison_monitor_open_alerts{model="census",cause="errors",severity="critical"} 1.0\n' in text
    assert 'benison_monitor_window_rows{model="census"} ' in text
    found = CliRunner().invoke(command, ["dashboard"])
    assert json.loads(found.output)["title"] == "Benison: live traffic"


def test_goes_on_telling_its_figures_over_http(folder: Path) -> None:
    words = [sys.executable, "-m", "benison", "monitor", "run", "--metrics-port", "0", "-p", str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as one:
        try:
            assert one.stdout is not None
            address = one.stdout.readline().removeprefix("metrics: http://").removesuffix("/metrics\n")
            until(lambda: "benison_monitor_window_rows" in text_of(address))
        finally:
            one.kill()


def text_of(address: str) -> str:
    connection = http.client.HTTPConnection(address, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()


def test_the_page_shows_quality_with_its_intervals_and_cuts_no_name(tmp_path: Path) -> None:
    one = labelled_world(tmp_path, evaluation(2000))
    one.live(24)
    one.live(4)
    watcher = one.world.watcher
    page = render("census", list(watcher.windows.recent), watcher.alerts.state(), watcher.asked)
    assert "score_drift: answers of the champion<" in page
    assert "auc of live requests by period, with intervals" in page and "Labels came of 14,400 of 14,400" in page
    figure = watcher.windows.recent[-1].quality.figures[0]
    assert f"{figure.lower:.4f} to {figure.upper:.4f}" in page and f"{figure.blessed:.4f}" in page
    assert page.count('class="whisker"') == 2 and "<script" not in page
