"""A real HAProxy, told by its runtime socket, and the shares that its servers really get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scipy import stats

from benison.config.traffic import Haproxy
from benison.core.errors import ConfigError, ServerError
from benison.delivery.routers import Router, Split
from benison.delivery.routers.haproxy import HaproxyRouter
from benison.delivery.testing import RouterTests
from tests.delivery.routers.proxied import Proxy, until

MANY = 6000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with Proxy(tmp_path_factory.mktemp("haproxy")).running() as proxy:
        until(lambda: proxy.status("champion") and proxy.status("challenger"))
        yield proxy


@pytest.fixture
def proxy(running: Proxy) -> Proxy:
    """Both servers up, all traffic at the champion."""
    running.router().set(0.0)
    until(lambda: all(running.status(one).startswith(("UP", "DRAIN")) for one in ("champion", "challenger")))
    return running


class TestHaproxy(RouterTests):
    @pytest.fixture
    def opened(self, proxy: Proxy) -> Callable[[], Router]:
        return proxy.router

    @pytest.fixture
    def down(self, tmp_path: Path) -> Router:
        return HaproxyRouter(Haproxy(str(tmp_path / "nobody"), "models"))

    def share(self, percent: float) -> float:
        return Haproxy("/s", "models").share(percent)


@pytest.mark.parametrize("percent", [1.0, 25.0])
def test_servers_get_the_share_that_weights_say(proxy: Proxy, percent: float) -> None:
    """Within what is chance: of the requests, and of the points on HAProxy's ring, 16 for each unit of weight."""
    router = proxy.router()
    router.set(percent)
    router.read()
    answered = proxy.ask(MANY)
    assert answered["champion"] + answered["challenger"] == MANY
    due, points = percent / 100, 16 * sum(proxy.place.weights(percent))
    found = stats.binomtest(answered["challenger"], MANY).proportion_ci(0.9999)
    ring = 4 * (due * (1 - due) / points) ** 0.5
    assert found.low - ring < due < found.high + ring
    assert router.read().is_at(percent)


def test_none_is_none_and_all_is_all(proxy: Proxy) -> None:
    router = proxy.router()
    assert proxy.ask(200) == {"champion": 200}
    router.set(100.0)
    assert proxy.ask(200) == {"challenger": 200}


def test_a_challenger_whose_server_is_down_gets_nothing_and_comes_back(proxy: Proxy) -> None:
    router = proxy.router()
    router.set(25.0)
    proxy.challenger.stop()
    until(lambda: proxy.status("challenger").startswith("DOWN"))
    assert router.read() == Split(0.0, "server challenger down")
    assert not router.read().is_at(25.0)
    assert proxy.ask(50) == {"champion": 50}
    proxy.challenger.start()
    until(lambda: router.read() == Split(25.0))
    assert proxy.ask(200)["challenger"] > 20


def test_where_the_champions_server_is_down_the_challenger_has_more_than_its_share(proxy: Proxy) -> None:
    router = proxy.router()
    router.set(5.0)
    proxy.champion.stop()
    until(lambda: proxy.status("champion").startswith("DOWN"))
    assert router.read() == Split(100.0, "server champion down")
    router.set(0.0)
    assert router.read() == Split(0.0)
    proxy.champion.start()


def test_one_that_begins_anew_has_forgotten_its_weights_and_is_set_again(proxy: Proxy) -> None:
    router = proxy.router()
    router.set(25.0)
    proxy.kill()
    with pytest.raises(ServerError, match=r"haproxy \(.*\): expected an answer, got .*\n\nhint: look whether it runs"):
        router.read()
    proxy.start()
    until(lambda: proxy.status("challenger"))
    assert router.read() == Split(0.0)
    router.set(25.0)
    until(lambda: router.read() == Split(25.0))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"balance": "roundrobin"}, r"expected balance random\(1\), got balance roundrobin\n\nhint: write into"),
        ({"check": ""}, "expected server champion up, by HAProxy's own check, got no check"),
        ({"level": "operator"}, r"set weight .*expected no objection, got Permission denied\n\nhint: .* level admin"),
    ],
)  # fmt: skip
def test_one_that_is_set_up_otherwise_is_told_what_to_write(tmp_path: Path, asked: dict[str, str], said: str) -> None:
    with Proxy(tmp_path, **asked).running() as proxy:
        until(lambda: proxy.status("champion"))
        with pytest.raises((ConfigError, ServerError), match=said):
            proxy.router().check()


def test_a_backend_or_server_of_another_name_is_told_with_those_that_are_there(proxy: Proxy) -> None:
    with pytest.raises(ConfigError, match=r"haproxy \(others\): expected backend others, and the right .*, got none"):
        HaproxyRouter(Haproxy(proxy.socket, "others")).read()
    with pytest.raises(ConfigError, match="expected server blue in backend models, got challenger, champion"):
        HaproxyRouter(Haproxy(proxy.socket, "models", "blue")).read()


def test_random_of_two_draws_is_found_out_by_what_it_does(tmp_path: Path) -> None:
    """HAProxy tells no difference: where the champion is busy, the better of two draws is the challenger too often."""
    with Proxy(tmp_path, balance="random(2)").running() as proxy:
        until(lambda: all(proxy.status(one).startswith(("UP", "DRAIN")) for one in ("champion", "challenger")))
        router = proxy.router()
        router.check()
        with proxy.busy(40):
            until(lambda: proxy.chosen("champion") == 40)
            router.set(25.0)
            assert router.read() == Split(25.0)
            answered = proxy.ask(MANY)
        assert stats.binomtest(answered["challenger"], MANY, 1 - 0.75**2).pvalue > 1e-6
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"expected 25% of requests, got 4\d(\.\d)?% of 6,000\n\nhint: write"):
                router.read()
        router.set(0.0)
        assert router.read() == Split(0.0)


@pytest.mark.parametrize(
    ("percent", "weights", "share"),
    [
        (0.0, (256, 0), 0.0),
        (0.1, (256, 1), 0.389105),
        (0.5, (199, 1), 0.5),
        (1.0, (198, 2), 1.0),
        (25.0, (255, 85), 25.0),
        (50.0, (256, 256), 50.0),
        (99.9, (1, 256), 99.610895),
        (100.0, (0, 256), 100.0),
    ],
)
def test_weights_are_the_nearest_pair_and_as_heavy_as_can_be(
    percent: float, weights: tuple[int, int], share: float
) -> None:
    place = Haproxy("/s", "models")
    ends = percent in (0, 100)
    pairs = [(a, b) for a in range(257) for b in range(257) if (a and b) or (ends and a + b)]
    best = min(abs(100 * b / (a + b) - percent) for a, b in pairs)
    assert place.weights(percent) == weights
    assert place.share(percent) == pytest.approx(share, rel=1e-6)
    assert abs(place.share(percent) - percent) == pytest.approx(best, abs=1e-9)
