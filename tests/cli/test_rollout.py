"""benison rollout, as a user calls it, as far as no server is needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from benison import config
from benison.components.rollout.run import run
from benison.components.rollout.start import start as begin
from benison.core import digests
from benison.core.verdicts import Verdict
from benison.delivery.entries import Finish
from benison.delivery.request_log import schema_of
from benison.delivery.rollout_log import RolloutLog
from benison.measures.feasibility import Plan, Step, detectable
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, digest
from tests.cli.commands import Answer, call
from tests.test_config_model_card import FRAME

Captured = pytest.CaptureFixture[str]
Asked = Callable[..., Answer]
WHY = ("--why", "week 47")


def say(folder: Path, **rollout: object) -> None:
    content = {**FRAME, "serving": {"requests": {"folder": str(folder / "requests")}}, "rollout": rollout}
    (folder / config.FILE).write_text(yaml.safe_dump(content))


def blessed(bench: Bench, project: Path) -> Bench:
    """With a champion and a blessed challenger."""
    champion = bench.crown("one")
    evidence = {"evaluation": digest("evaluation"), "policy": config.read(project).gate.digest}
    said = {**SAID, "when": datetime.now(UTC)}
    two = bench.add("two")
    bench.registry.bless(two, Verdict.PASS, reasons=(), evidence=evidence, compared_with=champion, **said)
    return bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A project with a champion and a blessed challenger."""
    say(tmp_path, strategy="canary")
    return blessed(Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages"), tmp_path)


@pytest.fixture
def rollout(bench: Bench, tmp_path: Path, capsys: Captured) -> Asked:
    def answered(*words: object) -> Answer:
        return call(capsys, "rollout", *words, "-p", tmp_path)

    return answered


@pytest.fixture
def begun(rollout: Asked) -> Asked:
    assert rollout("start", "--detach", *WHY).code == 0
    return rollout


def test_a_rollout_begins_without_a_controller_and_says_its_plan(rollout: Asked, bench: Bench) -> None:
    answer = rollout("start", "--detach", *WHY)
    assert (answer.code, answer.out) == (0, "rollout 1: 1%, 5%, 25%, 100%\n")
    assert bench.registry.state().names == {"rollout": bench.registry.resolve("challenger")}


def test_status_says_where_it_stands_and_that_nothing_is_known(begun: Asked, bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "requests").mkdir()
    lines = begun("status").out.splitlines()
    two = digests.short(bench.registry.resolve("challenger"))
    assert lines[0].startswith(f"rollout 1: {two} beside champion 3 (")
    assert lines[1].startswith("traffic: none yet, for ")
    assert lines[2] == "next: -> 1%: the rollout begins"
    assert lines[-1].startswith(
        "  - error_rate nothing yet is not shown to be <= +0.01: 0 blocks with requests to both"
    )
    told = json.loads(begun("status", "--json").out)
    assert told["last"] is None
    assert (told["running"]["rollout"], told["running"]["percent"], told["running"]["paused"]) == (1, 0.0, False)
    assert [(one["name"], one["verdict"]) for one in told["running"]["checks"]] == [("error_rate", "INCONCLUSIVE")]


def test_without_a_rollout_status_says_how_to_begin_one(rollout: Asked) -> None:
    assert rollout("status").out == "no rollout so far; begin one with  benison rollout start --why ...\n"
    assert json.loads(rollout("status", "--json").out) == {"last": None, "running": None}


def test_the_log_shows_who_said_what(begun: Asked) -> None:
    begun("pause", "--why", "a  holiday")
    lines = begun("log").out.splitlines()
    assert [line.split()[2] for line in lines] == ["start", "command"]
    assert " beside 3 (" in lines[0]
    assert lines[1].endswith(": a holiday")
    assert " pause " in lines[1]


@pytest.mark.parametrize("word", ["pause", "abort", "promote"])
def test_a_persons_word_waits_for_the_controller(begun: Asked, word: str) -> None:
    answer = begun(word, *WHY)
    assert answer.code == 0
    assert answer.out == f"{word}: its controller does it within seconds; see  benison rollout status\n"


def test_a_pause_is_over_when_somebody_says_so(begun: Asked) -> None:
    refused = begun("resume", *WHY)
    assert (refused.code, refused.out) == (1, "")
    assert "rollout 1: expected one that is paused, got one that goes on" in refused.err
    begun("pause", *WHY)
    assert "rollout 1: expected one that goes on, got one that is paused: week 47" in begun("pause", *WHY).err
    assert begun("resume", *WHY).code == 0


@pytest.mark.parametrize("word", ["pause", "resume", "abort", "promote"])
def test_without_a_rollout_there_is_nothing_to_say(rollout: Asked, word: str) -> None:
    answer = rollout(word, *WHY)
    assert answer.code == 1
    assert "the rollout: expected one under way, got none\n\nhint: begin one with  benison rollout start" in answer.err


def test_control_has_nothing_to_go_on_with(rollout: Asked) -> None:
    assert "the rollout: expected one under way, got none" in rollout("control").err


def test_a_second_one_does_not_begin_meanwhile(begun: Asked) -> None:
    answer = begun("start", "--detach", *WHY)
    assert answer.code == 1
    assert "the rollout: expected no other one under way, got rollout 1 of version " in answer.err
    assert "end it with  benison rollout abort" in answer.err


def finish(bench: Bench, outcome: str, verdict: Verdict = Verdict.FAIL) -> None:
    log = RolloutLog(bench.registry.store, "census")
    over = Finish(outcome=outcome, verdict=verdict, who="c", when="2026-11-20T12:00:00Z", why="it was slow")
    log.append(lambda state: over)


def test_what_was_sent_back_is_tried_again_only_if_asked(begun: Asked, bench: Bench) -> None:
    finish(bench, "rolled_back")
    answer = begun("start", "--detach", *WHY)
    assert answer.code == 1
    assert "expected a version that no rollout sent back, got one that rollout 1 sent back: it was slow" in answer.err
    assert begun("start", "--detach", "--again", *WHY).code == 0
    assert begun("status", "--json").code == 0


@pytest.mark.parametrize(("verdict", "refused"), [(Verdict.FAIL, True), (Verdict.INCONCLUSIVE, False)])
def test_an_abort_alone_speaks_against_nobody(begun: Asked, bench: Bench, verdict: Verdict, refused: bool) -> None:
    finish(bench, "aborted", verdict)
    answer = begun("start", "--detach", *WHY)
    assert (answer.code == 1) == refused
    assert ("expected a version that no rollout sent back" in answer.err) == refused


@pytest.mark.parametrize("outcome", ["promoted", "shadowed"])
def test_a_retry_of_a_task_whose_rollout_is_over_says_how_it_ended(bench: Bench, tmp_path: Path, outcome: str) -> None:
    """The task was killed between the last entry of the log and its output."""
    registry, record = bench.registry, tmp_path / "record"
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "project").symlink_to(tmp_path)
    settings, log = config.read(tmp_path), RolloutLog(registry.store, "census")
    assert settings.rollout is not None
    task = digests.of_bytes(str(record).encode())
    said = {"who": "ci", "why": "week 47", "when": datetime.now(UTC), "policy": settings.gate.digest}
    begin(registry, log, settings.rollout, task=task, **said)
    evidence = {"rollout": registry.evidence.put(b"{}")}
    ended = {"who": "c", "when": "2026-11-20T12:00:00Z", "why": "x"}
    over = Finish(outcome=outcome, verdict=Verdict.PASS, evidence=evidence, **ended)
    log.append(lambda state: over)
    asked = {"registry_uri": str(tmp_path / "registry"), "requests": "", "version": "none"}
    assert run(**asked, who="ci", why="week 47", bundle=tmp_path / "bundle", record=record) == outcome
    assert (record / "rollout.json").read_bytes() == b"{}"
    assert [entry.action for _, entry in log.entries()] == ["start", "finish"]


