from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison import config as configuration
from benison.components.monitor.run import watcher_of
from benison.components.monitor.tests.world import World, crowned, project
from benison.registry.registry import Registry
from benison.registry.testing import Bench


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Makes a world whose benison.yaml says so of its monitor."""

    def make(**said: Any) -> World:
        bench = Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
        crowned(bench)
        config = configuration.read(project(tmp_path / "project", tmp_path / "requests", **said))
        (tmp_path / "requests").mkdir(exist_ok=True)
        return World(bench, tmp_path / "requests", watcher_of(config, bench.registry))

    return make
