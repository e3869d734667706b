"""triggers: in benison.yaml."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.triggers import (
    MENDED,
    NOT_MENDED,
    AlertSource,
    Budget,
    Cron,
    DataSource,
    GitSource,
    Policy,
    PubSub,
    Triggers,
    Webhook,
)
from benison.core.errors import ConfigError
from benison.monitoring.windows import KINDS
from tests.test_config_model_card import FRAME


def read(folder: Path, **said: Any) -> Triggers:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, "triggers": said} if said else FRAME))
    return config.read(folder).triggers


def test_nothing_said_looks_at_nothing(tmp_path: Path) -> None:
    assert read(tmp_path) == Triggers("local", None, None, {}, None, Policy(60, 0, 1, 3, 24, None))


def test_all_of_it_is_read(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        git={
            "repository": "git@acme.org:m.git",
            "folder": "a/b/",
            "webhook": {"provider": "github", "secret": "S"},
        },
        data={"pubsub": {"audience": "https://a", "service_account": "b"}},
        schedules={"nightly": {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}},
        alerts={"kinds": "skew", "severity": "warning", "unless_acknowledged": False},
        debounce_seconds=5,
        cooldown_minutes=30,
        concurrent=2,
        breaker={"failures": 5},
        lost_hours=6,
        budget={"device_hours_per_month": 100, "reserve_hours": 10},
    )
    assert found == Triggers(
        "local",
        GitSource("git@acme.org:m.git", "main", "a/b", Webhook("github", "S")),
        DataSource(PubSub("https://a", "b")),
        {"nightly": Cron("0 6 * * *", "Europe/Berlin")},
        AlertSource(("skew",), "warning", False),
        Policy(5, 30, 2, 5, 6, Budget(100, 10)),
    )


ITSELF = {"provider": "github", "secret": "s3cr3t-itself"}  # pragma: allowlist secret -- made up


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"gti": {}}, r"\(triggers.gti\): expected a key that is known"),
        (
            {"target": "kubeflow"},
            r"\(triggers.target\): expected targets.kubeflow.pipeline_root, to submit",
        ),
        (
            {"git": {"repository": "https://mia:pw@x.org/m"}},  # pragma: allowlist secret -- made up
            r"\(triggers.git.repository\): .*without a password",
        ),
        ({"git": {"repository": "-x"}}, r"\(triggers.git.repository\): expected an address or a folder"),
        (
            {"git": {"repository": ".", "branch": "a b"}},
            r"\(triggers.git.branch\): expected a branch's name",
        ),
        ({"git": {"repository": ".", "folder": "../x"}}, r"\(triggers.git.folder\): expected a folder within"),
        (
            {"git": {"repository": ".", "webhook": ITSELF}},
            r"\(triggers.git.webhook.secret\): expected the name of an environment variable, got something else",
        ),
        (
            {"data": {"pubsub": {"audience": " ", "service_account": "b"}}},
            r"audience\): expected who it is",
        ),
        ({"schedules": {"A": {"cron": "x"}}}, r"\(triggers.schedules.A\): expected small letters"),
        (
            {"budget": {"device_hours_per_month": 5, "reserve_hours": 6}},
            r"reserve_hours\): expected .* 0 to 5",
        ),
        (
            {"alerts": {"kinds": ["drift", "latency"]}},
            r"\(triggers.alerts.kinds\): expected some of drift, score_drift, skew, quality, got 'latency'\n\n"
            r"hint: another training does not mend it: it goes to people, by the channels of monitor.alerts",
        ),
        ({"alerts": {"kinds": ["drfit"]}}, r"got 'drfit'\n\nhint: did you mean drift\?"),
        ({"alerts": {"severity": "severe"}}, r"\(triggers.alerts.severity\): expected one of warning, critical"),
        ({"concurrent": 0}, r"\(triggers.concurrent\): expected a whole number from 1"),
    ],
)
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        read(tmp_path, **said)
    assert ":pw@" not in str(error.value) and "s3cr3t" not in str(error.value)


def test_alerts_alone_mean_critical_ones_that_a_training_may_mend_and_nobody_took_over(tmp_path: Path) -> None:
    assert read(tmp_path, alerts={}).alerts == AlertSource(
        ("drift", "score_drift", "skew", "quality"), "critical", True
    )
    assert {*MENDED, *NOT_MENDED} == {*KINDS}


def test_a_query_cannot_be_looked_at(tmp_path: Path) -> None:
    frame = {**FRAME, "data": {"query": {"file": "q.sql"}}, "triggers": {"data": {}}}
    (tmp_path / config.FILE).write_text(yaml.safe_dump(frame))
    with pytest.raises(ConfigError, match=r"\(triggers.data\): expected data.path, whose .*got a query"):
        config.read(tmp_path)
