"""Signatures are read and written as model-signing has them; what it made is kept in made_by_model_signing/."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benison.core.signing_keys import read_public
from benison.registry.manifest import File
from benison.registry.packages import files_of
from benison.registry.signed_statement import difference, pae, parse, seal, statement
from benison.registry.testing import digest, new_key

THEIRS = Path(__file__).parent / "made_by_model_signing"
FILES = files_of(THEIRS / "package")


def payload_of(raw: bytes) -> dict[str, Any]:
    return json.loads(base64.b64decode(json.loads(raw)["dsseEnvelope"]["payload"]))


@pytest.mark.parametrize("name", ["p256", "p384"])
def test_what_model_signing_signed_holds(name: str) -> None:
    signature, key = parse((THEIRS / f"{name}.sig").read_bytes()), read_public(THEIRS / f"{name}.pub")
    assert signature.key == key.fingerprint
    assert signature.by([new_key().public, key]) == key
    assert signature.by([new_key().public]) is None
    assert difference(signature.payload, FILES) == ""


def test_the_statement_is_the_one_that_model_signing_makes() -> None:
    ours, theirs = statement("package", FILES), payload_of((THEIRS / "p256.sig").read_bytes())
    theirs["predicate"]["serialization"]["ignore_paths"] = []
    assert ours == theirs


@pytest.mark.parametrize("curve", ["secp256r1", "secp384r1"])
def test_what_is_signed_here_has_the_same_fields_and_reads_back(curve: str) -> None:
    key = new_key(curve)
    raw = seal("census", FILES, key)
    assert shape(json.loads(raw)) == shape(json.loads((THEIRS / "p256.sig").read_bytes()))
    signature = parse(raw)
    assert signature.by([key.public]) == key.public
    assert key.public.signed(signature.signature, pae(signature.payload))
    assert difference(signature.payload, FILES) == ""


def shape(document: Any) -> Any:
    """The keys and kinds of a document."""
    if isinstance(document, dict):
        return {name: shape(value) for name, value in document.items()}
    return [shape(value) for value in document] if isinstance(document, list) else type(document).__name__


def test_a_signature_without_the_name_of_its_key_is_tried_with_every_key() -> None:
    bundle = json.loads((THEIRS / "p256.sig").read_bytes())
    del bundle["verificationMaterial"]["publicKey"]["hint"]
    signature, key = parse(json.dumps(bundle).encode()), read_public(THEIRS / "p256.pub")
    assert (signature.key, signature.by([new_key().public, key])) == ("", key)


def test_a_flipped_bit_anywhere_in_what_is_signed_or_in_the_signature_undoes_it() -> None:
    signature, key = parse((THEIRS / "p256.sig").read_bytes()), read_public(THEIRS / "p256.pub")
    for at in range(0, len(signature.payload), 97):
        changed = bytearray(signature.payload)
        changed[at] ^= 1
        assert not key.signed(signature.signature, pae(bytes(changed)))
    for at in range(len(signature.signature)):
        changed = bytearray(signature.signature)
        changed[at] ^= 1
        assert not key.signed(bytes(changed), pae(signature.payload))


@pytest.mark.parametrize("kept", [0, 1, 40, 300, 1500, -1])
def test_a_torn_signature_is_none(kept: int) -> None:
    with pytest.raises(ValueError):
        parse((THEIRS / "p256.sig").read_bytes()[:kept])


Change = Callable[[dict[str, Any]], object]
ENVELOPE, PREDICATE = "dsseEnvelope", "predicate"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said.update(mediaType="text/plain"), "mediaType 'text/plain', not 'application/vnd.dev.sigstore"),
        (lambda said: said[ENVELOPE].update(payloadType="x"), "payloadType 'x', not 'application/vnd.in-toto"),
        (lambda said: said[ENVELOPE]["signatures"].append({"sig": ""}), "number of signatures 2, not 1"),
        (lambda said: said[ENVELOPE]["signatures"].clear(), "number of signatures 0, not 1"),
        (lambda said: said.pop(ENVELOPE), "no bundle of one signature by a key: KeyError"),
        (lambda said: said.update(verificationMaterial={"certificate": {}}), "no bundle .*publicKey"),
        (lambda said: said[ENVELOPE].update(payload=7), "no bundle of one signature by a key"),
        (lambda said: said[ENVELOPE].update(payload="%"), "Only base64 data is allowed"),
    ],
)
def test_a_bundle_of_another_kind_is_none(change: Change, message: str) -> None:
    bundle = json.loads((THEIRS / "p256.sig").read_bytes())
    change(bundle)
    with pytest.raises(ValueError, match=message):
        parse(json.dumps(bundle).encode())


def rooted(said: dict[str, Any]) -> dict[str, Any]:
    """With the digest of the whole made right again, so that nothing but the change is wrong."""
    parts = b"".join(bytes.fromhex(one["digest"]) for one in said[PREDICATE]["resources"])
    said["subject"][0]["digest"]["sha256"] = hashlib.sha256(parts).hexdigest()
    return said


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said[PREDICATE]["resources"].pop(1), "it leaves out saved_model.pb"),
        (lambda said: said[PREDICATE]["resources"].clear(), "it leaves out assets.extra/features.json and 3 more"),
        (
            lambda said: said[PREDICATE]["resources"].append({"name": "b", "algorithm": "sha256", "digest": "00" * 32}),
            "it is of b too, which the package has not",
        ),
        (lambda said: said[PREDICATE]["resources"][1].update(digest="ab" * 32), "it is of another saved_model.pb"),
        (
            lambda said: said[PREDICATE]["resources"].append(said[PREDICATE]["resources"][0]),
            "it is no statement of a model's files: a file twice",
        ),
        (
            lambda said: said[PREDICATE]["resources"][0].update(algorithm="md5"),
            "a digest by something else than SHA-256",
        ),
        (lambda said: said.update(predicateType="https://slsa.dev/provenance/v1"), "kind .*slsa.dev"),
        (lambda said: said[PREDICATE]["serialization"].update(method="shards"), "kind .*shards"),
        (lambda said: said.pop("subject"), "it is no statement of a model's files: 'subject'"),
    ],
)
def test_a_statement_of_other_files_says_which(change: Change, message: str) -> None:
    said = statement("census", FILES)
    assert difference(json.dumps(said).encode(), FILES) == ""
    change(said)
    payload = json.dumps(rooted(said) if "subject" in said else said).encode()
    with pytest.raises(AssertionError, match=message):
        raise AssertionError(difference(payload, FILES))


def test_the_digest_of_the_whole_is_held_to_the_parts() -> None:
    said = statement("census", FILES)
    said["subject"][0]["digest"]["sha256"] = "00" * 32
    wrong = "it is no statement of a model's files: the digest of the whole is not that of the parts"
    assert difference(json.dumps(said).encode(), FILES) == wrong
    for noise in (b"", b"[]", b"null", b"{}", b"\xff"):
        assert difference(noise, FILES).startswith("it is no statement of a model's files")


def test_names_of_any_letters_are_kept() -> None:
    files = (File("saved_model.pb", 1, digest("a")), File("assets/\u00fc \u6f22", 1, digest("b")))
    key = new_key()
    assert difference(parse(seal("census", files, key)).payload, files) == ""
