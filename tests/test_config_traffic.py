"""rollout.traffic: in benison.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benison.config.rollout import Rollout
from benison.config.traffic import OURS, Haproxy, Kserve, Vertex
from benison.core import documents
from benison.core.errors import ConfigError
from tests.test_config_rollout import read, rollout

HAPROXY = {"router": "haproxy", "socket": "/run/haproxy/admin.sock", "backend": "models"}
KSERVE = {"router": "kserve", "service": "census", "packages": "gs://acme/registry/census/packages/"}
VERTEX = {"router": "vertex", "project": "acme", "location": "europe-west4", "endpoint": "77"}


def test_without_a_word_our_own_server_splits_and_the_log_does_not_speak_of_it(tmp_path: Path) -> None:
    found = rollout(tmp_path, {})
    assert (found.traffic, found.is_embedded) == (OURS, True)
    assert "traffic" not in found.to_json()
    assert rollout(tmp_path, {"traffic": {"router": "embedded"}}) == found


@pytest.mark.parametrize(
    ("said", "traffic"),
    [
        (HAPROXY, Haproxy("/run/haproxy/admin.sock", "models")),
        (
            {**HAPROXY, "socket": "127.0.0.1:9999", "champion": "blue", "challenger": "green"},
            Haproxy("127.0.0.1:9999", "models", "blue", "green"),
        ),
        (KSERVE, Kserve("census", "gs://acme/registry/census/packages")),
        (
            {**KSERVE, "namespace": "models", "context": "prod"},
            Kserve("census", "gs://acme/registry/census/packages", "models", "prod"),
        ),
        (VERTEX, Vertex("acme", "europe-west4", "77")),
        ({**VERTEX, "api": "http://127.0.0.1:8080"}, Vertex("acme", "europe-west4", "77", "http://127.0.0.1:8080")),
    ],
)
def test_each_router_is_what_it_says_and_is_read_back_from_the_log(
    tmp_path: Path, said: dict[str, Any], traffic: object
) -> None:
    found = rollout(tmp_path, {"traffic": said})
    assert (found.traffic, found.is_embedded) == (traffic, False)
    content = found.to_json()
    assert Rollout.from_json(content) == found
    assert documents.problems("rollout_plan", content) == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"router": "haprxy"}, r"\(rollout.traffic.router\): expected one of embedded, .*\n\nhint: did you mean hapro"),
        ({"router": "haproxy"}, r"\(rollout.traffic.socket\): expected a key socket"),
        ({**HAPROXY, "socket": "10.0.0.1:9"}, r"expected an absolute path, or 127.0.0.1:PORT, got .*\n\nhint: whoever"),
        ({**HAPROXY, "backend": "a b"}, r"\(rollout.traffic.backend\): expected a name of HAProxy, got 'a b'"),
        ({**HAPROXY, "challenger": "champion"}, "expected another server than the champion's, got 'champion'"),
        ({**HAPROXY, "weights": 1}, "expected a key that is known here, got 'weights'"),
        ({**KSERVE, "service": "A"}, "expected the name of an InferenceService, got 'A'"),
        ({**KSERVE, "packages": "/srv"}, "expected a URI that KServe reads: gs://, s3://, pvc://, got '/srv'"),
        ({**KSERVE, "namespace": "_"}, "expected a namespace of Kubernetes, got '_'"),
        ({**VERTEX, "project": "A"}, "expected a project's id, got 'A'"),
        ({**VERTEX, "location": "here"}, "expected a region as in europe-west4, got 'here'"),
        ({**VERTEX, "endpoint": 77}, r"\(rollout.traffic.endpoint\): expected text, got 77"),
        ({**VERTEX, "endpoint": "x"}, "expected the number of an endpoint, in quotes, got 'x'"),
        ({**VERTEX, "api": "x"}, "expected an address, got 'x'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key(tmp_path: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, {"rollout": {"traffic": said}})


@pytest.mark.parametrize(
    ("said", "percent", "message"),
    [
        (VERTEX, 0.5, r"the router can give, got 0.5%, for which vertex would give 0%\n\nhint: vertex splits in whole"),
        (KSERVE, 1.5, "got 1.5%, for which kserve would give 2%"),
        (HAPROXY, 0.3, r"0.3%, for which haproxy would give 0.389%\n\nhint: haproxy has weights up to 256, .* 0.39%"),
    ],
)  # fmt: skip
def test_a_share_that_a_router_cannot_give_is_refused(
    tmp_path: Path, said: dict[str, Any], percent: float, message: str
) -> None:
    steps = [{"percent": percent, "minutes": 1}]
    with pytest.raises(ConfigError, match=rf"\(rollout.steps\): expected shares that {message}|{message}"):
        read(tmp_path, {"rollout": {"traffic": said, "steps": steps}})


@pytest.mark.parametrize("said", [HAPROXY, KSERVE, VERTEX])
@pytest.mark.parametrize("strategy", [{"shadow": {}}, {"strategy": "shadow"}])
def test_copies_take_a_router_that_copies(tmp_path: Path, said: dict[str, Any], strategy: dict[str, Any]) -> None:
    expected = f"expected no shadow with router: {said['router']}, which sends each request to one server and copies no"
    with pytest.raises(ConfigError, match=expected):
        read(tmp_path, {"rollout": {"traffic": said, **strategy}})
