"""release.signatures: in benison.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benison import config
from benison.config.signatures import Signatures
from benison.core.errors import ConfigError
from benison.registry.testing import new_key
from tests.test_config_model_card import FRAME

KEY, OTHER = new_key().public, new_key("secp384r1").public


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "release.pub").write_bytes(KEY.pem)
    (tmp_path / "keys" / "next.pub").write_bytes(OTHER.pem)
    (tmp_path / "keys" / "private.pem").write_bytes(b"-----BEGIN PRIVATE" + b" KEY-----\n")
    (tmp_path / "keys" / "noise.pub").write_bytes(b"noise")
    return tmp_path


def read(project: Path, **said: Any) -> config.Config:
    (project / config.FILE).write_text(yaml.safe_dump({**FRAME, "release": {"signatures": said}}))
    return config.read(project)


def test_keys_are_read_and_required_unless_that_is_said(project: Path) -> None:
    two = ["keys/release.pub", "keys/next.pub"]
    assert read(project, trusted=two).release.signatures == Signatures((KEY, OTHER), required=True)
    lax = read(project, trusted="keys/release.pub", required=False, signing_key_from="RELEASE_KEY")
    assert lax.release.signatures == Signatures((KEY,), required=False)
    assert lax.signing_key_from == "RELEASE_KEY"
    assert read(project).release.signatures == Signatures()
    assert read(project, signing_key_from="RELEASE_KEY").release.signatures == Signatures()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"required": True}, r"signatures.trusted\): expected a public key, since signatures are required, got none"),
        (
            {"trusted": ["keys/missing.pub"]},
            r"trusted\): .* got keys/missing.pub: No such .*\n\nhint: openssl pkey",
        ),
        ({"trusted": ["keys/noise.pub"]}, r"got keys/noise.pub: no public key in PEM"),
        ({"trusted": ["keys/private.pem"]}, r"got keys/private.pem: a private key"),
        ({"trusted": ["/etc/release.pub"]}, r"in a file of the project, got '/etc/release.pub'\n\nhint: copy the file"),
        ({"trusted": ["../release.pub"]}, r"got '../release.pub'\n\nhint: copy the file"),
        ({"trusted": []}, r"trusted\): expected a list of names"),
        ({"trusted": ["keys/release.pub"], "required": "yes"}, r"required\): expected true or false"),
        ({"trusted": ["keys/release.pub"], "requird": True}, r"expected a key that is known here, got 'requird'"),
        ({"signing_key_from": "-----BEGIN"}, r"expected the name of a variable that holds the key, got something else"),
    ],
)
def test_a_mistake_is_named_with_its_key(project: Path, said: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as told:
        read(project, **said)
    assert told.value.where.startswith("benison.yaml:")