def test_how_the_last_one_ended_is_said(begun: Asked, bench: Bench) -> None:
    finish(bench, "aborted")
    assert begun("status").out.splitlines()[-1] == "verdict: FAIL"
    assert json.loads(begun("status", "--json").out)["last"] == {
        "rollout": 1,
        "outcome": "aborted",
        "why": "it was slow",
    }
    assert "got none; rollout 1 ended: aborted" in begun("abort", *WHY).err


def test_all_at_once_is_said_twice(rollout: Asked, tmp_path: Path) -> None:
    say(tmp_path, strategy="big_bang")
    refused = rollout("start", "--detach", *WHY)
    assert refused.code == 2
    assert "(rollout.strategy): expected big_bang to be asked for twice, got once" in refused.err
    assert rollout("start", "--detach", "--all-at-once", *WHY).out == "rollout 1: 100%\n"


def test_the_champion_is_no_challenger_and_a_plan_has_to_be_there(rollout: Asked, tmp_path: Path) -> None:
    assert "got the champion already, 3" in rollout("start", "champion", "--detach", *WHY).err
    (tmp_path / config.FILE).write_text(yaml.safe_dump(FRAME))
    answer = rollout("start", "--detach", *WHY)
    assert answer.code == 2
    assert "(rollout): expected how a challenger is delivered, got nothing" in answer.err


