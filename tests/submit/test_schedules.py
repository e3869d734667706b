"""Schedules on both servers: made once, replaced, paused, deleted; and what they start comes to its verdict."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import pytest

from benison.config.destinations import Destination
from benison.core.errors import AccessError, BenisonError, DataError, InputError
from benison.submit import outcome, schedules
from benison.submit.follow import follow
from benison.submit.kubeflow import Kubeflow
from benison.submit.kubeflow_schedules import KubeflowSchedules
from benison.submit.runs import Request
from benison.submit.schedules import Schedule, Scheduler
from benison.submit.timing import timing_of
from benison.submit.vertex import Vertex
from benison.submit.vertex_schedules import VertexSchedules
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import Fault, Held
from tests.submit.vertex_server import VertexServer

Requests = Callable[..., Request]
MONDAYS = timing_of("0 6 * * 1")
PATHS = {KfpServer: "recurringruns", VertexServer: "schedules"}


@pytest.fixture(params=["kubeflow", "vertex"])
def held(request: pytest.FixtureRequest) -> Held:
    """Either server."""
    found: Held = request.getfixturevalue("server" if request.param == "kubeflow" else "vertex_server")
    return found


@pytest.fixture
def scheduler(held: Held, waits: list[float]) -> Scheduler:
    if isinstance(held, KfpServer):
        return KubeflowSchedules(Destination(endpoint=held.address), pause=waits.append)
    place = Destination(endpoint=held.address, project="acme", location="europe-west4")
    return VertexSchedules(place, pause=waits.append)


@pytest.fixture
def asked(held: Held, request_for: Requests) -> Requests:
    def make(outcome: str = "pushed", **changed: Any) -> Request:
        account = "runner@acme.iam.gserviceaccount.com"
        own = {"root": "gs://acme/root", "service_account": account} if isinstance(held, VertexServer) else {}
        return dataclasses.replace(request_for(outcome, "weekly"), **own, **changed)

    return make


def kept(scheduler: Scheduler, request: Request, cron: str = "0 6 * * 1", replace: bool = False) -> schedules.Kept:
    return schedules.keep(scheduler, request, "weekly", timing_of(cron), replace=replace, pause=lambda seconds: None)


def listed(scheduler: Scheduler) -> list[Schedule]:
    return scheduler.listed("census", "census")


def test_a_schedule_is_listed_as_it_was_made(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    request = asked()
    made = kept(scheduler, request)
    (one,) = listed(scheduler)
    assert one == Schedule(
        id=made.schedule,
        name="weekly",
        timing=MONDAYS,
        state="active",
        fingerprint=schedules.fingerprint_of(request, MONDAYS),
        bundle=request.parameters["bundle_digest"],
    )
    assert (made.known, made.replaced) == (False, ())


def test_what_it_starts_comes_to_its_verdict(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    held.carries_out = True
    request = asked("held")
    kept(scheduler, request)
    assert isinstance(held, KfpServer | VertexServer)
    (run,) = [run["run_id"] if isinstance(run, dict) else run for run in held.tick()]
    server = (
        Kubeflow(Destination(endpoint=held.address))
        if isinstance(held, KfpServer)
        else Vertex(Destination(endpoint=held.address, project="acme", location="europe-west4"))
    )
    assert follow(server, request, run, lambda *change: None, 0.05, time.sleep).state == "succeeded"
    assert outcome.read(server.artifact(request, run, "pusher", "pushed_model")) == "held"
    assert [(one.run, one.parameters["span"]) for one in server.runs("census", "census", 5)] == [(run, 3)]


def test_the_very_same_is_there_once_whoever_asks(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    first = kept(scheduler, asked())
    other = dict(asked().parameters)
    again = kept(scheduler, asked(parameters=other))
    assert (again.schedule, again.known, len(listed(scheduler))) == (first.schedule, True, 1)


@pytest.mark.parametrize("carried_out", [True, False])
def test_a_connection_cut_in_the_middle_makes_nothing_twice(
    held: Held, scheduler: Scheduler, asked: Requests, carried_out: bool
) -> None:
    held.faults.append(Fault("POST", PATHS[type(held)], carried_out=carried_out))
    made = kept(scheduler, asked())
    assert [one.id for one in listed(scheduler)] == [made.schedule]


def test_another_of_the_name_gives_way_only_when_told_to(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    first = kept(scheduler, asked())
    with pytest.raises(InputError, match=r"(?s)schedule weekly: .*got another: 0 6 \* \* 1, active.*--replace"):
        kept(scheduler, asked(), "0 7 * * 1")
    assert [one.timing.cron for one in listed(scheduler)] == ["0 6 * * 1"]
    second = kept(scheduler, asked(), "0 7 * * 1", replace=True)
    assert second.replaced == (first.schedule,)
    assert [(one.id, one.timing.cron) for one in listed(scheduler)] == [(second.schedule, "0 7 * * 1")]


def test_a_changed_project_is_another_schedule_and_a_new_commit_alone_is_not(held: Held, asked: Requests) -> None:
    request = asked()
    same = dataclasses.replace(request, parameters={**request.parameters, "commit": "f00", "who": "me@here"})
    other = dataclasses.replace(request, parameters={**request.parameters, "bundle_digest": "sha256:1"})
    prints = [schedules.fingerprint_of(one, MONDAYS) for one in (request, same, other)]
    assert prints[0] == prints[1] != prints[2] and len(prints[0]) == 40


def test_a_pause_starts_nothing_until_it_ends(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    assert isinstance(held, KfpServer | VertexServer)
    made = kept(scheduler, asked()).schedule
    scheduler.pause(made)
    assert (listed(scheduler)[0].state, held.tick()) == ("paused", [])
    scheduler.resume(made)
    assert (listed(scheduler)[0].state, len(held.tick())) == ("active", 1)


def test_a_schedule_that_is_deleted_is_gone(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    scheduler.delete(kept(scheduler, asked()).schedule)
    assert listed(scheduler) == []


def test_all_pages_of_a_list_are_read(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    names = [f"n{at}" for at in range(5)]
    for name in names:
        scheduler.create(asked(), name, MONDAYS, "0" * 40)
    assert [one.name for one in listed(scheduler)] == names
    assert schedules.find(scheduler, "census", "census", "n4").name == "n4"


def test_another_projects_schedules_are_not_shown(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    scheduler.create(asked(project="fraud", experiment="fraud"), "weekly", MONDAYS, "0" * 40)
    assert listed(scheduler) == [] and len(scheduler.listed("fraud", "fraud")) == 1


def test_a_name_that_is_not_there_or_twice_is_told(held: Held, scheduler: Scheduler, asked: Requests) -> None:
    with pytest.raises(DataError, match=r"schedules of census: expected one of the name weekly, got none"):
        schedules.find(scheduler, "census", "census", "weekly")
    ids = [scheduler.create(asked(), "weekly", MONDAYS, digit * 40) for digit in "12"]
    with pytest.raises(DataError, match=rf"(?s)got 2: {ids[0]}, {ids[1]}.*name it by its id"):
        schedules.find(scheduler, "census", "census", "weekly")
    assert schedules.find(scheduler, "census", "census", ids[1]).id == ids[1]
    with pytest.raises(DataError, match=r"(?s)did you mean weekly\?"):
        schedules.find(scheduler, "census", "census", "weekyl")


@pytest.mark.parametrize(("status", "message"), [(403, "expected the right to do this"), (404, "got 404")])
def test_a_refusal_is_told(held: Held, scheduler: Scheduler, asked: Requests, status: int, message: str) -> None:
    held.faults.append(Fault("POST", PATHS[type(held)], status=status))
    with pytest.raises(AccessError, match=rf"(?s)\(a schedule\): .*{message}"):
        kept(scheduler, asked())


@pytest.mark.parametrize("what", ["pause", "resume", "delete"])
def test_an_id_that_the_server_does_not_know_is_told(held: Held, scheduler: Scheduler, what: str) -> None:
    with pytest.raises(BenisonError, match="got 404: no"):
        getattr(scheduler, what)("1999")
