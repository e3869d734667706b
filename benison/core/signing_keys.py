"""Keys that sign and keys that are trusted: ECDSA on NIST's curves, in PEM.

cryptography is imported where a key is used: most commands use none.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from benison.core import digests
from benison.core.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

CURVES = ("secp256r1", "secp384r1", "secp521r1")
_KINDS = "P-256, P-384 or P-521"
_ENCRYPTED = "name the variable with its password:  --password-from NAME"


@dataclass(frozen=True)
class PublicKey:
    """A public key.

    Attributes:
        der: Its SubjectPublicKeyInfo in base64, on one line.
    """

    der: str

    @property
    def pem(self) -> bytes:
        """As ``openssl pkey -pubin`` writes it."""
        lines = textwrap.wrap(self.der, 64)
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of `pem`, which is the hint that model-signing writes into a signature."""
        return digests.of_bytes(self.pem)

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether a signature, in DER, is this key's over a message."""
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_der_public_key

        try:
            key = _on_known_curve(load_der_public_key(base64.b64decode(self.der)))
            key.verify(signature, message, _ecdsa(key.curve))
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """A private key; nothing prints it.

    Attributes:
        public: Its other half.
    """

    public: PublicKey
    _key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)

    def sign(self, message: bytes) -> bytes:
        """A signature of a message, in DER."""
        return self._key.sign(message, _ecdsa(self._key.curve))


def public_key(pem: bytes) -> PublicKey:
    """The public key in some PEM.

    Raises:
        ValueError: It is none, or of another kind; the message says what it is.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if b"PRIVATE KEY" in pem:
        raise ValueError("a private key")
    try:
        key = load_pem_public_key(pem)
    except Exception as error:  # Of several kinds by what is wrong.
        raise ValueError("no public key in PEM") from error
    return _public(_on_known_curve(key))


def read_public(path: Path) -> PublicKey:
    """The public key in a file.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    try:
        return public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        got = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(str(path), expected=f"a public key on {_KINDS}, in PEM", got=got, hint=PUBLIC_HINT) from error


def read_private(path: Path, password: bytes | None = None) -> PrivateKey:
    """The private key in a file.

    Args:
        path: Of a PEM.
        password: Where it is encrypted.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    try:
        return _private(str(path), path.read_bytes(), password)
    except OSError as error:
        got = error.strerror or str(error)
        raise ConfigError(str(path), expected="a private key", got=got, hint=PRIVATE_HINT) from error


def private_in(environment: Mapping[str, str], name: str, password: bytes | None = None) -> PrivateKey:
    """The private key in a variable.

    Args:
        environment: The process's.
        name: The variable's.
        password: Where it is encrypted.

    Raises:
        ConfigError: There is none.
    """
    return _private(f"the variable {name}", text_in(environment, name).encode(), password)


def text_in(environment: Mapping[str, str], name: str) -> str:
    """What a variable holds.

    Raises:
        ConfigError: It is missing or empty.
    """
    if value := environment.get(name):
        return value
    hint = "set it where the command or the task runs, from where secrets are kept"
    raise ConfigError(f"the variable {name}", expected="a secret in the environment", got="nothing", hint=hint)


PUBLIC_HINT = "openssl pkey -in private.pem -pubout -out release.pub  makes one of the private key"
PRIVATE_HINT = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem  makes one"


def _private(where: str, pem: bytes, password: bytes | None) -> PrivateKey:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password)
        return PrivateKey(_public(_on_known_curve(key.public_key())), key)  # type: ignore[arg-type]
    except TypeError as error:
        got, hint = ("an encrypted one", _ENCRYPTED) if password is None else ("one without a password", "")
        raise ConfigError(where, expected="a private key that opens as asked", got=got, hint=hint) from error
    except Exception as error:
        # What cryptography says of it could quote the key.
        got, hint = (str(error), PRIVATE_HINT) if isinstance(error, _WrongKind) else _unopened(pem)
        raise ConfigError(where, expected=f"a private key on {_KINDS}", got=got, hint=hint) from None


def _unopened(pem: bytes) -> tuple[str, str]:
    """What lies where a private key should, by the line that it begins with, and a way on."""
    if b"ENCRYPTED" in pem:
        return "an encrypted one that this password does not open", ""
    if b"BEGIN PUBLIC KEY" in pem:
        return "a public key", "the private one signs, the public one is trusted"
    return "none in PEM", PRIVATE_HINT


class _WrongKind(ValueError):
    pass


def _on_known_curve(key: object) -> ec.EllipticCurvePublicKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise _WrongKind(f"a key of another kind, {type(key).__name__.removesuffix('PublicKey').strip('_')}")
    if key.curve.name not in CURVES:
        raise _WrongKind(f"one on {key.curve.name}")
    return key


def _public(key: ec.EllipticCurvePublicKey) -> PublicKey:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(base64.b64encode(der).decode())


def _ecdsa(curve: ec.EllipticCurve) -> ec.ECDSA:
    """The hash that goes with a curve in Sigstore's list of algorithms."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    by_bits = {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}
    return ec.ECDSA(by_bits[curve.key_size])
