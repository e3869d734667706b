import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison.config import Release
from benison.config.serving import Batching
from benison.config.signatures import Signatures
from benison.core.errors import RegistryError
from benison.delivery.traffic import Traffic
from benison.registry.log import Champion, Logged
from benison.registry.registry import Registry
from benison.registry.sign import sign
from benison.registry.testing import SAID, new_key, provenance
from benison.serving.follow import Follower, Logs
from benison.serving.tests.running import until
from benison.serving.versions import Versions

Registered = Callable[..., str]


class Said:
    """A follower that a test tells the traffic."""

    def __init__(self) -> None:
        self.traffic: Traffic | None = None

    def now(self) -> Traffic:
        if self.traffic is None:
            raise OSError("no route to the registry")
        return self.traffic


def following(follower: Follower, registry: Path) -> tuple[Versions, list[str]]:
    told: list[str] = []
    source = Registry.create(str(registry), "shop")
    return Versions(follower, source, Batching(), 100, told.append), told


def test_it_follows_the_registry_s_champion(tmp_path: Path, scaling: Callable[..., Path]) -> None:
    registry = Registry.create(str(tmp_path / "registry"), "shop")
    one, two = (registry.register(scaling(level), provenance(f"{level}"), **SAID) for level in (0.5, 0.25))
    follower = Logs(registry)
    with pytest.raises(RegistryError, match="shop: expected a champion to serve, got none\n\nhint: promote a version"):
        follower.now()
    versions, told = following(follower, tmp_path / "registry")
    versions.look()
    assert (versions.live, told) == (None, ["registry_down"])
    acts: list[tuple[Callable[..., Logged], dict[str, Any], str]] = [
        (registry.promote, {"name": one, "force": True}, one),
        (registry.promote, {"name": two, "force": True}, two),
        (registry.rollback, {}, one),
    ]
    for act, asked, package in acts:
        number = act(**asked, **SAID).number
        versions.look()
        assert versions.live is not None
        assert versions.live.traffic == Traffic(Champion(number, package))
        assert versions.live.champion.digest == package


def test_the_champion_before_stays_loaded_and_others_go(registry: Path, registered: Registered) -> None:
    said = Said()
    versions, told = following(said, registry)
    digests = [registered(level) for level in (0.5, 0.25, 0.75)]
    kept = []
    for number, at in enumerate((0, 1, 0, 1, 2)):
        said.traffic = Traffic(Champion(number, digests[at]))
        versions.look()
        kept.append(set(versions.loaded))
    assert kept == [{digests[0]}, *[{digests[0], digests[1]}] * 3, {digests[1], digests[2]}]
    assert told.count("loaded") == 3


def test_a_challenger_is_loaded_beside_and_dropped_when_its_rollout_ends(
    registry: Path, registered: Registered
) -> None:
    said = Said()
    versions, _ = following(said, registry)
    one, two = registered(0.5), registered(0.25)
    said.traffic = Traffic(Champion(1, one), challenger=two, percent=5.0)
    versions.look()
    assert versions.live is not None
    assert versions.live.challenger is None
    until(lambda: two in versions.loaded)
    versions.look()
    assert versions.live.challenger is not None
    assert (versions.live.champion.digest, versions.live.challenger.digest) == (one, two)
    said.traffic = Traffic(Champion(1, one))
    versions.look()
    assert versions.live.challenger is None
    assert set(versions.loaded) == {one}


def test_what_lacks_a_signature_is_not_loaded_and_what_answered_goes_on(
    tmp_path: Path, scaling: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    own, key, said = Registry.create(str(tmp_path / "registry"), "shop"), new_key(), Said()
    one, two = (own.register(scaling(level), provenance(f"{level}"), **SAID) for level in (0.5, 0.25))
    sign(own, one, key)
    own.govern(Release(signatures=Signatures((key.public,), required=True)), **SAID)
    versions, told = following(said, tmp_path / "registry")
    for number, package in enumerate((one, two), start=1):
        said.traffic = Traffic(Champion(number, package))
        versions.look()
    assert versions.live is not None
    assert (versions.live.champion.digest, set(versions.loaded)) == (one, {one})
    assert told == ["registry_up", "loaded", "registry_up", "failed"]
    assert "cannot be loaded, so what is loaded goes on serving: version" in caplog.text
    assert "which the rules of release require, got none" in caplog.text


class Held:
    """Packages of which one is only handed out when a test lets it."""

    def __init__(self, source: Registry, held: str) -> None:
        self._source, self._held, self.asked, self.free = source, held, threading.Event(), threading.Event()

    def checkout_to_serve(self, name: str, target: Path) -> object:
        if name == self._held:
            self.asked.set()
            assert self.free.wait(30)
        return self._source.checkout_to_serve(name, target)


def test_a_challenger_that_takes_long_to_load_holds_no_rollback_up_and_goes_where_it_comes_too_late(
    registry: Path, registered: Registered
) -> None:
    one, two, slow = registered(0.5), registered(0.25), registered(0.75)
    said, source = Said(), Held(Registry.create(str(registry), "shop"), slow)
    versions = Versions(said, source, Batching(), 100, lambda event: None)
    for champion, challenger in ((Champion(1, one), None), (Champion(2, two), slow)):
        said.traffic = Traffic(champion, challenger=challenger)
        versions.look()
    assert source.asked.wait(30)
    said.traffic = Traffic(Champion(3, one))
    versions.look()
    assert versions.live is not None
    assert versions.live.champion.digest == one
    source.free.set()
    until(lambda: slow in versions.loaded)
    versions.look()
    assert set(versions.loaded) == {one, two}


def test_a_challenger_leaves_traffic_even_where_the_new_champion_cannot_be_loaded(
    registry: Path, registered: Registered
) -> None:
    said = Said()
    versions, _ = following(said, registry)
    one, two = registered(0.5), registered(0.25)
    said.traffic = Traffic(Champion(1, one), challenger=two, percent=50.0)
    versions.look()
    until(lambda: two in versions.loaded)
    versions.look()
    said.traffic = Traffic(Champion(2, "sha256:" + "0" * 64))
    versions.look()
    assert versions.live is not None
    assert (versions.live.traffic, versions.live.challenger) == (Traffic(Champion(1, one)), None)


def test_what_fails_leaves_what_serves_and_is_told_once(
    tmp_path: Path, scaling: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    own = Registry.create(str(tmp_path / "registry"), "shop")
    one, two = (own.register(scaling(level), provenance(f"{level}"), **SAID) for level in (0.5, 0.25))
    damaged = next((tmp_path / "registry").glob(f"shop/packages/{two.replace(':', '-')}/saved_model.pb"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"something else")
    said = Said()
    versions, told = following(said, tmp_path / "registry")
    said.traffic = Traffic(Champion(1, one))
    versions.look()
    said.traffic = Traffic(Champion(2, two))
    for _ in range(3):
        versions.look()
    assert versions.live is not None
    assert versions.live.traffic == Traffic(Champion(1, one))
    assert told.count("failed") == 1
    said.traffic = Traffic(Champion(1, one), challenger=two, percent=50.0)
    versions.look()
    assert versions.live.challenger is None
    said.traffic = None
    shutil.rmtree(tmp_path / "registry")
    versions.look()
    assert versions.live.champion.digest == one
    assert caplog.text.count("cannot be loaded, so what is loaded goes on serving") == 1
    assert "cannot be read, so what is loaded goes on serving: no route to the registry" in caplog.text
