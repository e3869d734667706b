"""rollout: in benison.yaml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config import Config
from benison.config.provider import QUERIES, CloudMonitoring, Provider
from benison.config.rollout import Guardrail, Phase, Rollout
from benison.config.staging import Staging
from benison.core import documents
from benison.core.errors import ConfigError
from benison.core.verdicts import Tier
from tests.test_config_model_card import FRAME


def read(folder: Path, said: dict[str, Any]) -> Config:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, **said}))
    return config.read(folder)


def rollout(folder: Path, said: dict[str, Any]) -> Rollout:
    found = read(folder, {"rollout": said}).rollout
    assert found is not None
    return found


def test_without_it_there_is_none_and_a_run_makes_the_champion(tmp_path: Path) -> None:
    found = read(tmp_path, {})
    assert (found.rollout, found.release.delivery) == (None, "direct")


def test_with_it_a_run_holds_what_it_blesses(tmp_path: Path) -> None:
    assert read(tmp_path, {"rollout": {}}).release.delivery == "hold"
    with pytest.raises(ConfigError, match=r"\(release.delivery\): expected hold, since rollout: says .*, got direct"):
        read(tmp_path, {"rollout": {}, "release": {"delivery": "direct"}})


def test_said_without_a_word_it_is_a_careful_canary(tmp_path: Path) -> None:
    assert rollout(tmp_path, {}) == Rollout(
        strategy="canary",
        phases=(Phase(1, 0, 30), Phase(5, 0, 120), Phase(25, 0, 120)),
        watch_minutes=60,
        guardrails=(Guardrail("error_rate", Tier.HARD, 0.01, at_most=0.05),),
    )


@pytest.mark.parametrize(
    ("said", "phases", "promotes"),
    [
        ({"strategy": "shadow"}, (Phase(0, 100, 60),), False),
        ({"strategy": "shadow", "shadow": {"percent": 5, "minutes": 2}}, (Phase(0, 5, 2),), False),
        ({"strategy": "ab"}, (Phase(50, 0, 1440),), True),
        ({"strategy": "ab", "steps": [{"percent": 20, "minutes": 9}]}, (Phase(20, 0, 9),), True),
        ({"strategy": "blue_green"}, (), True),
        ({"strategy": "blue_green", "shadow": {}}, (Phase(0, 100, 60),), True),
        ({"strategy": "big_bang"}, (), True),
        (
            {"shadow": {"minutes": 10}, "steps": [{"percent": 10, "minutes": 1}, {"percent": 50, "minutes": 2}]},
            (Phase(0, 100, 10), Phase(10, 0, 1), Phase(50, 0, 2)),
            True,
        ),
    ],
)
def test_each_strategy_has_its_phases(
    tmp_path: Path, said: dict[str, Any], phases: tuple[Phase, ...], promotes: bool
) -> None:
    found = rollout(tmp_path, said)
    assert (found.phases, found.promotes) == (phases, promotes)


def test_guardrails_are_what_they_say(tmp_path: Path) -> None:
    lines = [
        {"metric": "error_rate", "tolerance": 0.02, "at_most": 0.3, "sustained": 5},
        {"metric": "slow_share", "over_ms": 50, "tolerance": 0.01, "tier": "soft"},
        {"metric": "slow_share", "over_ms": 500, "tolerance": 0.01},
        {"metric": "kpi", "tolerance": 0.02},
    ]
    found = rollout(tmp_path, {"guardrails": lines, "outcomes": "outcomes"})
    assert found.guardrails == (
        Guardrail("error_rate", Tier.HARD, 0.02, at_most=0.3, sustained=5),
        Guardrail("slow_share", Tier.SOFT, 0.01, over_ms=50),
        Guardrail("slow_share", Tier.HARD, 0.01, over_ms=500),
        Guardrail("kpi", Tier.HARD, 0.02),
    )
    assert [line.name for line in found.guardrails][1:3] == ["slow_share over 50 ms", "slow_share over 500 ms"]


PROM = {"source": "prometheus", "url": "http://prometheus:9090/"}
CLOUD = {"source": "cloud_monitoring"}
ENDPOINT = {"router": "vertex", "project": "acme", "location": "europe-west4", "endpoint": "77"}
SCORE = {"metric": "score", "tolerance": 0.1}


def test_staging_and_figures_are_what_they_say_and_travel_with_the_plan(tmp_path: Path) -> None:
    staging = {"url": "https://models/shop/", "requests": 100, "seconds": 5, "p99_ms": 40, "p99_ratio": 1.5}
    found = rollout(tmp_path, {"staging": staging, "metrics": {**PROM, "job": "models", "queries": {"errors": "e"}}})
    assert found.staging == Staging("https://models/shop", 100, 5, p99_ms=40, p99_ratio=1.5)
    assert found.metrics == Provider("http://prometheus:9090", "models", {**QUERIES, "errors": "e"})
    assert Rollout.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert documents.problems("rollout_plan", found.to_json()) == []
    assert rollout(tmp_path, {"metrics": {"source": "request_log"}}).metrics is None


@pytest.mark.parametrize("api", ["", "https://monitoring-acme.p.googleapis.com"])
def test_figures_of_a_vertex_endpoint_travel_with_the_plan(tmp_path: Path, api: str) -> None:
    found = rollout(tmp_path, {"metrics": {**CLOUD, **({"api": f"{api}/"} if api else {})}, "traffic": ENDPOINT})
    assert found.metrics == CloudMonitoring(api)
    assert Rollout.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert documents.problems("rollout_plan", found.to_json()) == []


def test_a_plan_of_a_log_that_knows_of_neither_is_read(tmp_path: Path) -> None:
    found = rollout(tmp_path, {})
    new = ("staging", "metrics", "labels_mature_minutes")
    old = {key: value for key, value in found.to_json().items() if key not in new}
    assert Rollout.from_json(old) == found
    assert documents.problems("rollout_plan", old) == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"strategy": "canari"}, r"\(rollout.strategy\): expected one of canary, .*\n\nhint: did you mean canary"),
        ({"steps": [{"percent": 5, "minutes": 1}] * 2}, r"\(rollout.steps\): expected more than the 5% before, got 5%"),
        ({"steps": [{"percent": 100, "minutes": 1}]}, r"\(rollout.steps.0.percent\): expected a number from 0.01 to"),
        ({"strategy": "ab", "steps": [{"percent": p, "minutes": 1} for p in (1, 2)]}, "one step with strategy: ab"),
        ({"strategy": "blue_green", "steps": [{"percent": 5, "minutes": 1}]}, "none with strategy: blue_green"),
        ({"strategy": "big_bang", "shadow": {}}, r"\(rollout.shadow\): expected none with strategy: big_bang, got one"),
        ({"guardrails": [{"metric": "errors", "tolerance": 1}]}, r"expected one of error_rate, .*, got 'errors'"),
        ({"guardrails": [{"metric": "error_rate"}]}, r"\(rollout.guardrails.0.tolerance\): expected a key tolerance"),
        ({"guardrails": [{"metric": "slow_share", "tolerance": 0.1}]}, "expected a key over_ms: a number, got none"),
        ({"guardrails": [{"metric": "score", "tolerance": 0.1, "at_most": 1}]}, "known here, got 'at_"),
        ({"guardrails": [{"metric": "error_rate", "tolerance": 0.1}] * 2}, "guardrail once, got error_rate twice"),
        ({"guardrails": [{"metric": "kpi", "tolerance": 0.1}]}, r"\(rollout.outcomes\): expected where the outcomes"),
        ({"false_rollbacks": 0}, r"\(rollout.false_rollbacks\): expected a number from"),
        ({"undecided": "promote"}, r"\(rollout.undecided\): expected one of rollback, hold, got 'promote'"),
        ({"labels_mature_minutes": 5}, r"\(rollout.labels_mature_minutes\): expected outcomes that are waited for"),
        ({"staging": {}}, r"\(rollout.staging.url\): expected a key url: text, got none"),
        ({"staging": {"url": "models:8080"}}, "expected an address such as http://models:8080, got 'models:8080'"),
        ({"staging": {"url": "http://m", "requests": 19}}, r"\(rollout.staging.requests\): expected a whole number"),
        ({"staging": {"url": "http://m", "seconds": 0.1}}, "expected at most 1,000 a second, got 2000"),
        ({"staging": {"url": "http://m", "rows": "/r"}}, r"\(rollout.staging.rows\): expected a path inside"),
        ({"staging": {"url": "http://m", "p99": 5}}, "got 'p99'\n\nhint: did you mean p99_"),
        ({"metrics": {}}, r"\(rollout.metrics.source\): expected a key source: text, got none"),
        ({"metrics": {"source": "prom"}}, "expected one of request_log, prometheus, cloud_monitoring, got 'prom'"),
        ({"metrics": {"source": "prometheus"}}, r"\(rollout.metrics.url\): expected a key url: text, got none"),
        ({"metrics": {**PROM, "job": 'a"b'}}, "expected the value of a label, without quotes"),
        ({"metrics": {**PROM, "queries": {"error": "x"}}}, "expected one of requests, errors, .*, got 'error'"),
        ({"metrics": PROM, "outcomes": "o"}, r"\(rollout.outcomes\): expected none with figures from elsewhere"),
        ({"metrics": CLOUD}, r"\(rollout.metrics.source\): expected traffic: {router: vertex} with cloud_mon"),
        ({"metrics": CLOUD, "traffic": ENDPOINT, "guardrails": [SCORE]}, "expected error_rate and slow_share with"),
        ({"metrics": {**CLOUD, "api": "x"}}, r"\(rollout.metrics.api\): expected an address such as"),
        ({"step": []}, r"\(rollout.step\): expected .*, got 'step'\n\nhint: did you mean steps"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, {"rollout": said})