def test_a_report_of_the_one_under_way_is_written(begun: Asked, tmp_path: Path) -> None:
    answer = begun("report", "--out", tmp_path / "page.html")
    assert answer.out.splitlines() == [
        "rollout 1: running, the rollout begins",
        f"report: {tmp_path / 'page.html'}",
    ]
    assert "The challenger is on trial." in (tmp_path / "page.html").read_text()


def test_a_report_of_none_says_so(rollout: Asked) -> None:
    answer = rollout("report")
    assert answer.code == 2
    assert "the rollout log: expected a rollout, got none so far" in answer.err


def test_a_report_of_another_or_without_a_record_is_refused(begun: Asked, bench: Bench) -> None:
    assert "expected rollout 7, got only 1\n\nhint: known here: 1" in begun("report", 7).err
    finish(bench, "aborted")
    answer = begun("report")
    assert answer.code == 3
    assert "the record of rollout 1: expected a document beside the registry, got an entry of the log" in answer.err


def test_the_plan_says_what_each_phase_sees_at_this_traffic(rollout: Asked) -> None:
    answer = rollout("plan", "--requests-per-second", 10, "--error-rate", 0.01, "--harm", "error_rate=0.05")
    lines = answer.out.splitlines()
    assert lines[0] == "canary: 1% for 30 min, 5% for 2 h, 25% for 2 h, then 100%, watched for 1 h"
    assert lines[1] == "10 requests/s (given)"
    assert "chance of a false rollback: 0.01; of passing exactly at the tolerance: 0.05" in lines[2]
    steps = [Step(1, 1800), Step(5, 7200), Step(25, 7200)]
    harm = detectable(Plan(steps[:1], rate=10, mean=0.01, limit=0.01, alpha=0.01))
    assert harm is not None
    expected = f"1% for 30 min at 10 requests/s: sees a rise from 1% to {100 * (0.01 + harm):.3g}%, not to 3%"
    assert f"  by the end of {expected}" in lines
    assert any(line.startswith("  a rise from 1% to 6% is found after ") for line in lines)
    assert lines[-1].startswith("  one that is exactly as good is proven so after ")


