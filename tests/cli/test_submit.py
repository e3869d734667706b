"""benison submit, against a Kubeflow on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Answer, call
from tests.cli.servers import IMAGES, change, ends, project_for
from tests.submit.cluster import Cluster
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import Fault, serving


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KfpServer]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(KfpServer(Cluster(tmp_path / "cluster"))) as held:
        yield held


@pytest.fixture
def project(tmp_path: Path, server: KfpServer) -> Path:
    return project_for(server, tmp_path)


def submit(capsys: pytest.CaptureFixture[str], folder: Path, *words: object) -> Answer:
    return call(capsys, "submit", "-p", folder, "--target", "kubeflow", "--every", "0.01", *words)


def test_a_run_is_started_and_its_place_is_told(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    done = submit(capsys, project, "--span", 2)
    (run,) = server.runs.values()
    assert done.code == 0, done.err
    assert done.out == f"run: {run['run_id']}\npage: {server.address}/#/runs/details/{run['run_id']}\n"
    assert "(5 files)" in done.err
    given = run["runtime_config"]["parameters"]
    assert (given["span"], given["registry_uri"]) == (2, "s3://models/registry")
    again = submit(capsys, project)
    assert again.code == 0 and "(there already)" in again.err and len(server.runs) == 2


@pytest.mark.parametrize(("word", "code"), [("pushed", 0), ("held", 0), ("blocked", 1)])
def test_waiting_ends_with_the_gates_exit_code(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str], tmp_path: Path, word: str, code: int
) -> None:
    server.stand = lambda run: ends(run, tmp_path / "root", word)
    done = submit(capsys, project, "--wait")
    assert (done.code, done.out.splitlines()[-1]) == (code, f"verdict: {word}"), done.err
    assert "  pusher               running\n  pusher               succeeded\n" in done.err


@pytest.mark.parametrize(("word", "code"), [("promoted", 0), ("shadowed", 0), ("rolled_back", 1), ("aborted", 1)])
def test_a_rollout_ends_with_its_own_word(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str], tmp_path: Path, word: str, code: int
) -> None:
    server.stand = lambda run: ends(run, tmp_path / "root", word)
    done = submit(capsys, project, "--pipeline", "continuous_delivery", "--why", "week 47", "--wait")
    assert (done.code, done.out.splitlines()[-1]) == (code, f"verdict: {word}"), done.err
    (run,) = server.runs.values()
    assert run["runtime_config"]["parameters"]["why"] == "week 47"


def test_a_pipeline_that_asks_for_a_reason_is_not_started_without(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = submit(capsys, project, "--pipeline", "continuous_delivery")
    assert (refused.code, dict(server.runs)) == (2, {})
    assert '--pipeline continuous_delivery: expected why, got none\n\nhint: say it: --why "..."' in refused.err


def test_a_run_that_fails_is_told_with_its_tasks_and_leaves_with_3(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    task = {"display_name": "trainer", "state": "FAILED", "error": {"code": 2, "message": "no memory"}}
    server.stand = lambda run: run.update(state="FAILED", run_details={"task_details": [task]})
    done = submit(capsys, project, "--wait")
    assert done.code == 3 and "  trainer              failed: no memory\n" in done.err
    assert "expected an end with a verdict, got failed: trainer\n\nhint: the tasks have logs: http" in done.err


def test_a_server_that_is_lost_while_waiting_leaves_the_run_alone(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.stand = lambda run: server.faults.append(Fault("GET", f"runs/{run['run_id']}", status=403))
    done = submit(capsys, project, "--wait", "--submit-id", "mine")
    (run,) = server.runs.values()
    assert done.code == 2 and f"the run goes on: {server.address}/#/runs/details/{run['run_id']}\n" in done.err
    again = submit(capsys, project, "--submit-id", "mine")
    assert again.code == 0 and "started before by this submit id" in again.err and len(server.runs) == 1


def test_nothing_is_sent_that_the_cluster_cannot_run(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    change(project, registry="registry")
    done = submit(capsys, project)
    assert done.code == 2 and server.requests == []
    assert "error: benison.yaml (registry): expected a registry in a bucket, got 'registry'" in done.err
    assert "expected a project that kubeflow runs, got errors: 1" in done.err


def test_without_a_pipeline_root_there_is_nowhere_to_send_it(
    project: Path, server: KfpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    change(project, targets={"kubeflow": {"endpoint": server.address}})
    done = submit(capsys, project)
    assert done.code == 2 and "(targets.kubeflow): expected pipeline_root, to submit to it, got none" in done.err


@pytest.mark.parametrize("said", ["Upper", "a_b", "-a", "a" * 41, ""])
def test_a_submit_id_that_is_none_is_told(project: Path, capsys: pytest.CaptureFixture[str], said: str) -> None:
    done = submit(capsys, project, f"--submit-id={said}")
    assert done.code == 2 and "up to 40 of a to z, 0 to 9 and -, not at its ends" in done.err


def test_a_pipeline_that_is_not_known_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = submit(capsys, project, "--pipeline", "continuous_traning")
    assert done.code == 2 and "did you mean continuous_training?" in done.err


def test_vertex_is_asked_for_nothing_where_its_place_or_credentials_are_missing(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    place = {"pipeline_root": "gs://acme/root", "images": IMAGES, "project": "acme"}
    change(project, targets={"vertex": place})
    done = call(capsys, "submit", "-p", project, "--target", "vertex")
    assert done.code == 2 and "(targets.vertex): expected location, to submit to it, got none" in done.err
    change(project, targets={"vertex": {**place, "location": "europe-west4"}})
    done = call(capsys, "submit", "-p", project, "--target", "vertex")
    assert done.code == 2 and "hint: sign in with  gcloud auth application-default login" in done.err


def test_vertex_without_its_client_says_what_to_install(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("vertex", "vertex_connection"):
        monkeypatch.delitem(sys.modules, f"benison.submit.{part}", raising=False)
    # As Python has it for a module that is not installed.
    monkeypatch.setitem(sys.modules, "google.cloud.aiplatform_v1", None)
    monkeypatch.setattr("google.cloud.aiplatform_v1", None, raising=False)
    monkeypatch.delattr("google.cloud.aiplatform_v1")
    change(project, targets={"vertex": {"pipeline_root": "gs://acme/root", "images": IMAGES}})
    done = call(capsys, "submit", "-p", project, "--target", "vertex")
    assert done.code == 2 and "hint: install it: pip install 'benison[vertex]'" in done.err
