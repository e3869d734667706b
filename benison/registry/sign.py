"""Signing a version, or taking in a signature of it that was made elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from benison.core.signing_keys import PrivateKey, PublicKey
from benison.registry import rules
from benison.registry.registry import Registry
from benison.registry.signing import Found


@dataclass(frozen=True)
class Signed:
    """What a version was brought to.

    Attributes:
        package: The version.
        found: The signature.
        where: Its place, as a person would look for it.
        made: Whether it was made now.
        trusted: The keys that are trusted here.
    """

    package: str
    found: Found
    where: str
    made: bool
    trusted: tuple[PublicKey, ...]

    @property
    def believed(self) -> bool:
        """Whether its key is one that is trusted here."""
        return self.found.key in {key.fingerprint for key in self.trusted}


def sign(registry: Registry, name: str, key: PrivateKey) -> Signed:
    """Signs a version after reading every byte of it, unless this key did so before.

    Args:
        registry: Of one model.
        name: The version.
        key: Whose signature it becomes.

    Raises:
        RegistryError: There is no such version, or its files were collected.
        IntegrityError: A byte of it is not what its digest says.
        StorageError: The registry is read-only or full.
    """
    state, package = registry.state(), registry.resolve(name)
    copy = rules.copy_of(state, package)
    found, made = registry.signing.sign(copy, registry.packages.verify(copy), key)
    where = registry.signing.files.where(copy, found.digest)
    return Signed(package, found, where, made, registry.signing.trusted(state.release.signatures))


def take_in(registry: Registry, name: str, raw: bytes) -> Signed:
    """Keeps a version's signature that was made elsewhere, such as by model-signing with a key in a hardware module.

    Args:
        registry: Of one model.
        name: The version.
        raw: The bytes of the signature's file.

    Raises:
        RegistryError: As `sign`; or it is no signature by a trusted key of exactly this package.
        StorageError: The registry is read-only or full.
    """
    state, package = registry.state(), registry.resolve(name)
    copy = rules.copy_of(state, package)
    trusted = registry.signing.trusted(state.release.signatures)
    found = registry.signing.take_in(copy, registry.packages.verify(copy), raw, trusted)
    return Signed(package, found, registry.signing.files.where(copy, found.digest), True, trusted)
