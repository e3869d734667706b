"""benison rollout once and run: what the gate blessed is rolled out by itself, each version once beside a champion."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benison import config
from benison.components.rollout.pending import waiting
from benison.components.rollout.start import start
from benison.config.release import Release
from benison.core.verdicts import Verdict
from benison.delivery.entries import Command, Finish
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, digest
from tests.cli.commands import Answer, call
from tests.cli.test_rollout import blessed, say

Captured = pytest.CaptureFixture[str]
NOW = "2026-11-20T12:00:00Z"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    say(tmp_path, strategy="canary")
    (tmp_path / "requests").mkdir()
    return blessed(Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages"), tmp_path)


def once(capsys: Captured, project: Path, *words: str) -> Answer:
    return call(capsys, "rollout", "once", "-p", project, *words)


def begin(bench: Bench, project: Path) -> RolloutLog:
    log = RolloutLog(bench.registry.store, "census")
    found = config.read(project)
    assert found.rollout is not None
    start(bench.registry, log, found.rollout, who="x", when=datetime.now(UTC), why="y", policy=found.gate.digest)
    return log


def finish(log: RolloutLog, outcome: str, verdict: Verdict = Verdict.FAIL) -> None:
    over = Finish(outcome=outcome, verdict=verdict, who="c", when=NOW, why="it was slow")
    log.append(lambda state: over)


def test_a_blessed_challenger_waits_until_a_rollout_tried_it(bench: Bench, tmp_path: Path) -> None:
    challenger = bench.registry.state().challenger
    log = RolloutLog(bench.registry.store, "census")
    assert challenger is not None and waiting(bench.registry.state(), log.state()) == challenger
    log = begin(bench, tmp_path)
    assert waiting(bench.registry.state(), log.state()) is None, "it is under way"
    finish(log, "aborted", Verdict.INCONCLUSIVE)
    assert waiting(bench.registry.state(), log.state()) is None, "nobody tries it twice beside this champion"


def test_what_is_blessed_anew_beside_another_champion_waits_again(bench: Bench, tmp_path: Path) -> None:
    challenger = str(bench.registry.state().challenger)
    log = begin(bench, tmp_path)
    finish(log, "aborted", Verdict.INCONCLUSIVE)
    bench.crown("three")
    assert waiting(bench.registry.state(), log.state()) is None, "it was judged beside the champion before"
    bench.bless(challenger)
    assert waiting(bench.registry.state(), log.state()) == challenger


def test_without_a_blessed_challenger_there_is_nothing_to_do(bench: Bench, tmp_path: Path, capsys: Captured) -> None:
    bench.bless(str(bench.registry.state().challenger), Verdict.FAIL)
    answer = once(capsys, tmp_path)
    assert (answer.code, answer.out) == (0, "no challenger waits for a rollout\n")


def test_one_that_may_not_begin_yet_is_told_with_the_reason(bench: Bench, tmp_path: Path, capsys: Captured) -> None:
    bench.registry.govern(Release(approval="required"), **SAID)
    answer = once(capsys, tmp_path)
    assert answer.code == 1 and "approv" in answer.err
    assert RolloutLog(bench.registry.store, "census").state().running is None


def test_one_that_is_under_way_is_carried_to_its_end(bench: Bench, tmp_path: Path, capsys: Captured) -> None:
    log = begin(bench, tmp_path)
    log.append(lambda state: Command(command="abort", who="ann", when=NOW, why="enough"))
    answer = once(capsys, tmp_path)
    assert answer.code == 1 and "aborted" in answer.out
    assert log.state().running is None
    assert once(capsys, tmp_path).code == 0


def test_all_at_once_is_said_twice_here_too(bench: Bench, tmp_path: Path, capsys: Captured) -> None:
    say(tmp_path, strategy="big_bang")
    evidence = {"evaluation": digest("again"), "policy": config.read(tmp_path).gate.digest}
    champion, challenger = bench.registry.state().champion, str(bench.registry.state().challenger)
    said = {**SAID, "when": datetime.now(UTC)}
    bench.registry.bless(challenger, Verdict.PASS, reasons=(), evidence=evidence, compared_with=champion, **said)
    refused = once(capsys, tmp_path)
    assert refused.code == 2 and "expected big_bang to be asked for twice, got once" in refused.err
