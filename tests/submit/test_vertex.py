"""google-cloud-aiplatform's client against a server on loopback that runs what it is sent."""

from __future__ import annotations

import dataclasses
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benison.config.destinations import Destination
from benison.core.errors import AccessError, BenisonError, BrokenError, ConfigError, ConflictError, ServerError
from benison.submit import outcome
from benison.submit.follow import follow
from benison.submit.runs import Request, TaskState
from benison.submit.vertex import Vertex
from tests.submit.loopback import Fault
from tests.submit.vertex_server import VertexServer

Requests = Callable[..., Request]
CONSOLE = "https://console.cloud.google.com/vertex-ai/locations/europe-west4/pipelines/runs"


@pytest.fixture
def server(vertex_server: VertexServer) -> VertexServer:
    return vertex_server


@pytest.fixture
def vertex(server: VertexServer, waits: list[float]) -> Vertex:
    place = Destination(endpoint=server.address, project="acme", location="europe-west4")
    return Vertex(place, pause=waits.append)


@pytest.fixture
def asked(request_for: Requests) -> Requests:
    """Requests whose artifacts go to a bucket, as Vertex wants it."""

    def make(outcome: str = "pushed") -> Request:
        account = "runner@acme.iam.gserviceaccount.com"
        return dataclasses.replace(request_for(outcome), root="gs://acme/root", service_account=account)

    return make


@pytest.mark.parametrize("word", ["pushed", "blocked"])
def test_a_run_comes_to_its_verdict(server: VertexServer, asked: Requests, vertex: Vertex, word: str) -> None:
    server.carries_out = True
    request = asked(word)
    submitted = vertex.submit(request)
    assert (submitted.run, submitted.page) == ("short-a1", f"{CONSOLE}/short-a1?project=acme")
    seen: list[tuple[str, TaskState]] = []
    ended = follow(vertex, request, submitted.run, lambda *change: seen.append(change), 0.05, time.sleep)
    assert (ended.state, ended.tasks["pusher"]) == ("succeeded", TaskState("succeeded"))
    assert seen[-1][1] == TaskState("succeeded")
    assert outcome.read(vertex.artifact(request, submitted.run, "pusher", "pushed_model")) == word