def test_a_plan_that_cannot_end_well_says_so_and_what_would_help(rollout: Asked, tmp_path: Path) -> None:
    line = {"metric": "error_rate", "tolerance": 0.001}
    say(tmp_path, strategy="canary", steps=[{"percent": 5, "minutes": 10}], guardrails=[line])
    words = ("plan", "--requests-per-second", 20, "--error-rate", 0.01)
    last = rollout(*words).out.splitlines()[-1]
    assert "one that is exactly as good CANNOT be proven so by the end of the last phase, and would be" in last
    assert "answered by  undecided: rollback; extend_minutes: " in last
    minutes = int(last.split("extend_minutes: ")[1].split()[0])
    extended = {"strategy": "canary", "steps": [{"percent": 5, "minutes": 10}], "guardrails": [line]}
    say(tmp_path, **extended, extend_minutes=minutes + 1)
    assert "is proven so after" in rollout(*words).out.splitlines()[-1]
    say(tmp_path, **extended, extend_minutes=minutes - 2)
    assert "CANNOT" in rollout(*words).out.splitlines()[-1]


def test_a_plan_without_traffic_beside_the_champion_proves_nothing(rollout: Asked, tmp_path: Path) -> None:
    say(tmp_path, strategy="blue_green")
    assert rollout("plan").out.splitlines() == [
        "blue_green: then 100%, watched for 1 h",
        "No guardrail compares anything: champion and challenger never answer side by side, so nothing is proven.",
        "Breakers alone send it back: error_rate above 0.05.",
    ]
    say(tmp_path, strategy="big_bang", guardrails=[{"metric": "error_rate", "tolerance": 0.01}])
    assert rollout("plan").out.splitlines()[-1].startswith("No breaker is set either: nothing would send it back.")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--requests-per-second: expected a figure, or 100 requests of the champion in the last hour, got neither"),
        (
            ("--requests-per-second", 5),
            "--error-rate: expected a figure, or error_rate in the request log, got neither",
        ),
        (
            ("--requests-per-second", 5, "--error-rate", 0.1, "--slow-share", 0.1),
            "--slow-share: expected one for each of none in the plan, got 1",
        ),
        (
            ("--requests-per-second", 5, "--error-rate", 0.1, "--harm", "eror_rate=0.1"),
            "--harm: expected GUARDRAIL=AMOUNT, got eror_rate=0.1\n\nhint: did you mean error_rate?",
        ),
        (
            ("--requests-per-second", 5, "--error-rate", 0.1, "--harm", "error_rate=much"),
            "--harm: expected an amount above 0, in the metric's unit, got error_rate=much",
        ),
    ],
)
def test_what_a_plan_needs_is_named(rollout: Asked, words: tuple[object, ...], message: str) -> None:
    answer = rollout("plan", *words)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


def test_copies_and_what_is_not_known_are_told_of(rollout: Asked, tmp_path: Path) -> None:
    lines = [
        {"metric": "error_rate", "tolerance": 0.01},
        {"metric": "slow_share", "tolerance": 0.01, "over_ms": 50},
        {"metric": "score", "tolerance": 0.05, "tier": "soft"},
    ]
    say(tmp_path, strategy="shadow", guardrails=lines)
    figures = ("--error-rate", 0.01, "--slow-share", 0.01)
    told = rollout("plan", "--requests-per-second", 10, *figures).out
    assert "shadow 100% for 1 h" in told
    assert "0.01 / 2 (each hard guardrail in each stage) = 0.005" in told
    assert "score, copies: may differ by 0.05; soft, warns\n  cannot be told: give  --score-deviation SD\n" in told
    document = json.loads(rollout("plan", "--requests-per-second", 10, *figures, "--json").out)
    errors, _, score = document["guardrails"]
    # Each gets every request: twice as many in all, half of them the challenger's.
    expected = detectable(Plan([Step(50, 3600)], rate=20, mean=0.01, limit=0.01, alpha=0.005))
    assert errors["smallest_harm_by_phase"] == [{"phase": "shadow 100%", "harm": pytest.approx(expected)}]
    assert (score["champion"], score["decides"], errors["decides"]) == (None, False, True)


