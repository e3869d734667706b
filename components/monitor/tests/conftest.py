from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison import config as configuration
from benison.components.monitor.run import watcher_of
from benison.components.monitor.tests.world import LEARNING, Learned, World, crowned, project
from benison.registry.registry import Registry
from benison.registry.testing import Bench


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Makes a world whose benison.yaml says so of its monitor."""

    def make(**said: Any) -> World:
        bench = Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
        crowned(bench)
        (tmp_path / "requests").mkdir(exist_ok=True)
        return _world(tmp_path, bench, **said)

    return make


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """What takes long, once."""
    folder = tmp_path_factory.mktemp("learned")
    bench = Bench(Registry.create(str(folder / "registry"), "census"), folder / "packages")
    crowned(bench)
    (folder / "requests").mkdir()
    one = _world(folder, bench)
    return Learned(one, one.live(LEARNING), folder)


@pytest.fixture
def experienced(tmp_path: Path, learned: Learned) -> Callable[..., World]:
    """Makes a world that had `LEARNING` hours of steady traffic, whose benison.yaml says so of its monitor."""

    def make(**said: Any) -> World:
        shutil.copytree(learned.folder, tmp_path, dirs_exist_ok=True)
        one = _world(
            tmp_path, Bench(Registry.open(str(tmp_path / "registry"), "census"), tmp_path / "packages"), **said
        )
        one.hours, one.random = learned.world.hours, copy.deepcopy(learned.world.random)
        return one

    return make


def _world(folder: Path, bench: Bench, **said: Any) -> World:
    config = configuration.read(project(folder / "project", folder / "requests", **said))
    return World(bench, folder / "requests", watcher_of(config, bench.registry))
