from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kfp import compiler

from benison.config.destinations import Destination
from benison.core import digests
from benison.core.pack import pack
from benison.submit.kubeflow import Kubeflow
from benison.submit.runs import Request
from benison.submit.staging import stage
from tests.submit import pipelines
from tests.submit.cluster import Cluster
from tests.submit.kfp_server import KfpServer
from tests.submit.loopback import serving
from tests.submit.vertex_server import UNIVERSE, VertexServer, write_key


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KfpServer]:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KF_PIPELINES_ENDPOINT", "KF_PIPELINES_UI_ENDPOINT", "KFP_EXISTING_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with serving(KfpServer(Cluster(tmp_path / "cluster"))) as held:
        yield held


@pytest.fixture
def vertex_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexServer]:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(write_key(tmp_path / "key.json")))
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", UNIVERSE)
    with serving(VertexServer(Cluster(tmp_path / "cluster"))) as held:
        yield held


@pytest.fixture(scope="session")
def ir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compiled") / "short.yaml"
    compiler.Compiler().compile(pipelines.short, str(path))
    return path


@pytest.fixture
def request_for(ir: Path, tmp_path: Path) -> Callable[..., Request]:
    """A project whose run ends with an outcome, staged."""

    def make(outcome: str = "pushed", submit_id: str = "a1") -> Request:
        project = tmp_path / "project"
        project.mkdir(exist_ok=True)
        (project / "outcome.txt").write_text(outcome)
        bundle = pack(project, tmp_path / "bundles")
        root = f"file://{tmp_path}/root"
        staged = stage(Path(bundle.uri), bundle.digest, root)
        return Request(
            pipeline="short",
            ir=ir,
            digest=digests.of_file(ir),
            tasks=("bundle", "pusher"),
            parameters={"bundle_uri": staged.uri, "bundle_digest": bundle.digest, "span": 3},
            root=root,
            project="census",
            experiment="census",
            service_account="runner",
            submit_id=submit_id,
        )

    return make


@pytest.fixture
def waits() -> list[float]:
    """What `kubeflow` waited for, in seconds."""
    return []


@pytest.fixture
def kubeflow(server: KfpServer, waits: list[float]) -> Callable[..., Kubeflow]:
    def connect(namespace: str = "") -> Kubeflow:
        return Kubeflow(Destination(endpoint=server.address, namespace=namespace), pause=waits.append)

    return connect
