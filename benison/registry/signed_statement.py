"""A package's signature as OpenSSF model signing has it: a Sigstore bundle with a statement of the package's files.

References: model_signing v1.0 (https://github.com/sigstore/model-transparency), in-toto Statement v1, DSSE 1.0
(https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md), Sigstore bundle v0.3.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from benison.core import digests
from benison.core.signing_keys import PrivateKey, PublicKey
from benison.registry.manifest import File

MEDIA = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://model_signing/signature/v1.0"
_WHOLE_FILES = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}


@dataclass(frozen=True)
class Signature:
    """A signature as it was read; nothing of it is believed before a key has verified it.

    Attributes:
        key: The fingerprint of the key that it says it is by; empty: it does not say.
        payload: The statement's bytes.
        signature: What the key made of them, in DER.
    """

    key: str
    payload: bytes
    signature: bytes

    def by(self, keys: Iterable[PublicKey]) -> PublicKey | None:
        """The key among some that made it; None: none did."""
        message = pae(self.payload)
        named = (key for key in keys if self.key in ("", key.fingerprint))
        return next((key for key in named if key.signed(self.signature, message)), None)


def seal(model: str, files: Iterable[File], key: PrivateKey) -> bytes:
    """Signs a list of files.

    Args:
        model: What the statement calls them.
        files: All that the package has.
        key: Whose signature it becomes.

    Returns:
        The bundle, which `parse` reads, and model-signing.
    """
    payload = json.dumps(statement(model, files), sort_keys=True).encode()
    signed = {"sig": _encode(key.sign(pae(payload))), "keyid": ""}
    hint = key.public.fingerprint.removeprefix(digests.PREFIX)
    bundle = {
        "mediaType": MEDIA,
        "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
        "dsseEnvelope": {"payload": _encode(payload), "payloadType": PAYLOAD, "signatures": [signed]},
    }
    return json.dumps(bundle, sort_keys=True, separators=(",", ":")).encode()


def statement(model: str, files: Iterable[File]) -> dict[str, Any]:
    """What is signed: every file with its digest, and one digest over these in the order of the paths' parts."""
    ordered = sorted(files, key=lambda file: PurePosixPath(file.path).parts)
    resources = [{"name": file.path, "algorithm": "sha256", "digest": _hex(file.digest)} for file in ordered]
    return {
        "_type": STATEMENT,
        "subject": [{"name": model, "digest": {"sha256": _root(resources)}}],
        "predicateType": PREDICATE,
        "predicate": {"serialization": {**_WHOLE_FILES, "ignore_paths": []}, "resources": resources},
    }


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding, the very bytes that are signed.

    >>> pae(b"{}")
    b'DSSEv1 28 application/vnd.in-toto+json 2 {}'
    """
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


def parse(raw: bytes) -> Signature:
    """Reads a bundle.

    Raises:
        ValueError: It is none, or not of one DSSE signature by a key; the message says why.
    """
    try:
        return _parsed(json.loads(raw))
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no bundle of one signature by a key: {error!r}") from error


def _parsed(bundle: Mapping[str, Any]) -> Signature:
    envelope, said = bundle["dsseEnvelope"], bundle["verificationMaterial"]["publicKey"]
    for name, found, expected in (
        ("mediaType", bundle["mediaType"], MEDIA),
        ("payloadType", envelope["payloadType"], PAYLOAD),
        ("number of signatures", len(envelope["signatures"]), 1),
    ):
        if found != expected:
            raise ValueError(f"{name} {found!r}, not {expected!r}")
    hint = said.get("hint") or ""
    key = f"{digests.PREFIX}{hint}" if hint else ""
    return Signature(key, _decode(envelope["payload"]), _decode(envelope["signatures"][0]["sig"]))


def difference(payload: bytes, files: Iterable[File]) -> str:
    """Why a statement is not of exactly these files; empty where it is.

    What the signer left out as not worth signing is asked for too: a server would load it all the same.

    Args:
        payload: Of a signature.
        files: All that the package has.
    """
    try:
        listed = _listed(json.loads(payload))
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
        return f"it is no statement of a model's files: {error}"
    own = {file.path: _hex(file.digest) for file in files}
    if missing := sorted(own.keys() - listed.keys()):
        return f"it leaves out {missing[0]}{_more(missing)}"
    if foreign := sorted(listed.keys() - own.keys()):
        return f"it is of {foreign[0]}{_more(foreign)} too, which the package has not"
    changed = sorted(path for path in own if own[path] != listed[path])
    return f"it is of another {changed[0]}{_more(changed)}" if changed else ""


def _listed(said: Mapping[str, Any]) -> dict[str, str]:
    """The files of a statement with their digests in hexadecimal; raises where it is none."""
    predicate = said["predicate"]
    resources, kind = predicate["resources"], predicate["serialization"]
    found = (said["_type"], said["predicateType"], kind["method"], kind["hash_type"])
    if found != (STATEMENT, PREDICATE, "files", "sha256"):
        raise ValueError(f"kind {', '.join(map(str, found))}")
    if {one["algorithm"] for one in resources} - {"sha256"}:
        raise ValueError("a digest by something else than SHA-256")
    listed = {one["name"]: one["digest"] for one in resources}
    if len(listed) != len(resources):
        raise ValueError("a file twice")
    if [one["digest"]["sha256"] for one in said["subject"]] != [_root(resources)]:
        raise ValueError("the digest of the whole is not that of the parts")
    return listed


def _root(resources: Iterable[Mapping[str, Any]]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(one["digest"]) for one in resources)).hexdigest()


def _hex(digest: str) -> str:
    return digest.removeprefix(digests.PREFIX)


def _more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
