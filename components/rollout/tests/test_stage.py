"""The challenger on its servers, before it has a live request."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benison.components.rollout.control import LEASE_SECONDS, Controller
from benison.components.rollout.stage import Side, Stage, ask_named, is_conclusive, staged
from benison.components.rollout.tests.live import PLAN, Arm, World
from benison.components.rollout.tests.tried import Answers, Tried, fair, tried_server
from benison.components.rollout.typical import typical
from benison.config.rollout import Guardrail, Phase
from benison.config.staging import Staging
from benison.core import documents
from benison.core.verdicts import Check, Tier, Verdict
from benison.delivery.entries import Staged
from benison.delivery.probe import Reply, Server, steadily
from benison.registry.registry import Registry
from benison.registry.testing import Bench, MemoryStore, digest

FEATURES = json.loads((documents.SCHEMAS / "examples" / "valid" / "features.json").read_text())
ONE, TWO = digest("one"), digest("two")
ROW = {"x": 1.0}
QUICK = replace(
    PLAN, phases=(Phase(50, 0, 1),), watch_minutes=0.5, guardrails=(Guardrail("error_rate", Tier.HARD, 0.1),)
)


def said(url: str, **more: Any) -> Staging:
    return Staging(url, **{"requests": 50, "seconds": 0.1, **more})


@pytest.fixture
def server() -> Iterator[Tried]:
    with tried_server() as tried:
        tried.loaded = {ONE: fair, TWO: fair}
        yield tried


def found(tried: Tried, **more: Any) -> dict[str, Check]:
    with closing(Server(tried.url, "shop", 5)) as asked:
        ask = partial(ask_named, asked)
        checks = list(staged(ask, Side(ONE, [ROW] * 20), Side(TWO, [ROW] * 20), said(tried.url, **more)))
    assert {check.subject for check in checks} == {"staging"}
    return {check.name: check for check in checks}


def test_a_sound_challenger_is_there_keeps_its_contract_and_bears_the_load(server: Tried) -> None:
    checks = found(server, p99_ms=9000, p99_ratio=9000)
    assert {name: check.verdict for name, check in checks.items()} == dict.fromkeys(
        ["ready", "contract", "error_share", "p99_ms", "p99_ms_over_champion"], Verdict.PASS
    )
    assert checks["error_share"].numbers["requests"] == 50
    assert checks["contract"].reason == "each of 20 rows has one answer from 0 to 1"
    packages = [package for package, _ in server.asked]
    assert (packages.count(ONE), packages.count(TWO)) == (50, 1 + 2 + 50)


def answering(status: int, **content: Any) -> Answers:
    return lambda rows: (status, dict(content))


def only_one(rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    return (200, {"predictions": [0.5]}) if len(rows) == 1 else (500, {"error": "row 2: got nan"})


@pytest.mark.parametrize(
    ("answers", "name", "verdict", "reason"),
    [
        (answering(503, error="not loaded"), "ready", "ERROR", "the challenger could not be asked: 503: not loaded"),
        (answering(404), "ready", "ERROR", "the challenger could not be asked: 404: {}"),
        (answering(409, error="no rollout"), "ready", "ERROR", "the challenger could not be asked: 409: no rollout"),
        (answering(0), "ready", "ERROR", "the challenger could not be asked: no answer from 127.0.0.1"),
        (
            answering(200, predictions=[0.5], package=ONE),
            "ready",
            "ERROR",
            f"the challenger could not be asked: the answer came of {ONE[7:19]}",
        ),
        (only_one, "contract", "FAIL", "rows that the challenger reads are not answered: 500: row 2: got nan"),
        (answering(200, predictions=[1.5]), "contract", "FAIL", "20 outside, 2 requests answered unevenly"),
        (answering(200, answers=[1.5]), "contract", "FAIL", "2 requests answered unevenly"),
    ],
)
def test_what_is_not_sound_is_told(server: Tried, answers: Answers, name: str, verdict: str, reason: str) -> None:
    server.loaded[TWO] = answers
    checks = found(server)
    last = checks[name]
    assert list(checks)[-1] == name
    assert last.verdict == verdict
    assert reason.replace("20 outside", "2 outside") in last.reason
    assert is_conclusive(list(checks.values())) == (verdict == "FAIL")


def test_one_that_fails_under_load_is_found_before_all_of_it_is_sent(server: Tried) -> None:
    answered = iter(range(10_000))
    server.loaded[TWO] = lambda rows: fair(rows) if next(answered) < 13 else (504, {"error": "no answer within 2 s"})
    check = found(server, errors=0.02)["error_share"]
    assert check.verdict is Verdict.FAIL
    assert check.reason.endswith(" requests, such as 504: no answer within 2 s")
    assert check.numbers["requests"] < 50


def test_one_that_is_slow_is_held_against_the_limit_and_the_champion(server: Tried) -> None:
    def slow(rows: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        time.sleep(0.05)
        return fair(rows)

    server.loaded[TWO] = slow
    checks = found(server, p99_ms=40, p99_ratio=1e-3)
    assert (checks["p99_ms"].verdict, checks["p99_ms_over_champion"].verdict) == (Verdict.FAIL, Verdict.FAIL)
    assert checks["p99_ms"].numbers["value"] >= 50


def test_a_server_that_goes_under_load_tells_nothing(server: Tried) -> None:
    answered = iter(range(10_000))
    server.loaded[TWO] = lambda rows: fair(rows) if next(answered) < 20 else (0, {})
    checks = found(server)
    assert checks["load"].verdict is Verdict.ERROR
    assert checks["load"].reason.startswith("load cut short: no answer from 127.0.0.1:")
    assert not is_conclusive(list(checks.values()))


def test_latency_counts_from_when_a_request_was_due() -> None:
    """One caller after the other would hide what a server that falls behind costs."""

    def ask(body: bytes) -> Reply:
        time.sleep(0.02)
        return Reply(200)

    replies = steadily(ask, [b""] * 100, 10_000, lambda reply: False)
    waited = [reply.seconds for reply in replies]
    assert len(waited) == 100
    # 32 callers need four turns of 20 ms for 100 requests that are due at once.
    assert max(waited) >= 0.06
    assert min(waited) >= 0.02


def test_rows_are_made_of_the_package_s_own_figures() -> None:
    rows = typical(FEATURES)
    names = [column["name"] for column in FEATURES["columns"]]
    assert all(list(row) == names for row in rows)
    assert rows[-1] == dict.fromkeys(names)
    assert len(rows) == 24
    told = {**FEATURES, "features": [], "columns": [
        {"name": "n", "input": "n", "type": "number", "stored_as": "int64_list"},
        {"name": "t", "input": "t", "type": "text", "stored_as": "bytes_list"},
    ]}  # fmt: skip
    assert {(row["n"], row["t"]) for row in typical(told)} == {
        (0, "a"),
        (1, "a"),
        (None, "a"),
        (0, None),
        (1, None),
        (None, None),
    }


@pytest.fixture
def trying(tmp_path: Path, server: Tried) -> World:
    """A world whose packages tell their columns, with a server that has them loaded."""
    bench = Bench(Registry(MemoryStore(), "census"), tmp_path / "packages")
    for word in ("first", "second"):
        documents.write(bench.package(word) / "assets.extra" / "features.json", "features", FEATURES)
    bench.crown("first")
    challenger = bench.add("second", (2,))
    bench.bless(challenger)
    world = World(bench, challenger, {"champion": Arm(), "challenger": Arm()})
    server.loaded = {world.champion: fair, challenger: fair}
    return world


def controller(world: World, project: Path = Path()) -> Controller:
    stage = Stage(world.registry, project)
    return Controller(world.registry, world, world, who="c", policy=digest("gate"), late_seconds=1, stage=stage)


def test_nothing_is_live_before_the_servers_were_tried_and_that_is_kept(trying: World, server: Tried) -> None:
    trying.begin(replace(QUICK, staging=said(server.url)))
    trying.carry(controller(trying))
    actions = [entry.action for _, entry in trying.log.entries() if entry.action != "lease"]
    assert actions == ["start", "staged", "shift", "shift", "promoted", "finish"]
    past = list(trying.log.state().past.values())[-1]
    assert past.finish.outcome == "promoted"
    told = json.loads(trying.registry.evidence.get(past.finish.evidence["rollout"]) or b"")
    assert documents.problems("rollout", told) == []
    assert [check["name"] for check in told["checks"] if check["subject"] == "staging"] == [
        "ready", "contract", "error_share",
    ]  # fmt: skip
    trying.log.verify()


def test_one_that_breaks_its_contract_goes_back_before_any_live_request(trying: World, server: Tried) -> None:
    server.loaded[trying.challenger] = only_one
    trying.begin(replace(QUICK, staging=said(server.url)))
    trying.carry(controller(trying))
    past = list(trying.log.state().past.values())[-1]
    assert (past.finish.outcome, past.finish.verdict) == ("rolled_back", Verdict.FAIL)
    assert past.finish.why.startswith("contract: rows that the challenger reads are not answered: 500")
    assert [(shift.percent, shift.shadow, shift.back) for shift in past.shifts] == [(0, 0, True)]
    assert trying.challenger in trying.log.state().sent_back


def test_servers_that_cannot_be_asked_hold_it_and_then_it_goes_back(trying: World, server: Tried) -> None:
    del server.loaded[trying.challenger]
    trying.begin(replace(QUICK, staging=said(server.url), silent_minutes=2))
    looks = trying.carry(controller(trying), each=15)
    past = list(trying.log.state().past.values())[-1]
    assert past.finish.outcome == "rolled_back"
    assert past.finish.why.startswith("not tried in 2 minutes of staging: the challenger could not be asked: 503")
    assert "staging: the challenger could not be asked: 503" in str(looks[0].decision)
    assert {shift.percent for shift in past.shifts} == {0}
    leases = [entry for _, entry in trying.log.entries() if entry.action == "lease"]
    assert len(leases) <= 4, "looks that tell nothing fill the log"


def test_a_server_that_comes_back_is_tried_then_by_another_controller_too(trying: World, server: Tried) -> None:
    answers = server.loaded.pop(trying.challenger)
    trying.begin(replace(QUICK, staging=said(server.url)))
    assert controller(trying).look() is not None
    trying.wait(LEASE_SECONDS + said(server.url).longest_seconds + 1)
    server.loaded[trying.challenger] = answers
    second = controller(trying)
    second.look()
    staged_entry = next(entry for _, entry in trying.log.entries() if isinstance(entry, Staged))
    assert staged_entry.why == "it is there, keeps its contract, and bears the load"
    asked = len(server.asked)
    trying.carry(second)
    assert len(server.asked) == asked


def test_rows_of_the_project_are_sent_where_it_has_a_file(trying: World, server: Tried, tmp_path: Path) -> None:
    names = [column["name"] for column in FEATURES["columns"]]
    texts = {column["name"] for column in FEATURES["columns"] if column["type"] == "text"}
    values = {name: ["7"] * 3 if name in texts else [7.0] * 3 for name in names}
    pq.write_table(pa.table(values), tmp_path / "rows.parquet")
    trying.begin(replace(QUICK, staging=said(server.url, rows="rows.parquet")))
    controller(trying, tmp_path).look()
    sent = {name: "7" if name in texts else 7 for name in names}
    assert all(row == sent for _, rows in server.asked for row in rows)


def test_a_file_of_rows_that_is_not_there_is_told_and_nothing_goes_on(trying: World, server: Tried) -> None:
    trying.begin(replace(QUICK, staging=said(server.url, rows="none.parquet")))
    look = controller(trying).look()
    assert look is not None
    assert "none.parquet: expected rows to send in staging, got " in str(look.decision)
    running = trying.log.state().running
    assert running is not None
    assert (running.shifts, running.staged) == ((), ())
