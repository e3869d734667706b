"""rollout: in benison.yaml: the limits of what may be said, and what is kept of it in the log."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.rollout import Rollout
from benison.core import documents
from benison.core.errors import ConfigError
from tests.test_config_model_card import FRAME

ERRORS = {"metric": "error_rate", "tolerance": 0.01}


def read(folder: Path, **said: Any) -> Rollout:
    (folder / config.FILE).write_text(yaml.safe_dump({**FRAME, "rollout": said}))
    found = config.read(folder).rollout
    assert found is not None
    return found


@pytest.mark.parametrize("strategy", ["canary", "shadow", "ab", "blue_green", "big_bang"])
def test_what_the_log_keeps_of_a_plan_is_the_plan(tmp_path: Path, strategy: str) -> None:
    found = read(
        tmp_path, strategy=strategy, guardrails=[ERRORS, {"metric": "slow_share", "over_ms": 9, "tolerance": 1}]
    )
    assert documents.problems("rollout_plan", found.to_json()) == []
    assert Rollout.from_json(found.to_json()) == found
    assert [line.counts for line in found.guardrails] == [True, True]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"steps": [{"percent": 5}]}, r"minutes\): expected a key minutes"),
        ({"strategy": "shadow", "steps": [{"percent": 5, "minutes": 1}]}, r"expected none with strategy: shadow"),
        ({"shadow": {"percent": 0}}, r"\(rollout.shadow.percent\): expected a number from 0.01 to 100, got 0"),
        ({"guardrails": [{**ERRORS, "tolerance": 0}]}, r"tolerance\): expected a number from 1e-06 to 1, got 0"),
        ({"guardrails": [{**ERRORS, "tier": "firm"}]}, r"tier\): expected one of hard, soft"),
        ({"guardrails": [{**ERRORS, "over_ms": 5}]}, r"over_ms\): expected a key that is known here"),
        ({"guardrails": [{**ERRORS, "sustained": 2}]}, r"sustained\): expected a key that is known here"),
        ({"block_seconds": 0.1}, r"\(rollout.block_seconds\): expected a number from 0.5 to 3600, got 0.1"),
        ({"min_blocks": 1}, r"\(rollout.min_blocks\): expected a whole number from 2, got 1"),
        ({"false_rollbacks": 0.5}, r"\(rollout.false_rollbacks\): expected a number from 1e-06 to 0.2, got 0.5"),
        ({"silent_minutes": 0}, r"\(rollout.silent_minutes\): expected a number from 0.05 to 10000, got 0"),
        ({"extend_minutes": -1}, r"\(rollout.extend_minutes\): expected a number from 0 to 1e\+?06"),
        ({"watch_minutes": -1}, r"\(rollout.watch_minutes\): expected a number from 0"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, **said)
