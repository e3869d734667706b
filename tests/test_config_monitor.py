"""monitor: in benison.yaml."""

from typing import Any

import pytest

from benison.config.channels import Channel
from benison.config.monitor import Limits, Monitor, monitor_of
from benison.core.errors import ConfigError
from benison.core.sections import Section


def read(**said: Any) -> Monitor:
    return monitor_of(Section("benison.yaml", said))


def test_nothing_said_gives_the_defaults() -> None:
    assert read() == Monitor()
    assert Monitor().alpha == pytest.approx(1 / 720)


def test_everything_that_is_said_is_understood() -> None:
    found = read(
        window_minutes=15, season="day", false_alarms_per_month=0.5, features=["age"], drift={"limit": 0.05},
        late={"limit": 0.001}, latency={"over_ms": 250},
        alerts={"channels": {"oncall": {"url_from": "ONCALL_URL"}}, "allow_private": True},
    )  # fmt: skip
    assert (found.window_minutes, found.season, found.features) == (15, "day", ("age",))
    assert found.drift == Limits(0.05, 0.1) and found.late == Limits(0.001, 1.0)
    assert found.latency is not None and found.latency.limits == Limits(0.05, 0.5)
    assert found.alerting.channels == {"oncall": Channel("ONCALL_URL", ("critical", "escalated"))}


def test_windows_may_be_shorter_than_a_minute() -> None:
    found = read(window_minutes=0.05)
    assert found.window_seconds == 3
    assert found.alpha == pytest.approx(0.05 / 43_200)


ITSELF = "json://me:hunter22@host"  # pragma: allowlist secret -- made up


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"window_minutes": 7},
            "expected minutes that a day can be divided by, such as 15, 60 or 240, or a whole second of it, such as "
            "0.25, got 7",
        ),
        ({"window_minutes": 0.02}, "such as 0.25, got 0.02"),
        ({"season": "year"}, "expected one of none, day, week, got 'year'"),
        ({"drift": {"limit": 0.2, "severe": 0.1}}, "expected no less than limit, 0.2, got 0.1"),
        ({"seasons": "day"}, "got 'seasons'\n\nhint: did you mean season?"),
        (
            {"alerts": {"channels": {"oncall": {"url_from": ITSELF}}}},
            "expected the name of a variable of the environment, such as ONCALL_URL, got another",
        ),
        (
            {"alerts": {"channels": {"oncall": {"url_from": "A", "when": ["always"]}}}},
            "expected some of warning, critical, escalated, got always",
        ),
        ({"alerts": {"channels": {"On Call": {"url_from": "A"}}}}, "a letter first, at most 63, got 'On Call'"),
    ],
)
def test_what_is_not_understood_is_refused(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(**said)
    assert message in str(caught.value)
    assert "hunter22" not in str(caught.value)
