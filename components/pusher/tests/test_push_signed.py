"""What signatures that are required make of a push."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest

from benison.core import digests
from benison.core.errors import ConfigError
from benison.core.signing_keys import private_in
from benison.registry.sign import sign
from benison.registry.testing import new_key, new_pem

World = Any
KEY = new_key()


def require(played: Any, key: Any, *, by: str = "") -> None:
    project = played.bundle / "project"
    (project / "release.pub").write_bytes(key.public.pem)
    signing = f", signing_key_from: {by}" if by else ""
    with (project / "benison.yaml").open("a") as file:
        file.write(f"release: {{signatures: {{trusted: [release.pub]{signing}}}}}\n")
        file.write(f"serving: {{folder: {played.root / 'srv'}}}\n")


def test_a_blessed_model_waits_for_its_signature(world: World) -> None:
    played = world.round("one", [1])
    require(played, KEY)
    assert [played.push(), played.push()] == ["held", "held"]
    version, mine = digests.short(played.package), digests.short(KEY.public.fingerprint)
    assert re.fullmatch(
        rf"blessed, and waits for a signature: version {version}: expected a signature by key {mine}, .*got none; "
        rf"sign it:  benison registry sign {version} .*",
        played.pushed()["reason"],
    )
    assert world.log == ["govern", "register", "bless"]
    assert not (world.root / "srv").exists()
    sign(world.registry, played.package, KEY)
    assert played.push() == "pushed"
    assert [path.name for path in (world.root / "srv" / "census").iterdir()] == ["4"]


def test_the_pusher_signs_what_it_blesses_and_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    played, refused = world.round("one", [1]), world.round("two", [1])
    monkeypatch.setenv("RELEASE_KEY", new_pem())
    require(played, private_in(os.environ, "RELEASE_KEY"), by="RELEASE_KEY")
    assert [played.push(), played.push()] == ["pushed", "pushed"]
    assert len(world.registry.show(played.package).signatures) == 1
    refused.judged("FAIL").push()
    assert world.registry.show(refused.package).signatures == ()


def test_a_key_that_is_not_there_stops_the_push(world: World) -> None:
    played = world.round("one", [1])
    require(played, KEY, by="NO_SUCH_KEY")
    told = "the variable NO_SUCH_KEY: expected a secret in the environment, got nothing"
    with pytest.raises(ConfigError, match=told):
        played.push()
    assert not (world.root / "registry" / "census").exists()


def test_a_champion_from_before_is_not_brought_to_servers_and_the_run_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first = world.round("one", [1])
    first.push()
    second = world.round("two", [1])
    require(second, KEY)
    assert second.push() == "held"
    assert f"{world.root / 'srv'} stays as it is: version {digests.short(first.package)}: expected a sig" in caplog.text
    assert not (world.root / "srv").exists()
