"""Kubernetes' own client against an API on loopback that does with an InferenceService what KServe does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from benison.config.traffic import Kserve
from benison.core.errors import AccessError, ConfigError, ConflictError, ServerError
from benison.delivery.routers import Parties, Router, Split
from benison.delivery.routers.kserve import KserveRouter
from benison.delivery.testing import CHALLENGER, CHAMPION, RouterTests
from tests.delivery.routers.cluster import Cluster

PLACE = Kserve("census", "gs://acme/registry/census/packages", "models")
PARTIES = Parties(CHAMPION, CHALLENGER)


def uri(package: str) -> str:
    return f"{PLACE.packages}/{package.removeprefix('sha256:')}"


def kubeconfig(path: Path, address: str) -> Path:
    said = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        "clusters": [{"name": "here", "cluster": {"server": address}}],
        "users": [{"name": "me", "user": {}}],
    }
    path.write_text(yaml.safe_dump(said))
    return path


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The champion has all traffic; another package had it before."""
    cluster = Cluster("gs://acme/older")
    cluster.spec["predictor"]["model"]["storageUri"] = uri(CHAMPION)
    for _ in range(3):
        cluster.reconcile()
    with cluster.serving() as address:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "kubeconfig", address)))
        yield cluster


@pytest.fixture
def router(cluster: Cluster) -> KserveRouter:
    return KserveRouter(PLACE, PARTIES)


def settled(cluster: Cluster) -> None:
    for _ in range(4):
        cluster.reconcile()


class TestKserve(RouterTests):
    @pytest.fixture(autouse=True)
    def _known(self, cluster: Cluster) -> None:
        self.cluster = cluster

    @pytest.fixture
    def opened(self, cluster: Cluster) -> Callable[[], Router]:
        return lambda: KserveRouter(PLACE, PARTIES)

    @pytest.fixture
    def down(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Router:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "nowhere", "http://127.0.0.1:9")))
        return KserveRouter(PLACE, PARTIES)

    def pass_time(self) -> None:
        self.cluster.reconcile()


def test_a_canary_is_in_force_when_its_revision_is_ready_and_not_before(cluster: Cluster, router: Router) -> None:
    router.set(5.0)
    predictor = cluster.spec["predictor"]
    assert (predictor["canaryTrafficPercent"], predictor["model"]["storageUri"]) == (5, uri(CHALLENGER))
    assert predictor["model"]["modelFormat"] == {"name": "x"}
    seen = []
    for _ in range(4):
        seen.append(router.read())
        cluster.reconcile()
    assert seen[0] == Split(0.0)
    assert not seen[1].is_at(5.0)
    assert router.read() == Split(5.0)


def test_all_at_once_is_not_taken_for_done_while_the_champion_still_is_the_latest(
    cluster: Cluster, router: Router
) -> None:
    router.set(100.0)
    assert cluster.status["traffic"][0]["percent"] == 100
    assert router.read() == Split(0.0)
    settled(cluster)
    assert router.read() == Split(100.0)


def test_back_the_canary_goes_to_0_first_and_the_spec_is_the_champions_afterwards(
    cluster: Cluster, router: Router
) -> None:
    router.set(100.0)
    settled(cluster)
    router.set(0.0)
    predictor = cluster.spec["predictor"]
    assert (predictor["canaryTrafficPercent"], predictor["model"]["storageUri"]) == (0, uri(CHALLENGER))
    settled(cluster)
    assert not router.settle(CHAMPION)
    assert (predictor := cluster.spec["predictor"])["canaryTrafficPercent"] == 0
    assert predictor["model"]["storageUri"] == uri(CHAMPION)
    settled(cluster)
    assert router.settle(CHAMPION)
    assert "canaryTrafficPercent" not in cluster.spec["predictor"]
    settled(cluster)
    assert router.read() == Split(0.0)


def test_a_share_that_is_set_already_writes_nothing(cluster: Cluster, router: Router) -> None:
    router.set(0.0)
    router.set(5.0)
    router.set(5.0)
    assert cluster.replaced == 1


def test_a_change_by_somebody_else_at_the_same_moment_is_a_conflict(cluster: Cluster, router: KserveRouter) -> None:
    service = router._service()
    cluster.version += 1
    with pytest.raises(ConflictError, match="inferenceservice models/census: expected the service as it was read, got"):
        router._change(service, uri(CHALLENGER), 5)
    assert "canaryTrafficPercent" not in cluster.spec["predictor"]


def test_traffic_at_a_third_package_is_no_split_of_the_two(cluster: Cluster, router: Router) -> None:
    cluster.spec["predictor"]["model"]["storageUri"] = "gs://acme/by-hand"
    settled(cluster)
    assert router.read() == Split(0.0, "traffic at gs://acme/by-hand")
    with pytest.raises(
        ConfigError, match=r"expected the champion, gs://acme/.*, got gs://acme/by-hand\n\nhint: deploy"
    ):
        router.check()


def test_a_canary_that_is_left_over_does_not_begin(cluster: Cluster, router: Router) -> None:
    router.set(5.0)
    settled(cluster)
    cluster.spec["predictor"]["model"]["storageUri"] = uri(CHAMPION)
    with pytest.raises(ConfigError, match=r"expected all traffic at the champion, got 5%\n\nhint: wait until it is re"):
        router.check()


def test_a_service_that_names_no_package_or_has_no_traffic_is_told(cluster: Cluster, router: Router) -> None:
    cluster.status["traffic"] = []
    assert router.read() == Split(0.0, "no traffic in status.components.predictor")
    del cluster.spec["predictor"]["model"]
    with pytest.raises(ConfigError, match=r"expected one storageUri in its predictor, got 0\n\nhint: write  spec:"):
        router.set(5.0)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, AccessError, r"got 401: .*\n\nhint: sign in to the cluster as kubectl does"),
        (403, AccessError, r"got 403: .*\n\nhint: the controller needs get and update on inferenceservices"),
        (404, AccessError, r"got 404: .*\n\nhint: rollout.traffic in benison.yaml names the InferenceService"),
        (500, ServerError, "expected a cluster that is well, got 500"),
    ],
)
def test_a_cluster_that_refuses_is_told(
    cluster: Cluster, router: Router, status: int, kind: type[Exception], said: str
) -> None:
    cluster.fails = status
    with pytest.raises(kind, match=said):
        router.read()


def test_a_context_that_no_kubeconfig_has_is_told(cluster: Cluster) -> None:
    with pytest.raises(AccessError, match=r"kubernetes \(elsewhere\): expected a cluster, got .*\n\nhint: name one in"):
        KserveRouter(dataclasses.replace(PLACE, context="elsewhere"), PARTIES)
