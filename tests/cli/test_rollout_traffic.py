"""benison rollout with a real HAProxy as the router."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benison.registry.registry import Registry
from benison.registry.testing import Bench
from tests.cli.commands import Answer, call
from tests.cli.test_rollout import WHY, blessed, say
from tests.delivery.routers.proxied import Proxy, until

Captured = pytest.CaptureFixture[str]
STEPS = [{"percent": 1, "minutes": 1}, {"percent": 30, "minutes": 1}]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(tmp_path).running() as proxy:
        until(lambda: all(proxy.status(one).startswith(("UP", "DRAIN")) for one in ("champion", "challenger")))
        yield proxy


@pytest.fixture
def bench(tmp_path: Path, proxy: Proxy) -> Bench:
    say(tmp_path, steps=STEPS, traffic={"router": "haproxy", "socket": proxy.socket, "backend": "models"})
    (tmp_path / "requests").mkdir()
    return blessed(Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages"), tmp_path)


def asked(capsys: Captured, folder: Path, *words: object) -> Answer:
    return call(capsys, "rollout", *words, "-p", folder)


def test_start_and_plan_say_what_the_router_gives(bench: Bench, tmp_path: Path, capsys: Captured) -> None:
    said = "router: haproxy gives 1% for 1%, 30% for 30%"
    assert asked(capsys, tmp_path, "start", "--detach", *WHY).out.splitlines()[1] == said
    planned = asked(capsys, tmp_path, "plan", "--requests-per-second", 100, "--error-rate", 0.01)
    assert planned.out.splitlines()[0] == said


def test_status_names_the_router_and_tells_what_it_says(
    bench: Bench, proxy: Proxy, tmp_path: Path, capsys: Captured
) -> None:
    asked(capsys, tmp_path, "start", "--detach", *WHY)
    assert "router: haproxy says 0%" in asked(capsys, tmp_path, "status").out.splitlines()
    proxy.router().set(1.0)
    assert "router: haproxy says 1%, not yet 0%" in asked(capsys, tmp_path, "status").out.splitlines()
    told = json.loads(asked(capsys, tmp_path, "status", "--json").out)["running"]["router"]
    assert told == {"name": "haproxy", "percent": 1.0, "trouble": "1%, not yet 0%"}
    proxy.kill()
    answer = asked(capsys, tmp_path, "status").out
    assert f"router: haproxy says haproxy ({proxy.socket}): expected an answer, got " in answer
    assert json.loads(asked(capsys, tmp_path, "status", "--json").out)["running"]["router"]["percent"] is None


def test_a_router_that_is_not_fit_is_told_before_anything_begins(
    bench: Bench, proxy: Proxy, tmp_path: Path, capsys: Captured
) -> None:
    proxy.challenger.stop()
    until(lambda: proxy.status("challenger").startswith("DOWN"))
    answer = asked(capsys, tmp_path, "start", "--detach", *WHY)
    assert answer.code == 2
    assert "haproxy (models): expected server challenger up, by HAProxy's own check, got DOWN" in answer.err
    assert "server challenger HOST:PORT check weight 0" in answer.err
    assert asked(capsys, tmp_path, "status").out.startswith("no rollout so far")
