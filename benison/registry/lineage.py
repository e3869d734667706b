"""Lineage: from a version back to commit and data, and on to the times it was champion, each step with its proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from benison.core.errors import BenisonError
from benison.registry.log import Approve, Bless, Logged, PackageEntry, Promote, Rollback
from benison.registry.manifest import Manifest
from benison.registry.registry import Registry

# Evidence that is the digest of something else than a document of the registry.
_ELSEWHERE = ("policy", "snapshot", "bundle", "model")


@dataclass(frozen=True)
class Step:
    """One thing that is known of a version.

    Attributes:
        what: ``commit``, ``bundle``, ``data``, ``weights``, ``package``, ``signature``, the name of a document of
            evidence, ``gate``, ``approval``, ``champion`` or ``log``.
        said: What is known, for people.
        digest: Of what it is known by; empty: it has none.
        wrong: Why it does not hold; empty where it does, or where nobody looked.
        looked: Whether bytes were read and held to the digest.
        kept: Whether it is a document that the registry keeps under its digest.
    """

    what: str
    said: str
    digest: str = ""
    wrong: str = ""
    looked: bool = False
    kept: bool = False


def lineage(registry: Registry, name: str, *, verify: bool = False) -> list[Step]:
    """The chain of a version, oldest first.

    Args:
        registry: Of one model.
        name: The version.
        verify: Read the package, every document of evidence and every entry of the log, and hold them to their digests.

    Raises:
        RegistryError: There is no such version, or its files were collected.
    """
    shown = registry.show(name)
    signed = [Step("signature", one.by, one.digest, wrong=one.wrong, looked=one.holds) for one in shown.signatures]
    steps = [*_origin(shown.manifest), *signed, *_entries(registry, shown.manifest.package)]
    return [_looked(registry, shown.manifest.package, step) for step in steps] + [_log(registry)] if verify else steps


def _origin(manifest: Manifest) -> Iterator[Step]:
    origin = manifest.provenance
    yield Step("commit", origin.commit or "none: the project was in no repository")
    yield Step("bundle", "the project's files", origin.bundle)
    seen = f", {origin.trained_on.rows.rows:,} rows" if origin.trained_on else ""
    yield Step("data", f"spans {', '.join(map(str, origin.spans))}{seen}", origin.snapshot)
    settings = json.dumps(origin.hyperparameters, sort_keys=True)
    yield Step("weights", f"and signatures; hyperparameters {settings}", origin.model_digest)
    yield Step("package", f"{len(manifest.files)} files, {manifest.size:,} bytes, by {manifest.by}", manifest.package)


def _entries(registry: Registry, package: str) -> Iterator[Step]:
    logged = registry.log()
    for one in logged:
        if not isinstance(one.entry, PackageEntry) or one.entry.package != package:
            continue
        if isinstance(one.entry, Bless):
            yield from _documents(one.entry)
        if (step := _step(one, logged)) is not None:
            yield step


def _documents(entry: Bless) -> Iterator[Step]:
    for name, digest in sorted(entry.evidence.items()):
        if name not in _ELSEWHERE:
            yield Step(name.replace("_", " "), "kept in the registry", digest, kept=True)


def _step(one: Logged, logged: tuple[Logged, ...]) -> Step | None:
    entry, head = one.entry, f"entry {one.number}, {one.entry.when}, {one.entry.who}"
    match entry:
        case Bless(verdict=verdict, compared_with=against):
            beside = f"beside champion {against}" if against else "there was no champion"
            return Step("gate", f"{verdict}, {beside}: {head}", entry.evidence.get("policy", ""))
        case Approve(blessing=blessing):
            return Step("approval", f"of entry {blessing}: {head}: {entry.why}")
        case Promote() | Rollback():
            until = _until(one, logged)
            forced = ", FORCED" if isinstance(entry, Promote) and entry.forced else ""
            return Step("champion", f"as number {one.number}, {until}{forced}: {head}: {entry.why}")
        case _:
            return None


def _until(one: Logged, logged: tuple[Logged, ...]) -> str:
    """Which entry ended a time as champion."""
    for later in logged[one.number :]:
        replaced = later.entry.replaces if isinstance(later.entry, (Promote, Rollback)) else None
        if replaced is not None and replaced.number == one.number:
            return f"until entry {later.number}"
    return "up to now"


def _looked(registry: Registry, package: str, step: Step) -> Step:
    """The same step with what looking at the bytes came to."""
    try:
        if step.what == "package":
            registry.packages.verify(registry.state().copy(package))
        elif step.kept and registry.evidence.get(step.digest) is None:
            return replace(step, wrong="it is not there")
        elif not step.kept:
            return step
    except BenisonError as error:
        return replace(step, wrong=str(error).partition("\n")[0])
    return replace(step, looked=True)


def _log(registry: Registry) -> Step:
    said = f"{registry.state().number} entries, each sealing the one before it"
    try:
        registry.verify_log()
    except BenisonError as error:
        return Step("log", said, wrong=str(error).partition("\n")[0])
    return Step("log", said, looked=True)
