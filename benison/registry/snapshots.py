"""Snapshots of the fold: what the log came to at an entry, so that a log of many entries is open at once.

A snapshot holds numbers, not what the entries say: that is read when somebody asks, from the segments of the log, whose
digests it knows. It is a shortcut and nothing more. One that does not stand at an entry of this log, or is damaged, is
passed over with a warning, and `verify` folds the log again and compares.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from benison.config import release as releases
from benison.core.errors import BenisonError
from benison.core.store import Store, damaged, parse
from benison.registry.log import Champion
from benison.registry.state import Entries, Reign, State, Version

KIND = "log_snapshot"
KEPT = 2
_NAME = re.compile(r"[0-9]{12}\.json")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """What the log came to at an entry.

    Attributes:
        number: The entry's.
        digest: Its digest.
        segments: The digest of each segment of the log up to it.
        state: What the log came to; what its entries say is not there.
    """

    number: int
    digest: str
    segments: tuple[str, ...]
    state: State


class Snapshots:
    """The snapshots of one model's log.

    Args:
        store: Where they lie.
        model: The model's name.
    """

    def __init__(self, store: Store, model: str) -> None:
        self._store, self._folder = store, f"{model}/log_snapshots/"

    def put(self, snapshot: Snapshot) -> None:
        """Keeps one; the first of an entry stays.

        Raises:
            StorageError: The registry is read-only or full.
        """
        raw = json.dumps(to_json(snapshot), sort_keys=True, separators=(",", ":")).encode() + b"\n"
        self._store.put_if_absent(f"{self._folder}{snapshot.number:012d}.json", raw)

    def latest(self, entries: Entries) -> Iterator[Snapshot]:
        """The sound ones, the newest first; whoever takes one holds it to the log.

        Args:
            entries: What the log's entries say, for the states.
        """
        for key in reversed(self.all()):
            try:
                yield self.read(key, entries)
            except BenisonError as error:
                _LOG.warning("a snapshot of the log is passed over: %s", error)

    def read(self, key: str, entries: Entries) -> Snapshot:
        """One of them.

        Raises:
            IntegrityError: It is torn, or something else.
            RegistryError: A newer version of Benison wrote it.
        """
        where = self._store.where(key)
        content = parse(where, KIND, self._store.get(key) or b"")
        try:
            snapshot = from_json(content, entries)
        except (LookupError, TypeError, ValueError) as error:
            raise damaged(where, KIND, repr(error)) from error
        if key != f"{self._folder}{snapshot.number:012d}.json":
            raise damaged(where, KIND, f"that of entry {snapshot.number}")
        return snapshot

    def where(self, key: str) -> str:
        """The place of one, as a person would look for it."""
        return self._store.where(key)

    def all(self) -> list[str]:
        """All of them, oldest first."""
        found = self._store.list_after(self._folder)
        return [key for key in found if _NAME.fullmatch(key.removeprefix(self._folder))]

    def old(self) -> list[str]:
        """Those that nobody reads while the newest ones are sound."""
        return self.all()[:-KEPT]

    def remove_old(self) -> int:
        """Deletes those, and tells how many there were."""
        return sum(self._store.delete(key) for key in self.old())


def to_json(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot as it lies in the registry: packages once, and elsewhere their place among the versions."""
    state = snapshot.state
    place = {package: at for at, package in enumerate(state.versions)}
    return {
        "kind": KIND,
        "format": 1,
        "number": snapshot.number,
        "digest": snapshot.digest,
        "segments": list(snapshot.segments),
        "versions": [
            [package, one.registered, list(one.words), list(one.approvals), one.retired, one.generation, one.collected]
            for package, one in state.versions.items()
        ],
        "reigns": [[one.champion.number, place[one.champion.package], one.reference.number] for one in state.reigns],
        "line": [one.champion.number for one in state.line],
        "challenger": state.challenger,
        "rolled_back": sorted(place[package] for package in state.rolled_back),
        "names": dict(state.names),
        "release": releases.to_json(state.release),
    }


def from_json(content: Mapping[str, Any], entries: Entries) -> Snapshot:
    """The inverse of `to_json`.

    Raises:
        LookupError: It is no snapshot.
        TypeError: Likewise.
        ValueError: Likewise.
    """
    versions = {
        package: Version(registered, tuple(words), tuple(approvals), retired, generation, collected, entries)
        for package, registered, words, approvals, retired, generation, collected in content["versions"]
    }
    packages = list(versions)
    champions = {number: Champion(number, packages[place]) for number, place, _ in content["reigns"]}
    reigns = {number: Reign(champions[number], champions[of], entries) for number, _, of in content["reigns"]}
    state = State(
        number=content["number"],
        versions=MappingProxyType(versions),
        reigns=tuple(reigns.values()),
        line=tuple(reigns[number] for number in content["line"]),
        challenger=content["challenger"],
        rolled_back=frozenset(packages[place] for place in content["rolled_back"]),
        release=releases.from_json(content["release"]),
        names=content["names"],
        entries=entries,
    )
    return Snapshot(content["number"], content["digest"], tuple(content["segments"]), state)
