"""Rollout behind our Pusher: what it holds is rolled out, with nobody's traffic, since the plan asks for none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benison.components.rollout.in_tfx import answer as roll_out
from benison.core import documents
from benison.core.errors import DataError
from benison.delivery.rollout_log import RolloutLog
from benison.registry.registry import Registry
from benison.tfx.asked import Artifact
from tests.tfx.shop import Shop, blessing, examples, project, splits, stock_model

PLAN = "rollout: {strategy: blue_green, watch_minutes: 0, block_seconds: 0.5, silent_minutes: 0.05}\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    return examples(tmp_path_factory.mktemp("rollout") / "examples", splits())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    project(tmp_path / "project")
    (tmp_path / "requests").mkdir()
    return Shop(tmp_path)


def pushed(shop: Shop, data: Artifact, weight: float, champion: Artifact | None = None) -> Artifact:
    """A model of TFX's Trainer, pushed."""
    model = stock_model(shop.root / f"model {weight}", weight)
    against = {"baseline_model": champion.uri} if champion else {}
    word = blessing(model, **against)
    shop.pushed(model=model, examples=data, model_blessing=word, baseline_model=champion)
    return model


def rolled(shop: Shop, made: Artifact) -> Any:
    told = {"registry": shop.registry, "requests": str(shop.root / "requests"), "who": "a test", "why": "week 47"}
    return shop.ask(roll_out, {"pushed_model": made}, "delivered_model", **told)


@pytest.fixture
def held(shop: Shop, data: Artifact) -> Artifact:
    """A champion, and what our Pusher says of a better one."""
    first = pushed(shop, data, 0.5)
    config = shop.project / "benison.yaml"
    config.write_text(config.read_text() + PLAN)
    pushed(shop, data, 1.0, first)
    assert documents.read(shop.made["pushed_model"] / "pushed.json", "pushed")["outcome"] == "held"
    return shop.artifact("pushed_model", outcome="held")


def test_what_the_pusher_holds_becomes_champion_by_its_rollout(shop: Shop, held: Artifact) -> None:
    package = documents.read(held.path / "pushed.json", "pushed")["package"]
    said = rolled(shop, held)
    assert said == {
        "outcome": "promoted",
        "reason": "watched for 0 minutes with all traffic",
        "registry": shop.registry,
        "number": shop.champion.number,
    }
    assert shop.champion.package == package
    record = documents.read(shop.made["delivered_model"] / "rollout.json", "rollout")
    assert (record["challenger"], record["outcome"]) == (package, "promoted")
    again = rolled(shop, held)
    assert (again["outcome"], again["number"]) == ("promoted", said["number"])
    assert again["reason"] == f"it is champion {shop.champion} already"


@pytest.mark.slow
def test_what_a_rollout_sent_back_is_not_tried_again(shop: Shop, held: Artifact) -> None:
    before = shop.champion.package
    (shop.root / "requests").rmdir()
    config = shop.project / "benison.yaml"
    config.write_text(config.read_text().replace("watch_minutes: 0", "watch_minutes: 1"))
    said = rolled(shop, held)
    assert (said["outcome"], said["number"]) == ("rolled_back", 0)
    assert said["reason"] == "no figures for 0 minutes: the request log cannot be read"
    record = (shop.made["delivered_model"] / "rollout.json").read_bytes()
    assert rolled(shop, held) == said
    assert (shop.made["delivered_model"] / "rollout.json").read_bytes() == record
    assert len(RolloutLog(Registry.open(shop.registry, "shop").store, "shop").state().past) == 1
    assert shop.champion.package == before


def test_what_the_pusher_does_not_hold_is_not_rolled_out(shop: Shop, data: Artifact, tmp_path: Path) -> None:
    pushed(shop, data, 0.5)
    said = rolled(shop, shop.artifact("pushed_model"))
    assert (said["outcome"], said["number"]) == ("pushed", shop.champion.number)
    blocked = rolled(shop, Artifact(tmp_path, properties={"outcome": "blocked", "reason": "not blessed: slow"}))
    assert blocked == {
        "outcome": "blocked",
        "reason": "not blessed: slow",
        "registry": shop.registry,
        "number": 0,
    }
    assert not list(shop.made["delivered_model"].iterdir())


def test_what_tfx_pushed_cannot_be_rolled_out(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"input 'pushed_model': expected what our Pusher wrote, got no pushed\.json"):
        rolled(shop, Artifact(tmp_path, properties={"pushed": 1}))
