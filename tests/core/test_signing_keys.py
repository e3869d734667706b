"""Keys: openssl makes them, says their fingerprints, and verifies what they sign."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from benison.core.errors import ConfigError
from benison.core.signing_keys import PublicKey, private_in, public_key, read_private, read_public, text_in
from benison.registry.testing import new_key

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
PASSWORD = "made up"  # pragma: allowlist secret -- made up


def openssl(folder: Path, words: str) -> str:
    return subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs that openssl made: on P-256 and P-384, an encrypted one, one of RSA, one on a curve of another family."""
    folder = tmp_path_factory.mktemp("keys")
    for name, curve in (("256", "P-256"), ("384", "P-384"), ("other", "secp256k1")):
        openssl(folder, f"genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -out {name}.pem")
        openssl(folder, f"pkey -in {name}.pem -pubout -out {name}.pub")
    openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out rsa.pem")
    openssl(folder, "pkey -in rsa.pem -pubout -out rsa.pub")
    (folder / "password").write_text(PASSWORD)
    openssl(folder, "pkcs8 -topk8 -in 256.pem -passout file:password -out locked.pem")
    (folder / "empty").write_bytes(b"")
    (folder / "message").write_bytes(b"what is signed")
    return folder


@pytest.mark.parametrize("name", ["256", "384"])
def test_openssl_verifies_what_a_key_signs_and_names_it_likewise(made: Path, name: str) -> None:
    private, public = read_private(made / f"{name}.pem"), read_public(made / f"{name}.pub")
    assert private.public == public
    assert public.pem.decode() == openssl(made, f"pkey -pubin -in {name}.pub")
    assert public.fingerprint == f"sha256:{hashlib.sha256((made / f'{name}.pub').read_bytes()).hexdigest()}"
    (made / "signature").write_bytes(private.sign(b"what is signed"))
    dgst = f"dgst -sha{name} -verify {name}.pub -signature signature message"
    assert openssl(made, dgst) == "Verified OK\n"


@pytest.mark.parametrize("name", ["256", "384"])
def test_a_key_knows_what_openssl_signed_by_it_and_nothing_else(made: Path, name: str) -> None:
    openssl(made, f"dgst -sha{name} -sign {name}.pem -out {name}.sig message")
    signature, public = (made / f"{name}.sig").read_bytes(), read_public(made / f"{name}.pub")
    assert public.signed(signature, b"what is signed")
    assert not public.signed(signature, b"what is Signed")
    assert not public.signed(signature[:-1], b"what is signed")
    assert not public.signed(b"", b"what is signed")
    assert not new_key().public.signed(signature, b"what is signed")
    assert not PublicKey("AAAA" * 20).signed(signature, b"what is signed")


def test_an_encrypted_key_opens_by_its_password(made: Path) -> None:
    assert read_private(made / "locked.pem", PASSWORD.encode()) == read_private(made / "256.pem")
    for password, got, hint in (
        (None, "an encrypted one", r"\n\nhint: name the variable with its password:  --password-from NAME"),
        (b"another", "an encrypted one that this password does not open", "$"),
    ):
        with pytest.raises(ConfigError, match=rf"locked.pem: expected a private key .*, got {got}{hint}"):
            read_private(made / "locked.pem", password)
    with pytest.raises(ConfigError, match="expected a private key that opens as asked, got one without a password"):
        read_private(made / "256.pem", b"for nothing")


def test_a_private_key_is_never_printed(made: Path) -> None:
    key = read_private(made / "256.pem")
    assert re.fullmatch(r"PrivateKey\(public=PublicKey\(der='[^']+'\)\)", repr(key))


@pytest.mark.parametrize(
    ("file", "got"),
    [
        ("rsa.pem", "a key of another kind, RSA"),
        ("other.pem", "one on secp256k1"),
        ("empty", "none in PEM"),
        ("256.pub", "a public key"),
    ],
)
def test_what_is_no_private_key_to_sign_with_is_named(made: Path, file: str, got: str) -> None:
    expected = f"{file}: expected a private key on P-256, P-384 or P-521, got {got}\n\nhint"
    with pytest.raises(ConfigError, match=expected):
        read_private(made / file)


@pytest.mark.parametrize(
    ("file", "got"),
    [
        ("rsa.pub", "a key of another kind, RSA"),
        ("other.pub", "one on secp256k1"),
        ("empty", "no public key in PEM"),
        ("256.pem", "a private key"),
        ("missing", "No such file or directory"),
    ],
)
def test_what_is_no_public_key_to_trust_is_named(made: Path, file: str, got: str) -> None:
    expected = f"{file}: expected a public key on P-256, P-384 or P-521, in PEM, got {got}\n\nhint: openssl pkey -in"
    with pytest.raises(ConfigError, match=expected):
        read_public(made / file)


def test_a_key_may_come_from_a_variable_which_has_to_be_there(made: Path) -> None:
    pem = (made / "256.pem").read_text()
    assert private_in({"KEY": pem}, "KEY") == read_private(made / "256.pem")
    for environment in ({}, {"KEY": ""}):
        with pytest.raises(ConfigError, match="the variable KEY: expected a secret in the environment, got nothing"):
            text_in(environment, "KEY")
    with pytest.raises(ConfigError, match="the variable KEY: expected a private key on") as told:
        private_in({"KEY": pem[:-60]}, "KEY")
    assert pem[30:60] not in str(told.value)
    with pytest.raises(ConfigError, match=r"expected a private key, got No such file .*\n\nhint: openssl genpkey"):
        read_private(made / "missing.pem")


def test_the_same_key_written_otherwise_is_the_same_key() -> None:
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    numbers = made.public_numbers()
    again = ec.EllipticCurvePublicNumbers(numbers.x, numbers.y, ec.SECP256R1()).public_key()
    pem = made.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert public_key(b"a comment before it\n" + pem + b"\n\n") == public_key(pem)
    assert public_key(again.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)) == public_key(pem)
    with pytest.raises(ValueError, match="a key of another kind, RSA"):
        other = rsa.generate_private_key(65537, 1024).public_key()
        public_key(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
