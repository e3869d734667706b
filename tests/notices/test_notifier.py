"""People are told what became of challengers, champions, rollouts and runs; a real receiver on loopback gets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from benison.alerts.sending import MOST_ATTEMPTS, Senders, senders
from benison.config.channels import Channel
from benison.config.notify import EVENTS, USUAL, notify_of
from benison.config.release import Release
from benison.core.errors import ConfigError
from benison.core.sections import Section
from benison.core.verdicts import Verdict
from benison.delivery.entries import Finish
from benison.notices import events
from benison.notices.notice_log import NoticeLog
from benison.notices.notifier import Notifier
from benison.registry.log import utc
from benison.registry.registry import Registry
from benison.registry.testing import NOON, SAID, Bench, MemoryStore, Stopped, StoppingStore, digest
from benison.triggers.entries import CLOSED, OPEN, Breaker, Escalate, Warn
from tests.alerts.receiver import Receiver
from tests.cli.commands import call
from tests.pipelines import small_project

CHANNELS = {"team": Channel("TEAM_URL", EVENTS), "oncall": Channel("ONCALL_URL", ("blocked", "rolled_back"))}
SAYS = {"who": "ann", "when": utc(NOON), "why": "as it is"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path)


@pytest.fixture
def receivers() -> Iterator[dict[str, Receiver]]:
    both = {"team": Receiver(), "oncall": Receiver()}
    yield both
    for one in both.values():
        one.server.shutdown()
        one.server.server_close()


def told_by(receivers: dict[str, Receiver]) -> Senders:
    addresses = {f"{name.upper()}_URL": f"json://127.0.0.1:{one.port}/" for name, one in receivers.items()}
    return senders(CHANNELS, addresses, allow_private=True)


@pytest.fixture
def notifier(bench: Bench, receivers: dict[str, Receiver]) -> Notifier:
    """One that has looked once, at a registry with a champion."""
    bench.crown("one")
    found = Notifier(bench.registry, CHANNELS, told_by(receivers))
    assert found.look(NOON).sent == 0, "what was there before is told to nobody"
    return found


def titles(receiver: Receiver) -> list[str]:
    return [str(one["title"]) for one in receiver.got]


def test_each_channel_is_told_once_of_what_it_asked_for(
    notifier: Notifier, bench: Bench, receivers: dict[str, Receiver]
) -> None:
    champion = bench.crown("two")
    failed = bench.add("three")
    bench.bless(failed, Verdict.FAIL)
    bench.registry.rollback(**SAID)
    assert notifier.look(NOON).sent == 6
    assert notifier.look(NOON).sent == 0
    two, three = champion.package[7:19], failed[7:19]
    assert [one.split("census: version ")[1] for one in titles(receivers["team"])] == [
        f"{two} blessed",
        f"{two} champion number {champion.number}",
        f"{three} blocked (FAIL)",
        f"{bench.registry.state().champion.package[7:19]} champion again by a rollback, number 9",  # type: ignore[union-attr]
    ]
    assert titles(receivers["oncall"]) == titles(receivers["team"])[2:]


def test_a_message_has_the_scorecard_and_what_to_do(
    notifier: Notifier, bench: Bench, receivers: dict[str, Receiver]
) -> None:
    line = {"tier": "hard", "name": "auc", "reason": "", "allowed": ">= 0.75"}
    checks = [
        {**line, "subject": "overall", "verdict": "PASS", "observed": "0.90 [0.88, 0.92]"},
        {**line, "subject": "sex=Female", "verdict": "FAIL", "observed": "0.71 [0.70, 0.72]"},
        {**line, "subject": "race=Other", "verdict": "FAIL", "observed": "0.5", "tier": "soft"},
    ]
    kept = bench.registry.evidence.put(json.dumps({"checks": checks}).encode())
    version = bench.add("two")
    bench.registry.bless(
        version, Verdict.FAIL, reasons=("auc too low",), evidence={"evaluation": kept, "policy": digest("gate")},
        compared_with=bench.registry.state().champion, **SAID,
    )  # fmt: skip
    notifier.look(NOON)
    (got,) = receivers["oncall"].got
    assert got["message"].splitlines() == [
        f"{SAID['who']}: {SAID['why']}",
        "- auc too low",
        f"compared with {bench.registry.state().champion}",
        "1 of 2 hard checks of the model pass:",
        "FAIL auc sex=Female: 0.71 [0.70, 0.72]",
        "PASS auc overall: 0.90 [0.88, 0.92]",
        f"benison registry show {version[7:19]}",
        "message promotions:5:oncall",
    ]


def test_a_blessing_that_wants_an_approval_says_so(notifier: Notifier, bench: Bench) -> None:
    bench.registry.govern(Release(approval="required"), **SAID)
    bench.bless(bench.add("two"))
    (found,) = events.of_promotions(bench.registry, 5)
    assert found.kind == "awaiting_approval" and found.title.endswith("waits for approval")
    assert "benison registry approve --why ..." in found.text.splitlines()


def test_the_end_of_a_rollout_and_what_the_trigger_manager_cannot_settle_are_events() -> None:
    ended = events.of_rollout(4, Finish(outcome="rolled_back", verdict=Verdict.FAIL, reasons=("errors",), **SAYS))
    assert ended is not None and (ended.kind, ended.title) == ("rollout_ended", "rollout over: rolled back (FAIL)")
    assert ended.text.splitlines() == ["ann: as it is", "- errors", "benison rollout status"]
    wanted = [
        (Escalate(run=3, page="runs/3/report.html", **SAYS), "escalated", "run 3 wants a person"),
        (Warn(month="2026-11", percent=80, **SAYS), "budget", "80% of the budget of 2026-11 is used"),
        (Breaker(state=OPEN, **SAYS), "breaker", "nothing is started any more: the circuit breaker is open"),
    ]
    for entry, kind, title in wanted:
        found = events.of_trigger(7, entry)
        assert found is not None and (found.kind, found.title) == (kind, title)
    assert events.of_trigger(7, Breaker(state=CLOSED, **SAYS)) is None
    assert {one for _, one, _ in wanted} | {"rollout_ended"} <= set(EVENTS)


def test_what_is_not_taken_is_tried_again_and_given_up_in_the_end(
    notifier: Notifier, bench: Bench, receivers: dict[str, Receiver]
) -> None:
    receivers["oncall"].answer, now = 500, NOON
    bench.bless(bench.add("two"), Verdict.FAIL)
    assert notifier.look(now).sent == 1, "the other channel does not wait for it"
    for _ in range(MOST_ATTEMPTS - 1):
        (waiting,) = notifier.log.state().outbox.values()
        assert notifier.look(now).sent == 0 and len(receivers["oncall"].got) == waiting.attempts, "it is not due"
        now = datetime.fromisoformat(waiting.again)
        notifier.look(now)
    state = notifier.log.state()
    assert dict(state.lost) == {"promotions:5:oncall": "channel oncall did not take it"} and not state.outbox


def test_no_message_is_lost_wherever_it_stops_and_none_is_sent_twice_but_by_a_stop(
    tmp_path: Path, receivers: dict[str, Receiver]
) -> None:
    for at in range(1, 100):
        store = MemoryStore()
        bench = Bench(Registry(store, "census"), tmp_path)
        Notifier(bench.registry, CHANNELS, told_by(receivers)).look(NOON)
        bench.bless(bench.add("two"), Verdict.FAIL)
        for one in receivers.values():
            one.got.clear()
        stopping = StoppingStore(store, at, done=at % 2 == 0)
        stopped = False
        try:
            Notifier(Registry(stopping, "census"), CHANNELS, told_by(receivers)).look(NOON)
        except Stopped:
            stopped = True
        Notifier(Registry(store, "census"), CHANNELS, told_by(receivers)).look(NOON + timedelta(minutes=1))
        for one in receivers.values():
            assert len(set(titles(one))) == 1 and len(one.got) in ((1, 2) if stopped else (1,))
        if not stopped:
            break
    assert at > 5


def test_a_channel_that_is_added_later_is_told_of_what_comes_later(
    bench: Bench, receivers: dict[str, Receiver]
) -> None:
    one = {"oncall": CHANNELS["oncall"]}
    first = Notifier(bench.registry, one, told_by(receivers))
    first.look(NOON)
    bench.bless(bench.add("two"), Verdict.FAIL)
    assert first.look(NOON).sent == 1
    second = Notifier(bench.registry, CHANNELS, told_by(receivers))
    assert second.look(NOON).sent == 0
    bench.bless(bench.add("three"), Verdict.FAIL)
    assert second.look(NOON).sent == 2 and len(receivers["team"].got) == 1


def test_a_secret_in_a_reason_reaches_nobody(notifier: Notifier, bench: Bench, receivers: dict[str, Receiver]) -> None:
    secret = "AKIA" + "Q7" * 8  # pragma: allowlist secret -- made up
    bench.registry.promote(bench.add("two"), force=True, **{**SAID, "why": f"with {secret}"})
    notifier.look(NOON)
    (got,) = receivers["team"].got
    assert "FORCED" in got["title"] and secret not in json.dumps(got)


def test_notify_is_read_and_what_is_not_known_is_told() -> None:
    found = notify_of(Section("benison.yaml", {"channels": {"team": {"url_from": "TEAM_URL"}}}))
    assert found.channels["team"] == Channel("TEAM_URL", USUAL) and not found.allow_private
    unknown = Section("benison.yaml", {"channels": {"team": {"url_from": "TEAM_URL", "when": ["bloked"]}}})
    with pytest.raises(ConfigError, match=r"expected some of blessed, blocked, .*, got bloked\n\nhint: .*blocked"):
        notify_of(unknown)


def test_the_command_tells_and_says_what_it_could_not_tell(
    tmp_path: Path, receivers: dict[str, Receiver], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project = small_project.make(tmp_path / "project")
    nobody = call(capsys, "notify", "once", "-p", project)
    assert nobody.code == 2 and "benison.yaml (notify.channels): expected somebody to tell, got nobody" in nobody.err
    said = "notify: {channels: {team: {url_from: TEAM_URL}}, allow_private: true}\n"
    (project / "benison.yaml").write_text((project / "benison.yaml").read_text() + said)
    bench = Bench(Registry.create(str(project / "registry"), "small"), tmp_path)
    bench.add("one")
    assert call(capsys, "notify", "once", "-p", project).code == 0
    bench.bless(bench.add("two"), Verdict.FAIL)
    silent = call(capsys, "notify", "once", "-p", project)
    assert silent.code == 1 and "not sent: promotions:3:team: small: version" in silent.err
    assert "channel team (TEAM_URL): expected an address in the environment, got none" in str(
        [one.why for _, one in NoticeLog(bench.registry.store, "small").entries()]
    )
    assert call(capsys, "notify", "status", "-p", project).out.startswith("not sent: promotions:3:team")
    assert call(capsys, "registry", "verify", "-p", project).code == 0
    monkeypatch.setenv("TEAM_URL", f"json://127.0.0.1:{receivers['team'].port}/")
    bench.crown("three")
    sent = call(capsys, "notify", "once", "-p", project)
    # The other one is due in a minute; a blessing is told by the promotion.
    assert sent.out == "sent 1\n" and len(receivers["team"].got) == 1 and sent.code == 1
