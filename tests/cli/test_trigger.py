"""benison trigger, as a user would call it: data that arrive, a person, a Kubeflow on loopback, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from benison.alerts.alert_log import AlertLog
from benison.alerts.entries import Raise, Recover
from benison.registry.registry import Registry
from benison.registry.testing import Bench
from benison.triggers.entries import Breaker
from benison.triggers.ledger import Ledger
from tests.cli.commands import Answer, call
from tests.cli.servers import ends, project_for
from tests.pipelines import small_project
from tests.submit.cluster import Cluster
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import serving


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KfpServer]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(KfpServer(Cluster(tmp_path / "cluster"))) as held:
        yield held


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = small_project.make(tmp_path / "small")
    say(folder, data={}, debounce_seconds=0)
    (folder / "data" / "span-2.csv").rename(tmp_path / "span-2.csv")
    return folder


def say(folder: Path, **said: object) -> None:
    path = folder / "benison.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "triggers": said}))


def trigger(capsys: pytest.CaptureFixture[str], folder: Path, verb: str, *words: object) -> Answer:
    return call(capsys, "trigger", verb, "-p", folder, *words)


def test_a_plan_says_what_would_be_done_and_does_nothing(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trigger(capsys, project, "plan")
    assert first.out.startswith("watch   data: data up to span 1: 1 file, ") and "would   nothing" in first.out
    assert trigger(capsys, project, "once").code == 0
    (tmp_path / "span-2.csv").rename(project / "data" / "span-2.csv")
    plan = trigger(capsys, project, "plan")
    assert plan.out.startswith("new     data: data up to span 2: 2 files, ")
    assert "would   run: data up to span 2" in plan.out
    said = json.loads(trigger(capsys, project, "plan", "--json").out)
    assert (said["steps"], said["waits_for"]) == (["training"], None)
    assert json.loads(trigger(capsys, project, "history", "--json").out) == []


def test_an_alert_is_told_by_plan_and_history_and_waits_for_data(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say(project, alerts={}, debounce_seconds=0)
    registry = Registry.create(str(project / "registry"), "small")
    Bench(registry, tmp_path / "packages").crown("first", (1,))
    raised = Raise(
        who="monitor", when="2026-11-20T12:00:00Z", why="w", cause="drift", subject="age", severity="critical",
        first=1795176000, last=1795176000, observed="0.2000", allowed="<= 0.0200",
        champion="", snapshot="", evidence="",
    )  # fmt: skip
    AlertLog(registry.store, "small").append(lambda state: raised)
    said = "alert:1: alert 1: critical drift of age since 2026-11-20 12:00 UTC, 0.2000, allowed <= 0.0200"
    waits = "waits for data newer than span 1, which the champion was trained on"
    assert trigger(capsys, project, "plan").out.splitlines() == [
        f"new     {said}", f"holds   1 {said}", "would   nothing", waits.replace("waits", "waits  "),
    ]  # fmt: skip
    once = trigger(capsys, project, "once")
    assert (once.code, once.err) == (0, f"{waits}\n")
    assert said in trigger(capsys, project, "history").out
    (tmp_path / "span-2.csv").rename(project / "data" / "span-2.csv")
    plan = json.loads(trigger(capsys, project, "plan", "--json").out)
    assert (plan["steps"], plan["held"], plan["causes"]["1"]["source"]) == (["training"], {}, "alert:1")
    over = Recover(who="monitor", when="2026-11-20T13:00:00Z", why="w", alert=1, last=1795176000)
    AlertLog(registry.store, "small").append(lambda state: over)
    told = "drop    1 alert 1 recovered at 2026-11-20T13:00:00Z, before a run\nwould   nothing\n"
    assert trigger(capsys, project, "plan").out == told


def test_an_empty_reason_and_a_closed_breaker_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = trigger(capsys, project, "now", "--why", " ")
    assert (empty.code, empty.err) == (2, "error: --why: expected a reason, got nothing\n")
    closed = trigger(capsys, project, "close-breaker", "--why", "x")
    assert closed.code == 1 and "expected an open one, got a closed one" in closed.err
    ledger = Ledger(Registry.create(str(project / "registry"), "small").store, "small")
    said = {"who": "ci", "when": "2026-11-20T12:00:00Z", "why": "3 failures in a row"}
    ledger.append(lambda state: Breaker(state="open", **said))
    noted = trigger(capsys, project, "now", "--why", "try", "--detach")
    assert noted.out == "cause 2: try\n"
    once = trigger(capsys, project, "once")
    assert once.err == "waits for a person who closes the circuit breaker: 3 failures in a row\n"
    assert trigger(capsys, project, "close-breaker", "--why", "fixed").code == 0
    assert trigger(capsys, project, "plan").out.splitlines()[-1] == "would   run: try: training"


def test_a_cron_that_is_none_and_a_secret_that_is_not_set_are_told(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say(project, schedules={"n": {"cron": "0 6 * *"}})
    said = "error: benison.yaml (triggers.schedules.n): expected five fields"
    assert trigger(capsys, project, "once").err.startswith(said)
    webhook = {"provider": "github", "secret": "HOOK"}  # pragma: allowlist secret -- a variable's name
    say(project, git={"repository": ".", "webhook": webhook})
    monkeypatch.delenv("HOOK", raising=False)
    said = (
        "error: $HOOK: expected a secret of 16 characters or more, got none\n\nhint: openssl rand -hex 32  makes one\n"
    )
    assert trigger(capsys, project, "run").err == said
    monkeypatch.setenv("HOOK", "short")
    assert "got 5 of them" in trigger(capsys, project, "run").err


@pytest.mark.parametrize(("word", "code"), [("pushed", 0), ("blocked", 1)])
def test_a_run_on_a_cluster_is_started_once_and_followed_by_later_looks(
    server: KfpServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, code: int
) -> None:
    project = project_for(server, tmp_path)
    say(project, target="kubeflow", debounce_seconds=0)
    place = ("--registry", tmp_path / "registry")
    server.stand = lambda run: ends(run, tmp_path / "root", word)
    assert trigger(capsys, project, "now", *place, "--why", "first", "--detach").code == 0
    for _ in range(2):
        assert trigger(capsys, project, "once", *place).code == 0
    done = trigger(capsys, project, "once", *place)
    assert done.code == code and len(server.runs) == 1, done.err
    (story,) = json.loads(trigger(capsys, project, "history", *place, "--json").out)
    assert (story["outcome"], story["causes"][0]["why"], story["target"]) == (word, "first", "kubeflow")
    assert server.address in trigger(capsys, project, "history", *place).out
    assert trigger(capsys, project, "once", *place).out == ""
