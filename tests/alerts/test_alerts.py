"""Alerts: when they are raised, escalate and recover; and messages, which a real receiver on loopback gets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benison.alerts import decide, entries
from benison.alerts.alert_log import AlertLog
from benison.alerts.channels import Send, sender
from benison.alerts.entries import Acknowledge, Entry, Raise, Recover, Sent
from benison.alerts.outbox import post, text, title
from benison.alerts.sending import MOST_ATTEMPTS
from benison.config.monitor import Alerting, Channel
from benison.core.errors import ConfigError, IntegrityError
from benison.core.verdicts import Verdict
from benison.monitoring.windows import SELDOM, Finding, Known, Window
from benison.registry.log import utc
from benison.registry.testing import NOON, MemoryStore, digest
from tests.alerts.receiver import Receiver

CHANNEL = Channel("ONCALL_URL", ("critical", "escalated"))
ALERTING = Alerting(recover_after=2, channels={"oncall": CHANNEL})
HOUR = 3600
FAIL, PASS, OPEN = Verdict.FAIL, Verdict.PASS, Verdict.INCONCLUSIVE


def window(number: int, verdict: Verdict, *, severe: bool = False, kind: str = "drift") -> Window:
    finding = Finding(kind, "age", verdict, severe, 0.03, 0.02, 0.01, 1e-6, 1000, "week")
    return Window(
        start=number * HOUR, minutes=60, champion=digest("c"), snapshot=digest("s"), grid=digest("g"), counts={},
        trained_on=digest("s"), own=None, known=Known(), findings=(finding,),
    )  # fmt: skip


def told(log: AlertLog, windows: list[Window], alerting: Alerting = ALERTING) -> list[str]:
    """What every window makes necessary, one after the other; each is told twice, as after a kill."""
    before = len(log.entries())
    for number in range(1, len(windows) + 1):
        when = utc(datetime.fromtimestamp(windows[number - 1].end, UTC))
        for _ in range(2):
            while log.append(lambda state: decide.of_windows(state, windows[:number], alerting, when)):  # noqa: B023
                pass
    return [entry.action for _, entry in log.entries()[before:]]


@pytest.fixture
def log() -> AlertLog:
    return AlertLog(MemoryStore(), "census")


@pytest.mark.parametrize(
    ("verdicts", "severe", "actions"),
    [
        ([FAIL], False, []),
        ([FAIL, PASS, FAIL], False, []),
        ([FAIL, OPEN, FAIL], False, []),
        ([FAIL, FAIL], False, ["raise"]),
        ([FAIL], True, ["raise"]),
        ([FAIL, FAIL, FAIL, FAIL], False, ["raise"]),
        ([FAIL, FAIL, PASS], False, ["raise"]),
        ([FAIL, FAIL, PASS, OPEN, PASS], False, ["raise"]),
        ([FAIL, FAIL, OPEN, PASS, PASS], False, ["raise", "recover"]),
        ([FAIL, FAIL, PASS, FAIL, PASS], False, ["raise"]),
        ([FAIL, FAIL, PASS, PASS, FAIL, FAIL], False, ["raise", "recover", "reopen"]),
        ([OPEN] * 9, False, []),
    ],
)
def test_what_windows_make_necessary(log: AlertLog, verdicts: list[Verdict], severe: bool, actions: list[str]) -> None:
    assert told(log, [window(number, one, severe=severe) for number, one in enumerate(verdicts, 1)]) == actions


def test_windows_together_raise_an_alert_that_none_of_them_raised_and_end_one(log: AlertLog) -> None:
    def of(number: int, verdict: Verdict, many: int) -> Window:
        one = window(number, verdict)
        return replace(one, findings=(replace(one.findings[0], windows=many),))

    rows = [window(1, FAIL), window(2, OPEN), of(3, FAIL, 2), window(4, OPEN), of(5, PASS, 2)]
    assert told(log, rows[:3]) == ["raise"]
    assert told(log, rows) == ["recover"]


def test_a_new_level_is_told_once_with_the_way_out_and_anew_when_it_is_there_again(log: AlertLog) -> None:
    told(log, [window(1, FAIL, severe=True)])

    def level(steady: bool) -> int | None:
        return log.append(lambda state: decide.of_level(state, lambda alert: steady, "week", ALERTING, utc(NOON)))

    assert level(steady=False) is None
    assert level(steady=True) == 2 and level(steady=True) is None
    message = log.state().outbox["2:oncall"]
    assert title(log.state(), "census", message) == "census: a new level: drift of age (alert 1)"
    assert "benison monitor acknowledge 1 --accept --why ..." in text(log.state(), message)
    assert told(log, [window(n, PASS) for n in (1, 2, 3)] + [window(4, FAIL, severe=True)]) == ["recover", "reopen"]
    assert level(steady=True) == 5
    log.append(lambda state: Acknowledge(alert=1, accept=True, who="me", when=utc(NOON), why="a new market"))
    assert level(steady=True) is None


@pytest.mark.parametrize("kind", SELDOM)
def test_what_is_asked_once_a_period_needs_one_answer_and_no_word_of_a_person_ends_it(log: AlertLog, kind: str) -> None:
    rows = [window(1, FAIL, kind=kind), replace(window(2, OPEN, kind=kind), reset=("age",)), window(3, PASS, kind=kind)]
    assert told(log, rows[:2]) == ["raise"]
    assert told(log, rows) == ["recover"]


def test_a_warning_that_grows_severe_is_told_once(log: AlertLog) -> None:
    assert told(log, [window(1, FAIL), window(2, FAIL), *(window(n, FAIL, severe=True) for n in (3, 4))]) == [
        "raise",
        "worsen",
    ]
    assert [one.id for one in log.state().outbox.values()] == ["2:oncall"], "a warning is not told on this channel"


def test_after_it_has_cooled_down_it_is_another_alert(log: AlertLog) -> None:
    rows = [window(1, FAIL), window(2, FAIL), window(3, PASS), window(4, PASS), window(90, FAIL), window(91, FAIL)]
    assert told(log, rows) == ["raise", "recover", "raise"]
    assert [one.id for one in log.state().open] == [3]


def test_a_critical_alert_escalates_once_unless_somebody_has_it(log: AlertLog) -> None:
    told(log, [window(1, FAIL, severe=True)])
    begin = datetime.fromtimestamp(2 * HOUR, UTC)
    for minutes, number in ((59, None), (60, 2), (500, None)):
        now = begin + timedelta(minutes=minutes)
        assert log.append(lambda state, now=now: decide.of_time(state, ALERTING, now, utc(now))) == number  # type: ignore[misc]
    other = AlertLog(MemoryStore(), "census")
    told(other, [window(1, FAIL, severe=True)])
    other.append(lambda state: Acknowledge(alert=1, who="me", when=utc(begin), why="on it"))
    late = begin + timedelta(days=1)
    assert decide.of_time(other.state(), ALERTING, late, utc(late)) is None


def test_an_entry_of_no_alert_is_refused(log: AlertLog) -> None:
    with pytest.raises(IntegrityError, match="expected an alert that was raised before, got 7"):
        log.append(lambda state: Recover(alert=7, last=0, who="x", when=utc(NOON), why="y"))


def test_every_entry_is_the_same_after_it_was_written_and_read(log: AlertLog) -> None:
    told(log, [window(1, FAIL), window(2, FAIL), window(3, FAIL, severe=True), window(4, PASS), window(5, PASS)])
    for number, entry in log.entries():
        written = json.loads(json.dumps(entries.to_json(entry)))
        assert entries.from_json(number, "a" * 32, None if number == 1 else digest("p"), written) == entry


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


def opened(port: int, *, allow_private: bool = True) -> Send:
    return sender("oncall", CHANNEL, {"ONCALL_URL": f"json://127.0.0.1:{port}/x"}, allow_private=allow_private)


def test_a_message_reaches_its_channel_once(log: AlertLog, receiver: Receiver) -> None:
    told(log, [window(1, FAIL, severe=True)])
    assert post(log, "census", lambda name: opened(receiver.port), NOON) == 1
    assert post(log, "census", lambda name: opened(receiver.port), NOON) == 0
    (got,) = receiver.got
    assert got["title"] == "census: critical: drift of age (alert 1)"
    assert got["message"].splitlines()[2:] == ["benison monitor acknowledge 1 --why ...", "message 1:oncall"]


def test_what_is_not_taken_is_tried_later_and_later_and_given_up_in_the_end(log: AlertLog, receiver: Receiver) -> None:
    told(log, [window(1, FAIL, severe=True)])
    receiver.answer, now, waits = 500, NOON, []
    for _ in range(MOST_ATTEMPTS):
        assert post(log, "census", lambda name: opened(receiver.port), now) == 0
        pending = log.state().outbox.get("1:oncall")
        if pending is not None:
            waits.append((datetime.fromisoformat(pending.again) - now).total_seconds())
            assert post(log, "census", lambda name: opened(receiver.port), now) == 0, "it is not due"
            now = datetime.fromisoformat(pending.again)
    assert waits[:3] == [60, 120, 240] and max(waits) == 3600
    assert log.state().lost == {"1:oncall": "channel oncall did not take it"}
    assert len(receiver.got) == MOST_ATTEMPTS


def test_a_kill_between_sending_and_writing_it_down_sends_it_again_under_the_same_id(receiver: Receiver) -> None:
    store = MemoryStore()
    first, second = AlertLog(store, "census"), AlertLog(store, "census")
    told(first, [window(1, FAIL, severe=True)])
    (message,) = first.state().outbox.values()
    opened(receiver.port)("title", f"message {message.id}")
    assert post(second, "census", lambda name: opened(receiver.port), NOON) == 1
    assert [one["message"].splitlines()[-1] for one in receiver.got] == ["message 1:oncall"] * 2
    first.append(lambda state: Sent(message=message.id, who="x", when=utc(NOON), why="late"))
    assert not first.state().outbox


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer = 302
    assert not opened(receiver.port)("title", "text")
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "expected an address in the environment, got none\n\nhint: set ONCALL_URL"),
        ("file:///etc/passwd", "expected an address whose scheme is known here, got another"),
        ("dbus://", "expected an address whose scheme is known here, got another"),
        ("json://127.0.0.1/secret-path", "expected an address on the open network, got a private one"),
        ("json://169.254.169.254/latest", "expected an address on the open network, got a private one"),
        ("jsons://[::1]/x", "expected an address on the open network, got a private one"),
        ("json://10.1.2.3", "expected an address on the open network, got a private one"),
        ("slack://x", "expected an address that apprise understands, got another"),
    ],
)
def test_an_address_that_leads_where_it_must_not_is_refused_without_being_told(address: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sender("oncall", CHANNEL, {"ONCALL_URL": address}, allow_private=False)
    assert message in str(caught.value)
    assert "secret-path" not in str(caught.value) and "10.1.2.3" not in str(caught.value)


def test_a_channel_that_breaks_does_not_end_the_monitor(log: AlertLog) -> None:
    told(log, [window(1, FAIL, severe=True)])

    def broken(name: str) -> Send:
        raise OSError("json://user:hunter22@host")  # pragma: allowlist secret -- made up

    assert post(log, "census", broken, NOON) == 0
    (_, last) = log.entries()[-1]
    assert last.why == "OSError in channel oncall"


def test_the_log_of_another_kind_of_alert_is_refused() -> None:
    raised = Raise(
        who="x", when=utc(NOON), why="y", cause="mood", subject="s", severity="warning", first=0, last=0, observed="o",
        allowed="a", champion="", snapshot="", evidence="",
    )  # fmt: skip
    content: dict[str, Any] = entries.to_json(raised)
    with pytest.raises(ValueError, match="mood"):
        entries.from_json(1, "a" * 32, None, content)
    assert entries.from_json(1, "a" * 32, None, {**content, "cause": "drift"}) == replace(raised, cause="drift")
    assert isinstance(raised, Entry)
