"""Walking a whole registry: every link of the log, every byte of every package."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from benison.core.errors import BenisonError
from benison.registry.manifest import Manifest
from benison.registry.registry import Registry
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
        problems: What is wrong, each naming its file; empty where nothing is.
        unfinished: Packages that were begun and never sealed or logged: left by a crash, seen by no reader.
        leftover: Copies of collected versions of which files are still there: the next collection takes them.
    """

    entries: int
    versions: int
    files: int
    size: int
    profiles: int
    problems: tuple[str, ...]
    unfinished: tuple[str, ...]
    leftover: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify(registry: Registry) -> Verification:
    """Reads all of it and tells everything that is wrong, not only the first thing."""
    found = Findings()
    attempt = found.attempt
    no_history: dict[str, bytes] = {}
    state = attempt(registry.state, State())
    attempt(registry.verify_log, None)
    known = {state.copy(package) for package, version in state.versions.items() if not version.collected}
    sealed, begun = set(registry.packages.sealed()), {*registry.packages.begun(), *registry.key_files.begun()}
    leftover = {copy for copy in sealed | begun if state.left_over(copy)}
    unread: Manifest | None = None
    manifests = []
    for copy in sorted((sealed - leftover) | known):
        manifest = attempt(functools.partial(registry.packages.verify, copy), unread)
        if manifest is not None:
            manifests.append(manifest)
            if seen := manifest.provenance.trained_on:
                attempt(functools.partial(registry.key_files.verify, copy, seen), None)
    for digest in _named(state):
        attempt(functools.partial(registry.evidence.verify, digest), None)
    return Verification(
        entries=state.number,
        versions=len(manifests),
        files=sum(len(manifest.files) for manifest in manifests),
        size=sum(manifest.size for manifest in manifests),
        profiles=len(attempt(registry.history.entries, no_history)),
        problems=tuple(dict.fromkeys(found.problems)),
        unfinished=tuple(sorted(str(copy) for copy in (sealed | begun) - known - leftover)),
        leftover=tuple(sorted(map(str, leftover))),
    )


def _named(state: State) -> set[str]:
    """The digests of all evidence; of what was not kept there is nothing to read."""
    blessings = (blessing for version in state.versions.values() for _, blessing in version.blessings)
    return {digest for blessing in blessings for digest in blessing.evidence.values()}
