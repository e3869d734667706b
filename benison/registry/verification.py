"""Walking a whole registry: every link of the log, every byte of every package."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from benison.core.errors import BenisonError, RefusedError
from benison.registry.copies import Copy
from benison.registry.manifest import Manifest
from benison.registry.registry import Registry
from benison.registry.signing import EVIDENCE
from benison.registry.state import State

_T = TypeVar("_T")


class Findings:
    """What is wrong with all that is read, not only the first thing.

    Attributes:
        problems: Of each that cannot be read its first line, which names the file.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []

    def attempt(self, read: Callable[[], _T], otherwise: _T) -> _T:
        """What is read, or else something instead, and what was wrong is kept."""
        try:
            return read()
        except BenisonError as error:
            self.problems.append(str(error).partition("\n")[0])
            return otherwise


@dataclass(frozen=True)
class Verification:
    """What a walk over a registry found.

    Attributes:
        entries: How many entries the log has.
        versions: How many packages are sound.
        files: How many files they have.
        size: Their size in bytes.
        profiles: How many profiles of accepted snapshots there are.
        signatures: How many signatures lie beside these packages.
        problems: What is wrong, each naming its file; empty where nothing is.
        unfinished: Packages that were begun and never sealed or logged: left by a crash, seen by no reader.
        leftover: Copies of collected versions of which files are still there: the next collection takes them.
    """

    entries: int
    versions: int
    files: int
    size: int
    profiles: int
    signatures: int
    problems: tuple[str, ...]
    unfinished: tuple[str, ...]
    leftover: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(registry: Registry) -> Verification:
    """Reads all of it and tells everything that is wrong, not only the first thing."""
    found = _Walk()
    attempt = found.attempt
    no_history: dict[str, bytes] = {}
    state = attempt(registry.state, State())
    attempt(registry.verify_log, None)
    known = {state.copy(package) for package, version in state.versions.items() if not version.collected}
    sealed, begun = set(registry.packages.sealed()), {*registry.packages.begun(), *registry.key_files.begun()}
    begun |= {*registry.signing.files.begun()}
    leftover = {copy for copy in sealed | begun if state.left_over(copy)}
    read = [_read(registry, state, copy, found) for copy in sorted((sealed - leftover) | known)]
    manifests = [manifest for manifest in read if manifest is not None]
    for digest in _named(state):
        attempt(functools.partial(registry.evidence.verify, digest), None)
    found.problems += attempt(functools.partial(_not_to_be_served, registry, state), list[str]())
    return Verification(
        entries=state.number,
        versions=len(manifests),
        files=sum(len(manifest.files) for manifest in manifests),
        size=sum(manifest.size for manifest in manifests),
        profiles=len(attempt(registry.history.entries, no_history)),
        signatures=found.signatures,
        problems=tuple(dict.fromkeys(found.problems)),
        unfinished=tuple(sorted(str(copy) for copy in (sealed | begun) - known - leftover)),
        leftover=tuple(sorted(map(str, leftover))),
    )


def _named(state: State) -> set[str]:
    """The digests of all evidence; of what was not kept there is nothing to read."""
    blessings = (blessing for version in state.versions.values() for _, blessing in version.blessings)
    return {digest for blessing in blessings for digest in blessing.evidence.values()}


class _Walk(Findings):
    """Likewise, and how many signatures were seen on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.signatures = 0


def _read(registry: Registry, state: State, copy: Copy, found: _Walk) -> Manifest | None:
    """All of a version: its package, the keys of what it was trained on, its signatures."""
    unread: Manifest | None = None
    none: list[str] = []
    manifest = found.attempt(functools.partial(registry.packages.verify, copy), unread)
    if manifest is None:
        return None
    if seen := manifest.provenance.trained_on:
        found.attempt(functools.partial(registry.key_files.verify, copy, seen), None)
    found.signatures += len(found.attempt(functools.partial(registry.signing.files.of, copy), none))
    found.problems += found.attempt(functools.partial(_unsound, registry, state, copy, manifest), none)
    return manifest


def _unsound(registry: Registry, state: State, copy: Copy, manifest: Manifest) -> list[str]:
    """What is wrong with a version's signatures, those that the log names of this copy among them."""
    own = (
        one for one in state.reigns if one.champion.package == copy.package and one.champion.number > copy.generation
    )
    named = {one.entry.evidence.get(EVIDENCE, "") for one in own} - {""}
    return list(registry.signing.problems(state.release.signatures, copy, manifest, named))


def _not_to_be_served(registry: Registry, state: State) -> list[str]:
    """Why the champion could not be loaded again, for want of a signature."""
    if state.champion is not None:
        try:
            registry.require_signature(state.champion.package)
        except RefusedError as error:
            return [str(error).partition("\n")[0]]
    return []
