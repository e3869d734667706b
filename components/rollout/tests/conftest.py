from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benison.components.rollout.tests.live import Arm, World
from benison.registry.registry import Registry
from benison.registry.testing import Bench, MemoryStore


@pytest.fixture
def worlds(tmp_path: Path) -> Callable[[], World]:
    """Makes worlds, each with a champion that has traffic, and a challenger that is as good."""

    def make() -> World:
        bench = Bench(Registry(MemoryStore(), "census"), tmp_path / "packages")
        bench.crown("first")
        challenger = bench.add("second", (2,))
        bench.bless(challenger)
        return World(bench, challenger, {"champion": Arm(), "challenger": Arm()})

    return make


@pytest.fixture
def world(worlds: Callable[[], World]) -> World:
    return worlds()
