from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from benison.config.mirror import Container, VertexMirror
from benison.registry.registry import Registry
from benison.registry.testing import Bench
from tests.delivery.routers.loopback import serving
from tests.mirror.model_server import ARTIFACTS, ModelServer
from tests.submit.vertex_server import UNIVERSE, write_key


@dataclass
class Served:
    """One address for all tests of a module, each with a server of its own."""

    address: str = ""
    server: ModelServer = field(default_factory=ModelServer)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        return self.server.answer(method, path, body)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    held = Served()
    with serving(held.answer) as held.address:
        yield held


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_key(tmp_path_factory.mktemp("key") / "key.json")


@pytest.fixture(scope="module")
def place(served: Served, key: Path) -> Iterator[VertexMirror]:
    image = Container("europe-docker.pkg.dev/vertex-ai/prediction/tf2-cpu.2-15:latest")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
        patch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", UNIVERSE)
        yield VertexMirror("acme", "europe-west4", ARTIFACTS, image, api=served.address)


@pytest.fixture
def server(served: Served) -> ModelServer:
    served.server = ModelServer()
    return served.server


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
