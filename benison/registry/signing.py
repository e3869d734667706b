"""Whose signature a version has, whether it holds, and the refusal of a version without one that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from benison.config.signatures import NONE_ASKED, Signatures
from benison.core import digests
from benison.core.errors import IntegrityError, RefusedError, RegistryError
from benison.core.signing_keys import PrivateKey, PublicKey
from benison.core.store import Store
from benison.registry import signed_statement
from benison.registry.copies import Copy
from benison.registry.manifest import Manifest
from benison.registry.signature_files import SignatureFiles

# Its name among the evidence of a promotion.
EVIDENCE = "signature"


@dataclass(frozen=True)
class Found:
    """A signature that lies beside a package, and what looking at it came to.

    Attributes:
        digest: Of its file.
        key: The fingerprint of the key that it says it is by; empty: it does not say.
        trusted: Whether that is a key that is trusted, which does not yet say that it made it.
        wrong: Why it does not hold; empty where it does, or where no trusted key could say so.
    """

    digest: str
    key: str
    trusted: bool
    wrong: str = ""

    @property
    def holds(self) -> bool:
        """Whether a trusted key signed exactly this package."""
        return self.trusted and not self.wrong

    @property
    def by(self) -> str:
        """Whose it is, for people."""
        name = digests.short(self.key) if self.key else "that it does not name"
        return f"by key {name}, {'trusted' if self.trusted else 'which is not trusted here'}"

    def __str__(self) -> str:
        return f"{self.by}, that does not hold: {self.wrong}" if self.wrong else self.by


class Signing:
    """The signatures of one model's versions.

    Args:
        store: Where they lie.
        model: The model's name.
        pinned: What is asked of signatures by somebody else than the log, who may write there: both must be content.
    """

    def __init__(self, store: Store, model: str, pinned: Signatures) -> None:
        self.files, self._model, self.pinned = SignatureFiles(store, model), model, pinned

    def sign(self, copy: Copy, manifest: Manifest, key: PrivateKey) -> tuple[Found, bool]:
        """Signs a package, unless this key did so before.

        Args:
            copy: The package, whose bytes the caller has read.
            manifest: Its files.
            key: Whose signature it becomes.

        Returns:
            The signature, and whether it was made now.
        """
        known = next((one for one in self.found(copy, manifest, (key.public,)) if one.holds), None)
        if known is not None:
            return known, False
        raw = signed_statement.seal(self._model, manifest.files, key)
        return Found(self.files.put(copy, raw), key.public.fingerprint, trusted=True), True

    def take_in(self, copy: Copy, manifest: Manifest, raw: bytes, trusted: tuple[PublicKey, ...]) -> Found:
        """Keeps a signature that was made elsewhere.

        Raises:
            RegistryError: It is none by a trusted key of exactly this package.
        """
        found = _looked_at(digests.of_bytes(raw), raw, manifest, trusted)
        if not found.holds:
            expected = f"one of version {digests.short(copy.package)} by a trusted key"
            hint = f"trusted here: {_names(trusted)}; release.signatures.trusted in benison.yaml says so"
            raise RegistryError("the signature", expected=expected, got=f"one {found}", hint=hint)
        self.files.put(copy, raw)
        return found

    def found(self, copy: Copy, manifest: Manifest, trusted: tuple[PublicKey, ...]) -> Iterator[Found]:
        """What looking at each signature of a package comes to.

        Args:
            copy: The package.
            manifest: Its files.
            trusted: The keys that are believed.
        """
        for digest in self.files.of(copy):
            try:
                yield _looked_at(digest, self.files.get(copy, digest), manifest, trusted)
            except IntegrityError as error:
                yield Found(digest, "", trusted=False, wrong=f"its file is {error.got}")

    def seen(self, ruling: Signatures, copy: Copy, manifest: Manifest) -> tuple[Found, ...]:
        """As `found`, where the keys are trusted that the log's rules name or whoever opened the registry."""
        return tuple(self.found(copy, manifest, self.trusted(ruling)))

    def trusted(self, ruling: Signatures) -> tuple[PublicKey, ...]:
        """All keys that the log's rules trust, or whoever opened the registry."""
        return tuple(dict.fromkeys((*self.pinned.trusted, *ruling.trusted)))

    def asks(self, ruling: Signatures) -> bool:
        """Whether signatures are looked at here."""
        return self.pinned != NONE_ASKED or ruling != NONE_ASKED

    def require(self, ruling: Signatures, copy: Copy, manifest: Manifest) -> str:
        """Makes sure that a version has the signatures that are asked for.

        Args:
            ruling: What the log's rules ask.
            copy: The version.
            manifest: Its files.

        Returns:
            The digest of one that holds; empty: there is none, and none is asked for.

        Raises:
            RefusedError: One is asked for that is not there.
        """
        held = ""
        for asked in (self.pinned, ruling):
            seen = list(self.found(copy, manifest, asked.trusted)) if asked.trusted else []
            held = next((one.digest for one in seen if one.holds), "") or held
            if asked.required and not any(one.holds for one in seen):
                raise _unsigned(copy.package, asked.trusted, seen)
        return held

    def problems(self, ruling: Signatures, copy: Copy, manifest: Manifest, named: Iterable[str]) -> Iterator[str]:
        """What is wrong with the signatures of a version.

        Args:
            ruling: What the log's rules ask.
            copy: The version.
            manifest: Its files.
            named: The digests of those that the log names.
        """
        seen = {one.digest: one for one in self.seen(ruling, copy, manifest)}
        for digest, one in seen.items():
            if one.wrong:
                yield f"{self.files.where(copy, digest)}: expected a signature of this package, got one {one}"
        for digest in sorted({*named} - seen.keys()):
            yield f"{self.files.where(copy, digest)}: expected the signature that the log names, got none"


def _looked_at(digest: str, raw: bytes, manifest: Manifest, trusted: tuple[PublicKey, ...]) -> Found:
    try:
        signature = signed_statement.parse(raw)
    except ValueError as error:
        return Found(digest, "", trusted=False, wrong=str(error))
    known, by = signature.key in {key.fingerprint for key in trusted}, signature.by(trusted)
    if by is None and (known or not signature.key):
        return Found(digest, signature.key, trusted=known, wrong="no trusted key made it of these bytes")
    wrong = signed_statement.difference(signature.payload, manifest.files)
    return Found(digest, by.fingerprint if by else signature.key, trusted=by is not None, wrong=wrong)


def _unsigned(package: str, trusted: tuple[PublicKey, ...], seen: list[Found]) -> RefusedError:
    short = digests.short(package)
    return RefusedError(
        f"version {short}",
        expected=f"a signature by {_names(trusted)}, which the rules of release require",
        got="; ".join(f"one {found}" for found in seen[:3]) or "none",
        hint=f"sign it:  benison registry sign {short} --key private.pem ; no --force gets round it",
    )


def _names(trusted: tuple[PublicKey, ...]) -> str:
    return f"key {' or '.join(digests.short(key.fingerprint) for key in trusted)}" if trusted else "no key"
