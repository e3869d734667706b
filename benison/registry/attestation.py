"""Provenance in the words that others' tools read: an in-toto statement with a SLSA provenance predicate.

It says what the registry knows, and that nobody signed it: a statement to be believed is signed by whoever builds.
References: https://in-toto.io/Statement/v1, https://slsa.dev/spec/v1.0/provenance.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from benison.core import digests
from benison.registry.log import Bless
from benison.registry.manifest import Manifest
from benison.registry.registry import Registry

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD = "urn:benison:continuous-training:1"
BUILDER = "urn:benison:pipeline"
# The name of the statement among a blessing's evidence.
EVIDENCE = "provenance"
DOCUMENTS = ("evaluation", "infra", "checks", "training", "model_card")


def kept(registry: Registry, name: str) -> dict[str, Any]:
    """A version's statement, as it was kept with its last blessing, or made of what is known where none was.

    Raises:
        RegistryError: There is no such version, or its files were collected.
        IntegrityError: The statement was changed after it was kept.
    """
    shown = registry.show(name)
    blessing = shown.version.blessing
    digest = blessing.evidence.get(EVIDENCE) if blessing else None
    raw = registry.evidence.get(digest) if digest else None
    if raw is None:
        return statement(registry.model, shown.manifest, _documents(blessing))
    content: dict[str, Any] = json.loads(raw)
    return content


def statement(model: str, manifest: Manifest, documents: Mapping[str, str]) -> dict[str, Any]:
    """The statement of a version.

    Args:
        model: The model's name.
        manifest: Its files and where it came from.
        documents: Digests of what else the run made, by name.
    """
    return {
        "_type": STATEMENT,
        "subject": [_named(model, manifest.package), *(_named(file.path, file.digest) for file in manifest.files)],
        "predicateType": PREDICATE,
        "predicate": {"buildDefinition": _definition(model, manifest), "runDetails": _run(manifest, documents)},
    }


def _definition(model: str, manifest: Manifest) -> dict[str, Any]:
    origin = manifest.provenance
    commit = [{"name": "commit", "digest": {"gitCommit": origin.commit}}] if origin.commit else []
    return {
        "buildType": BUILD,
        "externalParameters": {
            "model": model,
            "spans": list(origin.spans),
            "hyperparameters": dict(origin.hyperparameters),
        },
        "resolvedDependencies": [*commit, _named("project", origin.bundle), _named("data", origin.snapshot)],
    }


def _run(manifest: Manifest, documents: Mapping[str, str]) -> dict[str, Any]:
    weights = _named("weights", manifest.provenance.model_digest)
    return {
        "builder": {"id": BUILDER},
        "metadata": {"finishedOn": manifest.when},
        "byproducts": [weights, *(_named(name, digest) for name, digest in sorted(documents.items()))],
    }


def _documents(blessing: Bless | None) -> dict[str, str]:
    evidence = blessing.evidence if blessing else {}
    return {name: evidence[name] for name in DOCUMENTS if name in evidence}


def _named(name: str, digest: str) -> dict[str, Any]:
    return {"name": name, "digest": {"sha256": digest.removeprefix(digests.PREFIX)}}
