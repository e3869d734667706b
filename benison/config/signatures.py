"""release.signatures: in benison.yaml: whose signature a version needs, and by which key the pusher signs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from benison.core.sections import Section
from benison.core.signing_keys import PUBLIC_HINT, PublicKey, public_key

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DER = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


@dataclass(frozen=True)
class Signatures:
    """Whose signature a version needs before it may answer requests.

    Attributes:
        trusted: The keys, any of which will do.
        required: Whether a version without one is refused; if not, signatures are looked at and told.
    """

    trusted: tuple[PublicKey, ...] = ()
    required: bool = False

    def __str__(self) -> str:
        names = ", ".join(key.fingerprint.removeprefix("sha256:")[:12] for key in self.trusted)
        return f"signatures {'required' if self.required else 'looked at'}, by {names}" if names else "no signatures"


NONE_ASKED = Signatures()


def signatures_of(release: Section, project: Path) -> Signatures:
    """Reads ``release.signatures``, and the keys that it names.

    Args:
        release: What ``release:`` says.
        project: The folder that the files of keys lie in.

    Raises:
        ConfigError: Something is not understood, or a key cannot be read.
    """
    section = release.section("signatures", optional=True)
    keys = tuple(_key(section, project, name) for name in section.texts("trusted", ()))
    required = section.take("required", bool, bool(keys))
    signing_key_from(release)
    section.asked.add("signing_key_from")
    section.close()
    if required and not keys:
        hint = "trusted: [keys/release.pub]  names a file of the project"
        raise section.error("trusted", "a public key, since signatures are required", "none", hint)
    return Signatures(keys, required)


def signing_key_from(release: Section) -> str:
    """The variable that holds the private key by which the pusher signs; empty: it does not.

    Raises:
        ConfigError: It is no name of a variable.
    """
    section = release.section("signatures", optional=True)
    name = section.take("signing_key_from", str, "")
    if name and not _VARIABLE.fullmatch(name):
        # What stands there may be the key itself.
        raise section.error("signing_key_from", "the name of a variable that holds the key", "something else")
    return name


def _key(section: Section, project: Path, name: str) -> PublicKey:
    expected = "the public key of an ECDSA pair, in PEM, in a file of the project"
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise section.error("trusted", expected, repr(name), "copy the file into the project's folder")
    try:
        return public_key((project / name).read_bytes())
    except OSError as error:
        raise section.error("trusted", expected, f"{name}: {error.strerror}", PUBLIC_HINT) from error
    except ValueError as error:
        raise section.error("trusted", expected, f"{name}: {error}", PUBLIC_HINT) from error


def to_json(signatures: Signatures) -> dict[str, Any]:
    """The rules as they stand in the log."""
    return {"trusted": [key.der for key in signatures.trusted], "required": signatures.required}


def from_json(content: Mapping[str, Any]) -> Signatures:
    """The inverse of `to_json`."""
    return Signatures(tuple(PublicKey(der) for der in content["trusted"]), content["required"])


def sound(content: Any) -> bool:
    """Whether it is what `to_json` writes."""
    if not isinstance(content, dict) or content.keys() != {"trusted", "required"}:
        return False
    keys = content["trusted"]
    readable = isinstance(keys, list) and all(isinstance(key, str) and _DER.fullmatch(key) for key in keys)
    return readable and bool(keys) and isinstance(content["required"], bool)
