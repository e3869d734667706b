"""The statement of where a version came from, held to the field names of in-toto and SLSA."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from benison.core import digests, documents
from benison.core.errors import IntegrityError
from benison.core.verdicts import Verdict
from benison.registry import attestation
from benison.registry.testing import SAID, Bench, digest

# https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md
RESOURCE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
    "properties": {
        "name": {"type": "string"},
        "uri": {"type": "string"},
        "digest": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "gitCommit": {"type": "string", "pattern": "^[0-9a-f]{7,64}$"},
            },
        },
        **{key: {"type": "string"} for key in ("content", "downloadLocation", "mediaType")},
        "annotations": {"type": "object"},
    },
}
URI = {"type": "string", "pattern": "^[a-z][a-z0-9+.-]*:"}


def fields(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "properties": properties, "additionalProperties": False}


# https://slsa.dev/spec/v1.0/provenance#schema
PROVENANCE = fields(
    ["buildDefinition", "runDetails"],
    buildDefinition=fields(
        ["buildType", "externalParameters"],
        buildType=URI,
        externalParameters={"type": "object"},
        internalParameters={"type": "object"},
        resolvedDependencies={"type": "array", "items": RESOURCE},
    ),
    runDetails=fields(
        ["builder"],
        builder=fields(["id"], id=URI, builderDependencies={"type": "array"}, version={"type": "object"}),
        metadata=fields(
            [], invocationId={"type": "string"}, startedOn={"type": "string"}, finishedOn={"type": "string"}
        ),
        byproducts={"type": "array", "items": RESOURCE},
    ),
)
# https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
STATEMENT = fields(
    ["_type", "subject", "predicateType"],
    _type={"const": "https://in-toto.io/Statement/v1"},
    subject={"type": "array", "minItems": 1, "items": {**RESOURCE, "required": ["digest"]}},
    predicateType={"const": "https://slsa.dev/provenance/v1"},
    predicate=PROVENANCE,
)


def test_has_the_official_fields_and_no_others(bench: Bench) -> None:
    bench.crown("one")
    jsonschema.validate(attestation.kept(bench.registry, "champion"), STATEMENT)


def test_says_what_the_registry_knows(bench: Bench) -> None:
    one = bench.add("one", (3, 4))
    bench.bless(one, evaluation="e")
    found = attestation.kept(bench.registry, one)
    folder = bench.package("one")
    by_name = {subject["name"]: "sha256:" + subject["digest"]["sha256"] for subject in found["subject"]}
    assert by_name.pop("census") == one == digests.of_tree(folder)
    assert by_name == {name: digests.of_file(path) for name, path in digests.files_of(folder)}
    build = found["predicate"]["buildDefinition"]
    assert build["externalParameters"] == {"model": "census", "spans": [3, 4], "hyperparameters": {"units": 16}}
    commit, project, data = build["resolvedDependencies"]
    assert commit == {"name": "commit", "digest": {"gitCommit": "0123abc"}}
    assert "sha256:" + project["digest"]["sha256"] == digest("bundle")
    assert "sha256:" + data["digest"]["sha256"] == digest("snapshot of spans (3, 4)")
    run = found["predicate"]["runDetails"]
    assert run["metadata"] == {"finishedOn": "2026-11-20T12:00:00Z"}
    assert {one["name"] for one in run["byproducts"]} == {"weights", "evaluation"}


@pytest.mark.parametrize("harmed", [False, True])
def test_the_one_that_was_kept_is_held_to_its_digest(bench: Bench, harmed: bool) -> None:
    one = bench.add("one")
    raw = documents.encode({"_type": "kept"})
    evidence = {"policy": digest("gate"), attestation.EVIDENCE: bench.registry.evidence.put(raw)}
    said: dict[str, Any] = {"reasons": (), "evidence": evidence, "compared_with": None, **SAID}
    bench.registry.bless(one, Verdict.PASS, **said)
    if not harmed:
        assert attestation.kept(bench.registry, one) == json.loads(raw)
        return
    for path in (bench.folder.parent / "registry/census/evidence").iterdir():
        path.write_bytes(raw + b" ")
    with pytest.raises(IntegrityError, match="it was changed after it was kept"):
        attestation.kept(bench.registry, one)
