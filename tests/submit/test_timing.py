"""Cron in one spelling: what is taken, what each server gets, what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benison.core.errors import InputError
from benison.submit.timing import Timing, for_kubeflow, for_vertex, of_kubeflow, of_vertex, spell, timing_of

# A Wednesday.
NOW = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("0 6 * * 1", "0 6 * * 1"),
        ("*/15 8-18 * * mon-fri", "*/15 8-18 * * 1,2,3,4,5"),
        ("0 6 1,15 jan-mar,DEC *", "0 6 1,15 1-3,12 *"),
        # Go's reader of cron, which Kubeflow has, knows no 7.
        ("0 6 * * 7", "0 6 * * 0"),
        ("0 6 * * 5-7", "0 6 * * 0,5,6"),
        ("0 6 * * */2", "0 6 * * 0,2,4,6"),
        ("  5   4  *  *  *  ", "5 4 * * *"),
    ],
)
def test_one_spelling_is_translated_for_both(said: str, read: str) -> None:
    timing = timing_of(said, "Europe/Berlin")
    assert timing == Timing(read, "Europe/Berlin")
    assert (for_kubeflow(timing), for_vertex(timing)) == (f"0 {read}", f"TZ=Europe/Berlin {read}")
    assert (of_kubeflow(for_kubeflow(timing)), of_vertex(for_vertex(timing))) == (read, timing)


def test_without_a_time_zone_times_are_utc() -> None:
    timing = timing_of("0 6 * * *")
    assert for_vertex(timing) == "TZ=Etc/UTC 0 6 * * *" and of_vertex(for_vertex(timing)) == timing
    assert of_vertex("0 6 * * *") == timing and of_vertex("CRON_TZ=Asia/Tokyo 0 6 * * *").timezone == "Asia/Tokyo"


def test_a_schedule_of_somebody_elses_within_minutes_is_shown_as_it_is() -> None:
    assert of_kubeflow("30 0 6 * * *") == "30 0 6 * * *"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("0 6 * *", "expected five fields: minute, hour, day of the month, month, day of the week, got '0 6 \\* \\*'"),
        ("0 0 6 * * 1", "expected five fields: .*, got '0 0 6 \\* \\* 1'"),
        ("@daily", "expected five fields"),
        ("0 6 ? * 1", "expected five fields"),
        ("61 6 * * *", "got '61 6 \\* \\* \\*': bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 6 0 * *", "bad day-of-month"),
        ("0 6 * 13 *", "bad month"),
        ("0 6 * * 8", "bad day-of-week"),
        ("0 6 * * fry", "bad day-of-week"),
        ("0 6 * * 5-1", "bad day-of-week"),
        ("*/0 6 * * *", "bad minute"),
        ("0 6 l * *", "L and W are known to some only"),
        ("0 6 LW * *", "L and W are known to some only"),
        ("0 6 * * 5L", "L and W are known to some only"),
        ("0 6 13 * 5", "expected days of the month or of the week, got both: 13 and 5"),
        ("0 6 31 2 *", "bad day-of-month"),
        ("0 6 30 feb *", "bad day-of-month"),
    ],
)
def test_what_not_every_server_understands_alike_is_refused(said: str, message: str) -> None:
    with pytest.raises(InputError, match=f"(?s)--cron: .*{message}"):
        timing_of(said)


@pytest.mark.parametrize("said", ["Europe/Berlin2", "../etc/passwd", "/etc/localtime", "Berlin"])
def test_a_time_zone_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(InputError, match=r"--timezone: expected a name as in Europe/Berlin, got"):
        timing_of("0 6 * * *", said)


def test_the_next_times_are_told_in_the_schedules_own_zone() -> None:
    assert spell(timing_of("0 6 * * 1").next(NOW, 2)) == "Mon 2026-07-06 06:00 UTC, Mon 2026-07-13 06:00 UTC"
    berlin = timing_of("0 6 25 10,11 *", "Europe/Berlin").next(NOW, 2)
    # Summer time ends between three and two o'clock of 25 October.
    assert [time.astimezone(UTC).hour for time in berlin] == [5, 5] and spell(berlin[:1]).endswith("06:00 CET")
