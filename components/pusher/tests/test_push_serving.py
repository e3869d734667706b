"""A push whose evidence of serving is missing, or speaks against it."""

from typing import Any

import pytest

from benison.core.errors import DataError
from benison.registry.registry import Registry

World = Any


def test_pushes_nothing_where_nobody_served_the_model(world: World) -> None:
    played = world.round("one", [1])
    del played.documents["infra_evaluation/infra"]
    with pytest.raises(DataError, match=r"infra.json: expected a JSON document of kind infra"):
        played.push()
    assert Registry.create(str(world.root / "registry"), "census").state().champion is None


def test_registers_a_model_that_does_not_serve_and_does_not_bless_it(world: World) -> None:
    played = world.round("one", [1])
    infra = played.said("infra_evaluation/infra")
    infra["checks"][0].update(verdict="FAIL", reason="nothing within 30 s")
    infra["verdict"] = "FAIL"
    assert played.push() == "blocked"
    assert played.pushed()["reason"] == "not blessed: nothing within 30 s"
    assert world.log == ["register", "bless"]
