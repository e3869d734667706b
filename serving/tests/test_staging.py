"""A challenger that is tried on a real server before it has a live request, as a rollout's controller tries it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial

from benison.components.rollout.stage import Side, ask_named, is_conclusive, staged
from benison.components.rollout.typical import typical
from benison.config.staging import Staging
from benison.core.verdicts import Check, Verdict
from benison.delivery.probe import Reply, Server
from serving.tests.made import FEATURES
from serving.tests.running import MODEL, Shop

Registered = Callable[..., str]
ROWS = [{**row, "x": 0.5 if row["x"] is None else min(max(row["x"], 0), 1)} for row in typical(FEATURES)]


def tried(shop: Shop, one: str, two: str, seen: Callable[[], None] = lambda: None) -> dict[str, Check]:
    url = f"http://127.0.0.1:{shop.server.port}"
    said = Staging(url, requests=50, seconds=1.0, p99_ms=5000)
    with closing(Server(url, MODEL)) as server:

        def ask(package: str, body: bytes) -> Reply:
            seen()
            return ask_named(server, package, body)

        return {check.name: check for check in staged(partial(ask), Side(one, ROWS), Side(two, ROWS), said)}


def test_a_sound_one_passes_and_a_faulty_one_fails_its_contract(shop: Shop, registered: Registered) -> None:
    one, two = registered(0.5), registered(0.25)
    shop.say(110, one, challenger=two, salt="rollout 1")
    passed = tried(shop, one, two)
    assert {check.verdict for check in passed.values()} == {Verdict.PASS}, passed
    assert list(passed) == ["ready", "contract", "error_share", "p99_ms"]
    faulty = registered(0.25, "high")
    shop.say(111, one, challenger=faulty, salt="rollout 2")
    rows = [{**row, "city": "high"} for row in ROWS[:2]]
    with closing(Server(f"http://127.0.0.1:{shop.server.port}", MODEL)) as server:
        ask = partial(ask_named, server)
        *_, last = staged(ask, Side(one, rows), Side(faulty, rows), Staging("http://x"))
    assert (last.name, last.verdict) == ("contract", Verdict.FAIL)
    assert "expected a number from 0 to 1, got 2" in last.reason


def test_a_server_that_is_killed_meanwhile_or_has_another_challenger_tells_nothing(
    shop: Shop, registered: Registered
) -> None:
    one, two = registered(0.5), registered(0.25)
    shop.say(112, one, challenger=two, salt="rollout 3")
    other = tried(shop, one, "sha256:" + "0" * 64)
    assert other["ready"].reason.startswith("the challenger could not be asked: 409: x-staging: no rollout tries this")
    left = iter(range(20))

    def kill() -> None:
        if next(left, None) is None:
            shop.server.process.kill()

    found = tried(shop, one, two, kill)
    assert found["load"].verdict is Verdict.ERROR
    assert not is_conclusive(list(found.values()))
