"""benison schedule and benison runs, against a Kubeflow on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Answer, call
from tests.cli.servers import change, ends, project_for
from tests.submit.cluster import Cluster
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import serving

TO = ("--target", "kubeflow")
EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples" / "valid"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KfpServer]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(KfpServer(Cluster(tmp_path / "cluster"))) as held:
        yield held


@pytest.fixture
def project(tmp_path: Path, server: KfpServer) -> Path:
    return project_for(server, tmp_path)


def create(capsys: pytest.CaptureFixture[str], folder: Path, *words: str, name: str = "weekly") -> Answer:
    return call(capsys, "schedule", "create", name, "-p", folder, *TO, "--cron", "0 6 * * 1", *words)


def test_a_schedule_is_made_listed_paused_resumed_and_deleted(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    done = create(capsys, project)
    (one,) = server.schedules.values()
    first, ahead = done.out.splitlines()
    assert done.code == 0 and first == f"schedule: {one['recurring_run_id']}", done.err
    assert ahead.startswith("next: Mon ") and ahead.count("06:00 UTC") == 3
    assert one["trigger"]["cron_schedule"]["cron"] == "0 0 6 * * 1"
    assert one["runtime_config"]["parameters"]["span"] == 0
    shown = call(capsys, "schedule", "list", "-p", project, *TO).out
    digest = one["runtime_config"]["parameters"]["bundle_digest"].removeprefix("sha256:")[:12]
    assert f"{one['recurring_run_id']}  0 6 * * 1  active  project {digest}  next Mon " in shown
    for verb, state in [("pause", "paused"), ("resume", "active")]:
        assert call(capsys, "schedule", verb, "weekly", "-p", project, *TO).code == 0
        assert f"  {state}" in call(capsys, "schedule", "list", "-p", project, *TO).out
    assert call(capsys, "schedule", "delete", "weekly", "-p", project, *TO).code == 0
    assert call(capsys, "schedule", "list", "-p", project, *TO) == Answer(0, "", "")


def test_the_same_again_changes_nothing_and_another_takes_its_place_only_when_told_to(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    create(capsys, project)
    assert "it was there already, the same in all things" in create(capsys, project).err
    config = project / "benison.yaml"
    config.write_text(config.read_text() + "description: another\n")
    refused = create(capsys, project)
    assert refused.code == 2 and "hint: --replace takes its place" in refused.err and len(server.schedules) == 1
    done = create(capsys, project, "--replace")
    assert done.code == 0 and "deleted: " in done.err and len(server.schedules) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--cron", "@daily"), "expected five fields: minute, hour,"),
        (("--timezone", "Europe/Berlin"), "expected none: Kubeflow has none of a schedule's own, got Europe/Berlin"),
        (("--pipeline", "continuous_traning"), "did you mean continuous_training?"),
    ],
)
def test_what_cannot_be_scheduled_is_told_before_anything_is_made(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    done = create(capsys, project, *words)
    assert done.code == 2 and message in done.err and server.schedules == {}


@pytest.mark.parametrize("name", ["Weekly", "a_b", "a" * 41])
def test_a_name_that_is_none_is_told(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    done = create(capsys, project, name=name)
    assert done.code == 2 and "up to 40 of a to z, 0 to 9 and -, not at its ends" in done.err


def test_a_schedule_that_is_not_there_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create(capsys, project)
    done = call(capsys, "schedule", "pause", "weekyl", "-p", project, *TO)
    assert done.code == 2 and "did you mean weekly?" in done.err


def recorded(project: Path) -> str:
    """The record of a run that was made here."""
    record = json.loads((EXAMPLES / "run.json").read_text())
    folder = project / "runs" / record["id"]
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    return str(record["id"])


def test_runs_are_listed_wherever_they_ran(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    here = recorded(project)
    for span in ("1", "2"):
        assert call(capsys, "submit", "-p", project, *TO, "--span", span).code == 0
    done = call(capsys, "runs", "list", "-p", project)
    lines, ids = done.out.splitlines(), list(server.runs)
    assert [line.split()[:2] for line in lines] == [["local", here], ["kubeflow", ids[1]], ["kubeflow", ids[0]]]
    assert "span 2" in lines[1] and "waiting" in lines[1] and "project " in lines[1]
    assert len(call(capsys, "runs", "list", "-p", project, *TO, "--most", "1").out.splitlines()) == 1


def test_a_place_that_does_not_answer_is_told_and_the_others_are_listed(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benison.submit.calls.WAITS_S", ())
    here = recorded(project)
    place = {"endpoint": "http://127.0.0.1:9", "pipeline_root": "s3://a/b"}
    change(project, targets={"kubeflow": place})
    done = call(capsys, "runs", "list", "-p", project)
    assert done.code == 3 and here in done.out and "got no connection" in done.err


def test_a_run_is_shown_with_its_tasks_and_its_verdict(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call(capsys, "submit", "-p", project, *TO)
    (run,) = server.runs
    server.stand = lambda found: ends(found, tmp_path / "root", "blocked")
    first = call(capsys, "runs", "show", run, "-p", project, *TO)
    assert first.code == 0 and first.out.splitlines()[:2] == [
        "state                running",
        "  pusher             running",
    ]
    assert "verdict" not in first.out
    second = call(capsys, "runs", "show", run, "-p", project, *TO)
    assert "verdict              blocked\n" in second.out
    assert second.out.endswith(f"page                 {server.address}/#/runs/details/{run}\n")


def test_a_run_made_here_is_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here = recorded(project)
    record = json.loads((EXAMPLES / "run.json").read_text())
    done = call(capsys, "runs", "show", here, "-p", project)
    lines = done.out.splitlines()
    assert lines[0].split() == ["state", record["state"]] and lines[-1].split() == [
        "verdict",
        record["verdict"] or "none",
    ]
    assert [line.split()[0] for line in lines[1:-1]] == list(record["tasks"])
    unknown = call(capsys, "runs", "show", "20260101-000000-0000", "-p", project)
    assert unknown.code == 2 and "expected a run '20260101-000000-0000', got 1 others" in unknown.err


def test_a_run_is_cancelled_where_it_runs(project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "submit", "-p", project, *TO)
    (run,) = server.runs
    done = call(capsys, "runs", "cancel", run, "-p", project, *TO)
    assert done.code == 0 and f"asked for its end: {server.address}" in done.err
    assert server.runs[run]["state"] == "CANCELED"
    here = call(capsys, "runs", "cancel", run, "-p", project)
    assert here.code == 2 and "hint: Ctrl-C ends a run here" in here.err
