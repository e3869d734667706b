"""OpenSSF's own signer, as people call it: it verifies what is signed here, and its signatures hold here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benison.core.signing_keys import PrivateKey, private_in
from benison.registry.packages import files_of
from benison.registry.signed_statement import difference, parse, seal
from benison.registry.testing import new_pem, package

PEER = Path(__file__).resolve().parents[2] / ".bench" / "signing-peer" / "bin" / "python"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PEER.exists(), reason="no model-signing here: make signing-peer"),
]


def model_signing(*words: object) -> subprocess.CompletedProcess[str]:
    command = [str(PEER), "-m", "model_signing", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(params=["secp256r1", "secp384r1"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> PrivateKey:
    pem = new_pem(request.param)
    (tmp_path / "private.pem").write_text(pem)
    key = private_in({"KEY": pem}, "KEY")
    (tmp_path / "release.pub").write_bytes(key.public.pem)
    return key


def test_each_verifies_what_the_other_signed(key: PrivateKey, tmp_path: Path) -> None:
    folder = package(tmp_path / "package", "one")
    (folder / "variables.more").write_bytes(b"sorts between variables and what is in it by its text, not by its parts")
    (tmp_path / "ours.sig").write_bytes(seal("census", files_of(folder), key))
    verify = ("verify", "key", folder, "--signature", tmp_path / "ours.sig", "--public_key", tmp_path / "release.pub")
    found = model_signing(*verify)
    assert (found.returncode, found.stdout) == (0, "Verification succeeded\n"), found.stderr
    private = tmp_path / "private.pem"
    signed = model_signing("sign", "key", folder, "--private_key", private, "--signature", tmp_path / "theirs.sig")
    assert signed.returncode == 0, signed.stderr
    theirs = parse((tmp_path / "theirs.sig").read_bytes())
    assert theirs.by([key.public]) == key.public
    assert difference(theirs.payload, files_of(folder)) == ""
    (folder / "saved_model.pb").write_bytes(b"changed")
    assert model_signing(*verify).returncode == 1
    assert difference(theirs.payload, files_of(folder)) == "it is of another saved_model.pb"


def test_what_the_peer_leaves_out_is_asked_for_here(key: PrivateKey, tmp_path: Path) -> None:
    """model-signing passes over files of git; a server would load them, so here they have to be signed."""
    folder = package(tmp_path / "package", "one")
    (folder / ".gitignore").write_bytes(b"")
    theirs = tmp_path / "theirs.sig"
    model_signing("sign", "key", folder, "--private_key", tmp_path / "private.pem", "--signature", theirs)
    assert difference(parse(theirs.read_bytes()).payload, files_of(folder)) == "it leaves out .gitignore"
