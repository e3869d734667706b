"""benison registry sign, and what the other commands say of signatures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from benison import config
from benison.cli import project as projects
from benison.cli.mounts import mounts_of
from benison.core import digests
from benison.registry.registry import Registry
from benison.registry.testing import SAID, Bench, new_pem
from tests.cli.commands import Answer, call
from tests.registry.test_signed_statement import THEIRS
from tests.test_config_model_card import FRAME

Asked = Callable[..., Answer]
KEY = digests.short(digests.of_file(THEIRS / "p256.pub"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A project that requires a key's signature, and a registry with the package that the key's owner signed."""
    said = {
        "release": {"signatures": {"trusted": ["release.pub"]}},
        "serving": {"folder": str(tmp_path / "srv")},
    }
    (tmp_path / config.FILE).write_text(yaml.safe_dump({**FRAME, **said}))
    shutil.copy(THEIRS / "p256.pub", tmp_path / "release.pub")
    shutil.copytree(THEIRS / "package", tmp_path / "packages" / "theirs")
    bench = Bench(Registry.create(str(tmp_path / "registry"), "census"), tmp_path / "packages")
    bench.bless(bench.add("theirs"))
    return bench


@pytest.fixture
def registry(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Asked:
    def answered(*words: object) -> Answer:
        return call(capsys, "registry", *words, "-p", tmp_path)

    return answered


def test_a_version_is_signed_told_of_and_promoted(registry: Asked, bench: Bench, tmp_path: Path) -> None:
    version = digests.short(bench.registry.resolve("challenger"))
    promote = ("promote", "challenger", "--why", "because", "--force")
    refused = registry(*promote)
    assert refused.code == 1
    assert f"version {version}: expected a signature by key {KEY}, which the rules of release require" in refused.err
    assert f"sign it:  benison registry sign {version} --key private.pem ; no --force gets round it" in refused.err
    taken = registry("sign", "challenger", "--signature", THEIRS / "p256.sig")
    assert (taken.code, taken.err) == (0, "")
    told, where = taken.out.splitlines()
    assert told == f"version {version} is signed by key {KEY}, trusted"
    assert Path(where).read_bytes() == (THEIRS / "p256.sig").read_bytes()
    assert registry(*promote).code == 0
    assert (tmp_path / "srv" / "census" / "3").is_dir()
    assert f"signature       by key {KEY}, trusted\n" in registry("show").out
    assert f"holds  by key {KEY}, trusted\n" in registry("lineage", "--verify").out
    verified = registry("verify")
    assert verified.code == 0
    assert "signatures beside them: 1\n" in verified.out


def test_a_key_comes_from_a_file_or_from_a_variable(
    registry: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = new_pem()
    (tmp_path / "private.pem").write_text(pem)
    monkeypatch.setenv("RELEASE_KEY", pem)
    first = registry("sign", "challenger", "--key", tmp_path / "private.pem")
    assert "which no rule trusts so far: release.signatures.trusted in benison.yaml" in first.out
    again = registry("sign", "challenger", "--key-from", "RELEASE_KEY")
    assert again.out == first.out.replace("is signed", "was signed before")
    missing = registry("sign", "challenger", "--key-from", "RELEASE_KEI")
    assert (missing.code, missing.out) == (2, "")
    assert "the variable RELEASE_KEI: expected a secret in the environment, got nothing" in missing.err
    none = registry("sign", "challenger", "--key", tmp_path / "private.pem", "--password-from", "RELEASE_KEI")
    assert none.code == 2


def test_one_way_to_sign_is_named(registry: Asked, tmp_path: Path) -> None:
    for words in ((), ("--key", "a", "--key-from", "B"), ("--signature", "a", "--password-from", "B")):
        answer = registry("sign", "challenger", *words)
        assert answer.code == 2
        assert "name one of --key, --key-from and --signature" in answer.err
    answer = registry("sign", "challenger", "--signature", tmp_path / "missing.sig")
    assert answer.code == 2
    assert "missing.sig: expected a signature, got No such file or directory" in answer.err


def test_a_key_that_cannot_be_read_stops_every_command(registry: Asked, tmp_path: Path) -> None:
    (tmp_path / "release.pub").unlink()
    for words in (("verify",), ("materialize",), ("promote", "challenger", "--why", "because")):
        answer = registry(*words)
        assert answer.code == 2
        assert "(release.signatures.trusted): expected the public key of an ECDSA pair" in answer.err


def test_the_log_s_rules_are_shown(registry: Asked, bench: Bench, tmp_path: Path) -> None:
    bench.registry.govern(config.read(tmp_path).release, **SAID)
    assert f"30 days, force allowed, signatures required, by {KEY}  ci: nightly run" in registry("log").out
    last = json.loads(registry("log", "--json").out.splitlines()[-1])
    assert last["release"]["signatures"]["required"] is True


@pytest.mark.parametrize(
    ("said", "given"), [({"signing_key_from": "RELEASE_KEY"}, {"pusher": ("RELEASE_KEY",)}), ({}, {})]
)
def test_in_containers_the_pusher_alone_is_given_the_key(
    tmp_path: Path, said: dict[str, str], given: dict[str, tuple[str, ...]]
) -> None:
    (tmp_path / config.FILE).write_text(yaml.safe_dump({**FRAME, "release": {"signatures": said}}))
    assert mounts_of(projects.find(tmp_path, None)).variables == given