def test_a_task_that_fails_is_named_with_its_reason(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    server.carries_out = True
    request = asked("crash")
    run = vertex.submit(request).run
    ended = follow(vertex, request, run, lambda *change: None, 0.05, time.sleep)
    assert (ended.state, ended.tasks["pusher"]) == ("failed", TaskState("failed", "span 3 is out of reach"))
    with pytest.raises(BrokenError, match="expected an artifact pushed_model of pusher, got none"):
        vertex.artifact(request, run, "pusher", "pushed_model")


def test_what_is_posted_is_what_was_asked_for(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    request = asked()
    vertex.submit(request)
    job = server.runs["short-a1"]
    assert (job["displayName"], job["serviceAccount"]) == ("short-a1", request.service_account)
    assert job["runtimeConfig"] == {"gcsOutputDirectory": "gs://acme/root", "parameterValues": request.parameters}
    assert job["pipelineSpec"]["pipelineInfo"] == {"name": "short"}


def test_the_same_submit_id_finds_its_run(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    assert [vertex.submit(asked()).known for _ in range(2)] == [False, True]
    assert len(server.posts()) == 1


@pytest.mark.parametrize("carried_out", [True, False])
@pytest.mark.parametrize("late", [True, False])
def test_a_connection_cut_in_the_middle_starts_nothing_twice(
    server: VertexServer, asked: Requests, vertex: Vertex, waits: list[float], carried_out: bool, late: bool
) -> None:
    server.faults.append(Fault("POST", "pipelineJobs", carried_out=carried_out, late=late))
    assert vertex.submit(asked()).run == "short-a1"
    assert (list(server.runs), waits) == (["short-a1"], [1.0])


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (400, AccessError, r"\(a run\): expected a request that it takes, got 400: as the test wishes$"),
        (401, AccessError, r"expected credentials that it knows, got 401: .*hint: sign in with  gcloud auth"),
        (403, AccessError, r"expected the right to do this, got 403: .*hint: ask for roles/aiplatform.user"),
        (404, AccessError, r"got 404: .*hint: targets.vertex.project and location in benison.yaml"),
        (409, ConflictError, r"expected a name that is free, got 409: as the test wishes"),
    ],
)
def test_a_refusal_is_told_at_once(
    server: VertexServer,
    asked: Requests,
    vertex: Vertex,
    waits: list[float],
    status: int,
    kind: type[BenisonError],
    message: str,
) -> None:
    body = '{"error": {"message": "as the test wishes"}}'
    # A key that is refused is renewed and tried again by Google's library itself.
    server.faults += [Fault("POST", "pipelineJobs", status=status, body=body) for _ in range(3)]
    with pytest.raises(kind, match=f"(?s){re.escape(server.address)} .*{message}"):
        vertex.submit(asked())
    assert (waits, len(server.runs)) == ([], 0)


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(("method", "path"), [("POST", "pipelineJobs"), ("GET", "pipelineJobs/short-a1")])
def test_a_server_that_is_not_well_is_asked_again(
    server: VertexServer, asked: Requests, vertex: Vertex, waits: list[float], status: int, method: str, path: str
) -> None:
    server.faults += [Fault(method, path, status=status) for _ in range(1)]
    vertex.submit(asked())
    assert (waits, len(server.runs)) == ([1.0], 1)


def test_a_quota_that_stays_used_up_is_told(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    server.faults += [Fault("POST", "pipelineJobs", status=429) for _ in range(4)]
    with pytest.raises(ServerError, match=r"(?s)got 429: .*hint: the project's quota of pipeline jobs is used up"):
        vertex.submit(asked())


def test_a_server_that_is_silent_is_told(
    server: VertexServer, asked: Requests, vertex: Vertex, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = threading.Event()
    monkeypatch.setattr("benison.submit.vertex.LIMIT_S", 0.5)
    monkeypatch.setattr("benison.submit.calls.WAITS_S", ())
    server.faults.append(Fault("POST", "pipelineJobs", delay=end))
    try:
        with pytest.raises(ServerError, match=r"\(a run\): expected an answer, got none in time"):
            vertex.submit(asked())
    finally:
        end.set()


def test_no_server_at_all_is_told(server: VertexServer, asked: Requests, waits: list[float]) -> None:
    client = Vertex(Destination(endpoint="http://127.0.0.1:9", project="a", location="b"), pause=waits.append)
    with pytest.raises(ServerError, match=r"(?s)http://127.0.0.1:9 \(runs\): .* got no connection"):
        client.submit(asked())


def test_no_credentials_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AccessError, match=r"(?s)\(credentials\): expected credentials, .*gcloud auth application-defa"):
        Vertex(Destination(project="acme", location="europe-west4"))


@pytest.mark.parametrize(
    ("said", "missing"), [({"location": "europe-west4"}, "project"), ({"project": "a"}, "location")]
)
def test_a_place_that_is_not_said_is_told(said: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError, match=rf"\(targets.vertex\): expected {missing}, to submit to it, got none"):
        Vertex(Destination(**said))


def test_a_run_that_was_cancelled_is_told(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    request = asked()
    run = vertex.submit(request).run
    error = {"code": 1, "message": "by hand"}
    server.stand = lambda job: job.update(state="PIPELINE_STATE_CANCELLED", error=error)
    found = vertex.state(request, run)
    assert (found.state, found.message, found.tasks) == ("cancelled", "by hand", {})


def test_the_newest_runs_of_a_project_are_listed_first(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    for at in range(3):
        vertex.submit(dataclasses.replace(asked(), submit_id=f"a{at}"))
    vertex.submit(dataclasses.replace(asked(), submit_id="b", project="fraud"))
    server.runs["short-a2"]["state"] = "PIPELINE_STATE_SUCCEEDED"
    newest, older = vertex.runs("census", "census", 2)
    assert (newest.run, newest.state, newest.started) == ("short-a2", "succeeded", "2026-07-01T08:30:02Z")
    assert (older.run, older.state, older.parameters["span"], older.page) == (
        "short-a1",
        "waiting",
        3,
        vertex.page("short-a1"),
    )


def test_a_run_is_cancelled(server: VertexServer, asked: Requests, vertex: Vertex) -> None:
    request = asked()
    run = vertex.submit(request).run
    vertex.cancel(run)
    assert vertex.state(request, run).state == "cancelled"
    with pytest.raises(AccessError, match="got 404: no job another"):
        vertex.cancel("another")
