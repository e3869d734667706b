"""google-cloud-aiplatform's client against an endpoint on loopback."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from benison.config.traffic import Vertex
from benison.core.errors import AccessError, ConfigError, ConflictError, InputError, ServerError
from benison.delivery.rollout_log import RolloutLog
from benison.delivery.routers import Parties, Router, Split, opening
from benison.delivery.routers.vertex import VertexRouter
from benison.delivery.testing import CHALLENGER, CHAMPION, RouterTests
from benison.registry.testing import MemoryStore
from tests.delivery.routers.loopback import serving
from tests.submit.vertex_server import UNIVERSE, write_key

NAME = "projects/acme/locations/europe-west4/endpoints/77"
PARTIES = Parties(CHAMPION, CHALLENGER)


class Endpoint:
    """An endpoint with two deployed models; who changes an older state of it is refused."""

    def __init__(self) -> None:
        self.models = [{"id": "11", "displayName": CHAMPION}, {"id": "22", "displayName": CHALLENGER}]
        self.split, self.etag, self.fails, self.patched = {"11": 100}, 1, 0, 0

    def told(self) -> dict[str, Any]:
        return {"name": NAME, "deployedModels": self.models, "trafficSplit": self.split, "etag": str(self.etag)}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> tuple[int, dict[str, Any]]:
        if self.fails:
            return self.fails, {"error": {"message": "as the test wishes", "code": self.fails}}
        if path != f"/v1/{NAME}":
            return 404, {"error": {"message": f"no {path}"}}
        if method == "PATCH":
            if query["updateMask"] != ["trafficSplit"] or sum(body["trafficSplit"].values()) != 100:
                return 400, {"error": {"message": "no split"}}
            if body["etag"] != str(self.etag):
                return 409, {"error": {"message": "the endpoint has changed"}}
            self.split, self.etag, self.patched = body["trafficSplit"], self.etag + 1, self.patched + 1
        return 200, self.told()


@dataclasses.dataclass
class Served:
    """A server for all tests of a module, each with an endpoint of its own."""

    address: str = ""
    endpoint: Endpoint = dataclasses.field(default_factory=Endpoint)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        parts = urlsplit(path)
        return self.endpoint.answer(method, parts.path, parse_qs(parts.query), body)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    held = Served()
    with serving(held.answer) as held.address:
        yield held


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_key(tmp_path_factory.mktemp("key") / "key.json")


@pytest.fixture
def place(served: Served, key: Path, monkeypatch: pytest.MonkeyPatch) -> Vertex:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
    monkeypatch.setenv("GOOGLE_CLOUD_UNIVERSE_DOMAIN", UNIVERSE)
    return Vertex("acme", "europe-west4", "77", served.address)


@pytest.fixture
def endpoint(served: Served) -> Endpoint:
    served.endpoint = Endpoint()
    return served.endpoint


@pytest.fixture
def router(place: Vertex, endpoint: Endpoint) -> VertexRouter:
    return VertexRouter(place, PARTIES)


class TestVertex(RouterTests):
    @pytest.fixture
    def opened(self, place: Vertex, endpoint: Endpoint) -> Callable[[], Router]:
        return lambda: VertexRouter(place, PARTIES)

    @pytest.fixture
    def down(self, place: Vertex) -> Router:
        return VertexRouter(dataclasses.replace(place, api="http://127.0.0.1:9"), PARTIES)


def test_a_split_is_by_deployed_models_and_sums_to_100(endpoint: Endpoint, router: Router) -> None:
    router.set(5.0)
    assert endpoint.split == {"11": 95, "22": 5}
    router.set(100.0)
    assert endpoint.split == {"22": 100}
    router.set(100.0)
    assert endpoint.patched == 2


def test_a_change_by_somebody_else_at_the_same_moment_is_a_conflict(endpoint: Endpoint, router: VertexRouter) -> None:
    answer = endpoint.answer

    def late(method: str, *words: Any) -> tuple[int, dict[str, Any]]:
        endpoint.etag += method == "PATCH"
        return answer(method, *words)

    endpoint.answer = late  # type: ignore[method-assign]
    with pytest.raises(ConflictError, match=f"{NAME}: expected the endpoint as it was read, got a change by somebody"):
        router.set(5.0)
    assert endpoint.split == {"11": 100}


def test_a_challenger_that_is_not_deployed_does_not_begin(endpoint: Endpoint, router: Router) -> None:
    endpoint.models.pop()
    with pytest.raises(ConfigError, match=r"expected one deployed model of package .*, got 0\n\nhint: deploy it with"):
        router.check()


def test_traffic_elsewhere_is_no_split_of_the_two_and_does_not_begin(endpoint: Endpoint, router: Router) -> None:
    endpoint.models.append({"id": "33", "displayName": "by hand"})
    endpoint.split = {"11": 60, "33": 40}
    assert router.read() == Split(0.0, "traffic at deployed model 33")
    with pytest.raises(
        ConfigError, match=r"expected all traffic at the champion, got 0%, traffic at deployed model 33"
    ):
        router.check()


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, AccessError, r"got 401: .*\n\nhint: sign in with  gcloud auth"),
        (403, AccessError, r"got 403: .*\n\nhint: the controller needs aiplatform.endpoints.get"),
        (404, AccessError, r"got 404: .*\n\nhint: rollout.traffic in benison.yaml names project"),
        (503, ServerError, "expected an API that is well, got 503"),
    ],
)
def test_an_api_that_refuses_is_told(
    endpoint: Endpoint, router: Router, status: int, kind: type[Exception], said: str
) -> None:
    endpoint.fails = status
    with pytest.raises(kind, match=said):
        router.read()


def test_without_googles_library_it_is_told_what_to_install(place: Vertex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.aiplatform_v1", None)
    monkeypatch.delattr("google.cloud.aiplatform_v1")
    monkeypatch.delitem(sys.modules, "benison.delivery.routers.vertex")
    with pytest.raises(
        InputError, match=r"expected google-cloud-aiplatform, .*, got none\n\nhint: install benison.vert"
    ):
        opening(RolloutLog(MemoryStore(), "census"))(place, PARTIES)


def test_without_credentials_it_is_told_how_to_have_some(
    place: Vertex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(AccessError, match=r"\(credentials\): expected credentials, got .*\n\nhint: sign in with"):
        VertexRouter(place, PARTIES)
