"""kfp.Client against a server on loopback that runs what it is sent."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.config.destinations import Destination
from benison.core import digests
from benison.core.errors import AccessError, BenisonError, ConflictError, ServerError
from benison.submit import calls, outcome
from benison.submit.follow import follow
from benison.submit.kubeflow import Kubeflow
from benison.submit.runs import Request, TaskState
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import Fault

Requests = Callable[..., Request]
Connect = Callable[..., Kubeflow]


def followed(kubeflow: Kubeflow, request: Request, run: str) -> tuple[str, list[tuple[str, TaskState]]]:
    seen: list[tuple[str, TaskState]] = []
    ended = follow(kubeflow, request, run, lambda name, task: seen.append((name, task)), 0.05, time.sleep)
    return ended.state, seen


@pytest.mark.parametrize("word", ["pushed", "blocked"])
def test_a_run_comes_to_its_verdict(server: KfpServer, request_for: Requests, kubeflow: Connect, word: str) -> None:
    server.carries_out = True
    request, client = request_for(word), kubeflow()
    submitted = client.submit(request)
    assert submitted.page == f"{server.address}/#/runs/details/{submitted.run}"
    state, seen = followed(client, request, submitted.run)
    assert state == "succeeded"
    assert {("bundle", TaskState("succeeded")), ("pusher", TaskState("succeeded"))} <= set(seen)
    assert outcome.read(client.artifact(request, submitted.run, "pusher", "pushed_model")) == word


def test_a_task_that_fails_is_named_with_its_reason(
    server: KfpServer, request_for: Requests, kubeflow: Connect
) -> None:
    server.carries_out = True
    request, client = request_for("crash"), kubeflow()
    state, seen = followed(client, request, client.submit(request).run)
    assert state == "failed"
    assert seen[-1] == ("pusher", TaskState("failed", "span 3 is out of reach"))


def test_what_is_posted_is_what_was_asked_for(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    request = request_for()
    submitted = kubeflow().submit(request)
    (run,) = server.runs.values()
    assert run["display_name"] == "short-a1" and run["service_account"] == "runner"
    assert run["runtime_config"]["pipeline_root"] == request.root
    assert run["runtime_config"]["parameters"] == request.parameters
    assert [one["display_name"] for one in server.experiments.values()] == ["census"]
    assert [one["display_name"] for one in server.pipelines.values()] == ["short"]
    version = server.versions[run["pipeline_version_reference"]["pipeline_version_id"]]
    assert version["display_name"] == digests.as_folder_name(request.digest)
    assert (submitted.known, submitted.twins) == (False, ())


def test_a_second_submit_uploads_nothing(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    client = kubeflow()
    first = client.submit(request_for(submit_id="a1"))
    assert server.posts() == ["experiments", "pipelines/upload", "pipelines/upload_version", "runs"]
    server.requests.clear()
    second = client.submit(request_for(submit_id="a2"))
    assert server.posts() == ["runs"] and first.run != second.run


def test_the_same_submit_id_finds_its_run(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    first = kubeflow().submit(request_for())
    server.requests.clear()
    again = kubeflow().submit(request_for())
    assert (again.run, again.known, server.posts()) == (first.run, True, [])


@pytest.mark.parametrize("path", ["experiments", "pipelines/upload", "pipelines/upload_version", "runs"])
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_connection_cut_in_the_middle_makes_nothing_twice(
    server: KfpServer, request_for: Requests, kubeflow: Connect, waits: list[float], path: str, carried_out: bool
) -> None:
    server.faults.append(Fault("POST", path, carried_out=carried_out))
    submitted = kubeflow().submit(request_for())
    assert [len(table) for table in (server.experiments, server.pipelines, server.runs)] == [1, 1, 1]
    assert sorted(one["display_name"] for one in server.versions.values())[1:] == ["short"]
    assert (list(server.runs), waits, submitted.twins) == ([submitted.run], [1.0], ())
    assert server.posts().count(path) == (1 if carried_out else 2)


def test_a_run_that_comes_to_be_after_all_is_told(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    server.faults.append(Fault("POST", "runs", late=True))
    submitted = kubeflow().submit(request_for())
    assert len(server.runs) == 2
    assert {submitted.run, *submitted.twins} == set(server.runs) and len(submitted.twins) == 1


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (400, AccessError, r"\(a run\): expected a request that it takes, got 400: as the test wishes$"),
        (401, AccessError, r"expected credentials that it knows, got 401: .*\n\nhint: sign in as kfp's client has it"),
        (403, AccessError, r"expected the right to do this, got 403: .*hint: ask for the right to create pipelines"),
        (404, AccessError, r"got 404: .*hint: targets.kubeflow.endpoint in benison.yaml, else KF_PIPELINES_ENDPOINT"),
        (409, ConflictError, r"expected a name that is free, got 409: as the test wishes"),
    ],
)
def test_a_refusal_is_told_at_once(
    server: KfpServer,
    request_for: Requests,
    kubeflow: Connect,
    waits: list[float],
    status: int,
    kind: type[BenisonError],
    message: str,
) -> None:
    server.faults.append(Fault("POST", "runs", status=status))
    with pytest.raises(kind, match=f"(?s){re.escape(server.address)} .*{message}"):
        kubeflow().submit(request_for())
    assert (waits, len(server.runs)) == ([], 0)


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(("method", "path"), [("POST", "runs"), ("GET", "pipelines"), ("GET", "healthz")])
def test_a_server_that_is_not_well_is_asked_again(
    server: KfpServer, request_for: Requests, kubeflow: Connect, waits: list[float], status: int, method: str, path: str
) -> None:
    server.faults += [Fault(method, path, status=status) for _ in range(2)]
    kubeflow().submit(request_for())
    assert (waits, len(server.runs)) == ([1.0, 2.0], 1)


def test_a_server_that_stays_unwell_is_told(
    server: KfpServer, request_for: Requests, kubeflow: Connect, waits: list[float]
) -> None:
    server.faults += [Fault("POST", "runs", status=429) for _ in range(4)]
    with pytest.raises(ServerError, match=r"(?s)a server with time for this, got 429: .*with the same --submit-id"):
        kubeflow().submit(request_for())
    assert waits == list(calls.WAITS_S) and server.posts().count("runs") == 4


def test_a_server_that_is_silent_is_told(
    server: KfpServer, request_for: Requests, kubeflow: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, end = kubeflow(), threading.Event()
    monkeypatch.setattr("benison.submit.kubeflow_connection.LIMIT_S", 1)
    monkeypatch.setattr("benison.submit.calls.WAITS_S", ())
    server.faults.append(Fault("POST", "runs", delay=end))
    try:
        with pytest.raises(ServerError, match=r"\(a run\): expected an answer, got none in time"):
            client.submit(request_for())
    finally:
        end.set()


def test_no_server_at_all_is_told(waits: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ServerError, match=r"(?s)http://127.0.0.1:9 \(its health\): .* got no connection.*is up"):
        Kubeflow(Destination(endpoint="http://127.0.0.1:9"), pause=waits.append)


def test_a_page_to_sign_in_on_is_no_answer(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    client = kubeflow()
    server.faults.append(Fault("POST", "runs", status=200, body="<html>Log in</html>"))
    with pytest.raises(
        AccessError, match=r"(?s)expected an answer of Kubeflow Pipelines' API, .*perhaps a page to sign"
    ):
        client.submit(request_for())


def test_the_token_of_kfps_command_line_is_sent_and_never_shown(
    server: KfpServer, request_for: Requests, kubeflow: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.token = "a-secret-of-the-tests"
    with pytest.raises(AccessError, match="got 401: who are you") as error:
        kubeflow()
    monkeypatch.setenv("KFP_EXISTING_TOKEN", server.token)
    assert kubeflow().submit(request_for()).run in server.runs
    assert server.token not in str(error.value)


def test_a_namespace_goes_along_where_several_share_a_server(
    server: KfpServer, request_for: Requests, kubeflow: Connect
) -> None:
    server.multi_user = True
    with pytest.raises(AccessError, match="a namespace is needed"):
        kubeflow().submit(request_for())
    assert kubeflow("team-a").submit(request_for()).run in server.runs


def test_a_run_that_was_cancelled_is_told(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    request, client = request_for(), kubeflow()
    run = client.submit(request).run
    server.stand = lambda found: found.update(state="CANCELED", error={"code": 1, "message": "by hand"})
    found = client.state(request, run)
    assert (found.state, found.message, found.tasks) == ("cancelled", "by hand", {})


def test_the_newest_runs_of_a_project_are_listed_first(
    server: KfpServer, request_for: Requests, kubeflow: Connect
) -> None:
    client = kubeflow()
    assert client.runs("census", "census", 5) == []
    ids = [client.submit(request_for(submit_id=f"a{at}")).run for at in range(3)]
    server.runs[ids[2]]["state"] = "SUCCEEDED"
    newest, older = client.runs("census", "census", 2)
    assert (newest.run, newest.name, newest.state, newest.started) == (
        ids[2],
        "short-a2",
        "succeeded",
        "2026-07-01T08:30:02Z",
    )
    assert (older.run, older.state, older.parameters["span"], older.page) == (ids[1], "waiting", 3, client.page(ids[1]))


def test_a_run_is_cancelled(server: KfpServer, request_for: Requests, kubeflow: Connect) -> None:
    client, request = kubeflow(), request_for()
    run = client.submit(request).run
    client.cancel(run)
    assert client.state(request, run).state == "cancelled"
    with pytest.raises(AccessError, match="got 404: no such run"):
        client.cancel("another")