def test_a_drop_of_a_kpi_is_told_as_a_share_and_more_than_all_of_it_as_nothing_seen(
    rollout: Asked, tmp_path: Path
) -> None:
    steps = [{"percent": 1, "minutes": 30}, {"percent": 25, "minutes": 600}]
    say(tmp_path, steps=steps, outcomes="out", guardrails=[{"metric": "kpi", "tolerance": 0.02}])
    words = ("--requests-per-second", 100, "--kpi", 2, 4)
    out = rollout("plan", *words, "--harm", "kpi=0.5").out
    assert "by the end of 1% for 30 min at 100 requests/s: sees a drop of " in out
    told = json.loads(rollout("plan", *words, "--json").out)["guardrails"][0]
    plan = Plan([Step(1, 1800)], rate=100, mean=2, deviation=4, worse="lower", ratio=0.98, alpha=0.01)
    assert told["smallest_harm_by_phase"][0]["harm"] == pytest.approx(detectable(plan))
    assert "  a drop of 25% is found after " in out
    dear = rollout("plan", "--requests-per-second", 100, "--kpi", 2, 400).out
    assert "1% for 30 min at 100 requests/s: does not see even the loss of all of it" in dear
    assert "more than 28 d longer would be needed" in dear


def write_log(folder: Path, package: str, many: int = 3000, minutes: int = 30) -> None:
    """Requests of the last minutes, evenly; every fiftieth failed."""
    now = datetime.now(UTC)
    times = [now - timedelta(minutes=minutes) * (many - n) / many for n in range(many)]
    failed = np.arange(many) % 50 == 0
    columns = {
        "request_id": [str(n) for n in range(many)],
        "row": [0] * many,
        "unit_id": [""] * many,
        "time": times,
        "role": ["champion"] * many,
        "package": [package] * many,
        "number": [3] * many,
        "score": np.where(failed, np.nan, 0.3 + 0.1 * (np.arange(many) % 2)),
        "status": np.where(failed, 500, 200),
        "error": [None] * many,
        "latency_ms": [5.0] * many,
        "features": [{}] * many,
    }
    schema = schema_of(pa.struct([("age", pa.float64())]))
    day = folder / f"{times[0]:%Y-%m-%d}"
    day.mkdir(parents=True)
    arrays = [pa.array(columns[one.name], one.type) for one in schema]
    pq.write_table(pa.table(arrays, schema=schema), day / "a.parquet")


def test_figures_come_from_the_request_log_of_the_last_hour(rollout: Asked, bench: Bench, tmp_path: Path) -> None:
    lines = [{"metric": "error_rate", "tolerance": 0.01}, {"metric": "score", "tolerance": 0.05}]
    say(tmp_path, strategy="canary", guardrails=lines)
    champion = bench.registry.state().champion
    assert champion is not None
    write_log(tmp_path / "requests", champion.package)
    answer = rollout("plan", "--json")
    assert answer.err == ""
    told = json.loads(answer.out)
    assert told["requests_per_second"] == pytest.approx(3000 / 1800, rel=0.01)
    errors, score = (one["champion"] for one in told["guardrails"])
    assert (errors["mean"], errors["deviation"]) == (0.02, None)
    # Of the answers that count, 1,440 are 0.3 and 1,500 are 0.4.
    assert score["mean"] == pytest.approx((1440 * 0.3 + 1500 * 0.4) / 2940)
    assert score["deviation"] == pytest.approx(0.05, rel=0.01)
    assert "requests/s (as the champion had in the last hour)" in rollout("plan").out
    more = json.loads(rollout("plan", "--json", "--requests-per-second", 100).out)
    assert more["guardrails"][1]["champion"]["rate"] == pytest.approx(98)


def test_a_phase_lasts_until_enough_blocks_have_requests(rollout: Asked) -> None:
    out = rollout("plan", "--requests-per-second", 0.1, "--error-rate", 0.01).out
    assert "1% will last some 5 h 38 min, until 20 blocks have requests to the challenger" in out
